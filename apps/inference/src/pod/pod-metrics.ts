import { type Counter, type Gauge, type Histogram, type Metrics, TICK_BUCKETS_MS } from "@sidetone/platform";

const ROW_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

export interface PodMetrics {
  openCalls: Gauge;
  tickMs: Histogram;
  stepMs: Histogram;
  batchRows: Histogram;
  refusals: Counter<"code">;
  workersLost: Counter;
  staleInputs: Counter;
}

export function createPodMetrics(metrics: Metrics): PodMetrics {
  return {
    openCalls: metrics.gauge("pod_open_calls", "Calls that this pod holds."),
    tickMs: metrics.histogram("pod_tick_ms", "A tick from its arrival to its reply.", TICK_BUCKETS_MS),
    stepMs: metrics.histogram("pod_step_ms", "One batch in a worker: dialogue, model, speech.", TICK_BUCKETS_MS),
    batchRows: metrics.histogram("pod_batch_hops", "Hops in one batch.", ROW_BUCKETS),
    refusals: metrics.counter("pod_refusals_total", "Calls and messages refused, by code.", ["code"]),
    workersLost: metrics.counter("pod_workers_lost_total", "Worker threads that died."),
    staleInputs: metrics.counter("pod_stale_rows_total", "Hops and inputs for calls that had ended already."),
  };
}
