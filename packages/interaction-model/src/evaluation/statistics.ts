/** A share or a mean with its 95% interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** One observation: `part` of `whole` (errors of words, cut-offs of turns). */
export interface Observation {
  readonly speaker: string;
  readonly part: number;
  readonly whole: number;
}

const RESAMPLES = 400;

/** Small deterministic generator, so that a report can be made again. Numerical Recipes' constants. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * The ratio of sums, with an interval from drawing whole speakers again and again: what one person says is not
 * independent of what else that person says.
 */
export function ratioBySpeaker(observations: readonly Observation[]): Estimate {
  const bySpeaker = new Map<string, { part: number; whole: number }>();
  for (const { speaker, part, whole } of observations) {
    const sums = bySpeaker.get(speaker) ?? { part: 0, whole: 0 };
    sums.part += part;
    sums.whole += whole;
    bySpeaker.set(speaker, sums);
  }
  const speakers = [...bySpeaker.values()];
  const random = generator(1);
  const drawn = Array.from({ length: speakers.length > 1 ? RESAMPLES : 0 }, () => {
    let part = 0;
    let whole = 0;
    for (let i = 0; i < speakers.length; i++) {
      const one = speakers[Math.floor(random() * speakers.length)]!;
      part += one.part;
      whole += one.whole;
    }
    return whole === 0 ? Number.NaN : part / whole;
  }).filter((value) => !Number.isNaN(value));
  drawn.sort((a, b) => a - b);
  const part = speakers.reduce((sum, one) => sum + one.part, 0);
  const whole = speakers.reduce((sum, one) => sum + one.whole, 0);
  return {
    value: part / whole,
    low: quantile(drawn, 0.025),
    high: quantile(drawn, 0.975),
    count: observations.length,
  };
}

/** Of an ascending list; NaN of an empty one. */
export function quantile(ascending: readonly number[], share: number): number {
  if (ascending.length === 0) return Number.NaN;
  return ascending[Math.min(ascending.length - 1, Math.floor(share * ascending.length))]!;
}

/** Substitutions, insertions and deletions that lead from one list of words to the other (Levenshtein 1966). */
export function wordErrors(reference: readonly string[], heard: readonly string[]): number {
  let row = heard.map((_, i) => i + 1);
  row.unshift(0);
  for (let i = 1; i <= reference.length; i++) {
    const next = [i];
    for (let j = 1; j <= heard.length; j++) {
      const same = reference[i - 1] === heard[j - 1] ? 0 : 1;
      next.push(Math.min(row[j - 1]! + same, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[heard.length]!;
}
