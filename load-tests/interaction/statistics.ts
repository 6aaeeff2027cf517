import { seededRandom } from "@sidetone/testkit";

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

/**
 * A statistic of the means of several groups, such as shares by scenario, with its 95% bootstrap interval: each group is
 * resampled by itself. Groups of nothing are left out.
 */
export function estimateOfMeans(
  groups: readonly (readonly number[])[],
  statistic: (means: readonly number[]) => number,
  seed = 1,
  resamples = 1_000,
): Estimate {
  const random = seededRandom(seed);
  const full = groups.filter((group) => group.length > 0);
  const resampledMean = (group: readonly number[]): number => {
    let sum = 0;
    for (let i = 0; i < group.length; i++) sum += group[Math.floor(random() * group.length)] ?? 0;
    return sum / group.length;
  };
  const drawn = Array.from({ length: resamples }, () => statistic(full.map(resampledMean)));
  return {
    value: statistic(full.map(mean)),
    low: quantile(drawn, 0.025),
    high: quantile(drawn, 0.975),
    n: full.reduce((sum, group) => sum + group.length, 0),
  };
}
