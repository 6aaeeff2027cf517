import type { CallEvent } from "@sidetone/protocol";
import { CallSecrets } from "../masking/call-secrets.ts";
import { applyCallEvent, type LiveCall, openLiveCall } from "./live-call.ts";

/** Somebody who follows the calls: one browser tab. Neither method may block. */
export interface Follower {
  /** The call's summary changed; `undefined` when the call has gone. */
  changed(callId: string, call: LiveCall | undefined): void;
  happened(event: CallEvent): void;
}

/** Every live call, folded from the event stream, and who follows them. */
export class LiveCalls {
  readonly #calls = new Map<string, LiveCall>();
  /** Beside the calls, as it goes to no tab. */
  readonly #secrets = new Map<string, CallSecrets>();
  readonly #followers = new Set<Follower>();

  get size(): number {
    return this.#calls.size;
  }

  get(callId: string): LiveCall | undefined {
    return this.#calls.get(callId);
  }

  secretsOf(callId: string): CallSecrets | undefined {
    return this.#secrets.get(callId);
  }

  all(): Iterable<LiveCall> {
    return this.#calls.values();
  }

  apply(event: CallEvent, nowMs: number): void {
    if (event.type === "ended") {
      this.#tell(event);
      this.remove(event.callId);
      return;
    }
    let call = this.#calls.get(event.callId);
    if (event.type === "started" && !call) {
      call = openLiveCall(event, nowMs);
      this.#calls.set(event.callId, call);
      this.#secrets.set(event.callId, new CallSecrets());
    }
    // An event of a call whose beginning is no longer in the stream: nothing to fold it into.
    if (!call) return;
    applyCallEvent(call, event, nowMs);
    this.#secrets.get(event.callId)?.takeEvent(event);
    this.#tell(event);
    for (const follower of this.#followers) follower.changed(event.callId, call);
  }

  remove(callId: string): void {
    if (!this.#calls.delete(callId)) return;
    this.#secrets.delete(callId);
    for (const follower of this.#followers) follower.changed(callId, undefined);
  }

  follow(follower: Follower): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  #tell(event: CallEvent): void {
    for (const follower of this.#followers) follower.happened(event);
  }
}
