import type { HopBatch, InteractionModel, OutputBatch } from "@sidetone/interaction-model";
import { createHopBatch, createOutputBatch } from "@sidetone/interaction-model";
import type { LoopMaker } from "./call-loop.ts";

/** A model in a shard, its reusable batch and outputs, and the loop that its calls run. */
export interface Seat {
  readonly model: InteractionModel;
  readonly makeLoop: LoopMaker;
  readonly batch: HopBatch;
  readonly outputs: OutputBatch;
}

export function createSeat(model: InteractionModel, makeLoop: LoopMaker): Seat {
  const capacity = model.info.capacity;
  return { model, makeLoop, batch: createHopBatch(capacity), outputs: createOutputBatch(capacity, model.info) };
}
