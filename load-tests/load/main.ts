/**
 * `npm run bench:load`: callers who talk, in real time, against the whole stack on this machine. More and more of them
 * until the first promise breaks, and which; what a call costs each process on the way. Writes load.json and load.md.
 *
 * npm run bench:load -- [--steps 1,5,10,50,100,120,150,200] [--seconds 20] [--alone 40] [--keep-on] [--out docs/results] [--quick]
 *
 * `--keep-on` climbs past broken promises, for the cost curve. docs/CAPACITY.md is made from load.json by
 * `npm run bench:capacity`.
 */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { tempFolder } from "@sidetone/testkit";
import { Redis } from "ioredis";
import { startOrders } from "../interaction/orders.ts";
import { estimate, quantile } from "../interaction/statistics.ts";
import { NUMBERS } from "../interaction/stimuli.ts";
import { type Stack, startStack } from "../stack.ts";
import type { CallersCommand, CallersFigures } from "./callers.ts";
import { loadReport } from "./load-report.ts";
import { bucketsOf, quantileBound, readMetrics, sumOf } from "./metrics-text.ts";
import { type Usage, usageOf } from "./process-usage.ts";
import { aloneP95Ms, brokenPromises, type ProcessCost, type StepFigures } from "./promises.ts";
import type { LoadResults } from "./results.ts";

const root = join(import.meta.dirname, "..", "..");
const WARM_UP_MS = 6_000;
const CALLS_AT_MOST = 2_000;
const { values: options } = parseArgs({
  options: {
    steps: { type: "string" },
    seconds: { type: "string" },
    /** A few calls say little in a short time. */
    alone: { type: "string" },
    "keep-on": { type: "boolean", default: false },
    out: { type: "string", default: join(root, "docs", "results") },
    quick: { type: "boolean", default: false },
  },
});
const steps = (options.steps ?? (options.quick ? "1,8" : "1,5,10,50,100,120,150,200")).split(",").map(Number);
const seconds = Number(options.seconds ?? (options.quick ? 10 : 20));
const aloneSeconds = Number(options.alone ?? (options.quick ? 10 : 40));
const startedAt = new Date().toISOString();
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function asked<T>(child: ChildProcess, command?: CallersCommand): Promise<T> {
  const answered = new Promise<T>((resolve, reject) => {
    const over = (code: number | null): void => reject(new Error(`the callers' process ended with ${code}`));
    child.once("exit", over);
    child.once("message", (message) => {
      child.off("exit", over);
      resolve(message as T);
    });
  });
  if (command) child.send(command);
  return answered;
}

/** Everything that is read at the beginning and at the end of a step. */
interface Reading {
  bridge: string;
  worker: string;
  usages: Record<string, Usage>;
  redis: { commands: number; bytes: number };
}

const folder = tempFolder("bench-load");
const orders = await startOrders();
writeFileSync(join(folder.path, "connectors.yaml"), orders.connectors);
const stack = await startStack({
  podEnv: { POD_CAPACITY: String(CALLS_AT_MOST), MODEL_SLOTS: "512" },
  bridgeEnv: { NUMBERS: JSON.stringify({ [NUMBERS.order]: "bench-order" }) },
  workerEnv: { CONNECTORS_FILE: join(folder.path, "connectors.yaml") },
  playbooks: [join(import.meta.dirname, "..", "interaction", "playbooks", "bench-order.yaml")],
  worker: true,
});
const redis = new Redis(stack.redisUrl);
const callers = fork(join(import.meta.dirname, "callers.ts"));
const results: StepFigures[] = [];
let broken: string[] = [];
try {
  await asked(callers);
  await asked(callers, { do: "prepare", options: callersOptions(stack) });
  for (const calls of steps) {
    await asked(callers, { do: "hold", calls });
    await pause(WARM_UP_MS + Math.min(calls, 100) * 20);
    const step = await measureStep(calls, calls <= 5 ? aloneSeconds : seconds);
    results.push(step);
    const found = brokenPromises(step, aloneP95Ms(results));
    if (broken.length === 0) broken = found.map((what) => `${calls} calls: ${what}`);
    process.stderr.write(`${describe(step)}  ${found.join("; ") || "every promise kept"}\n`);
    if (broken.length > 0 && !options["keep-on"] && !options.quick) break;
  }
  await asked(callers, { do: "leave" });
} finally {
  callers.kill();
  redis.disconnect();
  await stack.close();
  orders.close();
  folder.remove();
}

const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
const written: LoadResults = {
  facts: {
    command: `npm run bench:load -- ${process.argv.slice(2).join(" ")}`.trim(),
    commit: git("rev-parse", "--short", "HEAD"),
    cores: cpus().length,
    machine: `${cpus().length} x ${cpus()[0]?.model ?? "?"}`,
    loadAverage: loadavg()[0] ?? 0,
    startedAt,
    endedAt: new Date().toISOString(),
  },
  steps: results.map(({ answersMs: _, ...summary }) => summary),
  broken,
};
mkdirSync(options.out, { recursive: true });
writeFileSync(join(options.out, "load.json"), `${JSON.stringify(written, null, 1)}\n`);
writeFileSync(join(options.out, "load.md"), loadReport(written));
process.stdout.write(loadReport(written));
// On a shared machine seconds say nothing; that calls are carried and answered has to hold anywhere.
if (options.quick && results.some((step) => step.open < step.calls || step.refused > 0 || step.responseP50Ms.n === 0)) {
  process.stderr.write("lost: calls that were placed were not carried or not answered\n");
  process.exitCode = 1;
}

function callersOptions({ carrier, voiceUrl }: Stack) {
  const { accountSid, authToken } = carrier;
  const voicesFolder = join(root, ".data", "bench", "voices");
  return { accountSid, authToken, voiceUrl, number: NUMBERS.order, voicesFolder };
}

async function readAll(): Promise<Reading> {
  const [bridge, worker, info] = await Promise.all([
    readMetrics(stack.metricsUrls.bridge),
    readMetrics(stack.metricsUrls.worker),
    redis.info("stats"),
  ]);
  const stat = (name: string) => Number(new RegExp(`${name}:(\\d+)`).exec(info)?.[1] ?? 0);
  const pids = Object.entries(stack.processes).map(([name, { pid }]) => [name, pid] as const);
  const usages = Object.fromEntries(
    [...pids, ["callers", callers.pid ?? -1] as const].map(([n, pid]) => [n, usageOf(pid)]),
  );
  const bytes = stat("total_net_input_bytes") + stat("total_net_output_bytes");
  return { bridge, worker, usages, redis: { commands: stat("total_commands_processed"), bytes } };
}

async function measureStep(calls: number, forSeconds: number): Promise<StepFigures> {
  await asked<CallersFigures>(callers, { do: "figures" });
  const before = await readAll();
  await pause(forSeconds * 1_000);
  const after = await readAll();
  const told = await asked<CallersFigures>(callers, { do: "figures" });
  for (const text of new Set(told.notices)) process.stderr.write(`  carrier ${text}\n`);
  const bound = (text: "bridge" | "worker", name: string, p: number) =>
    quantileBound(bucketsOf(before[text], name), bucketsOf(after[text], name), p) ?? 0;
  const grown = (name: string) => sumOf(after.bridge, name) - sumOf(before.bridge, name);
  const callSeconds = calls * forSeconds;
  const { question, number } = told.answersMs;
  return {
    calls,
    seconds: forSeconds,
    open: told.open,
    responseP50Ms: estimate(question, (values) => quantile(values, 0.5)),
    responseP95Ms: estimate(question, (values) => quantile(values, 0.95)),
    answersMs: question,
    lookupP50Ms: estimate(number, (values) => quantile(values, 0.5)),
    lookupP95Ms: estimate(number, (values) => quantile(values, 0.95)),
    unanswered: told.unanswered,
    tickLatenessP99Ms: bound("bridge", "sidetone_bridge_tick_lateness_ms", 0.99),
    podReplyP99Ms: bound("bridge", "sidetone_bridge_pod_reply_ms", 0.99),
    taskWaitP95Ms: bound("worker", "sidetone_task_queue_wait_ms", 0.95),
    droppedHops: grown("sidetone_bridge_dropped_hops_total"),
    concealedHops: grown("sidetone_bridge_gap_hops_total"),
    missedTicks: grown("sidetone_bridge_ticks_missed_total"),
    starvedShare: (told.starvedFrames * 0.02) / callSeconds,
    endedEarly: told.ended,
    refused: grown("sidetone_bridge_refusals_total"),
    callersBeatP99Ms: told.beatP99Ms,
    processes: Object.fromEntries(
      Object.entries(after.usages).map(([name, usage]) => [name, costOf(before.usages[name] ?? usage, usage)]),
    ),
    redisCommandsPerCallSecond: (after.redis.commands - before.redis.commands) / callSeconds,
    redisBytesPerCallSecond: (after.redis.bytes - before.redis.bytes) / callSeconds,
  };
}

function costOf(before: Usage, after: Usage): ProcessCost {
  const elapsedMs = Math.max(1, after.atMs - before.atMs);
  return {
    cores: (after.cpuMs - before.cpuMs) / elapsedMs,
    rssBytes: after.rssBytes,
    readBytesPerS: ((after.readBytes - before.readBytes) * 1_000) / elapsedMs,
    writtenBytesPerS: ((after.writtenBytes - before.writtenBytes) * 1_000) / elapsedMs,
    threads: after.threads,
    openFiles: after.openFiles,
  };
}

function describe(step: StepFigures): string {
  const cores = Object.entries(step.processes).map(([name, { cores }]) => `${name} ${cores.toFixed(2)}`);
  return `${String(step.calls).padStart(4)} calls  L_R p50 ${Math.round(step.responseP50Ms.value)} p95 ${Math.round(step.responseP95Ms.value)} ms (n ${step.responseP50Ms.n})  cores: ${cores.join(", ")}`;
}
