import type { OutputBatch } from "@sidetone/interaction-model";
import { SCORES, SCORES_PER_HOP } from "@sidetone/protocol";

const DECISIONS = SCORES.overlapOffset;
const OVERLAPS = SCORES.callerProjectionOffset - SCORES.overlapOffset;
const PROJECTIONS = SCORES_PER_HOP - SCORES.callerProjectionOffset;

/** Decision, overlap and projection probabilities of a row side by side, as `SCORES` lays them out. */
export function writeScores(scores: Float32Array, row: number, outputs: OutputBatch, outputRow: number): void {
  const at = row * SCORES_PER_HOP;
  for (let i = 0; i < DECISIONS; i++) scores[at + i] = outputs.decision[outputRow * DECISIONS + i]!;
  for (let i = 0; i < OVERLAPS; i++) {
    scores[at + SCORES.overlapOffset + i] = outputs.overlap[outputRow * OVERLAPS + i]!;
  }
  for (let i = 0; i < PROJECTIONS; i++) {
    scores[at + SCORES.callerProjectionOffset + i] = outputs.projection[outputRow * PROJECTIONS + i]!;
  }
}
