import { SCENARIOS, type Scenario, type Verdict } from "./judge.ts";
import { type Estimate, estimate, estimateOfMeans, harmonicMean, mean, quantile } from "./statistics.ts";

/** A verdict and whether it is of the stimulus or of its clean twin. */
export type Told = Verdict & { isTwin?: boolean };

/** One scenario: share of right behaviour, with the difficulty and without it. */
export interface ScenarioFigures {
  right: Estimate;
  /** Without the difficulty; n is 0 where twins did not run. */
  twin: Estimate;
  latencyP50Ms: number;
  voided: number;
}

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
  selectivityMean: Estimate;
  /** Full-Duplex-Bench v1.5's four overlaps: mean share of right behaviour. */
  fourOverlapAverage: Estimate;
  /** Harmonic mean of yield rate, selectivity and 1 - pause take-over. */
  headline: Estimate;
  voided: number;
  scenarios: Partial<Record<Scenario, ScenarioFigures>>;
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

const OVERLAPS: readonly Scenario[] = ["backchannel", "talking-to-others", "background-speech"];

const share = (values: readonly boolean[]): Estimate => estimate(values.map(Number), mean);

export function figuresOf(told: readonly Told[]): Figures {
  const verdicts = told.filter((verdict) => !verdict.isTwin);
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
  const rights = (...scenarios: readonly Scenario[]) => of(...scenarios).map((verdict) => Number(verdict.right));
  const carried = SELECTIVE.map((scenario) => rights(scenario)).filter((group) => group.length > 0);
  const yielded = rights(...INTERRUPTIONS);
  const waited = rights(...PAUSES);
  const isWhole = yielded.length > 0 && waited.length > 0 && carried.length > 0;
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
    selectivityMean: estimateOfMeans(carried, mean),
    fourOverlapAverage: estimateOfMeans([yielded, ...OVERLAPS.map((scenario) => rights(scenario))], (means) =>
      means.length === 1 + OVERLAPS.length ? mean(means) : Number.NaN,
    ),
    headline: estimateOfMeans([yielded, waited, ...carried], (means) =>
      isWhole ? harmonicMean([means[0] ?? 0, means[1] ?? 0, mean(means.slice(2))]) : Number.NaN,
    ),
    voided: verdicts.length - judged.length,
    scenarios: scenarioFigures(told),
  };
}

function scenarioFigures(told: readonly Told[]): Figures["scenarios"] {
  const figures: Figures["scenarios"] = {};
  for (const scenario of Object.keys(SCENARIOS) as Scenario[]) {
    const all = told.filter((verdict) => verdict.scenario === scenario);
    if (all.length === 0) continue;
    const judged = all.filter((verdict) => !verdict.void);
    const hard = judged.filter((verdict) => !verdict.isTwin);
    figures[scenario] = {
      right: share(hard.map((verdict) => verdict.right)),
      twin: share(judged.filter((verdict) => verdict.isTwin).map((verdict) => verdict.right)),
      latencyP50Ms: quantile(
        hard.flatMap(({ latencyMs }) => (latencyMs === undefined ? [] : [latencyMs])),
        0.5,
      ),
      voided: all.length - judged.length,
    };
  }
  return figures;
}
