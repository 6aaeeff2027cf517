import { LINEAR_TO_ULAW, ULAW_TO_LINEAR } from "./g711.ts";

/** How far a duck goes down, and how long both ways take. */
export const DUCK = { gainDb: -8, downMs: 20, upMs: 80 } as const;

/**
 * A gain that moves without clicks: linearly in amplitude, a little at every sample, from wherever it is.
 * At 0 dB and at rest samples pass bit-exact. One object a stream; nothing is allocated after construction.
 */
export class GainRamp {
  readonly #sampleRateHz: number;
  #gain = 1;
  #target = 1;
  #step = 0;
  #samplesLeft = 0;

  constructor(sampleRateHz = 8000) {
    this.#sampleRateHz = sampleRateHz;
  }

  /** The gain of the next sample, 1 being unchanged. */
  get gain(): number {
    return this.#gain;
  }

  get moving(): boolean {
    return this.#samplesLeft > 0;
  }

  /** Starts to move to `gainDb` (`-Infinity` for silence), to arrive after `durationMs`. */
  rampTo(gainDb: number, durationMs: number): void {
    this.#target = 10 ** (gainDb / 20);
    this.#samplesLeft = Math.max(1, Math.round((durationMs * this.#sampleRateHz) / 1000));
    this.#step = (this.#target - this.#gain) / this.#samplesLeft;
  }

  /** Goes quieter, as `DUCK` says. */
  duck(): void {
    this.rampTo(DUCK.gainDb, DUCK.downMs);
  }

  /** Comes back to full level, as `DUCK` says. */
  restore(): void {
    this.rampTo(0, DUCK.upMs);
  }

  /** Applies the gain in place to `lengthBytes` of mu-law from `offset`. */
  applyUlaw(bytes: Uint8Array, offset = 0, lengthBytes: number = bytes.length - offset): void {
    if (this.#samplesLeft === 0 && this.#gain === 1) return;
    for (let i = offset; i < offset + lengthBytes; i++) {
      const linear = Math.round(ULAW_TO_LINEAR[bytes[i]!]! * this.#next());
      bytes[i] = LINEAR_TO_ULAW[clip(linear) & 0xffff]!;
    }
  }

  /** Applies the gain in place to `lengthSamples` linear samples from `offset`. */
  applyLinear(samples: Int16Array, offset = 0, lengthSamples: number = samples.length - offset): void {
    if (this.#samplesLeft === 0 && this.#gain === 1) return;
    for (let i = offset; i < offset + lengthSamples; i++) samples[i] = clip(Math.round(samples[i]! * this.#next()));
  }

  #next(): number {
    if (this.#samplesLeft > 0) {
      this.#samplesLeft--;
      this.#gain = this.#samplesLeft === 0 ? this.#target : this.#gain + this.#step;
    }
    return this.#gain;
  }
}

function clip(value: number): number {
  return Math.max(-32768, Math.min(32767, value));
}
