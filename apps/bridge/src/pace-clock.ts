const SAMPLES_PER_MS = 8;
/** The carrier's clock and ours differ by parts per million: a window of this length sees less than a millisecond of it. */
const WINDOW_MS = 10_000;

/**
 * The carrier's sample clock, told on our own: received samples grow in steps, late and in bursts; the earliest
 * arrivals of the last ten to twenty seconds say what the carrier's clock showed. It stands at 0 until the first
 * sample was received and keeps running while nothing arrives.
 */
export class PaceClock {
  #offsetMs = Number.NaN;
  #windowMinMs = Number.POSITIVE_INFINITY;
  #windowEndsMs = 0;

  /** Notes that `receivedSamples` had arrived at `nowMs`; call it only when samples have just arrived. */
  observe(nowMs: number, receivedSamples: number): void {
    const offsetMs = nowMs - receivedSamples / SAMPLES_PER_MS;
    if (Number.isNaN(this.#offsetMs) || offsetMs < this.#offsetMs) this.#offsetMs = offsetMs;
    if (nowMs >= this.#windowEndsMs) {
      if (this.#windowMinMs !== Number.POSITIVE_INFINITY) this.#offsetMs = Math.min(this.#windowMinMs, offsetMs);
      this.#windowMinMs = offsetMs;
      this.#windowEndsMs = nowMs + WINDOW_MS;
    } else if (offsetMs < this.#windowMinMs) this.#windowMinMs = offsetMs;
  }

  /** The carrier's time in ms since its first sample. */
  atMs(nowMs: number): number {
    return Number.isNaN(this.#offsetMs) ? 0 : nowMs - this.#offsetMs;
  }
}
