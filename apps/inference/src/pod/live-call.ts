import type { PodWorker } from "./pod-worker.ts";
import type { TickPart } from "./tick-job.ts";

/** A call on the stream that opened it. */
export interface LiveCall {
  /** The bridge's name for it on its stream; may be used again after the call. */
  readonly handle: number;
  /** The pod's own name for it, never used again: nothing of an old call can reach a new one. */
  readonly number: number;
  readonly worker: PodWorker;
  closed: boolean;
  latestPart: TickPart | undefined;
}
