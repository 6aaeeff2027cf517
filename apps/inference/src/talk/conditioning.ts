import type { HopBatch } from "@sidetone/interaction-model";
import { CONDITIONING, EXPECTATION_KINDS, type Expectation, INTENTS, type Intent } from "@sidetone/protocol";

/** What the model is told of one hop besides the audio; also what the tape keeps for `verify`. */
export interface Conditioning {
  expectation: Expectation;
  intent: Intent;
  agentPlaying: boolean;
  hopIndex: number;
  hopsSinceAgentChange: number;
}

/** Writes one row of the model's batch. */
export function conditionRow(batch: HopBatch, row: number, c: Conditioning): void {
  batch.expectationKind[row] = EXPECTATION_KINDS.indexOf(c.expectation.kind);
  batch.expectationRemaining[row] = c.expectation.remaining;
  batch.intent[row] = INTENTS.indexOf(c.intent);
  batch.agentPlaying[row] = c.agentPlaying ? 1 : 0;
  batch.hopIndex[row] = c.hopIndex;
  batch.hopsSinceAgentChange[row] = c.hopsSinceAgentChange;
}

/** Writes the four bytes that go on the tape. */
export function conditioningBytes(out: Uint8Array, c: Conditioning): void {
  out[CONDITIONING.expectationOffset] = EXPECTATION_KINDS.indexOf(c.expectation.kind);
  out[CONDITIONING.lengthOffset] = c.expectation.length;
  out[CONDITIONING.remainingOffset] = c.expectation.remaining;
  out[CONDITIONING.intentOffset] = INTENTS.indexOf(c.intent) | (c.agentPlaying ? CONDITIONING.agentPlayingBit : 0);
}

/**
 * The expectation in the terms that the network was trained in (packages/interaction-model/training/README.md): kinds
 * without a length lack 1 until the dialogue has something to answer, then 0.
 */
export function modelExpectation(expectation: Expectation, intent: Intent): Expectation {
  if (expectation.kind === "open" || expectation.length > 0) return expectation;
  return { ...expectation, remaining: intent === "nothing" ? 1 : 0 };
}

/**
 * The intent in the same terms. Its `nothing` means that nobody will answer however the caller's turn ends, and it is
 * told for whole turns. A dialogue that has understood nothing yet will still say so: that is an answer.
 */
export const modelIntent = (intent: Intent, muted: boolean): Intent =>
  muted ? "nothing" : intent === "nothing" ? "answer" : intent;

/** A number is being given, and the dialogue has nothing to say before it is whole. */
export const isMidNumber = (expectation: Expectation, intent: Intent): boolean =>
  intent === "nothing" && expectation.remaining > 0 && expectation.remaining < expectation.length;
