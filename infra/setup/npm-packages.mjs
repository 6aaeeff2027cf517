import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * What npm would install that is not there. npm keeps a hidden lockfile of what it last put into
 * node_modules; comparing the two costs milliseconds, so that a second start takes seconds.
 */
function missingPackages(root) {
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const hidden = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(hidden)) return ["node_modules"];
  const present = JSON.parse(readFileSync(hidden, "utf8")).packages;
  return Object.entries(wanted)
    .filter(([path, entry]) => path.includes("node_modules/") && !entry.optional && !entry.link)
    .filter(([path, entry]) => present[path]?.version !== entry.version)
    .map(([path]) => path);
}

/** Installs what the lockfile names and node_modules lacks. Production installs leave dev packages out. */
export async function installNpmPackages(root) {
  if (process.env.SIDETONE_SKIP_INSTALL === "1") return;
  const missing = missingPackages(root);
  if (missing.length === 0) return;
  process.stderr.write(`set-up: installing npm packages (${missing.length} missing), once\n`);
  // Not `npm ci`: it refuses a lockfile that lacks the optional packages of platforms which a registry mirror does not
  // carry. With --no-save npm keeps to the lockfile's versions and leaves the file as it is.
  const done = spawnSync("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    // onnxruntime-node would fetch CUDA libraries; docs/GPU.md says how a GPU pod gets them.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" },
  });
  if (done.status !== 0) throw new Error("npm install failed; its lines above say why");
}

/** node:sqlite without a flag, node:ffi for the embedded voice, TypeScript as it is: Node 26 LTS has them all. */
const OWN_NODE_FROM = 26;

/** This Node if it runs TypeScript as it is, else the one that the `node` package brought. */
export function nodeBinary(root) {
  if (Number(process.versions.node.split(".")[0]) >= OWN_NODE_FROM) return process.execPath;
  const brought = join(root, "node_modules", "node", "bin", "node");
  if (existsSync(brought)) return brought;
  throw new Error(
    `Node ${process.versions.node} is too old and node_modules/node is missing: run npm install --allow-scripts=node`,
  );
}
