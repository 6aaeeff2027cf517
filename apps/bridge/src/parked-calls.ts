import type { Clock } from "@sidetone/platform";
import type { CallInfo, CallResume } from "./call-info.ts";

/** As long as a transfer may ring and be talked on, or a broken stream take to come back. */
const KEEP_MS = 600_000;
const MAX_PARKED = 2_000;

export interface ParkedCall {
  info: CallInfo;
  resume: CallResume | undefined;
  /** Why the transfer came back, in the carrier's word. */
  transferFailed: string | undefined;
}

/** Calls whose stream is closed and may come back: after a transfer that failed, or when the socket broke. */
export class ParkedCalls {
  readonly #clock: Clock;
  readonly #parked = new Map<string, ParkedCall & { untilMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  put(info: CallInfo, resume: CallResume | undefined): void {
    const nowMs = this.#clock.nowMs();
    for (const [id, parked] of this.#parked) {
      if (parked.untilMs > nowMs && this.#parked.size < MAX_PARKED) break;
      this.#parked.delete(id);
    }
    this.#parked.set(info.carrierCallId, { info, resume, transferFailed: undefined, untilMs: nowMs + KEEP_MS });
  }

  /** The transfer came back. Returns the call, if it can go on. */
  returned(carrierCallId: string, status: string): ParkedCall | undefined {
    const parked = this.#parked.get(carrierCallId);
    if (parked) parked.transferFailed = status;
    return parked;
  }

  get(carrierCallId: string): ParkedCall | undefined {
    return this.#parked.get(carrierCallId);
  }

  take(carrierCallId: string): ParkedCall | undefined {
    const parked = this.#parked.get(carrierCallId);
    this.#parked.delete(carrierCallId);
    return parked;
  }
}
