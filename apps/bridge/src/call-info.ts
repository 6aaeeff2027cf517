import type { CallEvent, CallFigures, PlaybookOfCall } from "@sidetone/protocol";
import type { LiveCall } from "./live-call.ts";
import type { RouteOfCall } from "./playbook-source.ts";
import type { PodLink } from "./pod-link.ts";
import type { TaskOutput } from "./task-outbox.ts";

export interface CallInfo {
  callId: string;
  carrierCallId: string;
  from: string;
  to: string;
  direction: "inbound" | "outbound";
  carrier: "twilio" | "browser" | "test";
  startedAt: Date;
  timeZone: string;
  seed: number;
  playbook: PlaybookOfCall;
  /** What the playbook is found by when the call comes back. */
  playbookKey: string;
  /** The rule that chose it. */
  route: RouteOfCall | undefined;
}

/** What follows on the carrier's side once we have closed the socket. */
export type AfterCall =
  | { kind: "hang-up" }
  | { kind: "transfer"; target: string; reason: string; summary: string }
  | { kind: "fallback" };

/** Everything around the road: told of what happens, never waited for. */
export interface CallSurroundings {
  event(event: CallEvent): void;
  /** The call asks the background tier for something. */
  task(call: LiveCall, output: TaskOutput): void;
  /** Both channels of a hop, for those who listen in. Called only while `listened` is set. The views are the call's own. */
  listen(call: LiveCall, hop: number, caller: Uint8Array, agent: Uint8Array): void;
  /** The call is over; nothing comes from it any more. */
  ended(call: LiveCall, reason: string, figures: CallFigures, after: AfterCall | undefined): void;
  choosePod(model: string): PodLink | undefined;
  /** Closes the carrier's socket. */
  hangUp(call: LiveCall, after: AfterCall): void;
}

/** Where a call goes on whose stream was closed: the pod's state, and the next hop of its media clock. */
export interface CallResume {
  state: unknown;
  nextHop: number;
}
