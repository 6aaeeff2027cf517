/** Durations of the latest ticks: their p99 over a span of time, in constant memory. */
export class TickWindow {
  readonly #spanMs: number;
  readonly #atMs: Float64Array;
  readonly #tookMs: Float64Array;
  #next = 0;
  #count = 0;

  /** `slots` bounds how many ticks are remembered, whatever the span. */
  constructor(spanMs: number, slots: number) {
    this.#spanMs = spanMs;
    this.#atMs = new Float64Array(slots);
    this.#tookMs = new Float64Array(slots);
  }

  add(atMs: number, tookMs: number): void {
    this.#atMs[this.#next] = atMs;
    this.#tookMs[this.#next] = tookMs;
    this.#next = (this.#next + 1) % this.#atMs.length;
    this.#count = Math.min(this.#count + 1, this.#atMs.length);
  }

  /** 0 when no tick fell into the span. */
  p99(nowMs: number): number {
    const within: number[] = [];
    for (let i = 0; i < this.#count; i++) if (nowMs - this.#atMs[i]! <= this.#spanMs) within.push(this.#tookMs[i]!);
    if (within.length === 0) return 0;
    within.sort((a, b) => a - b);
    return within[Math.min(within.length - 1, Math.floor(within.length * 0.99))]!;
  }
}
