import { parentPort, workerData } from "node:worker_threads";
import { openTapeStorage, type TapeStorageOptions } from "@sidetone/store";
import { buildReplay } from "./replay-build.ts";

/** One tape to derive a replay from, and what came of it. */
export interface BuildOrder {
  id: number;
  tapePath: string;
  folder: string;
}
export interface BuildOutcome {
  id: number;
  error?: { code: string | undefined; message: string };
}

const tapes = await openTapeStorage(workerData as TapeStorageOptions);

async function build(order: BuildOrder): Promise<BuildOutcome> {
  try {
    const tape = await tapes.find(order.tapePath);
    if (!tape) return { id: order.id, error: { code: "NOT_FOUND", message: "The call's tape is no longer there." } };
    await buildReplay(tape.bytes, order.folder, tape.sizeBytes);
    return { id: order.id };
  } catch (error) {
    return { id: order.id, error: { code: (error as { code?: string }).code, message: (error as Error).message } };
  }
}

parentPort?.on("message", (order: BuildOrder) => {
  void build(order).then((outcome) => parentPort?.postMessage(outcome));
});
