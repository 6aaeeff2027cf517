// Runs one of the project's TypeScript programs on a machine that may have nothing but git, Node 20 and npm:
//   node infra/setup/run.mjs FILE.ts [ARGUMENTS...]
// Plain JavaScript, because it must run on the machine's own Node before anything is installed.
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installNpmPackages, nodeBinary } from "./npm-packages.mjs";
import { installSystemPackages } from "./system-packages.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const [file, ...args] = process.argv.slice(2);
if (!file) {
  process.stderr.write("usage: node infra/setup/run.mjs FILE.ts [ARGUMENTS...]\n");
  process.exit(2);
}

try {
  await installNpmPackages(root);
  await installSystemPackages(file);
} catch (error) {
  process.stderr.write(`set-up: ${error.message}\n`);
  process.exit(1);
}

const child = spawn(nodeBinary(root), [join(root, file), ...args], {
  stdio: "inherit",
  cwd: process.cwd(),
  env: { ...process.env, PATH: `${join(root, "node_modules", ".bin")}:${process.env.PATH ?? ""}` },
});
// The terminal sends Ctrl-C to the whole group, the child included; this process only waits for it.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
