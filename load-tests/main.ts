// `npm run bench [-- --quick]`: every benchmark, one after the other so that none disturbs another, each with its
// baselines in the same run. Reports go to docs/results/, those of a quick run to .data/bench/quick.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const QUICK_OUT = join(import.meta.dirname, "..", ".data", "bench", "quick");

interface Benchmark {
  name: string;
  file: string;
  args?: string[];
  /** Small enough for a busy machine; what is compared then are ratios within one run. Without it, quick runs skip it. */
  quick?: string[];
}

const BENCHMARKS: Benchmark[] = [
  { name: "bridge: calls per core", file: "bridge/main.ts", quick: ["--quick", "--steps", "25", "--seconds", "8"] },
  {
    name: "background tier: tasks per second, findings to the bridge",
    file: "background/main.ts",
    quick: ["--tasks", "500", "--calls", "10", "--seconds", "5"],
  },
  {
    name: "interaction: every contender over the same stimuli",
    file: "interaction/main.ts",
    args: ["--rivals"],
    quick: ["--quick", "--out", QUICK_OUT],
  },
  { name: "talk: latencies, words and the ledger at the caller's ear", file: "talk/main.ts", args: ["--calls", "40"] },
  {
    name: "dashboard: replays, live calls, first load",
    file: "dashboard/main.ts",
    quick: ["--minutes", "5", "--calls", "100", "--seconds", "4", "--rounds", "2"],
  },
  {
    name: "load: until the first promise breaks",
    file: "load/main.ts",
    args: ["--keep-on"],
    quick: ["--quick", "--out", QUICK_OUT],
  },
  { name: "capacity: what a fleet needs", file: "load/capacity.main.ts" },
  {
    name: "soak: two hours of calls that come and go",
    file: "soak/main.ts",
    quick: ["--quick", "--out", QUICK_OUT],
  },
];

const failed: string[] = [];
for (const { name, file, args = [], quick } of BENCHMARKS) {
  if (options.quick && !quick) continue;
  const startedMs = performance.now();
  process.stdout.write(`\n== ${name}\n`);
  const given = options.quick ? (quick ?? []) : args;
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, file), ...given], { stdio: "inherit" });
  process.stdout.write(`== ${((performance.now() - startedMs) / 1_000).toFixed(0)} s\n`);
  if (status !== 0) failed.push(name);
}
if (failed.length > 0) {
  process.stderr.write(`\nFailed: ${failed.join("; ")}\n`);
  process.exit(1);
}
