import type { Figures } from "./figures.ts";
import type { Reports } from "./report.ts";

/** One figure of ours over one of a baseline's in the same run, and what it has to be. */
interface RatioRule {
  what: string;
  against: string;
  of: (figures: Figures) => number;
  least?: number;
  most?: number;
}

export interface Ratio {
  what: string;
  against: string;
  ours: number;
  theirs: number;
  ratio: number;
  /** Such as `at most 0.9`. */
  bound: string;
  held: boolean;
}

/**
 * What has to hold on any machine and with any weights worth shipping. With a handful of stimuli a scenario intervals are
 * wide, so bounds are generous: what is lost here is lost by a long way.
 */
const RULES: readonly RatioRule[] = [
  { what: "headline", against: "always-yield", of: (f) => f.headline.value, least: 1.2 },
  { what: "headline", against: "never-yield", of: (f) => f.headline.value, least: 1.2 },
  { what: "response rate", against: "timer-600", of: (f) => f.responseRate.value, least: 0.8 },
  { what: "response latency p50", against: "timer-600", of: (f) => f.responseLatencyP50Ms.value, most: 0.9 },
  { what: "digit pauses left alone", against: "timer-600", of: (f) => 1 - f.digitPauseTakeOver.value, least: 0.9 },
  { what: "yield rate", against: "always-yield", of: (f) => f.yieldRate.value, least: 0.5 },
  { what: "selectivity", against: "always-yield", of: (f) => f.selectivityMean.value, least: 1.2 },
  { what: "selectivity", against: "timer-600", of: (f) => f.selectivityMean.value, least: 0.8 },
];

/** Every ratio of a run whose contenders are there. A baseline's 0 is beaten by anything above 0. */
export function ratiosOf(reports: Reports): Ratio[] {
  const ours = reports.sidetone?.figures;
  if (!ours) return [];
  return RULES.flatMap(({ what, against, of, least, most }): Ratio[] => {
    const theirs = reports[against]?.figures;
    if (!theirs) return [];
    const [a, b] = [of(ours), of(theirs)];
    const ratio = b === 0 ? (a > 0 ? Number.POSITIVE_INFINITY : Number.NaN) : a / b;
    const held = least !== undefined ? ratio >= least : ratio <= (most ?? Number.POSITIVE_INFINITY);
    const bound = least !== undefined ? `at least ${least}` : `at most ${most}`;
    return [{ what, against, ours: a, theirs: b, ratio, bound, held }];
  });
}

export const describeRatio = ({ what, against, ours, theirs, ratio, bound, held }: Ratio): string => {
  const shown = (value: number) => (Math.abs(value) >= 10 ? value.toFixed(0) : value.toFixed(2));
  const verdict = held ? "held" : "LOST";
  return `${verdict}: ${what}, ${shown(ours)} against ${against}'s ${shown(theirs)}, ratio ${shown(ratio)}, has to be ${bound}`;
};
