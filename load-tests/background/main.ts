/**
 * `npm run bench:background`: what durability costs. One worker process over a real Redis looks orders up in the
 * embedded shop; beside it the same lookup as a call in process, which a crash would lose.
 *
 * npm run bench:background -- [--tasks 3000] [--calls 10,100,500] [--seconds 10] [--every 5]
 *
 * Throughput: all tasks at once, over 500 calls. Latency: each call looks something up every `--every` seconds on
 * average. "worker done to bridge" runs from the tool's end to the parsed finding in the bridge's process, to the
 * millisecond; "delegated to bridge" from the delegation.
 */
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { FULL_SIZE, GuardedCrm, KNOWN_ORDER_NUMBER, openEmbeddedConnector } from "@sidetone/crm";
import { freePort, startRedis, TestProcess, tempFolder } from "@sidetone/testkit";
import { BridgeSide, type Seen } from "./bridge-side.ts";

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "3000" },
    calls: { type: "string", default: "10,100,500" },
    seconds: { type: "string", default: "10" },
    every: { type: "string", default: "5" },
  },
});
const THROUGHPUT_CALLS = 500;
const IN_PROCESS_CALLS = 20_000;
const WARM_UP_TASKS = 200;

const redis = await startRedis();
const folder = tempFolder("bench-background");
const port = await freePort();
const worker = await TestProcess.start(process.execPath, {
  args: [fileURLToPath(new URL("../../apps/worker/src/main.ts", import.meta.url))],
  env: { REDIS_URL: redis.url, WORKER_PORT: String(port), DATA_DIR: folder.path, LOG_LEVEL: "info" },
  readyUrl: `http://127.0.0.1:${port}/ready`,
  readyWithinMs: 60_000,
});

console.log(`one worker process (pid ${worker.pid}), Redis on loopback, ${cpus().length} cores, ${cpus()[0]?.model}`);
try {
  const warm = new BridgeSide(redis.url, "warm");
  for (let n = 0; n < WARM_UP_TASKS; n++) await warm.delegate(`warm-${n % 50}`, KNOWN_ORDER_NUMBER);
  await warm.settled();
  await warm.close();
  await throughput(Number(values.tasks));
  console.log("\ncalls  lookups  worker done to bridge, ms       delegated to bridge, ms");
  console.log("                p50    p90    p99    max        p50    p90    p99    max");
  for (const calls of values.calls.split(",").map(Number)) await latency(calls, Number(values.seconds));
  await inProcess();
} finally {
  await worker.stop();
  await redis.close();
  folder.remove();
}

async function throughput(tasks: number): Promise<void> {
  const bridge = new BridgeSide(redis.url, "burst");
  const startedMs = performance.now();
  const adding = Array.from({ length: tasks }, (_, n) =>
    bridge.delegate(`burst-${n % THROUGHPUT_CALLS}`, KNOWN_ORDER_NUMBER, true),
  );
  await Promise.all(adding);
  await bridge.settled();
  const seconds = (performance.now() - startedMs) / 1_000;
  console.log(`throughput: ${tasks} tasks in ${seconds.toFixed(2)} s, ${Math.round(tasks / seconds)} tasks/s`);
  await bridge.close();
}

async function latency(calls: number, seconds: number): Promise<void> {
  const bridge = new BridgeSide(redis.url, `calls-${calls}`);
  const everyMs = Number(values.every) * 1_000;
  const endMs = Date.now() + seconds * 1_000;
  const talk = async (call: number): Promise<void> => {
    for (;;) {
      // Callers do not ask in step: an exponential wait with the mean asked for.
      const waitMs = -Math.log(1 - Math.random()) * everyMs;
      if (Date.now() + waitMs > endMs) return;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      await bridge.delegate(`call-${call}`, KNOWN_ORDER_NUMBER);
    }
  };
  await Promise.all(Array.from({ length: calls }, (_, call) => talk(call)));
  await bridge.settled();
  const done = row(bridge.seen, (s) => s.arrivedMs - s.doneMs);
  const all = row(bridge.seen, (s) => s.arrivedMs - s.delegatedMs);
  console.log(`${String(calls).padStart(5)}  ${String(bridge.seen.length).padStart(7)}  ${done}    ${all}`);
  await bridge.close();
}

function row(seen: readonly Seen[], of: (s: Seen) => number): string {
  const sorted = seen.map(of).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return [0.5, 0.9, 0.99, 1].map((share) => at(share).toFixed(0).padStart(5)).join("  ");
}

/** The same tool, called where the call lives: nothing is queued, told apart, or survives. */
async function inProcess(): Promise<void> {
  const path = `${folder.path}/in-process.db`;
  const shop = openEmbeddedConnector("shop", { path, seed: 1, size: FULL_SIZE, today: () => "2026-01-01" });
  const crm = new GuardedCrm(shop);
  const tookMs: number[] = [];
  const startedMs = performance.now();
  for (let n = 0; n < IN_PROCESS_CALLS; n++) {
    const beforeMs = performance.now();
    await crm.call("getOrder", { orderNumber: KNOWN_ORDER_NUMBER }, { signal: AbortSignal.timeout(8_000) });
    tookMs.push(performance.now() - beforeMs);
  }
  const perSecond = Math.round(IN_PROCESS_CALLS / ((performance.now() - startedMs) / 1_000));
  tookMs.sort((a, b) => a - b);
  const at = (share: number) => (tookMs[Math.floor(share * (tookMs.length - 1))] as number).toFixed(3);
  console.log(`\nin process: ${perSecond} calls/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
  await shop.close();
}
