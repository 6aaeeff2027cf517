import type { CurvePoint } from "./curve.ts";
import type { Figures } from "./figures.ts";
import type { Scenario } from "./judge.ts";
import type { Estimate } from "./statistics.ts";
import type { UnderstandingFigures } from "./understanding-figures.ts";

export interface RunFacts {
  command: string;
  commit: string;
  machine: string;
  startedAt: string;
  endedAt: string;
  seed: number;
  perScenario: number;
  /** `made`, or the folder that they were read from. */
  stimuli: string;
}

/** One contender's column. */
export interface ContenderReport {
  model: string;
  concurrency: number;
  figures: Figures;
  curve: readonly CurvePoint[];
  understanding?: UnderstandingFigures;
}

export type Reports = Readonly<Record<string, ContenderReport>>;

const isKnown = (value: number): boolean => Number.isFinite(value);
export const percent = (value: number): string => (isKnown(value) ? value.toFixed(2) : "-");
export const rate = (estimate: Estimate | undefined): string =>
  estimate && isKnown(estimate.value)
    ? `${percent(estimate.value)} (${percent(estimate.low)}-${percent(estimate.high)})`
    : "-";
export const ms = ({ value, low, high }: Estimate): string =>
  isKnown(value) ? `${Math.round(value)} (${Math.round(low)}-${Math.round(high)})` : "-";

/** A figure: what it is called, how it is shown, which way is better, and what is aimed for. */
export interface Row {
  name: string;
  show: (figures: Figures) => string;
  value: (figures: Figures) => number;
  better: "high" | "low";
  target?: string;
}

const estimated = (
  name: string,
  of: (figures: Figures) => Estimate | undefined,
  show: (estimate: Estimate) => string,
  better: Row["better"],
  target?: string,
): Row => ({
  name,
  show: (figures) => {
    const estimate = of(figures);
    return estimate ? show(estimate) : "-";
  },
  value: (figures) => of(figures)?.value ?? Number.NaN,
  better,
  ...(target === undefined ? {} : { target }),
});

export const ROWS: readonly Row[] = [
  estimated("response rate R_R", (f) => f.responseRate, rate, "high", ">= 0.99"),
  estimated("response latency L_R p50, ms", (f) => f.responseLatencyP50Ms, ms, "low", "<= 300"),
  estimated("response latency L_R p95, ms", (f) => f.responseLatencyP95Ms, ms, "low", "<= 700"),
  estimated("agent interruptions I_A", (f) => f.agentInterruptions, rate, "low", "<= 0.05"),
  estimated("pause take-over", (f) => f.pauseTakeOver, rate, "low", "<= 0.08"),
  estimated("pause take-over in digits", (f) => f.digitPauseTakeOver, rate, "low"),
  estimated("yield rate R_Y", (f) => f.yieldRate, rate, "high", ">= 0.97"),
  estimated("yield latency L_Y p50, ms", (f) => f.yieldLatencyP50Ms, ms, "low", "<= 150"),
  estimated("yield latency L_Y p95, ms", (f) => f.yieldLatencyP95Ms, ms, "low", "<= 350"),
  ...(["backchannel", "talking-to-others", "background-speech", "vocal-tic", "background-noise", "echo"] as const).map(
    (scenario) => estimated(`selectivity: ${words(scenario)}`, (f) => f.selectivity[scenario], rate, "high", ">= 0.75"),
  ),
  {
    name: "selectivity mean",
    show: (f) => percent(f.selectivityMean),
    value: (f) => f.selectivityMean,
    better: "high",
    target: ">= 0.85",
  },
  {
    name: "four-overlap average",
    show: (f) => percent(f.fourOverlapAverage),
    value: (f) => f.fourOverlapAverage,
    better: "high",
    target: ">= 0.85",
  },
  { name: "**headline**", show: (f) => percent(f.headline), value: (f) => f.headline, better: "high" },
];

export function words(scenario: string): string {
  return scenario.replaceAll("-", " ");
}

/** Of each figure, whoever has it better than ours, with its value: rivals win in the open. */
export function whereOthersWin(reports: Reports): { row: string; ours: string; winner: string; theirs: string }[] {
  const ours = reports.sidetone?.figures;
  if (!ours) return [];
  return ROWS.flatMap((row) => {
    const sign = row.better === "high" ? 1 : -1;
    const better = Object.entries(reports)
      .filter(([name]) => name !== "sidetone")
      .filter(([, { figures }]) => sign * (row.value(figures) - row.value(ours)) > 0)
      .sort(([, a], [, b]) => sign * (row.value(b.figures) - row.value(a.figures)));
    const [best] = better;
    if (!best) return [];
    const others = better.length > 1 ? ` and ${better.length - 1} more` : "";
    const theirs = row.show(best[1].figures);
    return [{ row: row.name.replaceAll("*", ""), ours: row.show(ours), winner: `${best[0]}${others}`, theirs }];
  });
}

const scenarioNames = (reports: Reports): Scenario[] => [
  ...new Set(Object.values(reports).flatMap(({ figures }) => Object.keys(figures.scenarios) as Scenario[])),
];

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  `| ${head.join(" | ")} |`,
  `|${" --- |".repeat(head.length)}`,
  ...rows.map((cells) => `| ${cells.join(" | ")} |`),
];

/** The table of all contenders side by side, with 95% bootstrap intervals. */
export function markdownReport(facts: RunFacts, reports: Reports): string {
  const names = Object.keys(reports);
  const all = Object.values(reports);
  const lines = [
    "# Interaction benchmark",
    "",
    `Command: \`${facts.command}\`. Commit ${facts.commit}, ${facts.startedAt} to ${facts.endedAt}.`,
    `Machine: ${facts.machine}. Stimuli: ${facts.stimuli}, ${facts.perScenario} a scenario, seed ${facts.seed}.`,
    "In real time, measured at the caller's ear; docs/BENCHMARK.md defines the figures. 95% bootstrap intervals in brackets.",
    "",
    ...names.map((name) => `- ${name}: ${reports[name]?.model}, ${reports[name]?.concurrency} calls at once.`),
    "",
    ...table(
      ["figure", "aim", ...names],
      [
        ...ROWS.map((row) => [row.name, row.target ?? "", ...all.map(({ figures }) => row.show(figures))]),
        ["stimuli voided", "", ...all.map(({ figures }) => String(figures.voided))],
      ],
    ),
    "",
    "## Scenarios: share of right behaviour (clean twin)",
    "",
    ...table(
      ["scenario", ...names],
      scenarioNames(reports).map((scenario) => [
        words(scenario),
        ...all.map(({ figures }) => {
          const found = figures.scenarios[scenario];
          if (!found) return "-";
          return found.twin.n > 0 ? `${rate(found.right)} (twin ${percent(found.twin.value)})` : rate(found.right);
        }),
      ]),
    ),
    "",
    "## Where others win",
    "",
  ];
  const wins = whereOthersWin(reports);
  if (wins.length === 0) lines.push("Nowhere in this run.");
  else
    lines.push(
      ...table(
        ["figure", "sidetone", "better", "theirs"],
        wins.map((w) => [w.row, w.ours, w.winner, w.theirs]),
      ),
    );
  lines.push("", ...understandingLines(reports));
  return `${lines.join("\n").trimEnd()}\n`;
}

function understandingLines(reports: Reports): string[] {
  const own = Object.entries(reports).flatMap(([name, { understanding }]) =>
    understanding ? [{ name, understanding }] : [],
  );
  if (own.length === 0) return [];
  const grouped = (of: (figures: UnderstandingFigures) => Record<string, Estimate>) =>
    [...new Set(own.flatMap(({ understanding }) => Object.keys(of(understanding))))].map((key) => [
      key,
      ...own.map(({ understanding }) => rate(of(understanding)[key])),
    ]);
  const head = own.map(({ name }) => name);
  return [
    "## Understanding on the same calls",
    "",
    ...table(
      ["figure", ...head],
      [
        ["word error rate", ...own.map(({ understanding: u }) => rate(u.wordErrorRate))],
        ["digit error rate", ...own.map(({ understanding: u }) => rate(u.digitErrorRate))],
        ["digit strings (the order-number slot) right", ...own.map(({ understanding: u }) => rate(u.stringsRight))],
        ["right finding spoken", ...own.map(({ understanding: u }) => rate(u.taskSuccess))],
      ],
    ),
    "",
    ...table(
      ["word error rate by voice", ...head],
      grouped((u) => u.byVoice),
    ),
    "",
    ...table(
      ["word error rate by noise", ...head],
      grouped((u) => u.byNoise),
    ),
    "",
    ...table(
      ["digit strings right by noise", ...head],
      grouped((u) => u.stringsRightByNoise),
    ),
    "",
    ...table(
      ["right finding by scenario", ...head],
      grouped((u) => u.taskSuccessByScenario),
    ),
  ];
}
