import type { HopBatch, InteractionModel, OutputBatch } from "@sidetone/interaction-model";

/** A hop index that no ordinary test reaches: whoever sends it ends the worker, or the batch. */
export const DEADLY_HOP = 4_000_000;
export const FAULTY_HOP = 3_000_000;

/** A module for `wrapper`: the network, until a hop comes that kills it. */
export default function fragile(inner: InteractionModel): InteractionModel {
  return {
    info: inner.info,
    open: (seed) => inner.open(seed),
    async step(hops: HopBatch, outputs: OutputBatch): Promise<void> {
      for (let row = 0; row < hops.count; row++) {
        if (hops.hopIndex[row] === DEADLY_HOP) process.exit(1);
        if (hops.hopIndex[row] === FAULTY_HOP) throw new Error("the network gave way");
      }
      await inner.step(hops, outputs);
    },
    snapshot: (slot) => inner.snapshot(slot),
    restore: (snapshot) => inner.restore(snapshot),
    close: (slot) => inner.close(slot),
    dispose: () => inner.dispose(),
  };
}
