import type { Estimate } from "../interaction/statistics.ts";

/** One step of the ramp, as everybody concerned saw it. */
export interface StepFigures {
  calls: number;
  seconds: number;
  open: number;
  /** From the end of a caller's turn to the agent's first sound, to 20 ms. */
  responseP50Ms: Estimate;
  responseP95Ms: Estimate;
  unanswered: number;
  tickLatenessP99Ms: number;
  podReplyP99Ms: number;
  taskWaitP95Ms: number;
  droppedHops: number;
  concealedHops: number;
  missedTicks: number;
  starvedShare: number;
  endedEarly: number;
  refused: number;
  /** How late the callers themselves were, p99: above the tick's bound, the figures are of the callers. */
  callersBeatP99Ms: number;
  processes: Record<string, ProcessCost>;
  redisCommandsPerCallSecond: number;
  redisBytesPerCallSecond: number;
}

export interface ProcessCost {
  /** Of a core, in use. */
  cores: number;
  rssBytes: number;
  readBytesPerS: number;
  writtenBytesPerS: number;
  threads: number;
  openFiles: number;
}

/** What the house promises to every caller, and from where on a promise is broken. */
export const BOUNDS = {
  tickLatenessP99Ms: 10,
  podReplyP99Ms: 40,
  taskWaitP95Ms: 500,
  starvedShare: 0.01,
  /** Slower than one call's own p95 by more than this. */
  responseRatio: 1.1,
  /** Answers are seen to the frame; less than that is no difference. */
  responseGrainMs: 20,
} as const;

/** How a percentile that is known to its bucket is told. */
const upTo = (boundMs: number): string =>
  Number.isFinite(boundMs) ? `in the bucket up to ${boundMs} ms` : "above the last bucket";

/** The promises that a step breaks, in words; `alone` is the step with one call. */
export function brokenPromises(step: StepFigures, alone: StepFigures | undefined): string[] {
  const broken: string[] = [];
  const check = (isBroken: boolean, what: string): void => {
    if (isBroken) broken.push(what);
  };
  check(step.open < step.calls, `calls: ${step.open} of ${step.calls} are open`);
  check(step.refused > 0, `calls: ${step.refused} refused`);
  check(step.droppedHops > 0, `lost hops: ${step.droppedHops} dropped`);
  check(step.concealedHops > 0, `lost hops: ${step.concealedHops} made up though the line lost nothing`);
  check(step.tickLatenessP99Ms > BOUNDS.tickLatenessP99Ms, `tick lateness: p99 ${upTo(step.tickLatenessP99Ms)}`);
  check(step.podReplyP99Ms > BOUNDS.podReplyP99Ms, `pod's reply: p99 ${upTo(step.podReplyP99Ms)}`);
  check(step.taskWaitP95Ms > BOUNDS.taskWaitP95Ms, `queue wait: p95 ${upTo(step.taskWaitP95Ms)}`);
  check(
    step.starvedShare > BOUNDS.starvedShare,
    `holes: ${(step.starvedShare * 100).toFixed(1)}% of the agent's speech`,
  );
  if (alone && alone !== step) {
    const bound = Math.max(
      alone.responseP95Ms.value * BOUNDS.responseRatio,
      alone.responseP95Ms.value + BOUNDS.responseGrainMs,
    );
    // With the interval: a step is not blamed for what chance explains.
    check(
      step.responseP95Ms.low > bound && step.responseP95Ms.low > alone.responseP95Ms.high,
      `response latency: p95 ${Math.round(step.responseP95Ms.value)} ms against ${Math.round(alone.responseP95Ms.value)} ms of one call`,
    );
  }
  return broken;
}
