/** A turn of our own loop that took longer than this was our delay, not the pod's: its answers may lie unread. */
const MOST_COUNTED_MS = 200;
/** How many times longer a pod may be silent when no other one could take its calls: it may only be slow. */
const LAST_POD_PATIENCE = 5;
/** How many times the timeout an answering pod may lag behind, where another could do better. */
const MOST_LAG = 5;

/**
 * Tells a pod that is gone from one that is only slow. A pod that answers anything is there, however late; a pod that
 * answers nothing is gone after a while of our own waking time, for when this process stood still nobody was heard.
 */
export class PodPatience {
  readonly #timeoutMs: number;
  #silentMs = 0;
  #lastMs = Number.NaN;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Something came. */
  answered(): void {
    this.#silentMs = 0;
  }

  /**
   * Call it once a tick. `lagMs`: age of the oldest tick without an answer, undefined when all were answered.
   * @returns why the pod counts as gone, if it does
   */
  tick(nowMs: number, lagMs: number | undefined, hasAlternative: () => boolean): string | undefined {
    const passedMs = Number.isNaN(this.#lastMs) ? 0 : Math.min(nowMs - this.#lastMs, MOST_COUNTED_MS);
    this.#lastMs = nowMs;
    if (lagMs === undefined) {
      this.#silentMs = 0;
      return undefined;
    }
    this.#silentMs += passedMs;
    if (this.#silentMs > LAST_POD_PATIENCE * this.#timeoutMs) return "the pod does not answer";
    if (this.#silentMs > this.#timeoutMs && hasAlternative()) return "the pod does not answer";
    if (lagMs > MOST_LAG * this.#timeoutMs && this.#silentMs > 0 && hasAlternative()) return "the pod is too slow";
    return undefined;
  }
}
