import { LATENCY_BUCKETS_MS, type Metrics, TICK_BUCKETS_MS } from "@sidetone/platform";

export type BridgeMetrics = ReturnType<typeof createBridgeMetrics>;

/** Everything the bridge counts; names and meanings are a contract with dashboards and alerts. */
export function createBridgeMetrics(metrics: Metrics) {
  return {
    calls: metrics.gauge("bridge_calls", "Calls in progress."),
    callsStarted: metrics.counter("bridge_calls_started_total", "Calls that opened their stream."),
    callsEnded: metrics.counter("bridge_calls_ended_total", "Calls that ended, by reason.", ["reason"]),
    callsRefused: metrics.counter("bridge_refusals_total", "Requests, sockets and messages refused, by code.", [
      "code",
    ]),
    tickLatenessMs: metrics.histogram("bridge_tick_lateness_ms", "How late the 40 ms tick ran.", TICK_BUCKETS_MS),
    tickWorkMs: metrics.histogram("bridge_tick_work_ms", "What one tick over all calls took.", TICK_BUCKETS_MS),
    ticksMissed: metrics.counter(
      "bridge_ticks_missed_total",
      "Ticks that a stall swallowed; their hops were caught up.",
    ),
    podReplyMs: metrics.histogram("bridge_pod_reply_ms", "A tick from its sending to its reply.", TICK_BUCKETS_MS),
    hops: metrics.counter("bridge_hops_total", "Hops taken from callers."),
    gapHops: metrics.counter("bridge_gap_hops_total", "Hops with concealed samples."),
    droppedHops: metrics.counter(
      "bridge_dropped_hops_total",
      "Caller hops dropped because they came faster than they could be taken.",
    ),
    playoutDropped: metrics.counter(
      "bridge_playout_dropped_samples_total",
      "Agent samples dropped because the pod was too far ahead.",
    ),
    carrierStalls: metrics.counter(
      "bridge_carrier_stalls_total",
      "Frames held back because the carrier read too slowly.",
    ),
    clears: metrics.counter("bridge_clears_total", "Times the carrier's buffer was cleared."),
    clearMs: metrics.histogram(
      "bridge_clear_ms",
      "From a pod's yield reaching the bridge to the clear leaving it.",
      TICK_BUCKETS_MS,
    ),
    responseMs: metrics.histogram(
      "bridge_response_ms",
      "From the end of the caller's speech to the agent's first sound.",
      LATENCY_BUCKETS_MS,
    ),
    fellSilentMs: metrics.histogram(
      "bridge_fell_silent_ms",
      "From the caller's onset to the agent's silence, when it yielded.",
      LATENCY_BUCKETS_MS,
    ),
    moves: metrics.counter("bridge_calls_moved_total", "Calls that went on at another pod or stream."),
    pods: metrics.gauge("bridge_pods", "Pods by state.", ["state"]),
    tapeDropped: metrics.counter("bridge_tape_dropped_total", "Micro-turns that a slow disk cost tapes."),
    tapeFailed: metrics.counter("bridge_tape_failed_total", "Tapes that were given up."),
    outboxDropped: metrics.counter(
      "bridge_outbox_dropped_total",
      "Entries dropped from a bounded queue, oldest first.",
      ["queue"],
    ),
    outputsInvalid: metrics.counter("bridge_pod_outputs_invalid_total", "Pod outputs that did not fit their schema."),
    commands: metrics.counter("bridge_commands_total", "Commands read from the inbox, by type.", ["type"]),
    commandsStale: metrics.counter("bridge_commands_stale_total", "Commands for calls that had ended."),
  };
}
