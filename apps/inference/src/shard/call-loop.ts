import type { HopBatch, OutputBatch } from "@sidetone/interaction-model";
import { CONDITIONING_PER_HOP, type PodInput, type PodOutput } from "@sidetone/protocol";
import { MAX_AUDIO_BYTES } from "./columns.ts";

export type Opened = Extract<PodInput, { type: "opened" }>;

/** One hop as it reached the pod. The views belong to the shard and hold until the hop's `post` returns. */
export interface HopIn {
  hop: number;
  /** Mu-law, 320 bytes. */
  caller: Uint8Array;
  /** Mu-law really played in the same 40 ms, 320 bytes. */
  agent: Uint8Array;
  /** Epoch that was playing, and how many of its samples the caller has heard by the end of this hop. */
  heardEpoch: number;
  heardSamples: number;
  concealedSamples: number;
}

/** What a call answers to one hop; the shard owns it and reuses it at every hop. */
export class HopOut {
  /** Index into `DECISIONS`. */
  decision = 0;
  epoch = 0;
  gainDb = 0;
  readonly audio = new Uint8Array(MAX_AUDIO_BYTES);
  audioBytes = 0;
  readonly conditioning = new Uint8Array(CONDITIONING_PER_HOP);
  /** Everything that isn't audio, in order. */
  readonly outputs: PodOutput[] = [];

  clear(): void {
    this.decision = 0;
    this.epoch = 0;
    this.gainDb = 0;
    this.audioBytes = 0;
    this.conditioning.fill(0);
    this.outputs.length = 0;
  }
}

/**
 * One call's life around the model's step: `receive` what came beside the audio, `pre` the hop (what the model is
 * conditioned on), the shard steps all calls as one batch, `post` turns the model's row into floor actions. None
 * of the three waits for anything.
 */
export interface CallLoop {
  receive(input: PodInput): void;
  /** Writes the row's conditioning: expectation, remaining, intent, clocks. Audio and slot are the shard's to write. */
  pre(hop: HopIn, batch: HopBatch, row: number): void;
  /** Reads the row of `outputs` and fills `out`, which was cleared before. */
  post(hop: HopIn, outputs: OutputBatch, row: number, out: HopOut): void;
  /** State to go on from on another pod, JSON-serialisable, without the model's own. */
  snapshot(): unknown;
  /** Resolves when nothing is being made for this call any more; never awaited on the road. */
  settled(): Promise<void>;
  close(): void;
}

/** Makes the loop of a call that opened; `resumed` is what `snapshot` gave, when the call comes from another pod. */
export type LoopMaker = (opened: Opened, resumed: unknown) => CallLoop;
