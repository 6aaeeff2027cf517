import { type Estimate, estimate } from "../interaction/statistics.ts";
import { lineThrough } from "../load/fleet.ts";

export interface Sample {
  /** Of the run's own clock. */
  minutes: number;
  value: number;
}

/** What comes before is warm-up: pools fill, code is compiled, caches grow to their bounds. */
const WARM_UP_SHARE = 1 / 3;
/** Growth over the rest of the run below this share of the mean is no leak, however certain. */
const NEGLIGIBLE = 0.05;

/** Growth a minute after the warm-up, with its 95% interval (samples resampled in pairs). */
export function slopeOf(samples: readonly Sample[]): Estimate {
  const from = samples.length * WARM_UP_SHARE;
  const settled = samples.slice(Math.floor(from));
  const through = (chosen: readonly number[]): number => {
    const points = chosen.flatMap((index) => {
      const sample = settled[index];
      return sample ? [[sample.minutes, sample.value] as const] : [];
    });
    return points.length < 2 ? Number.NaN : lineThrough(points).perCall;
  };
  return estimate([...settled.keys()], through);
}

/** Whether something grows that ought not to: surely, and by more than a little. */
export function isGrowing(samples: readonly Sample[]): boolean {
  const slope = slopeOf(samples);
  const last = samples.at(-1);
  const first = samples[Math.floor(samples.length * WARM_UP_SHARE)];
  if (!last || !first || !(slope.low > 0)) return false;
  const mean = samples.reduce((sum, { value }) => sum + value, 0) / samples.length;
  return slope.value * (last.minutes - first.minutes) > mean * NEGLIGIBLE;
}
