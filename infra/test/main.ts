// `npm test`: types, lint, import rules, dead code, then every test there is. Arguments narrow the
// tests to files whose path contains one of them: npm test -- packages/audio
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildWebApp } from "../supervisor/web-app.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const only = process.argv.slice(2);

const CHECKS: { name: string; command: string[] }[] = [
  { name: "types", command: ["tsc", "--noEmit", "-p", "tsconfig.json"] },
  { name: "types of the web app", command: ["tsc", "--noEmit", "-p", "apps/dashboard/web/tsconfig.json"] },
  { name: "lint and format", command: ["biome", "check", "--error-on-warnings", "."] },
  {
    name: "import rules",
    command: ["depcruise", "--config", "infra/rules/import-rules.cjs", "apps", "packages", "infra", "load-tests"],
  },
  { name: "dead code", command: ["knip", "--no-progress", "--no-config-hints"] },
];

function run(name: string, command: readonly string[]): boolean {
  process.stdout.write(`\n== ${name}\n`);
  const [program = "", ...args] = command;
  const startedMs = performance.now();
  const { status } = spawnSync(program, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  process.stdout.write(
    `${status === 0 ? "ok" : "FAILED"} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`,
  );
  return status === 0;
}

function testFiles(): string[] {
  const patterns = ["apps/**/*.test.ts", "packages/**/*.test.ts", "infra/**/*.test.ts", "load-tests/**/*.test.ts"];
  const files = globSync(patterns, {
    cwd: root,
    exclude: (path) => path.includes("node_modules") || path.includes("/dist"),
  });
  return files.filter((file) => only.length === 0 || only.some((part) => file.includes(part))).sort();
}

const failed =
  only.length > 0 ? [] : CHECKS.filter((check) => !run(check.name, check.command)).map((check) => check.name);
if (only.length === 0) {
  buildWebApp(root);
  const python = ["/usr/bin/python3", "infra/test/python_tests.py"];
  if (!run("training's own tests", python)) failed.push("training's own tests");
}
// Real servers and browsers share two cores with the tests that time nothing; two files at once is
// what keeps media tests in real time.
const tests = [process.execPath, "--test", "--test-concurrency=2", "--test-timeout=300000", ...testFiles()];
if (!run("tests", tests)) failed.push("tests");
if (failed.length > 0) {
  process.stdout.write(`\nFailed: ${failed.join(", ")}\n`);
  process.exit(1);
}
