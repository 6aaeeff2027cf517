import { LINEAR_TO_ULAW, ULAW_TO_LINEAR } from "@sidetone/audio";
import { HOP_SAMPLES, MU_LAW_SILENCE } from "@sidetone/protocol";

/**
 * A bridge and a carrier for one call, without delay: plays what the pod hands over, hop by hop, and says what the
 * caller heard. For re-runs, tests and benchmarks.
 */
export class Ear {
  epoch = 0;
  heardSamples = 0;
  /** What the next hop really plays. */
  readonly agent = new Uint8Array(HOP_SAMPLES).fill(MU_LAW_SILENCE);
  /** Everything played so far, silence included; empty unless it is kept. */
  readonly played: Uint8Array[] = [];
  /** Epochs that ended, for `epoch-ended` inputs; the reader empties it. */
  readonly ended: { epoch: number; heardSamples: number }[] = [];
  #queue: Uint8Array[] = [];
  #offset = 0;

  readonly #keeps: boolean;

  /** Gain in dB of what is played from now on; a bridge would ramp to it. */
  gainDb = 0;

  constructor(options: { keeps: boolean } = { keeps: true }) {
    this.#keeps = options.keeps;
  }

  /** Takes a hop's part of a reply. */
  take(epoch: number, audio: Uint8Array, gainDb = 0): void {
    this.gainDb = gainDb;
    if (epoch > this.epoch) {
      this.ended.push({ epoch: this.epoch, heardSamples: this.heardSamples });
      this.epoch = epoch;
      this.heardSamples = 0;
      this.#queue = [];
      this.#offset = 0;
    }
    if (audio.length > 0) this.#queue.push(audio.slice());
  }

  /** Samples that wait to be played. */
  get waitingSamples(): number {
    return this.#queue.reduce((sum, piece) => sum + piece.length, 0) - this.#offset;
  }

  /** Plays the next hop into `agent`. */
  play(): void {
    this.agent.fill(MU_LAW_SILENCE);
    let at = 0;
    while (at < HOP_SAMPLES && this.#queue.length > 0) {
      const piece = this.#queue[0]!;
      const bytes = Math.min(HOP_SAMPLES - at, piece.length - this.#offset);
      this.agent.set(piece.subarray(this.#offset, this.#offset + bytes), at);
      at += bytes;
      this.#offset += bytes;
      this.heardSamples += bytes;
      if (this.#offset < piece.length) continue;
      this.#queue.shift();
      this.#offset = 0;
    }
    if (this.gainDb !== 0) attenuate(this.agent, this.gainDb);
    if (this.#keeps) this.played.push(this.agent.slice());
  }
}

function attenuate(audio: Uint8Array, gainDb: number): void {
  const factor = 10 ** (gainDb / 20);
  for (let i = 0; i < audio.length; i++) {
    audio[i] = LINEAR_TO_ULAW[Math.round(ULAW_TO_LINEAR[audio[i]!]! * factor) & 0xffff]!;
  }
}
