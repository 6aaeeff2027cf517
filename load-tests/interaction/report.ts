import type { Figures } from "./figures.ts";
import type { Estimate } from "./statistics.ts";

export interface RunFacts {
  command: string;
  commit: string;
  machine: string;
  startedAt: string;
  seed: number;
  perScenario: number;
  concurrency: number;
  model: string;
}

const isKnown = (value: number): boolean => Number.isFinite(value);
const percent = (value: number): string => (isKnown(value) ? value.toFixed(2) : "-");
const rate = ({ value, low, high }: Estimate): string =>
  isKnown(value) ? `${percent(value)} (${percent(low)}-${percent(high)})` : "-";
const ms = ({ value, low, high }: Estimate): string =>
  isKnown(value) ? `${Math.round(value)} (${Math.round(low)}-${Math.round(high)})` : "-";

/** A row a figure: what it is called, how it is shown, and which way is better. */
const ROWS: { name: string; show: (figures: Figures) => string }[] = [
  { name: "response rate R_R", show: (f) => rate(f.responseRate) },
  { name: "response latency L_R p50, ms", show: (f) => ms(f.responseLatencyP50Ms) },
  { name: "response latency L_R p95, ms", show: (f) => ms(f.responseLatencyP95Ms) },
  { name: "agent interruptions I_A", show: (f) => rate(f.agentInterruptions) },
  { name: "pause take-over", show: (f) => rate(f.pauseTakeOver) },
  { name: "pause take-over in digits", show: (f) => rate(f.digitPauseTakeOver) },
  { name: "yield rate R_Y", show: (f) => rate(f.yieldRate) },
  { name: "yield latency L_Y p50, ms", show: (f) => ms(f.yieldLatencyP50Ms) },
  { name: "yield latency L_Y p95, ms", show: (f) => ms(f.yieldLatencyP95Ms) },
  {
    name: "selectivity: backchannel",
    show: (f) => (f.selectivity.backchannel ? rate(f.selectivity.backchannel) : "-"),
  },
  {
    name: "selectivity: talking to others",
    show: (f) => (f.selectivity["talking-to-others"] ? rate(f.selectivity["talking-to-others"]) : "-"),
  },
  {
    name: "selectivity: background speech",
    show: (f) => (f.selectivity["background-speech"] ? rate(f.selectivity["background-speech"]) : "-"),
  },
  {
    name: "selectivity: vocal tic",
    show: (f) => (f.selectivity["vocal-tic"] ? rate(f.selectivity["vocal-tic"]) : "-"),
  },
  {
    name: "selectivity: background noise",
    show: (f) => (f.selectivity["background-noise"] ? rate(f.selectivity["background-noise"]) : "-"),
  },
  { name: "selectivity mean", show: (f) => percent(f.selectivityMean) },
  { name: "four-overlap average", show: (f) => percent(f.fourOverlapAverage) },
  { name: "**headline**", show: (f) => percent(f.headline) },
  { name: "stimuli voided", show: (f) => String(f.voided) },
];

/** The table of all strategies side by side, with 95% bootstrap intervals. */
export function markdownReport(facts: RunFacts, results: Readonly<Record<string, Figures>>): string {
  const names = Object.keys(results);
  const lines = [
    "# Interaction benchmark",
    "",
    `Command: \`${facts.command}\`. Commit ${facts.commit}, ${facts.startedAt}.`,
    `Machine: ${facts.machine}. Model: ${facts.model}.`,
    `${facts.perScenario} stimuli a scenario and strategy, seed ${facts.seed}, ${facts.concurrency} calls at once, in real time, measured at the caller's ear. docs/BENCHMARK.md defines the figures; 95% bootstrap intervals in brackets.`,
    "",
    `| figure | ${names.join(" | ")} |`,
    `| --- |${" --- |".repeat(names.length)}`,
  ];
  for (const row of ROWS) {
    const cells = names.map((name) => {
      const figures = results[name];
      return figures ? row.show(figures) : "-";
    });
    lines.push(`| ${row.name} | ${cells.join(" | ")} |`);
  }
  return `${lines.join("\n")}\n`;
}
