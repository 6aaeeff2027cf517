/**
 * `npm run bench:bridge`: how many concurrent calls one core carries in real time, ours and the Twilio transport of
 * `@openai/agents-extensions`, over the same model stand-in, with the same callers, in the same run.
 *
 * npm run bench:bridge -- [--steps 50,100,200] [--seconds 16] [--pin] [--quick]
 *
 * `--pin` gives the contender core 0 for itself and everything else core 1. Run it on a machine that does nothing else.
 * A step passes while p99 of lateness stays below 10 ms and nobody's audio has holes. Lateness is that of the bridge's own
 * 40 ms tick, from its metrics; the others have no tick, and theirs is that of a 40 ms beat in their event loop.
 */
import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { freePort, startRedis, tempFolder } from "@sidetone/testkit";
import { SPEECH_SHARE } from "./cycle.ts";
import type { FleetFigures, FleetOptions } from "./fleet.ts";
import type { Reading } from "./probe.ts";

const LATE_MS = 10;
const WARM_UP_MS = 4000;
/** A share of starved time above this is heard. */
const MOST_STARVED = 0.01;
const HOPS_PER_SECOND = 25;
/** What a quick run holds the transport with its session to; it is about 4. */
const QUICK_RATIO = 1.5;

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "50,100,200,300,400,500,600" },
    /** A whole number of times 8: how long it takes until the model has said everything it says. */
    seconds: { type: "string", default: "16" },
    pin: { type: "boolean", default: false },
    /** The bridge and one other contender only. */
    quick: { type: "boolean", default: false },
  },
});

interface Step {
  calls: number;
  passes: boolean;
  why: string;
  latenessMs: number;
  beatMs: number;
  cores: number;
  rssBytes: number;
  bytesPerHop: number;
  fleetLatenessMs: number;
}

interface Contender {
  name: string;
  process: ChildProcess;
  fleet: FleetOptions;
  idleRssBytes: number;
  /** Where its own ticks' lateness is counted. */
  metricsUrl?: string;
  /** Says nothing, so that nothing can be missing from what it says. */
  isSilent?: boolean;
}

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const seconds = Number(values.seconds);
const steps = values.steps.split(",").map(Number);
const model = fork(here("./model.ts"));
if (values.pin) pin(model, 1);
const { grpcPort, realtimePort } = await answer<{ grpcPort: number; realtimePort: number }>(model);
const folder = tempFolder("bench-bridge");
const redis = await startRedis();

try {
  process.stdout.write(`${cpus().length} cores of ${cpus()[0]?.model}; node ${process.version}\n`);
  const results = new Map<string, { steps: Step[]; idleRssBytes: number }>();
  const contenders = [
    startBridge,
    () => startServer("Twilio transport alone", "./baseline.ts", { BARE: "1" }),
    startSession,
    () => startServer("floor: ws reading the frames, nothing else", "./floor.ts", {}),
  ];
  for (const start of values.quick ? [startBridge, startSession] : contenders) {
    const contender = await start();
    process.stdout.write(`\n${contender.name}\n`);
    const measured = await climb(contender);
    results.set(contender.name, { steps: measured, idleRssBytes: contender.idleRssBytes });
    contender.process.kill("SIGKILL");
  }
  conclude(results);
} finally {
  model.kill("SIGKILL");
  await redis.close();
  folder.remove();
}

async function startBridge(): Promise<Contender> {
  const port = await freePort();
  const authToken = randomBytes(16).toString("hex");
  const publicUrl = `http://127.0.0.1:${port}`;
  const contender = contend("../../apps/bridge/src/main.ts", {
    PORT: String(port),
    PUBLIC_URL: publicUrl,
    DATA_DIR: folder.path,
    TWILIO_ACCOUNT_SID: `AC${"0".repeat(32)}`,
    TWILIO_AUTH_TOKEN: authToken,
    PODS: `127.0.0.1:${grpcPort}`,
    REDIS_URL: redis.url,
    LOG_LEVEL: "error",
  });
  for (;;) {
    const ready = await fetch(`${publicUrl}/ready`).catch(() => undefined);
    if (ready?.ok) break;
    await pause(50);
  }
  const fleet = { voiceUrl: `${publicUrl}/voice?playbook=line-test`, authToken };
  const { rssBytes } = await read(contender);
  const metricsUrl = `${publicUrl}/metrics`;
  return { name: "Sidetone bridge", process: contender, fleet, idleRssBytes: rssBytes, metricsUrl };
}

function startSession(): Promise<Contender> {
  return startServer("Twilio transport with its RealtimeSession", "./baseline.ts", {});
}

async function startServer(name: string, entry: string, env: Record<string, string>): Promise<Contender> {
  const contender = contend(entry, { MODEL_URL: `ws://127.0.0.1:${realtimePort}`, ...env });
  const { port } = await answer<{ port: number }>(contender);
  const { rssBytes } = await read(contender);
  const isSilent = entry === "./floor.ts";
  return { name, process: contender, fleet: { mediaUrl: `ws://127.0.0.1:${port}/` }, idleRssBytes: rssBytes, isSilent };
}

function contend(entry: string, env: Record<string, string>): ChildProcess {
  const child = fork(here(entry), {
    env: { ...process.env, NODE_ENV: "production", ...env },
    execArgv: ["--import", here("./probe.ts")],
  });
  if (values.pin) pin(child, 0);
  return child;
}

/** Keeps all threads of a process on one core. */
function pin(child: ChildProcess, core: number): void {
  spawnSync("taskset", ["-a", "-cp", String(core), String(child.pid)]);
}

async function climb(contender: Contender): Promise<Step[]> {
  const fleet = fork(here("./fleet.ts"));
  if (values.pin) pin(fleet, 1);
  const measured: Step[] = [];
  let open = 0;
  let failures = 0;
  for (const calls of steps) {
    let refused = "";
    for (; open < calls && refused === ""; open++) {
      ({ refused } = await ask<{ refused: string }>(fleet, { do: "place", options: contender.fleet }));
    }
    if (refused !== "") {
      process.stdout.write(`${String(calls).padStart(5)} calls  refused: ${refused}\n`);
      break;
    }
    await pause(WARM_UP_MS);
    await ask<FleetFigures>(fleet, { do: "figures" });
    const ticksBefore = await tickBuckets(contender);
    const before = await read(contender.process);
    await pause(seconds * 1000);
    const after = await read(contender.process);
    const figures = await ask<FleetFigures>(fleet, { do: "figures" });
    const ticks = percentileBound(ticksBefore, await tickBuckets(contender));
    const step = judge(calls, before, after, figures, ticks, contender.isSilent ?? false);
    measured.push(step);
    process.stdout.write(`${describe(step)}\n`);
    failures = step.passes ? 0 : failures + 1;
    if (failures === 2) break;
  }
  await ask(fleet, { do: "leave" });
  fleet.kill("SIGKILL");
  return measured;
}

/** The counts of the bridge's tick lateness, by their upper bounds; nothing for those without a tick. */
async function tickBuckets({ metricsUrl }: Contender): Promise<Map<number, number>> {
  if (metricsUrl === undefined) return new Map();
  const text = await (await fetch(metricsUrl)).text();
  const lines = text.matchAll(/^sidetone_bridge_tick_lateness_ms_bucket\{(?=[^}]*le="([^"]+)")[^}]*\} (\d+)$/gm);
  return new Map(Array.from(lines, ([, bound, count]) => [bound === "+Inf" ? Infinity : Number(bound), Number(count)]));
}

/** Upper bound of the bucket that p99 of what was counted in between lies in. */
function percentileBound(before: Map<number, number>, after: Map<number, number>): number | undefined {
  const counts = Array.from(after, ([bound, count]) => [bound, count - (before.get(bound) ?? 0)] as const);
  const total = counts.at(-1)?.[1] ?? 0;
  return counts.find(([, count]) => count >= total * 0.99)?.[0];
}

function judge(
  calls: number,
  before: Reading,
  after: Reading,
  figures: FleetFigures,
  tickMs: number | undefined,
  isSilent: boolean,
): Step {
  const elapsedMs = after.atMs - before.atMs;
  const sorted = after.latenessMs.toSorted((a, b) => a - b);
  const beatMs = sorted[Math.floor(sorted.length * 0.99)] ?? 0;
  const latenessMs = tickMs ?? beatMs;
  const spokenMs = elapsedMs * calls * SPEECH_SHARE;
  const starved = figures.starvedMs / spokenMs;
  const heard = figures.mediaBytes / 8 / spokenMs;
  const reasons = [
    latenessMs > LATE_MS ? `${latenessMs.toFixed(1)} ms late` : "",
    figures.open < calls || figures.closedByServer > 0 ? `${figures.open} of ${calls} calls open` : "",
    starved > MOST_STARVED ? `${(starved * 100).toFixed(1)}% of speech is holes` : "",
    heard < 0.9 && !isSilent ? `${(heard * 100).toFixed(0)}% of speech came` : "",
  ].filter((reason) => reason !== "");
  return {
    calls,
    passes: reasons.length === 0,
    why: reasons.join(", "),
    latenessMs,
    beatMs,
    cores: (after.cpuUs - before.cpuUs) / 1000 / elapsedMs,
    rssBytes: after.rssBytes,
    bytesPerHop: (after.allocatedBytes - before.allocatedBytes) / ((elapsedMs / 1000) * calls * HOPS_PER_SECOND),
    fleetLatenessMs: figures.fleetLatenessMs,
  };
}

function describe(step: Step): string {
  const figures = [
    `${String(step.calls).padStart(5)} calls`,
    `p99 ${step.latenessMs.toFixed(1).padStart(6)} ms (beat ${step.beatMs.toFixed(1)})`,
    `${step.cores.toFixed(2)} cores`,
    `${((step.cores * 1e6) / step.calls / 1000).toFixed(2)} ms CPU for a call's second`,
    `${(step.bytesPerHop / 1024).toFixed(1)} KiB allocated a hop`,
    `${(step.rssBytes / 2 ** 20).toFixed(0)} MiB`,
    `callers' beat p99 ${step.fleetLatenessMs.toFixed(1)} ms`,
  ];
  return `${figures.join("  ")}  ${step.passes ? "ok" : step.why}`;
}

function conclude(results: Map<string, { steps: Step[]; idleRssBytes: number }>): void {
  process.stdout.write("\n");
  const perCore = new Map<string, number>();
  for (const [name, { steps: measured, idleRssBytes }] of results) {
    const best = measured.filter(({ passes }) => passes).at(-1);
    if (best === undefined) {
      process.stdout.write(`${name}: no step passed\n`);
      continue;
    }
    perCore.set(name, best.calls / best.cores);
    const perCall = (best.rssBytes - idleRssBytes) / best.calls / 1024;
    process.stdout.write(
      `${name}: ${best.calls} calls in real time on ${best.cores.toFixed(2)} cores; ${(best.calls / best.cores).toFixed(0)} calls for each core of CPU spent; ${perCall.toFixed(0)} KiB a call\n`,
    );
  }
  const [[, ours] = ["", 0], ...others] = perCore;
  for (const [name, theirs] of others) process.stdout.write(`${(ours / theirs).toFixed(1)} times the ${name}\n`);
  if (values.quick) compareCosts(results);
}

/** What is allocated for a hop is the same on a busy machine, on which no step may pass. */
function compareCosts(results: Map<string, { steps: Step[] }>): void {
  const [[, ours] = ["", undefined], ...others] = [...results].map(([name, { steps: s }]) => [name, s.at(-1)] as const);
  for (const [name, theirs] of others) {
    const ratio = (theirs?.bytesPerHop ?? Number.NaN) / (ours?.bytesPerHop ?? Number.NaN);
    const held = ratio >= QUICK_RATIO;
    process.stdout.write(
      `${held ? "held" : "LOST"}: for a hop the ${name} allocates ${ratio.toFixed(2)} times what we do, has to be at least ${QUICK_RATIO}\n`,
    );
    if (!held) process.exitCode = 1;
  }
}

function answer<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const over = (code: number | null): void => reject(new Error(`the process ended with ${code}`));
    child.once("exit", over);
    child.once("message", (message) => {
      child.off("exit", over);
      resolve(message as T);
    });
  });
}

function ask<T>(child: ChildProcess, command: object): Promise<T> {
  const answered = answer<T>(child);
  child.send(command);
  return answered;
}

function read(child: ChildProcess): Promise<Reading> {
  const answered = answer<Reading>(child);
  child.send("read");
  return answered;
}
