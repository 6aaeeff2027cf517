import type { CallEvent } from "@sidetone/protocol";
import type { Role } from "@sidetone/store";
import { z } from "zod";
import { type Mask, seesPlainText } from "../masking.ts";
import type { LiveCall, LiveSummary } from "./live-call.ts";
import type { Follower, LiveCalls } from "./live-calls.ts";

/** What a tab may ask over the socket. */
export const TabRequest = z.discriminatedUnion("type", [
  z.object({ type: z.literal("watch-list"), on: z.boolean() }),
  z.object({ type: z.literal("watch-call"), callId: z.string().max(200), on: z.boolean() }),
]);
export type TabRequest = z.infer<typeof TabRequest>;

/** The part of a WebSocket that a tab needs, so that a test can be a slow browser. */
export interface TabWire {
  readonly bufferedAmount: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** One message to a tab. */
export interface TabBatch {
  list?: { whole: boolean; changed: LiveSummary[]; gone: string[] };
  calls?: { callId: string; live: boolean; whole: LiveCall | undefined; events: CallEvent[]; dropped: number }[];
}

export const FLUSH_MS = 200;
/** More than this unsent means a slow tab: it gets no new message, its changes go on coalescing. */
export const HIGH_WATER_BYTES = 256 * 1024;
/** Events kept per opened call while the tab is slow; the oldest go first. */
export const EVENTS_KEPT = 1_000;
const CALLS_WATCHED = 8;

interface Watch {
  events: CallEvent[];
  dropped: number;
  /** The next flush begins with the whole state: on opening, and after events were dropped. */
  whole: boolean;
}

/**
 * One browser tab. List changes coalesce per call (only the newest summary waits), events of opened
 * calls queue up to a bound, and everything goes out in one message a flush, so that neither a burst
 * of events nor a stalled tab costs the server more than a bounded amount.
 */
export class TabSocket implements Follower {
  readonly #wire: TabWire;
  readonly #calls: LiveCalls;
  /** Undefined for those who may read everything. */
  readonly #mask: Mask | undefined;
  #list = false;
  #listWhole = false;
  readonly #changed = new Set<string>();
  readonly #watched = new Map<string, Watch>();

  constructor(wire: TabWire, calls: LiveCalls, role: Role, mask: Mask) {
    this.#wire = wire;
    this.#calls = calls;
    this.#mask = seesPlainText(role) ? undefined : mask;
  }

  request(request: TabRequest): void {
    if (request.type === "watch-list") {
      this.#list = request.on;
      this.#listWhole = request.on;
      this.#changed.clear();
      return;
    }
    if (!request.on) {
      this.#watched.delete(request.callId);
      return;
    }
    if (this.#watched.size >= CALLS_WATCHED && !this.#watched.has(request.callId)) {
      const oldest = this.#watched.keys().next().value;
      if (oldest !== undefined) this.#watched.delete(oldest);
    }
    this.#watched.set(request.callId, { events: [], dropped: 0, whole: true });
  }

  changed(callId: string): void {
    if (this.#list) this.#changed.add(callId);
  }

  happened(event: CallEvent): void {
    const watch = this.#watched.get(event.callId);
    if (!watch) return;
    const { callId } = event;
    const shown = this.#mask ? this.#mask.event(event, this.#calls.get(callId), this.#calls.secretsOf(callId)) : event;
    if (!shown) return;
    watch.events.push(shown);
    if (watch.events.length > EVENTS_KEPT) {
      watch.events.splice(0, watch.events.length - EVENTS_KEPT);
      watch.dropped++;
      watch.whole = true;
    }
  }

  /** Sends what has come up since the last flush, unless the tab is slow. */
  flush(): void {
    if (this.#wire.bufferedAmount > HIGH_WATER_BYTES) return;
    const message: TabBatch = {};
    if (this.#list && (this.#listWhole || this.#changed.size > 0)) message.list = this.#takeList();
    const calls: NonNullable<TabBatch["calls"]> = [];
    for (const [callId, watch] of this.#watched) {
      if (!watch.whole && watch.events.length === 0) continue;
      const call = this.#calls.get(callId);
      calls.push({
        callId,
        live: call !== undefined,
        whole: watch.whole && call ? this.#shown(call) : undefined,
        events: watch.events,
        dropped: watch.dropped,
      });
      watch.events = [];
      watch.dropped = 0;
      watch.whole = false;
    }
    if (calls.length > 0) message.calls = calls;
    if (Object.keys(message).length > 0) this.#wire.send(JSON.stringify(message));
  }

  #takeList(): NonNullable<TabBatch["list"]> {
    const whole = this.#listWhole;
    const ids = whole ? [...this.#calls.all()].map((call) => call.summary.id) : [...this.#changed];
    const changed: LiveSummary[] = [];
    const gone: string[] = [];
    for (const id of ids) {
      const call = this.#calls.get(id);
      if (call)
        changed.push(this.#mask ? this.#mask.liveSummary(call.summary, this.#calls.secretsOf(id)) : call.summary);
      else gone.push(id);
    }
    this.#listWhole = false;
    this.#changed.clear();
    return { whole, changed, gone };
  }

  #shown(call: LiveCall): LiveCall {
    return this.#mask ? this.#mask.liveCall(call, this.#calls.secretsOf(call.summary.id)) : call;
  }
}
