import type { Measured } from "./measure.ts";
import { mean, quantile } from "./statistics.ts";

/** One setting: how long callers wait for an answer, and in how many pauses they are cut off. */
export interface CurvePoint {
  /** How much longer than measured the strategy waits before it speaks. */
  extraMs: number;
  latencyP50Ms: number;
  cutIns: number;
}

const EXTRA_MS = [0, 50, 100, 150, 200, 300, 400, 500, 600, 800, 1_000, 1_250, 1_500, 2_000];

/**
 * Latency against cut-ins, from the measured point on towards patience: what the same decisions give when each is carried
 * out so much later. A cut-in into a pause that would have been over by then does not happen.
 */
export function patienceCurve(measured: readonly Measured[]): CurvePoint[] {
  const judged = measured.filter((one) => !one.void && !one.isTwin);
  const answers = judged
    .filter(({ scenario }) => scenario === "smooth-turn")
    .flatMap(({ latencyMs }) => (latencyMs === undefined ? [] : [latencyMs]));
  const pauses = judged.filter(({ demand }) => demand === "wait");
  if (answers.length === 0 || pauses.length === 0) return [];
  const latencyP50Ms = quantile(answers, 0.5);
  return EXTRA_MS.map((extraMs) => ({
    extraMs,
    latencyP50Ms: latencyP50Ms + extraMs,
    cutIns: mean(pauses.map((pause) => Number(!pause.right && isStillCut(pause, extraMs)))),
  }));
}

function isStillCut({ startMs, endMs, latencyMs }: Measured, extraMs: number): boolean {
  if (latencyMs === undefined) return false;
  const isInPause = latencyMs < endMs - startMs;
  return isInPause ? latencyMs + extraMs < endMs - startMs : extraMs === 0;
}
