import { quantile } from "../interaction/statistics.ts";

/** What one call measured, all of it at the caller's ear but the counts of words, in which the tape is held against it. */
export interface CallMeasure {
  /** From the caller's last sound to the agent's first: turns that ended what was awaited, and turns of any words. */
  fulfilledMs: number[];
  openMs: number[];
  /** The rest: a turn that ended before it had brought what was awaited. */
  unfulfilledMs: number[];
  /** Turns that were never answered, and turns into which the agent spoke before their end. */
  unanswered: number;
  cutIns: number;
  /** From the caller's first sound over the agent's to the agent's last. */
  stopMs: number[];
  /** Interruptions after which the agent went on for two seconds. */
  notYielded: number;
  yields: number;
  /** Words broken in their midst by yields. */
  brokenWords: number;
  /** Words that the call counts as heard whole though their end cannot be heard. */
  falselyHeardWords: number;
  heardWords: number;
  /** How far the bridge's account of what was played is from the ear, at the begin of every stretch of speech. */
  ledgerErrorMs: number[];
  /** Audio that came too late to the ear. */
  starvedMs: number;
}

/** A call of which nothing is known yet. */
export const emptyMeasure = (): CallMeasure => ({
  fulfilledMs: [],
  openMs: [],
  unfulfilledMs: [],
  unanswered: 0,
  cutIns: 0,
  stopMs: [],
  notYielded: 0,
  yields: 0,
  brokenWords: 0,
  falselyHeardWords: 0,
  heardWords: 0,
  ledgerErrorMs: [],
  starvedMs: 0,
});

export interface Row {
  name: string;
  n: number;
  p50: string;
  p95: string;
}

const show = (values: readonly number[], p: number): string =>
  values.length === 0 ? "-" : `${Math.round(quantile(values, p))} ms`;

const times = (name: string, values: readonly number[]): Row => ({
  name,
  n: values.length,
  p50: show(values, 0.5),
  p95: show(values, 0.95),
});

/** All calls' figures as rows of a table, and what can only be counted as sentences. */
export function figuresOf(calls: readonly CallMeasure[]): { rows: Row[]; counts: string[] } {
  const all = (pick: (call: CallMeasure) => readonly number[]): number[] => calls.flatMap(pick);
  const sum = (pick: (call: CallMeasure) => number): number => calls.reduce((total, call) => total + pick(call), 0);
  const yields = sum((call) => call.yields);
  const perYield = yields === 0 ? "-" : (sum((call) => call.brokenWords) / yields).toFixed(2);
  return {
    rows: [
      times(
        "response, expectation fulfilled",
        all((call) => call.fulfilledMs),
      ),
      times(
        "response, open turn",
        all((call) => call.openMs),
      ),
      times(
        "response, expectation not fulfilled",
        all((call) => call.unfulfilledMs),
      ),
      times(
        "stop after an interruption",
        all((call) => call.stopMs),
      ),
      times(
        "ledger error at the ear, absolute",
        all((call) => call.ledgerErrorMs.map(Math.abs)),
      ),
    ],
    counts: [
      `${sum((call) => call.unanswered)} turns were not answered, the agent spoke into ${sum((call) => call.cutIns)}.`,
      `${sum((call) => call.notYielded)} interruptions did not stop the agent within two seconds.`,
      `${yields} yields broke ${sum((call) => call.brokenWords)} words in their midst (${perYield} a yield).`,
      `${sum((call) => call.falselyHeardWords)} of ${sum((call) => call.heardWords)} words that count as heard lack their end at the ear.`,
      `${sum((call) => call.starvedMs)} ms of audio came too late.`,
    ],
  };
}
