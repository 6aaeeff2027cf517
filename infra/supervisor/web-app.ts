import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const WEB = "apps/dashboard/web";

function hashOfSources(root: string): string {
  const hash = createHash("sha256");
  // The web app compiles against the shapes that the server sends, too.
  const shared = ["apps/dashboard/server/live/*.ts", "apps/dashboard/server/replay/columns-format.ts"];
  const files = globSync([`${WEB}/**/*.{ts,tsx,css,html,json,svg,wav}`, "apps/dashboard/package.json", ...shared], {
    cwd: root,
    exclude: (path) => path.includes("/dist") || path.includes("node_modules"),
  });
  for (const file of files.sort()) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

/** Builds the dashboard's web app when its sources have changed since the last build. */
export function buildWebApp(root: string): void {
  const stamp = join(root, WEB, "dist", ".built-from");
  const hash = hashOfSources(root);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return;
  process.stderr.write("set-up: building the dashboard, once\n");
  const built = spawnSync("npm", ["run", "build", "--silent", "-w", "apps/dashboard"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (built.status !== 0) throw new Error("the dashboard could not be built; its lines above say why");
  writeFileSync(stamp, hash);
}
