/**
 * Milliseconds to wait before attempt `attempt` (from 1) is repeated: twice as long each time up to `longestMs`, and
 * drawn from the upper half of that, so that many who lost the same server do not come back in one moment.
 */
export function backoffMs(attempt: number, firstMs: number, longestMs: number, random = Math.random): number {
  const wholeMs = Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(wholeMs / 2 + (random() * wholeMs) / 2);
}

/** Waits between the attempts of one loop; a success begins anew. */
export class Backoff {
  readonly #firstMs: number;
  readonly #longestMs: number;
  readonly #random: () => number;
  #attempt = 0;

  constructor(firstMs: number, longestMs: number, random = Math.random) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
    this.#random = random;
  }

  nextMs(): number {
    return backoffMs(++this.#attempt, this.#firstMs, this.#longestMs, this.#random);
  }

  succeeded(): void {
    this.#attempt = 0;
  }
}
