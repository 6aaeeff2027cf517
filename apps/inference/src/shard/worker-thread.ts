import { parentPort, workerData } from "node:worker_threads";
import { createLog } from "@sidetone/platform";
import { loadModels, type ModelSettings } from "../models.ts";
import { measureCapacity } from "./capacity.ts";
import { shardColumns } from "./columns.ts";
import { Shard, type ShardEvent, type ShardOutput } from "./shard.ts";

/** What the gRPC thread gives a worker at birth. */
export interface WorkerSettings {
  models: ModelSettings;
  columns: SharedArrayBuffer;
  logLevel: string;
  /** Answer a tick only when the speech that it asked for is made: for calls on a virtual clock. */
  awaitSpeech: boolean;
}

export type ToWorker = { type: "tick"; events: ShardEvent[]; count: number } | { type: "stop" };

export type FromWorker =
  | { type: "ready"; capacityCalls: number; models: { name: string; version: string }[] }
  | { type: "ticked"; outputs: ShardOutput[]; stepMs: number };

const port = parentPort;
if (!port) throw new Error("shard/worker-thread.ts is the entry of a worker thread; start apps/inference/src/main.ts");
const settings = workerData as WorkerSettings;
const log = createLog({ process: "pod-worker", level: settings.logLevel });
const models = await loadModels(settings.models, log);
const { seats } = models;
let capacityCalls = settings.models.slots;
for (const seat of seats.values()) {
  const measured = await measureCapacity(seat);
  log.info({ model: seat.model.info.name, ...measured }, "measured");
  capacityCalls = Math.min(capacityCalls, measured.calls);
}
const shard = new Shard(shardColumns(settings.models.slots, settings.columns), seats, {
  awaitSpeech: settings.awaitSpeech,
  onFault: (callId, error) => log.error({ callId, err: error }, "a call could not go on"),
});

port.on("message", (message: ToWorker) => {
  if (message.type === "stop") {
    shard.closeAll();
    void models.close().then(() => port.close());
    return;
  }
  const startMs = performance.now();
  // A rejection here is a defect of the shard itself: it ends the worker, and the pod starts another.
  void shard.tick(message.events, message.count).then((outputs) => {
    port.postMessage({ type: "ticked", outputs, stepMs: performance.now() - startMs } satisfies FromWorker);
  });
});
port.postMessage({
  type: "ready",
  capacityCalls,
  models: [...seats.values()].map((seat) => ({ name: seat.model.info.name, version: seat.model.info.version })),
} satisfies FromWorker);
