import { type Estimate, estimate, quantile } from "../interaction/statistics.ts";

/** One step of the ramp, as everybody concerned saw it. */
export interface StepFigures {
  calls: number;
  seconds: number;
  open: number;
  /** From the end of a caller's question to the agent's first sound, to 20 ms. */
  responseP50Ms: Estimate;
  responseP95Ms: Estimate;
  /** Every one of them. */
  answersMs: readonly number[];
  /** The same after a number, which is looked up for 1.5 s. */
  lookupP50Ms: Estimate;
  lookupP95Ms: Estimate;
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

/** What is kept of a step. */
export type StepSummary = Omit<StepFigures, "answersMs">;

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

/** So few calls that none can be in another's way: together they are what one call's answers are told from. */
const ALONE_CALLS = 5;

/** One call's p95 with its interval, from all steps that are as good as one call; undefined before there is one. */
export function aloneP95Ms(steps: readonly StepFigures[]): Estimate | undefined {
  const answersMs = steps.filter(({ calls }) => calls <= ALONE_CALLS).flatMap((step) => step.answersMs);
  return answersMs.length === 0 ? undefined : estimate(answersMs, (values) => quantile(values, 0.95));
}

/** How a percentile that is known to its bucket is told. */
const upTo = (boundMs: number): string =>
  Number.isFinite(boundMs) ? `in the bucket up to ${boundMs} ms` : "above the last bucket";

/** The promises that a step breaks, in words; `alone` is one call's p95 of response latency. */
export function brokenPromises(step: StepFigures, alone: Estimate | undefined): string[] {
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
  if (alone && step.calls > ALONE_CALLS) {
    const bound = Math.max(alone.value * BOUNDS.responseRatio, alone.value + BOUNDS.responseGrainMs);
    // With the interval: a step is not blamed for what chance explains.
    check(
      step.responseP95Ms.low > bound && step.responseP95Ms.low > alone.high,
      `response latency: p95 ${Math.round(step.responseP95Ms.value)} ms against ${Math.round(alone.value)} ms of one call`,
    );
  }
  return broken;
}
