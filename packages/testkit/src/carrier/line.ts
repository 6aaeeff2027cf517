import type { Clock } from "@sidetone/platform";

/** What is wrong with a line. All of it is drawn from `seed`, so that the same call goes wrong the same way again. */
export interface LineFaults {
  seed?: number;
  /** Share of audio frames that never arrive, 0 to 1. */
  lossRate?: number;
  /** Each frame is late by up to this much; frames stay in order, as on one socket. */
  jitterMs?: number;
  /** Share of frames that change places with the next one. */
  reorderRate?: number;
  /** Share of frames that are sent twice. */
  repeatRate?: number;
  /** Every `everyMs` nothing arrives for `lengthMs`, and then all of it at once. */
  burst?: { everyMs: number; lengthMs: number };
}

/** Frames on their way: given in order, delivered as the faults want it. */
export class Line {
  readonly counts = { sent: 0, lost: 0, reordered: 0, repeated: 0 };
  readonly #clock: Clock;
  readonly #faults: LineFaults;
  readonly #deliver: (text: string) => void;
  readonly #random: () => number;
  readonly #startMs: number;
  #lastDueMs = 0;
  #held: string | undefined;

  constructor(clock: Clock, faults: LineFaults, deliver: (text: string) => void) {
    this.#clock = clock;
    this.#faults = faults;
    this.#deliver = deliver;
    this.#random = seededRandom(faults.seed ?? 1);
    this.#startMs = clock.nowMs();
  }

  /** Sends an audio frame, to which faults may happen. */
  sendFrame(text: string): void {
    const { lossRate = 0, reorderRate = 0, repeatRate = 0 } = this.#faults;
    this.counts.sent++;
    if (lossRate > 0 && this.#random() < lossRate) {
      this.counts.lost++;
      return;
    }
    if (this.#held !== undefined) {
      const earlier = this.#held;
      this.#held = undefined;
      this.#put(text);
      this.#put(earlier);
      return;
    }
    if (reorderRate > 0 && this.#random() < reorderRate) {
      this.counts.reordered++;
      this.#held = text;
      return;
    }
    this.#put(text);
    if (repeatRate > 0 && this.#random() < repeatRate) {
      this.counts.repeated++;
      this.#put(text);
    }
  }

  /** Sends a control message: after all audio before it, and always. */
  sendControl(text: string): void {
    if (this.#held !== undefined) {
      this.#put(this.#held);
      this.#held = undefined;
    }
    this.#put(text);
  }

  #put(text: string): void {
    const { jitterMs = 0, burst } = this.#faults;
    const nowMs = this.#clock.nowMs();
    let dueMs = jitterMs > 0 ? nowMs + this.#random() * jitterMs : nowMs;
    if (burst !== undefined) {
      const sinceMs = (dueMs - this.#startMs) % burst.everyMs;
      const stalledFromMs = burst.everyMs - burst.lengthMs;
      if (sinceMs >= stalledFromMs) dueMs += burst.everyMs - sinceMs;
    }
    dueMs = Math.max(dueMs, this.#lastDueMs);
    this.#lastDueMs = dueMs;
    if (dueMs <= nowMs) this.#deliver(text);
    else this.#clock.after(dueMs - nowMs, () => this.#deliver(text));
  }
}

/** Mulberry32: small, and the same on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
