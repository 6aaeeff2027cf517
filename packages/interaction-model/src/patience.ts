/** For this long the model has to be as sure as its threshold asks: 400 ms. */
const CERTAIN_HOPS = 10;
/** Quiet that ends a turn in any case, when there is something to say: 2.4 s. */
export const DEAD_AIR_HOPS = 60;
const LEAST_CERTAINTY = 0.3;
/** A hop of quiet counts for so many behind a turn that brought what was awaited. */
const FULFILLED_WEIGHT = 2;

/**
 * Hops of quiet, weighed: where what was asked for has been understood whole (a yes, the last of five digits), a pause is
 * less likely to be one, so patience ends in half the time. Before that, and in open turns, nothing is eased. It only
 * helps the model out where it hesitates: an answer that it is sure of comes before any of this.
 */
export const weighedQuietHops = (quietHops: number, isFulfilled: boolean): number =>
  isFulfilled ? FULFILLED_WEIGHT * quietHops : quietHops;

/**
 * The share of the begin threshold that is asked for after so much quiet. The threshold is set for being right at once;
 * the longer a pause has become, the fewer are left that were only pauses.
 */
export function certaintyNeeded(quietHops: number): number {
  const overdue = (quietHops - CERTAIN_HOPS) / (DEAD_AIR_HOPS - CERTAIN_HOPS);
  return 1 - (1 - LEAST_CERTAINTY) * Math.min(1, Math.max(0, overdue));
}
