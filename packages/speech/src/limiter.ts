/** Look-ahead: one block, 5 ms at 8 kHz. */
const BLOCK_SAMPLES = 40;
/** How much the gain may rise from one block to the next, as a factor: about 40 dB a second. */
const RELEASE = 1.023;

/**
 * A peak limiter with one block of look-ahead. The gain is a line between block borders, and at each border it is low
 * enough for both neighbours; so no sample passes the limit and nothing is clipped.
 */
export class Limiter {
  readonly #limit: number;
  #pending = new Float64Array(BLOCK_SAMPLES);
  #length = 0;
  /** The block that waits for the next one's need, once there is one. */
  #waiting: Float64Array | undefined;
  #waitingNeed = 1;
  #borderGain = 1;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes any number of samples and gives those whose gain is settled. */
  process(samples: Float64Array): Float64Array {
    const out: number[] = [];
    for (const sample of samples) {
      this.#pending[this.#length++] = sample;
      if (this.#length === BLOCK_SAMPLES) this.#close(out);
    }
    return Float64Array.from(out);
  }

  /** Gives all that is left. The limiter is then as new. */
  finish(): Float64Array {
    const out: number[] = [];
    const rest = this.#length;
    if (rest > 0) {
      this.#pending.fill(0, rest);
      this.#close(out);
    }
    if (this.#waiting) this.#release(out, 1);
    this.#waiting = undefined;
    this.#borderGain = 1;
    const padding = rest > 0 ? BLOCK_SAMPLES - rest : 0;
    return Float64Array.from(out.slice(0, out.length - padding));
  }

  #close(out: number[]): void {
    let peak = 0;
    for (const sample of this.#pending) peak = Math.max(peak, Math.abs(sample));
    const need = peak > this.#limit ? this.#limit / peak : 1;
    if (this.#waiting) this.#release(out, need);
    else this.#borderGain = need;
    this.#waiting = this.#pending;
    this.#waitingNeed = need;
    this.#pending = new Float64Array(BLOCK_SAMPLES);
    this.#length = 0;
  }

  #release(out: number[], nextNeed: number): void {
    const from = this.#borderGain;
    const to = Math.min(this.#waitingNeed, nextNeed, from * RELEASE);
    for (let i = 0; i < BLOCK_SAMPLES; i++) out.push(this.#waiting![i]! * (from + ((to - from) * i) / BLOCK_SAMPLES));
    this.#borderGain = to;
  }
}
