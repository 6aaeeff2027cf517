// `npm run bench [-- --quick]`: every benchmark, one after the other so that none disturbs another, each with its
// baselines in the same run. Reports go to docs/results/.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({ options: { quick: { type: "boolean", default: false } } });

const BENCHMARKS: { name: string; file: string; quick: string[] }[] = [
  { name: "bridge: calls per core", file: "bridge/main.ts", quick: ["--steps", "50,100", "--seconds", "8"] },
  {
    name: "background tier: tasks per second, findings to the bridge",
    file: "background/main.ts",
    quick: ["--tasks", "500", "--calls", "10,100", "--seconds", "5"],
  },
  {
    name: "talk: latencies, words and the ledger at the caller's ear",
    file: "talk/main.ts",
    quick: ["--calls", "4"],
  },
  { name: "interaction: every strategy over the same stimuli", file: "interaction/main.ts", quick: ["--quick"] },
];

const failed: string[] = [];
for (const { name, file, quick } of BENCHMARKS) {
  const args = options.quick ? quick : [];
  process.stdout.write(`\n== ${name}\n`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, file), ...args], { stdio: "inherit" });
  if (status !== 0) failed.push(name);
}
if (failed.length > 0) {
  process.stderr.write(`\nFailed: ${failed.join("; ")}\n`);
  process.exit(1);
}
