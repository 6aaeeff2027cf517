import { certaintyNeeded, type DecisionThresholds, weighedQuietHops } from "@sidetone/interaction-model";
import { DECISIONS, type Decision, type Expectation, OPEN, OVERLAP_KINDS } from "@sidetone/protocol";

/** How much quieter the agent is while an overlap is ambiguous. */
export const DUCK_DB = -8;
/** Hops without a reason to be quiet, after which a ducked agent is back: 80 ms. */
const RESTORE_HOPS = 2;
/** An agent that began this recently, gives way to a caller who began with it: 600 ms. */
const BOTH_START_HOPS = 15;
/** So many ducked hops with the caller's voice make it a collision: 160 ms. */
const COLLISION_HOPS = 4;
/** So many hops in a row of a turn's end outweigh a voice: 400 ms. */
const INSISTS_HOPS = 10;
/** Two murmurs are at least this far apart: 4 s. */
const BACKCHANNEL_APART_HOPS = 100;

const P = {
  begin: DECISIONS.indexOf("begin"),
  backchannel: DECISIONS.indexOf("backchannel"),
  duck: DECISIONS.indexOf("duck"),
  yield: DECISIONS.indexOf("yield"),
} as const;
const FLOOR_TAKING = OVERLAP_KINDS.indexOf("floor-taking");

/** Expectations within which a murmur could be taken for a digit's confirmation, or hide one. */
const COUNTED: readonly Expectation["kind"][] = ["digits", "alphanumeric", "phone", "money", "date", "time"];

/** One hop as the floor sees it. Probabilities are the model's, 0..1. */
export interface FloorView {
  /** Views of one row: decisions, overlap kinds, and the caller's own voice. */
  decision: Float32Array;
  overlap: Float32Array;
  callerVoice: number;
  /** The agent speaks, or has handed over speech that the caller is about to hear; murmurs do not count. */
  speaking: boolean;
  /** Hops since the caller began to hear what is being said; 0 before. */
  speakingHops: number;
  /** What is being said may not be stopped. */
  uninterruptible: boolean;
  /** As the model was told it. */
  expectation: Expectation;
  /** There is something to say, or a turn of the caller to end. */
  mayBegin: boolean;
  /** Hops since anybody was heard. */
  quietHops: number;
  /** Quiet that is asked for before what is ready may begin. */
  breathHops: number;
  hop: number;
}

/** A view of a call of which nothing is known yet, over the given rows. */
export const floorView = (rows: Pick<FloorView, "decision" | "overlap">): FloorView => ({
  decision: rows.decision,
  overlap: rows.overlap,
  callerVoice: 0,
  speaking: false,
  speakingHops: 0,
  uninterruptible: false,
  expectation: OPEN,
  mayBegin: false,
  quietHops: 0,
  breathHops: 0,
  hop: 0,
});

/** What is carried from hop to hop. Plain data. */
export interface FloorState {
  duckedHops: number;
  /** Hops in a row without reason to be ducked. */
  calmHops: number;
  lastBackchannelHop: number;
  /** How sure the model was at best that the turn has ended, since the caller was last heard. */
  beginPeak: number;
  /** Hops in a row in which the model would have begun. */
  insistedHops: number;
}

export const freshFloor = (): FloorState => ({
  duckedHops: 0,
  calmHops: 0,
  lastBackchannelHop: -BACKCHANNEL_APART_HOPS,
  beginPeak: 0,
  insistedHops: 0,
});

/**
 * Turns one hop's probabilities into what is done with the floor, in the order that the model was trained for
 * (packages/interaction-model/training/README.md), plus the manners that are ours: who gives way when both start,
 * and what may not be stopped. Changes `state`.
 */
export function decideFloor(state: FloorState, view: FloorView, thresholds: DecisionThresholds): Decision {
  return view.speaking ? whileSpeaking(state, view, thresholds) : whileListening(state, view, thresholds);
}

/** Gain of the agent's audio after this hop. */
export const floorGainDb = (state: FloorState): number => (state.duckedHops > 0 ? DUCK_DB : 0);

function whileListening(state: FloorState, view: FloorView, thresholds: DecisionThresholds): Decision {
  state.duckedHops = 0;
  state.calmHops = 0;
  const sureEnough = beginThreshold(view.expectation, thresholds) * certaintyNeeded(weighedQuiet(view));
  // A turn's end is heard best right behind it; silence alone does not take that back.
  state.beginPeak = Math.max(view.quietHops === 0 ? 0 : state.beginPeak, view.decision[P.begin]!);
  state.insistedHops = view.decision[P.begin]! > sureEnough ? state.insistedHops + 1 : 0;
  // Nothing begins in the caller's voice, nor in their breath; a voice that the model goes on denying is somebody else's.
  const mayBegin = view.mayBegin && (view.quietHops >= view.breathHops || state.insistedHops >= INSISTS_HOPS);
  if (mayBegin && state.beginPeak > sureEnough) {
    state.beginPeak = 0;
    state.insistedHops = 0;
    return "begin";
  }
  const mayMurmur =
    !COUNTED.includes(view.expectation.kind) && view.hop - state.lastBackchannelHop >= BACKCHANNEL_APART_HOPS;
  if (mayMurmur && view.decision[P.backchannel]! > thresholds.backchannel) return "backchannel";
  return "listen";
}

function whileSpeaking(state: FloorState, view: FloorView, thresholds: DecisionThresholds): Decision {
  state.beginPeak = 0;
  state.insistedHops = 0;
  const wantsYield = view.decision[P.yield]! > thresholds.yield;
  const wantsDuck = wantsYield || view.decision[P.duck]! + view.decision[P.yield]! > thresholds.duck;
  if (wantsDuck) {
    state.duckedHops++;
    state.calmHops = 0;
  } else if (state.duckedHops > 0 && ++state.calmHops >= RESTORE_HOPS) {
    state.duckedHops = 0;
    state.calmHops = 0;
  }
  const collision =
    view.speakingHops < BOTH_START_HOPS &&
    state.duckedHops >= COLLISION_HOPS &&
    view.callerVoice > thresholds.voice &&
    argmax(view.overlap) === FLOOR_TAKING;
  if ((wantsYield || collision) && !view.uninterruptible) {
    state.duckedHops = 0;
    state.calmHops = 0;
    return "yield";
  }
  return state.duckedHops > 0 ? "duck" : "hold";
}

/** Hops of quiet as patience counts them. */
export const weighedQuiet = ({ expectation, quietHops }: FloorView): number =>
  weighedQuietHops(quietHops, expectation.kind !== "open" && expectation.remaining === 0);

function beginThreshold(expectation: Expectation, thresholds: DecisionThresholds): number {
  if (expectation.kind === "open") return thresholds.beginOpen;
  return expectation.remaining === 0 ? thresholds.beginFulfilled : thresholds.beginUnfulfilled;
}

export function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
