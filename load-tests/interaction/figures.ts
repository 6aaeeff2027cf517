import type { Scenario, Verdict } from "./judge.ts";
import { type Estimate, estimate, harmonicMean, mean, quantile } from "./statistics.ts";

/** Figures of one strategy over all its stimuli; docs/BENCHMARK.md defines each with its source. */
export interface Figures {
  responseRate: Estimate;
  responseLatencyP50Ms: Estimate;
  responseLatencyP95Ms: Estimate;
  /** Agent interruptions: turns the agent answered before they had ended. */
  agentInterruptions: Estimate;
  pauseTakeOver: Estimate;
  digitPauseTakeOver: Estimate;
  yieldRate: Estimate;
  yieldLatencyP50Ms: Estimate;
  yieldLatencyP95Ms: Estimate;
  selectivity: Record<string, Estimate>;
  selectivityMean: number;
  /** Full-Duplex-Bench v1.5's four overlaps: mean share of right behaviour. */
  fourOverlapAverage: number;
  /** Harmonic mean of yield rate, selectivity and 1 - pause take-over. */
  headline: number;
  voided: number;
}

const INTERRUPTIONS: readonly Scenario[] = ["interruption-early", "interruption-middle", "interruption-late"];
const PAUSES: readonly Scenario[] = ["pause-in-turn", "pause-in-digits", "long-story"];
const SELECTIVE: readonly Scenario[] = [
  "backchannel",
  "talking-to-others",
  "background-speech",
  "vocal-tic",
  "background-noise",
  "echo",
];

const share = (values: readonly boolean[]): Estimate => estimate(values.map(Number), mean);

export function figuresOf(verdicts: readonly Verdict[]): Figures {
  const judged = verdicts.filter((verdict) => !verdict.void);
  const of = (...scenarios: readonly Scenario[]) => judged.filter((verdict) => scenarios.includes(verdict.scenario));
  const latencies = (some: readonly Verdict[]) =>
    some.flatMap((verdict) => (verdict.latencyMs === undefined ? [] : [verdict.latencyMs]));
  const turns = of("smooth-turn");
  const answered = latencies(turns);
  const yields = of(...INTERRUPTIONS);
  const stops = latencies(yields);
  const selectivity: Record<string, Estimate> = {};
  for (const scenario of SELECTIVE) {
    const some = of(scenario);
    if (some.length > 0) selectivity[scenario] = share(some.map((verdict) => verdict.right));
  }
  const pauses = of(...PAUSES);
  const pauseTakeOver = share(pauses.map((verdict) => !verdict.right));
  const yieldRate = share(yields.map((verdict) => verdict.right));
  const selectivityMean = mean(Object.values(selectivity).map((each) => each.value));
  const overlap = (scenario: string) => selectivity[scenario]?.value ?? Number.NaN;
  return {
    responseRate: share(turns.map((verdict) => verdict.latencyMs !== undefined)),
    responseLatencyP50Ms: estimate(answered, (values) => quantile(values, 0.5)),
    responseLatencyP95Ms: estimate(answered, (values) => quantile(values, 0.95)),
    agentInterruptions: share(turns.map((verdict) => (verdict.latencyMs ?? 0) < 0)),
    pauseTakeOver,
    digitPauseTakeOver: share(of("pause-in-digits").map((verdict) => !verdict.right)),
    yieldRate,
    yieldLatencyP50Ms: estimate(stops, (values) => quantile(values, 0.5)),
    yieldLatencyP95Ms: estimate(stops, (values) => quantile(values, 0.95)),
    selectivity,
    selectivityMean,
    fourOverlapAverage: mean([
      yieldRate.value,
      overlap("backchannel"),
      overlap("talking-to-others"),
      overlap("background-speech"),
    ]),
    headline: harmonicMean([yieldRate.value, selectivityMean, 1 - pauseTakeOver.value]),
    voided: verdicts.length - judged.length,
  };
}
