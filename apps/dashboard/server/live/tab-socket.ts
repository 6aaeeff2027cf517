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

/** What is new of a call in the list: every field at first, then those that changed; `null` for one that has none now. */
export type SummaryChange = { id: string } & { [K in keyof LiveSummary]?: LiveSummary[K] | null };

/** One message to a tab. */
export interface TabBatch {
  list?: { whole: boolean; changed: SummaryChange[]; gone: string[] };
  calls?: { callId: string; live: boolean; whole: LiveCall | undefined; events: CallEvent[]; dropped: number }[];
}

export const FLUSH_MS = 250;
/** The list of calls goes out with every second flush: nobody reads hundreds of rows faster. */
export const LIST_EVERY = 2;
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
  /** What the tab knows of each call in its list. */
  readonly #known = new Map<string, LiveSummary>();
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
      this.#known.clear();
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
  flush(withList = true): void {
    if (this.#wire.bufferedAmount > HIGH_WATER_BYTES) return;
    const message: TabBatch = {};
    if (withList && this.#list && (this.#listWhole || this.#changed.size > 0)) message.list = this.#takeList();
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
    const changed: SummaryChange[] = [];
    const gone: string[] = [];
    for (const id of ids) {
      const call = this.#calls.get(id);
      if (!call) {
        this.#known.delete(id);
        gone.push(id);
        continue;
      }
      // The live summary is changed in place: what the tab knows is a copy.
      const shown = this.#mask ? this.#mask.liveSummary(call.summary, this.#calls.secretsOf(id)) : { ...call.summary };
      changed.push(changeOf(shown, this.#known.get(id)));
      this.#known.set(id, shown);
    }
    this.#listWhole = false;
    this.#changed.clear();
    return { whole, changed, gone };
  }

  #shown(call: LiveCall): LiveCall {
    return this.#mask ? this.#mask.liveCall(call, this.#calls.secretsOf(call.summary.id)) : call;
  }
}

function changeOf(now: LiveSummary, before: LiveSummary | undefined): SummaryChange {
  if (!before) return now;
  const change: Record<string, unknown> = { id: now.id };
  for (const key of Object.keys(now) as (keyof LiveSummary)[]) {
    if (now[key] === before[key]) continue;
    if (key === "lastLine" && now.lastLine?.text === before.lastLine?.text) continue;
    change[key] = now[key] ?? null;
  }
  return change as SummaryChange;
}
