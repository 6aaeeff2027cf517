import { useEffect, useSyncExternalStore } from "react";
import { applyCallEvent, type LiveCall, type LiveSummary } from "../../../server/live/live-call.ts";
import type { SummaryChange, TabBatch } from "../../../server/live/tab-socket.ts";

type CallEvent = Parameters<typeof applyCallEvent>[1];

/** A live call as this tab follows it: the server's whole state, then the events since. */
export interface WatchedCall {
  call: LiveCall | undefined;
  live: boolean;
  /** Grows with each change, so that React sees one. */
  version: number;
  dropped: number;
}

const RETRY_MS = [500, 1_000, 2_000, 5_000];

/** One WebSocket for the whole tab: it says what it wants to see, the server sends batches. */
class LiveSocket {
  #socket: WebSocket | undefined;
  #attempt = 0;
  #listWatchers = 0;
  readonly #callWatchers = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  readonly #eventListeners = new Map<string, Set<(event: CallEvent) => void>>();
  readonly #summaries = new Map<string, LiveSummary>();
  readonly #watched = new Map<string, WatchedCall>();
  #behind = false;
  list: readonly LiveSummary[] = [];
  state: "idle" | "open" | "waiting" = "idle";
  /** False until the first whole list has come. */
  listKnown = false;

  constructor() {
    document.addEventListener("visibilitychange", () => {
      if (this.#behind) this.#tell();
    });
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  watched(callId: string): WatchedCall | undefined {
    return this.#watched.get(callId);
  }

  watchList(): () => void {
    this.#listWatchers++;
    if (this.#listWatchers === 1) this.#ask({ type: "watch-list", on: true });
    return () => {
      this.#listWatchers--;
      if (this.#listWatchers > 0) return;
      this.#ask({ type: "watch-list", on: false });
      this.listKnown = false;
    };
  }

  watchCall(callId: string, onEvent?: (event: CallEvent) => void): () => void {
    const watchers = this.#callWatchers.get(callId) ?? 0;
    this.#callWatchers.set(callId, watchers + 1);
    if (onEvent) {
      const set = this.#eventListeners.get(callId) ?? new Set();
      set.add(onEvent);
      this.#eventListeners.set(callId, set);
    }
    if (watchers === 0) this.#ask({ type: "watch-call", callId, on: true });
    return () => {
      if (onEvent) this.#eventListeners.get(callId)?.delete(onEvent);
      const left = (this.#callWatchers.get(callId) ?? 1) - 1;
      if (left > 0) {
        this.#callWatchers.set(callId, left);
        return;
      }
      this.#callWatchers.delete(callId);
      this.#watched.delete(callId);
      this.#eventListeners.delete(callId);
      this.#ask({ type: "watch-call", callId, on: false });
    };
  }

  #ask(request: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(request));
    else if (!this.#socket) this.#open();
  }

  #open(): void {
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/socket`);
    this.#socket = socket;
    socket.onopen = () => {
      this.#attempt = 0;
      this.state = "open";
      if (this.#listWatchers > 0) socket.send(JSON.stringify({ type: "watch-list", on: true }));
      for (const callId of this.#callWatchers.keys())
        socket.send(JSON.stringify({ type: "watch-call", callId, on: true }));
      this.#tell();
    };
    socket.onmessage = (message) => this.#take(JSON.parse(String(message.data)) as TabBatch);
    socket.onclose = () => {
      this.#socket = undefined;
      this.state = "waiting";
      this.#tell();
      const waitMs = RETRY_MS[Math.min(this.#attempt++, RETRY_MS.length - 1)];
      setTimeout(() => {
        if (!this.#socket && (this.#listWatchers > 0 || this.#callWatchers.size > 0)) this.#open();
      }, waitMs);
    };
  }

  #take(batch: TabBatch): void {
    if (batch.list) {
      if (batch.list.whole) this.#summaries.clear();
      for (const change of batch.list.changed)
        this.#summaries.set(change.id, merged(this.#summaries.get(change.id), change));
      for (const id of batch.list.gone) this.#summaries.delete(id);
      this.list = [...this.#summaries.values()];
      this.listKnown = true;
    }
    for (const update of batch.calls ?? []) {
      const known = this.#watched.get(update.callId);
      const call = update.whole ?? known?.call;
      if (!update.whole && call) for (const event of update.events) applyCallEvent(call, event, 0);
      this.#watched.set(update.callId, {
        call,
        live: update.live,
        version: (known?.version ?? 0) + 1,
        dropped: (known?.dropped ?? 0) + update.dropped,
      });
      for (const listener of this.#eventListeners.get(update.callId) ?? [])
        for (const event of update.events) listener(event);
    }
    this.#tell();
  }

  #tell(): void {
    // Nobody sees a hidden tab: it takes everything in, and draws when it is looked at again.
    if (document.visibilityState === "hidden") {
      this.#behind = true;
      return;
    }
    this.#behind = false;
    for (const listener of this.#listeners) listener();
  }
}

function merged(known: LiveSummary | undefined, change: SummaryChange): LiveSummary {
  const next: Record<string, unknown> = { ...known };
  for (const [key, value] of Object.entries(change)) next[key] = value ?? undefined;
  return next as unknown as LiveSummary;
}

export const liveSocket = new LiveSocket();

export function useLiveList(): { calls: readonly LiveSummary[]; known: boolean; state: string } {
  useEffect(() => liveSocket.watchList(), []);
  const calls = useSyncExternalStore(liveSocket.subscribe, () => liveSocket.list);
  const state = useSyncExternalStore(liveSocket.subscribe, () => liveSocket.state);
  const known = useSyncExternalStore(liveSocket.subscribe, () => liveSocket.listKnown);
  return { calls, known, state };
}

export function useLiveCall(callId: string | undefined, onEvent?: (event: CallEvent) => void): WatchedCall | undefined {
  useEffect(() => (callId ? liveSocket.watchCall(callId, onEvent) : undefined), [callId, onEvent]);
  return useSyncExternalStore(liveSocket.subscribe, () => (callId ? liveSocket.watched(callId) : undefined));
}
