// `npm test`: types, lint, import rules, dead code, then every test there is. Arguments narrow the
// tests to files whose path contains one of them: npm test -- packages/audio
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { buildWebApp } from "../supervisor/web-app.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const only = process.argv.slice(2);

/** More files than this do not fail for want of processor time alone. */
const MOST_STARVED = 3;

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
/** Tests in which calls run in real time through processes of their own. */
const isWholeCall = (file: string): boolean => /^load-tests\/|\/e2e\/|\.e2e\.test\.ts$/.test(relative(root, file));

function runTests(name: string, files: readonly string[], concurrency: number): { passed: boolean; failed: string[] } {
  const list = join(mkdtempSync(join(tmpdir(), "sidetone-test-")), "failed");
  const reporters = ["--test-reporter=spec", "--test-reporter-destination=stdout"];
  const failures = ["--test-reporter=./infra/test/failed-files.mjs", `--test-reporter-destination=${list}`];
  const limits = [`--test-concurrency=${concurrency}`, "--test-timeout=300000"];
  const passed = run(name, [process.execPath, "--test", ...limits, ...reporters, ...failures, ...files]);
  return { passed, failed: readFileSync(list, "utf8").split("\n").filter(Boolean) };
}

// Real servers and browsers share two cores with the tests that time nothing; two files at once is
// what keeps media tests in real time. Where that did not do, a whole call is tried again with the machine to itself.
const first = runTests("tests", testFiles(), 2);
if (!first.passed) {
  const mayHaveStarved =
    first.failed.length > 0 && first.failed.length <= MOST_STARVED && first.failed.every(isWholeCall);
  const again = mayHaveStarved ? runTests("whole calls that failed, again and alone", first.failed, 1) : first;
  if (!again.passed) failed.push("tests");
  else
    process.stdout.write(`\nPassed only when alone: ${first.failed.map((file) => relative(root, file)).join(", ")}\n`);
}
if (failed.length > 0) {
  process.stdout.write(`\nFailed: ${failed.join(", ")}\n`);
  process.exit(1);
}
