/**
 * Preloaded into both contenders: the same yardstick for each. A 40 ms beat, as late as the process's event loop makes
 * it, and the process's own CPU, memory and allocation. Asked over IPC.
 */
import v8 from "node:v8";
import { realClock } from "@sidetone/platform";

export interface Reading {
  atMs: number;
  cpuUs: number;
  rssBytes: number;
  /** Everything V8 has ever allocated. */
  allocatedBytes: number;
  /** Lateness of every beat since the last reading. */
  latenessMs: number[];
}

const BEAT_MS = 40;
let latenessMs: number[] = [];

realClock.every(BEAT_MS, (late, missed) => {
  latenessMs.push(late);
  for (let i = 1; i <= missed; i++) latenessMs.push(late - i * BEAT_MS);
});

process.on("message", (message) => {
  if (message !== "read") return;
  const { user, system } = process.cpuUsage();
  const heap = v8.getHeapStatistics() as v8.HeapInfo & { total_allocated_bytes: number };
  const reading: Reading = {
    atMs: performance.now(),
    cpuUs: user + system,
    rssBytes: process.memoryUsage.rss(),
    allocatedBytes: heap.total_allocated_bytes,
    latenessMs,
  };
  latenessMs = [];
  process.send?.(reading);
});
process.channel?.unref();
