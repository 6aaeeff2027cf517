import type { Seat } from "./seat.ts";

/** A tick may take this share of a hop: the rest is for gRPC, speech, dialogue, and the next core's hiccup. */
const TICK_BUDGET_MS = 20;
const WARM_UP_STEPS = 5;
const MEASURED_STEPS = 20;

/**
 * Runs the model on batches of growing size and tells how many calls one thread steps within the budget. The
 * first steps, which compile and allocate, are not counted; they are the warm-up before a pod is ready.
 */
export async function measureCapacity(seat: Seat): Promise<{ calls: number; stepMs: number }> {
  const { model, batch, outputs } = seat;
  const limit = batch.capacity;
  const slots = Array.from({ length: limit }, () => model.open(0));
  const time = async (count: number): Promise<number> => {
    batch.agentPlaying.fill(0);
    const took: number[] = [];
    for (let step = 0; step < WARM_UP_STEPS + MEASURED_STEPS; step++) {
      for (let row = 0; row < count; row++) batch.slots[row] = slots[row]!;
      batch.count = count;
      const startMs = performance.now();
      await model.step(batch, outputs);
      if (step >= WARM_UP_STEPS) took.push(performance.now() - startMs);
    }
    took.sort((a, b) => a - b);
    // The median: what the machine does beside us at start should not halve a pod for its life.
    return took[Math.floor(took.length / 2)]!;
  };
  let calls = 1;
  let stepMs = await time(1);
  for (let next = Math.min(8, limit); ; next = Math.min(next * 2, limit)) {
    const nextMs = await time(next);
    if (nextMs > TICK_BUDGET_MS) {
      const perCallMs = (nextMs - stepMs) / Math.max(1, next - calls);
      calls += Math.max(0, Math.floor((TICK_BUDGET_MS - stepMs) / perCallMs));
      break;
    }
    calls = next;
    stepMs = nextMs;
    if (next === limit) break;
  }
  batch.count = 0;
  for (const slot of slots) model.close(slot);
  return { calls, stepMs };
}
