export type Stop = () => void;

/** The only way to time: real in production, virtual in tests, so that the same code runs in both. */
export interface Clock {
  /** Monotonic milliseconds from an arbitrary origin, with fractions. */
  nowMs(): number;
  /** Calls `fn` once, `delayMs` from now. */
  after(delayMs: number, fn: () => void): Stop;
  /**
   * Calls `fn` at origin + n * periodMs without drift: a late call does not shift the next one. After
   * a stall, missed beats are not made up for; `fn` gets its own lateness and how many were missed.
   */
  every(periodMs: number, fn: (latenessMs: number, missed: number) => void): Stop;
}

export const realClock: Clock = {
  nowMs: () => performance.now(),
  after(delayMs, fn) {
    const timer = setTimeout(fn, delayMs);
    return () => clearTimeout(timer);
  },
  every(periodMs, fn) {
    const originMs = performance.now();
    let beat = 1;
    let timer: NodeJS.Timeout;
    let stopped = false;
    const arm = () => {
      // Node rounds delays down to whole milliseconds and may fire a little early; the floor below
      // keeps an early wake-up from running the beat before its time.
      timer = setTimeout(wake, Math.max(0, Math.ceil(originMs + beat * periodMs - performance.now())));
    };
    const wake = () => {
      const latenessMs = performance.now() - (originMs + beat * periodMs);
      if (latenessMs < 0) return arm();
      const missed = Math.floor(latenessMs / periodMs);
      beat += missed + 1;
      fn(latenessMs, missed);
      if (!stopped) arm();
    };
    arm();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  },
};

interface Entry {
  atMs: number;
  order: number;
  fn: () => void;
}

/** A clock that moves only when told: a minute of calls in a few seconds, the same every time. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  #entries: Entry[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, fn: () => void): Stop {
    const entry: Entry = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, fn };
    this.#entries.push(entry);
    return () => {
      const index = this.#entries.indexOf(entry);
      if (index >= 0) this.#entries.splice(index, 1);
    };
  }

  every(periodMs: number, fn: (latenessMs: number, missed: number) => void): Stop {
    const originMs = this.#nowMs;
    let beat = 1;
    let stop: Stop;
    let stopped = false;
    const wake = () => {
      beat++;
      fn(0, 0);
      if (!stopped) arm();
    };
    const arm = () => {
      stop = this.after(originMs + beat * periodMs - this.#nowMs, wake);
    };
    arm();
    return () => {
      stopped = true;
      stop();
    };
  }

  /**
   * Moves time forward, running what falls due in order of time, then of arming. After each entry
   * `settle` is awaited, so that real sockets and promises may catch up between two beats.
   */
  async advance(ms: number, settle: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      let next: Entry | undefined;
      for (const entry of this.#entries) {
        if (entry.atMs > untilMs) continue;
        if (!next || entry.atMs < next.atMs || (entry.atMs === next.atMs && entry.order < next.order)) next = entry;
      }
      if (!next) break;
      this.#entries.splice(this.#entries.indexOf(next), 1);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.fn();
      await settle();
    }
    this.#nowMs = untilMs;
    await settle();
  }
}
