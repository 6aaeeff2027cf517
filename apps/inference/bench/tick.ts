import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LINEAR_TO_ULAW } from "@sidetone/audio";
import { loadPlaybook, shippedPlaybookPath } from "@sidetone/dialogue";
import { SHIPPED_WEIGHTS_FOLDER } from "@sidetone/interaction-model";
import { HOP_SAMPLES } from "@sidetone/protocol";
import { startPod } from "../src/testing/start-pod.ts";
import { TickClient } from "../src/testing/tick-client.ts";

/**
 * Cost of a whole tick as a bridge sees it: gRPC there and back, features, network, dialogue, hearing, speech. Ticks
 * follow each other in lock step, so the figures are cost and not waiting.
 */
const { values } = parseArgs({
  options: {
    calls: { type: "string", default: "1,16,64,200" },
    ticks: { type: "string", default: "250" },
    model: { type: "string", default: "interaction" },
    threads: { type: "string", default: "1" },
  },
});
const sizes = values.calls.split(",").map(Number);
const ticks = Number(values.ticks);
const threads = Number(values.threads);
const model = values.model === "line-test" ? "line-test" : "interaction";
const WARM_UP_TICKS = 50;

/** Bursts of tone with pauses: callers who talk, pause, and are talked to. */
const HOPS: Uint8Array[] = Array.from({ length: 100 }, (_, hop) =>
  Uint8Array.from({ length: HOP_SAMPLES }, (_, i) => {
    const n = hop * HOP_SAMPLES + i;
    const level = hop % 50 < 30 ? 6_000 : 15;
    return LINEAR_TO_ULAW[Math.round(level * Math.sin(n * 0.13) * Math.sin(n * 0.004)) & 0xffff]!;
  }),
);

const document = model === "line-test" ? {} : loadPlaybook(shippedPlaybookPath("retail-order-support")).document;
const folder = await mkdtemp(join(tmpdir(), "pod-bench-"));
console.log(`${model}, ${threads} worker thread(s), ${ticks} ticks each`);
console.log("calls  tick p50 ms  p99 ms  cpu ms/tick  calls per core at real time");
for (const calls of sizes) {
  const running = await startPod({
    ...(model === "line-test" ? {} : { modelDir: SHIPPED_WEIGHTS_FOLDER }),
    dataDir: folder,
    threads,
    slots: Math.ceil(Math.max(...sizes) / threads),
    capacityCalls: calls,
  });
  const client = new TickClient(running.client);
  for (let handle = 0; handle < calls; handle++) {
    client.open(handle, { playbook: { id: "bench", version: 1, model, document }, seed: handle });
  }
  const caller = (call: { handle: number; hop: number }) => HOPS[(call.hop + 7 * call.handle) % HOPS.length];
  for (let tick = 0; tick < WARM_UP_TICKS; tick++) await client.step(caller);
  const took: number[] = [];
  const cpuBefore = process.cpuUsage();
  for (let tick = 0; tick < ticks; tick++) {
    const startMs = performance.now();
    const reply = await client.step(caller);
    took.push(performance.now() - startMs);
    if (reply.call.length !== calls) {
      const failed = [...client.calls.values()].flatMap((call) => call.outputs.filter((o) => o.type === "failed"));
      throw new Error(`${reply.call.length} of ${calls} calls were answered: ${JSON.stringify(failed[0])}`);
    }
  }
  const cpu = process.cpuUsage(cpuBefore);
  const cpuMs = (cpu.user + cpu.system) / 1000 / ticks;
  took.sort((a, b) => a - b);
  const at = (q: number) => took[Math.min(took.length - 1, Math.floor(took.length * q))]!.toFixed(2);
  const perCore = Math.floor((40 / cpuMs) * calls);
  console.log(
    `${String(calls).padStart(5)}  ${at(0.5).padStart(11)}  ${at(0.99).padStart(6)}  ${cpuMs.toFixed(2).padStart(11)}  ${perCore}`,
  );
  client.stream.end();
  await running.close();
}
await rm(folder, { recursive: true });
