import type { Clock, Stop } from "@sidetone/platform";
import type { BridgeMetrics } from "./metrics.ts";

export const TICK_MS = 40;

/** What the loop ticks: a call takes its hops, then the pods get theirs. */
export interface Ticking {
  tick(nowMs: number): void;
}

export interface TickLoopOptions {
  clock: Clock;
  metrics: BridgeMetrics;
  /** Sends every pod its tick, after all calls have put their hops into it. */
  send: (nowMs: number) => void;
}

/** The one timer of the process: every 40 ms, on the grid, over all calls. */
export class TickLoop {
  readonly #calls = new Set<Ticking>();
  readonly #options: TickLoopOptions;
  #stop: Stop | undefined;

  constructor(options: TickLoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stop ??= this.#options.clock.every(TICK_MS, (latenessMs, missed) => this.#tick(latenessMs, missed));
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  add(call: Ticking): void {
    this.#calls.add(call);
  }

  remove(call: Ticking): void {
    this.#calls.delete(call);
  }

  #tick(latenessMs: number, missed: number): void {
    const { clock, metrics, send } = this.#options;
    const startMs = clock.nowMs();
    for (const call of this.#calls) call.tick(startMs);
    send(startMs);
    metrics.tickLatenessMs.observe(latenessMs);
    if (missed > 0) metrics.ticksMissed.inc(missed);
    metrics.tickWorkMs.observe(clock.nowMs() - startMs);
  }
}
