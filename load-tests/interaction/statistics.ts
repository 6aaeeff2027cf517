/** A pseudo-random generator (mulberry32): benches are seeded, so that a run can be repeated. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The p-quantile (0 to 1) by linear interpolation; NaN of nothing. */
export function quantile(values: readonly number[], p: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const at = p * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? low;
  return low + (high - low) * (at - below);
}

export const mean = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;

export const harmonicMean = (values: readonly number[]): number =>
  values.some((value) => value <= 0) ? 0 : values.length / values.reduce((sum, value) => sum + 1 / value, 0);

export interface Estimate {
  value: number;
  /** 95% percentile-bootstrap interval. */
  low: number;
  high: number;
  n: number;
}

/** A statistic of a sample with its 95% bootstrap interval (1,000 resamples, seeded). */
export function estimate(
  values: readonly number[],
  statistic: (values: readonly number[]) => number,
  seed = 1,
  resamples = 1_000,
): Estimate {
  const random = seededRandom(seed);
  const drawn: number[] = [];
  const sample = new Array<number>(values.length);
  for (let r = 0; r < resamples; r++) {
    for (let i = 0; i < values.length; i++) sample[i] = values[Math.floor(random() * values.length)] ?? Number.NaN;
    drawn.push(statistic(sample));
  }
  return { value: statistic(values), low: quantile(drawn, 0.025), high: quantile(drawn, 0.975), n: values.length };
}
