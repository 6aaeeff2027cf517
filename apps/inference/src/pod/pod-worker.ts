import type { WorkerHost } from "../shard/worker-host.ts";

/** A worker thread as placement sees it. */
export interface PodWorker {
  host: WorkerHost;
  ready: boolean;
  openCalls: number;
  capacityCalls: number;
}
