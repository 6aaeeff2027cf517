import {
  DECISION_COUNT,
  type ModelInfo,
  type OutputBatch,
  OVERLAP_COUNT,
  VOICE_COUNT,
} from "@sidetone/interaction-model";
import { OVERLAP_KINDS, type OverlapKind } from "@sidetone/protocol";
import { argmax } from "./floor.ts";

/** An overlap's kind counts when it is this likely for two hops. */
const OVERLAP_SURE = 0.6;
const OVERLAP_HOPS = 2;

/** What one call's rows of the model say, hop by hop: voices, quiet, kinds of overlap. */
export class Attention {
  /** Probabilities of the latest hop. */
  readonly decision = new Float32Array(DECISION_COUNT);
  readonly overlap = new Float32Array(OVERLAP_COUNT);
  callerVoice = 0;
  /** What the caller seems to want, as the network hears it without words; a second witness beside the transcript. */
  want: string | undefined;
  readonly #info: ModelInfo;
  /** Hops since the caller's voice, and since our own speech, were last heard. */
  #callerQuietHops = 0;
  #ownQuietHops = 0;
  #overlapKind = 0;
  #overlapHops = 0;

  constructor(info: ModelInfo) {
    this.#info = info;
  }

  /** Reads the call's row of the latest step. `ownVoice`: an utterance of ours was heard in this hop. */
  look(outputs: OutputBatch, row: number, ownVoice: boolean): void {
    for (let i = 0; i < DECISION_COUNT; i++) this.decision[i] = outputs.decision[row * DECISION_COUNT + i]!;
    for (let i = 0; i < OVERLAP_COUNT; i++) this.overlap[i] = outputs.overlap[row * OVERLAP_COUNT + i]!;
    this.callerVoice = outputs.voice[row * VOICE_COUNT]!;
    this.#callerQuietHops = this.callerVoice > this.#info.thresholds.voice ? 0 : this.#callerQuietHops + 1;
    this.#ownQuietHops = ownVoice ? 0 : this.#ownQuietHops + 1;
    this.want = this.#bestWant(outputs, row);
  }

  /** The caller's voice is in this hop. */
  get callerSpeaks(): boolean {
    return this.#callerQuietHops === 0;
  }

  /** Hops since anybody was last heard. */
  get quietHops(): number {
    return Math.min(this.#callerQuietHops, this.#ownQuietHops);
  }

  /** The kind of sound that the caller's side makes over or beside our speech, when it has just become another. */
  newOverlap(): { kind: OverlapKind; confidence: number } | undefined {
    const kind = argmax(this.overlap);
    const confidence = this.overlap[kind]!;
    this.#overlapHops = confidence > OVERLAP_SURE && kind !== this.#overlapKind ? this.#overlapHops + 1 : 0;
    if (this.#overlapHops < OVERLAP_HOPS) return undefined;
    this.#overlapKind = kind;
    this.#overlapHops = 0;
    return { kind: OVERLAP_KINDS[kind]!, confidence };
  }

  #bestWant(outputs: OutputBatch, row: number): string | undefined {
    const { wants, thresholds } = this.#info;
    let best = -1;
    let probability = thresholds.want;
    for (let i = 0; i < wants.length; i++) {
      const p = outputs.wants[row * wants.length + i]!;
      if (p <= probability) continue;
      best = i;
      probability = p;
    }
    return wants[best];
  }
}
