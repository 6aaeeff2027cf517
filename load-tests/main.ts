// `npm run bench [-- --quick]`: every benchmark, one after the other so that none disturbs another, each with its
// baselines in the same run. Reports go to docs/results/, those of a quick run to .data/bench/quick. A quick run compares
// ratios, ends within four minutes, and says what it had to leave out for that.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const QUICK_OUT = join(import.meta.dirname, "..", ".data", "bench", "quick");
const QUICK_MS = 230_000;
/** Of anything: a day's timer is the longest that Node keeps. */
const MOST_MS = 24 * 3_600_000;

interface Benchmark {
  name: string;
  file: string;
  args?: string[];
  /** Small enough for a busy machine; what is compared then are ratios within one run. Without it, quick runs skip it. */
  quick?: string[];
}

/** In a quick run the first come first: what holds between contenders before what a machine can carry. */
const BENCHMARKS: Benchmark[] = [
  {
    name: "interaction: every contender over the same stimuli",
    file: "interaction/main.ts",
    args: ["--rivals", "--rival-per-scenario", "12"],
    quick: ["--quick", "--out", QUICK_OUT],
  },
  { name: "bridge: calls per core", file: "bridge/main.ts", quick: ["--quick", "--steps", "40", "--seconds", "6"] },
  {
    name: "background tier: tasks per second, findings to the bridge",
    file: "background/main.ts",
    quick: ["--tasks", "500", "--calls", "10", "--seconds", "4"],
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
  { name: "speech: time to the first audio of each engine, how our own ears hear it", file: "speech/main.ts" },
  { name: "talk: latencies, words and the ledger at the caller's ear", file: "talk/main.ts", args: ["--calls", "40"] },
  { name: "dashboard: replays, live calls, first load", file: "dashboard/main.ts" },
];

const failed: string[] = [];
const leftOut: string[] = [];
const beganMs = performance.now();
const leftMs = (): number => (options.quick ? QUICK_MS - (performance.now() - beganMs) : MOST_MS);
for (const { name, file, args = [], quick } of BENCHMARKS) {
  if (options.quick && !quick) continue;
  const startedMs = performance.now();
  process.stdout.write(`\n== ${name}\n`);
  const given = options.quick ? (quick ?? []) : args;
  const attempt = () => run(join(import.meta.dirname, file), given, leftMs());
  let end = await attempt();
  if (options.quick && end !== 0 && end !== "late") {
    process.stdout.write("== once more, for it failed\n");
    end = await attempt();
  }
  process.stdout.write(`== ${((performance.now() - startedMs) / 1_000).toFixed(0)} s\n`);
  // A machine that is too slow or too busy has shown nothing, neither good nor bad.
  if (end === "late") leftOut.push(name);
  else if (end !== 0) failed.push(name);
}
if (leftOut.length > 0) {
  process.stdout.write(`\nNot compared, for four minutes were over: ${leftOut.join("; ")}\n`);
}
if (failed.length > 0) {
  process.stderr.write(`\nFailed: ${failed.join("; ")}\n`);
  process.exit(1);
}

/** A benchmark with everything that it starts in a process group of its own, so that all of it can be ended. */
async function run(file: string, args: readonly string[], withinMs: number): Promise<number | "late"> {
  if (withinMs < 1_000) return "late";
  const child = spawn(process.execPath, [file, ...args], { stdio: "inherit", detached: true });
  let isLate = false;
  const stop = (signal: NodeJS.Signals) => child.pid !== undefined && process.kill(-child.pid, signal);
  const timer = setTimeout(() => {
    isLate = true;
    stop("SIGTERM");
  }, withinMs ?? MOST_MS);
  const interrupted = (signal: NodeJS.Signals): void => {
    stop(signal);
    process.exit(1);
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  const [code] = (await once(child, "exit")) as [number | null];
  clearTimeout(timer);
  process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
  return isLate ? "late" : (code ?? 1);
}
