import type { Measured, Understanding } from "./measure.ts";
import { type Estimate, estimate, mean } from "./statistics.ts";

/** What the ears made of the same calls. */
export interface UnderstandingFigures {
  turns: number;
  wordErrorRate: Estimate;
  byVoice: Record<string, Estimate>;
  byNoise: Record<string, Estimate>;
  digitErrorRate: Estimate;
  /** Order numbers understood without a mistake: the one slot that the bench's playbooks fill. */
  stringsRight: Estimate;
  stringsRightByNoise: Record<string, Estimate>;
  /** The right finding was spoken to its end. */
  taskSuccess: Estimate;
  taskSuccessByScenario: Record<string, Estimate>;
}

type Kept = Measured & { understanding: Understanding };

/** A ratio of sums, resampled by stimulus. */
function ratio(pairs: readonly (readonly [part: number, of: number])[]): Estimate {
  const sumOf = (chosen: readonly number[], column: 0 | 1) =>
    chosen.reduce((sum, index) => sum + (pairs[index]?.[column] ?? 0), 0);
  return estimate([...pairs.keys()], (chosen) => sumOf(chosen, 0) / sumOf(chosen, 1));
}

const wordsOf = (some: readonly Kept[]): Estimate =>
  ratio(some.map(({ understanding }) => [understanding.wordErrors, understanding.words]));
const share = (values: readonly boolean[]): Estimate => estimate(values.map(Number), mean);

function grouped<T, R>(
  some: readonly T[],
  keyOf: (one: T) => string,
  figure: (group: readonly T[]) => R,
): Record<string, R> {
  return Object.fromEntries([...Map.groupBy(some, keyOf)].sort().map(([key, group]) => [key, figure(group)]));
}

/** Undefined for a contender whose ears are not its own. */
export function understandingFigures(measured: readonly Measured[]): UnderstandingFigures | undefined {
  const kept = measured.filter((one): one is Kept => one.understanding !== undefined && !one.void);
  if (kept.length === 0) return undefined;
  const spoken = kept.filter(({ understanding }) => understanding.words > 0);
  const withDigits = kept.filter(({ understanding }) => understanding.digits !== undefined);
  // Keys are not heard; corrections are counted by their outcome, since two numbers were spoken.
  const heard = withDigits.filter(({ scenario }) => scenario !== "key-presses" && scenario !== "self-correction");
  const right = (some: readonly Kept[]) => share(some.map(({ understanding }) => understanding.digits?.errors === 0));
  const success = (some: readonly Kept[]) =>
    share(some.map(({ understanding }) => understanding.digits?.rightFinding === true));
  return {
    turns: spoken.length,
    wordErrorRate: wordsOf(spoken),
    byVoice: grouped(spoken, ({ voice }) => voice, wordsOf),
    byNoise: grouped(spoken, ({ noise }) => noise, wordsOf),
    digitErrorRate: ratio(
      heard.map(({ understanding: { digits } }) => [digits?.errors ?? 0, digits?.meant.length ?? 0]),
    ),
    stringsRight: right(heard),
    stringsRightByNoise: grouped(heard, ({ noise }) => noise, right),
    taskSuccess: success(withDigits),
    taskSuccessByScenario: grouped(
      withDigits,
      ({ scenario, isTwin }) => (isTwin ? `${scenario}, clean` : scenario),
      success,
    ),
  };
}
