import { certaintyNeeded, weighedQuietHops } from "../patience.ts";
import type { DecisionThresholds } from "../port.ts";
import { timerEndMs } from "./silero.ts";
import { type Estimate, type Observation, quantile, ratioBySpeaker, wordErrors } from "./statistics.ts";
import { DIGIT_WORDS, type Streamed } from "./stream-trials.ts";
import type { Trial } from "./trials.ts";

const HOP_MS = 40;
/** A turn that is answered later than this after its end counts as never answered. */
const LATEST_MS = 2500;
const THRESHOLDS = Array.from({ length: 60 }, (_, i) => 1 - 0.98 * 0.9 ** i);

/** When a turn was taken: in ms from the trial's start; undefined for never. */
export type TakenAt = (index: number) => number | undefined;

export interface EndFigures {
  readonly cutOff: Estimate;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Share of turns that were neither cut off nor answered in time. */
  readonly never: number;
  /** Share of pauses inside the turns in which the turn was taken. */
  readonly inPauses: Estimate;
}

/** How well turns were ended, over trials that have speech. */
export function endFigures(trials: readonly Trial[], takenAt: TakenAt): EndFigures {
  const cutOffs: Observation[] = [];
  const pauses: Observation[] = [];
  const latenciesMs: number[] = [];
  let never = 0;
  for (const [index, trial] of trials.entries()) {
    const atMs = takenAt(index);
    const isCut = atMs !== undefined && atMs < trial.endMs!;
    cutOffs.push({ speaker: trial.speaker, part: isCut ? 1 : 0, whole: 1 });
    for (const pause of trial.pauses) {
      const isIn = atMs !== undefined && atMs >= pause.startMs && atMs < pause.endMs + HOP_MS;
      pauses.push({ speaker: trial.speaker, part: isIn ? 1 : 0, whole: 1 });
      if (isCut && atMs < pause.endMs) break;
    }
    if (isCut) continue;
    const latencyMs = atMs === undefined ? Number.POSITIVE_INFINITY : atMs - trial.endMs!;
    if (latencyMs > LATEST_MS) never++;
    latenciesMs.push(Math.min(latencyMs, LATEST_MS));
  }
  latenciesMs.sort((a, b) => a - b);
  return {
    cutOff: ratioBySpeaker(cutOffs),
    p50Ms: quantile(latenciesMs, 0.5),
    p95Ms: quantile(latenciesMs, 0.95),
    never: never / trials.length,
    inPauses: ratioBySpeaker(pauses),
  };
}

/**
 * When the model takes the turn, as a pod decides it: the first hop from the caller's first sound on after which it was
 * sure enough at some time since the caller was last heard, by a threshold that falls as quiet goes on.
 */
export function modelTakes(
  streamed: readonly Streamed[],
  thresholds: Pick<DecisionThresholds, "beginOpen" | "beginFulfilled" | "beginUnfulfilled" | "voice">,
): TakenAt {
  return (index) => {
    const { trial, begin, voice, remaining } = streamed[index]!;
    let quietHops = 0;
    let peak = 0;
    for (let hop = Math.floor(trial.startMs! / HOP_MS); hop < begin.length; hop++) {
      const isHeard = voice[hop]! > thresholds.voice;
      quietHops = isHeard ? 0 : quietHops + 1;
      peak = Math.max(isHeard ? 0 : peak, begin[hop]!);
      const isFulfilled = trial.expectation !== "open" && remaining[hop] === 0;
      const awaited = isFulfilled ? thresholds.beginFulfilled : thresholds.beginUnfulfilled;
      const threshold = trial.expectation === "open" ? thresholds.beginOpen : awaited;
      if (peak > threshold * certaintyNeeded(weighedQuietHops(quietHops, isFulfilled))) return (hop + 1) * HOP_MS;
    }
    return undefined;
  };
}

/** The most eager setting that cuts off at most this share of turns; undefined when there is none. */
export function atCutOff(
  streamed: readonly Streamed[],
  share: number,
  own: DecisionThresholds,
): { threshold: number; figures: EndFigures } | undefined {
  const trials = streamed.map((one) => one.trial);
  for (const threshold of THRESHOLDS) {
    const settings = {
      beginOpen: threshold,
      beginFulfilled: threshold,
      beginUnfulfilled: Math.max(threshold, own.beginUnfulfilled),
      voice: own.voice,
    };
    const figures = endFigures(trials, modelTakes(streamed, settings));
    if (figures.cutOff.value <= share) return { threshold, figures };
  }
  return undefined;
}

export function timerTakes(trials: readonly Trial[], probabilities: readonly Float32Array[], timerMs: number): TakenAt {
  return (index) => timerEndMs(probabilities[index]!, timerMs, trials[index]!.startMs!);
}

export interface HearingFigures {
  readonly wordError: Estimate;
  readonly exact: Estimate;
  /** The same of the digits alone, where digits were asked for. */
  readonly digitError: Estimate;
  readonly digitsExact: Estimate;
  /** Share of heard words that were told as not known. */
  readonly unknown: number;
}

/** How well words were heard, over trials whose words are known. */
export function hearingFigures(streamed: readonly Streamed[]): HearingFigures {
  const errors: Observation[] = [];
  const exact: Observation[] = [];
  const digitErrors: Observation[] = [];
  const digitsExact: Observation[] = [];
  let unknown = 0;
  let heardWords = 0;
  for (const { trial, words } of streamed) {
    const heard = words.map((word) => (word.text === "oh" ? "zero" : word.text));
    const reference = trial.words!.map((word) => (word === "oh" ? "zero" : word));
    const wrong = wordErrors(reference, heard);
    errors.push({ speaker: trial.speaker, part: wrong, whole: reference.length });
    exact.push({ speaker: trial.speaker, part: wrong === 0 ? 1 : 0, whole: 1 });
    if (trial.expectation === "digits") {
      const digits = reference.filter((word) => DIGIT_WORDS.has(word));
      const missed = wordErrors(
        digits,
        heard.filter((word) => DIGIT_WORDS.has(word)),
      );
      digitErrors.push({ speaker: trial.speaker, part: missed, whole: digits.length });
      digitsExact.push({ speaker: trial.speaker, part: missed === 0 ? 1 : 0, whole: 1 });
    }
    unknown += words.filter((word) => !word.known).length;
    heardWords += words.length;
  }
  return {
    wordError: ratioBySpeaker(errors),
    exact: ratioBySpeaker(exact),
    digitError: ratioBySpeaker(digitErrors),
    digitsExact: ratioBySpeaker(digitsExact),
    unknown: unknown / Math.max(1, heardWords),
  };
}

export interface OverlapFigures {
  /** Share of trials in which the agent gave way, and in which it at least ducked. */
  readonly yielded: Estimate;
  readonly duckedOrYielded: Estimate;
  /** From the caller's onset to the first of the two; of those that came. */
  readonly p50Ms: number;
}

/** What the agent did while it spoke and the caller's channel was not quiet. */
export function overlapFigures(streamed: readonly Streamed[], thresholds: DecisionThresholds): OverlapFigures {
  const yielded: Observation[] = [];
  const either: Observation[] = [];
  const tookMs: number[] = [];
  for (const one of streamed) {
    const from = one.trial.startMs === undefined ? 0 : Math.floor(one.trial.startMs / HOP_MS);
    const to =
      one.trial.endMs === undefined
        ? one.yield.length
        : Math.min(one.yield.length, Math.ceil((one.trial.endMs + 400) / HOP_MS));
    const yieldAt = firstAbove(one.yield, thresholds.yield, from, to);
    const duckAt = firstAbove(one.duckOrYield, thresholds.duck, from, to);
    const at = Math.min(yieldAt ?? Infinity, duckAt ?? Infinity);
    yielded.push({ speaker: one.trial.speaker, part: yieldAt === undefined ? 0 : 1, whole: 1 });
    either.push({ speaker: one.trial.speaker, part: at === Infinity ? 0 : 1, whole: 1 });
    if (at !== Infinity && one.trial.startMs !== undefined) tookMs.push((at + 1) * HOP_MS - one.trial.startMs);
  }
  tookMs.sort((a, b) => a - b);
  return { yielded: ratioBySpeaker(yielded), duckedOrYielded: ratioBySpeaker(either), p50Ms: quantile(tookMs, 0.5) };
}

function firstAbove(probabilities: Float32Array, threshold: number, from: number, to: number): number | undefined {
  for (let hop = from; hop < to; hop++) if (probabilities[hop]! > threshold) return hop;
  return undefined;
}
