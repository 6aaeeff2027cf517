/**
 * What the interaction model may decide at a hop, in wire order: the index is the byte in
 * `TickReply.decision` and in the tape.
 */
export const DECISIONS = ["listen", "begin", "backchannel", "hold", "duck", "yield"] as const;
export type Decision = (typeof DECISIONS)[number];

/** What kind of overlap (or sound) the caller's channel carries while the agent has the floor. */
export const OVERLAP_KINDS = ["none", "floor-taking", "backchannel", "side-talk", "background"] as const;
export type OverlapKind = (typeof OVERLAP_KINDS)[number];

/** Bins of the voice-activity projection, milliseconds from now. */
export const PROJECTION_BINS_MS = [200, 600, 1200, 2000] as const;

/**
 * Layout of one hop's scores, float32 little-endian: decision probabilities, overlap-kind
 * probabilities, caller projection, agent projection.
 */
export const SCORES = {
  decisionOffset: 0,
  overlapOffset: DECISIONS.length,
  callerProjectionOffset: DECISIONS.length + OVERLAP_KINDS.length,
  agentProjectionOffset: DECISIONS.length + OVERLAP_KINDS.length + PROJECTION_BINS_MS.length,
} as const;
export const SCORES_PER_HOP = DECISIONS.length + OVERLAP_KINDS.length + 2 * PROJECTION_BINS_MS.length;

export const SAMPLE_RATE_HZ = 8000;
/** 40 ms: the unit the model hears. */
export const HOP_SAMPLES = 320;
/** 20 ms: one Media Streams frame. */
export const FRAME_SAMPLES = 160;
/** Five hops, 200 ms: the unit the agent speaks, plans and is recorded in. */
export const MICRO_TURN_HOPS = 5;
/** G.711 mu-law silence. */
export const MU_LAW_SILENCE = 0xff;

/** Layout of one hop's conditioning: with both audio channels, all that a model's step depends on. */
export const CONDITIONING = {
  expectationOffset: 0,
  lengthOffset: 1,
  remainingOffset: 2,
  intentOffset: 3,
  /** Set in the intent's byte from the first to the last hop of an utterance of the agent, pauses included. */
  agentPlayingBit: 0x80,
} as const;
export const CONDITIONING_PER_HOP = 4;
