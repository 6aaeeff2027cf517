/**
 * The one port between a pod and whatever decides about the floor. Both the trained network and the line test
 * implement it. A pod packs the hops of all its calls into one `HopBatch`, calls `step` once, and reads the columns
 * of one `OutputBatch`; both are preallocated by the caller and reused at every tick.
 */

/** Samples and mu-law bytes in one hop: 40 ms at 8 kHz. */
export const HOP_SAMPLES = 320;

/** What to do with the floor, in the order of the decision column. */
export const DECISIONS = ["listen", "begin", "backchannel", "hold", "duck", "yield"] as const;
export type Decision = (typeof DECISIONS)[number];

/** What kind of overlap this hop is part of, in the order of the overlap column. */
export const OVERLAP_KINDS = ["none", "floor-taking", "backchannel", "side-talk", "background"] as const;
export type OverlapKind = (typeof OVERLAP_KINDS)[number];

/** What the conversation waits for, in the order of `HopBatch.expectationKind`. */
export const EXPECTATION_KINDS = [
  "open",
  "yes-no",
  "digits",
  "alphanumeric",
  "name",
  "date",
  "time",
  "money",
  "choice",
  "phone",
  "email",
  "address",
] as const;
export type ExpectationKind = (typeof EXPECTATION_KINDS)[number];

/** What the dialogue has ready to say, in the order of `HopBatch.intent`. */
export const INTENTS = ["nothing", "answer", "filler", "urgent"] as const;
export type Intent = (typeof INTENTS)[number];

/** Ends, in ms from now, of the four bins of the voice-activity projection. */
export const PROJECTION_BIN_ENDS_MS = [200, 600, 1200, 2000] as const;

/** Row of each speaker in the projection column. */
export const PROJECTION_SPEAKERS = ["caller", "agent"] as const;

export const DECISION_COUNT = DECISIONS.length;
export const OVERLAP_COUNT = OVERLAP_KINDS.length;
export const PROJECTION_COUNT = PROJECTION_SPEAKERS.length * PROJECTION_BIN_ENDS_MS.length;

/** Whose voice is in this hop, in the order of the voice column. Side talk is the caller's own voice. */
export const VOICES = ["caller", "other"] as const;
export const VOICE_COUNT = VOICES.length;

/**
 * Probabilities from which a pod turns the columns into an act, 0..1. `training/README.md` says in which order they
 * are looked at.
 */
export interface DecisionThresholds {
  /** Take the floor where the expectation is `open`. */
  readonly beginOpen: number;
  /** Take the floor where the expectation is another and nothing remains of it. */
  readonly beginFulfilled: number;
  /** Take the floor where something remains of the expectation. */
  readonly beginUnfulfilled: number;
  readonly backchannel: number;
  /** On the sum of duck and yield. */
  readonly duck: number;
  readonly yield: number;
  /** On the voice column. */
  readonly voice: number;
  /** On the best want, where a turn ends. */
  readonly want: number;
}

/** What a model is, constant for its life. */
export interface ModelInfo {
  readonly name: string;
  /** sha256 of the weights in hex, or a name that changes with the behaviour when there are none. */
  readonly version: string;
  /** CTC alphabet; index 0 is the blank. Empty for a model that does not hear words. */
  readonly symbols: readonly string[];
  /** Rows of the symbol column in one hop. */
  readonly symbolFramesPerHop: number;
  /** Names of the want posteriors, in the order of the column. */
  readonly wants: readonly string[];
  readonly thresholds: DecisionThresholds;
  /** How many slots may be open at once. */
  readonly capacity: number;
}

/** One tick's input, a row per call, rows 0..count-1 in use. Owned by the caller of `step`; not written by it. */
export interface HopBatch {
  readonly capacity: number;
  count: number;
  /** Slot of each row. A slot occurs at most once in a batch. */
  readonly slots: Int32Array;
  /** Mu-law as heard from the caller, [capacity][320]. */
  readonly caller: Uint8Array;
  /** Mu-law that was really played to the caller in the same 40 ms, [capacity][320]; 0xff is silence. */
  readonly agent: Uint8Array;
  /** Index into `EXPECTATION_KINDS`. */
  readonly expectationKind: Uint8Array;
  /**
   * What is still missing of the expectation: characters for `digits`, `phone` and `alphanumeric`; for the other kinds
   * 1 until a complete value was heard, then 0; 0 for `open`.
   */
  readonly expectationRemaining: Uint8Array;
  /** Index into `INTENTS`. */
  readonly intent: Uint8Array;
  /** Hops since the call began. */
  readonly hopIndex: Uint32Array;
  /** 1 from the first to the last hop of an agent utterance, pauses inside it included; else 0. */
  readonly agentPlaying: Uint8Array;
  /** Hops since `agentPlaying` last changed; `hopIndex` if it never did. */
  readonly hopsSinceAgentChange: Uint32Array;
}

/** One tick's output, rows as in the batch. Owned by the caller of `step`, who may read it until the next step. */
export interface OutputBatch {
  readonly capacity: number;
  /** Probabilities, [capacity][6]. */
  readonly decision: Float32Array;
  /** Voice activity ahead, probabilities, [capacity][2 speakers][4 bins]. */
  readonly projection: Float32Array;
  /** Probabilities, [capacity][5]. */
  readonly overlap: Float32Array;
  /** Probabilities of a voice in this hop, [capacity][2]. */
  readonly voice: Float32Array;
  /** Natural log probabilities, [capacity][symbolFramesPerHop][symbols]. */
  readonly symbols: Float32Array;
  /** Probabilities, [capacity][wants]. */
  readonly wants: Float32Array;
}

/** Index of a slot, 0..capacity-1. */
export type Slot = number;

/**
 * A model that hears both sides of many calls. Not re-entrant: await each call before the next.
 * Outputs of a slot depend on its own hops since `open` or `restore` and on nothing else, bit for bit.
 */
export interface InteractionModel {
  readonly info: ModelInfo;
  /** Takes a free slot and clears it. `seed` is for models that draw; the same seed gives the same outputs. Throws `MODEL_NO_FREE_SLOT`. */
  open(seed: number): Slot;
  /** Steps rows 0..count-1 and fills the same rows of `outputs`. Throws `MODEL_SLOT_NOT_OPEN`, `MODEL_BATCH_INVALID`. */
  step(hops: HopBatch, outputs: OutputBatch): Promise<void>;
  /** Copies the slot's whole state; `restore` of it continues bit for bit. Throws `MODEL_SLOT_NOT_OPEN`. */
  snapshot(slot: Slot): Uint8Array;
  /** Takes a free slot and fills it. Throws `MODEL_SNAPSHOT_INVALID` when it is another model's or damaged, `MODEL_NO_FREE_SLOT`. */
  restore(snapshot: Uint8Array): Slot;
  /** Frees the slot. Closing a free slot throws `MODEL_SLOT_NOT_OPEN`. */
  close(slot: Slot): void;
  /** Frees the model itself. */
  dispose(): Promise<void>;
}

/** Allocates a batch for `capacity` rows. */
export function createHopBatch(capacity: number): HopBatch {
  return {
    capacity,
    count: 0,
    slots: new Int32Array(capacity),
    caller: new Uint8Array(capacity * HOP_SAMPLES).fill(0xff),
    agent: new Uint8Array(capacity * HOP_SAMPLES).fill(0xff),
    expectationKind: new Uint8Array(capacity),
    expectationRemaining: new Uint8Array(capacity),
    intent: new Uint8Array(capacity),
    hopIndex: new Uint32Array(capacity),
    agentPlaying: new Uint8Array(capacity),
    hopsSinceAgentChange: new Uint32Array(capacity),
  };
}

/** Allocates outputs for `capacity` rows of the model's widths. */
export function createOutputBatch(capacity: number, info: ModelInfo): OutputBatch {
  return {
    capacity,
    decision: new Float32Array(capacity * DECISION_COUNT),
    projection: new Float32Array(capacity * PROJECTION_COUNT),
    overlap: new Float32Array(capacity * OVERLAP_COUNT),
    voice: new Float32Array(capacity * VOICE_COUNT),
    symbols: new Float32Array(capacity * info.symbolFramesPerHop * info.symbols.length),
    wants: new Float32Array(capacity * info.wants.length),
  };
}
