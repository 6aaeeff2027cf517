/** For this long the model has to be as sure as its threshold asks: 400 ms. */
const CERTAIN_HOPS = 10;
/** Quiet that ends a turn in any case, when there is something to say: 2.4 s. */
export const DEAD_AIR_HOPS = 60;
const LEAST_CERTAINTY = 0.3;

/**
 * The share of the begin threshold that is asked for after so much quiet. The threshold is set for being right at once;
 * the longer a pause has become, the fewer are left that were only pauses.
 */
export function certaintyNeeded(quietHops: number): number {
  const overdue = (quietHops - CERTAIN_HOPS) / (DEAD_AIR_HOPS - CERTAIN_HOPS);
  return 1 - (1 - LEAST_CERTAINTY) * Math.min(1, Math.max(0, overdue));
}
