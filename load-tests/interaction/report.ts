import { type ClockKind, IN_REAL_TIME } from "./contenders.ts";
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
  clock: ClockKind;
  concurrency: number;
  perScenario: number;
  calls: number;
  tookS: number;
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
  estimated("selectivity mean", (f) => f.selectivityMean, rate, "high", ">= 0.85"),
  estimated("four-overlap average", (f) => f.fourOverlapAverage, rate, "high", ">= 0.85"),
  estimated("**headline**", (f) => f.headline, rate, "high"),
];

export function words(scenario: string): string {
  return scenario.replaceAll("-", " ");
}

/** Whom a contender is compared with: those in real time, who had other stimuli, with ours in their circumstances. */
const oursFor = (reports: Reports, name: string): ContenderReport | undefined =>
  reports[name]?.clock === "real" ? (reports[IN_REAL_TIME] ?? reports.sidetone) : reports.sidetone;

export const isOurs = (name: string): boolean => name === "sidetone" || name === IN_REAL_TIME;

export interface Win {
  row: string;
  ours: string;
  winner: string;
  theirs: string;
}

/** Whoever answers before the turn is over has cut in, and is not the faster one. */
const isFair = (row: Row, figures: Figures): boolean => !row.name.includes("latency") || row.value(figures) >= 0;

/** Of each figure, everybody who has it better than ours: rivals and rules win in the open. The best comes first. */
export function whereOthersWin(reports: Reports): Win[] {
  return ROWS.flatMap((row) => {
    const sign = row.better === "high" ? 1 : -1;
    return Object.entries(reports)
      .filter(([name]) => !isOurs(name))
      .flatMap(([name, { figures }]) => {
        const ours = oursFor(reports, name)?.figures;
        const lead = ours ? sign * (row.value(figures) - row.value(ours)) : Number.NaN;
        if (!ours || !(lead > 0) || !isFair(row, figures)) return [];
        return [{ row: plain(row.name), ours: row.show(ours), winner: name, theirs: row.show(figures), lead }];
      })
      .sort((a, b) => b.lead - a.lead)
      .map(({ lead: _, ...win }) => win);
  });
}

export const plain = (name: string): string => name.replaceAll("*", "");

export interface Target {
  name: string;
  aim: string;
  measured: string;
  reached: "yes" | "no" | "not measured";
  /** Whose value is best in this run, ours among them. */
  best: string;
}

const reaches = (value: number, aim: string): Target["reached"] => {
  if (!isKnown(value)) return "not measured";
  const bound = Number(aim.replace(/[^\d.]/g, ""));
  return (aim.startsWith(">=") ? value >= bound : value <= bound) ? "yes" : "no";
};

/** Every aim, at the one setting that ships. */
export function targetsOf(reports: Reports): Target[] {
  const { sidetone } = reports;
  if (!sidetone) return [];
  return ROWS.flatMap((row) => {
    if (row.target === undefined) return [];
    const sign = row.better === "high" ? 1 : -1;
    const [best] = Object.entries(reports)
      .filter(([, { figures }]) => Number.isFinite(row.value(figures)) && isFair(row, figures))
      .sort(([, a], [, b]) => sign * (row.value(b.figures) - row.value(a.figures)));
    return [
      {
        name: row.name,
        aim: row.target,
        measured: row.show(sidetone.figures),
        reached: reaches(row.value(sidetone.figures), row.target),
        best: best ? `${best[0]}: ${row.show(best[1].figures)}` : "-",
      },
    ];
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
    `Machine: ${facts.machine}. Stimuli: ${facts.stimuli}, up to ${facts.perScenario} a scenario, seed ${facts.seed}.`,
    "Measured at the caller's ear, in media time; docs/BENCHMARK.md defines the figures. 95% bootstrap intervals in brackets.",
    "",
    ...table(
      ["contender", "who decides", "clock", "calls at once", "stimuli a scenario", "calls", "took, s"],
      Object.entries(reports).map(([name, r]) => [
        name,
        r.model,
        r.clock,
        String(r.concurrency),
        String(r.perScenario),
        String(r.calls),
        r.tookS.toFixed(0),
      ]),
    ),
    "",
    ...clockLines(reports),
    ...targetLines(reports),
    "## Every figure",
    "",
    ...table(
      ["figure", "aim", ...names],
      [
        ...ROWS.map((row) => [row.name, row.target ?? "", ...all.map(({ figures }) => row.show(figures))]),
        ["stimuli voided", "", ...all.map(({ figures }) => String(figures.voided))],
      ],
    ),
    "",
    "## Waiting against cutting in",
    "",
    "Median response latency, and the share of pauses cut into: as measured, and if each decision were carried out so many milliseconds later.",
    "",
    ...curveLines(reports),
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

function clockLines(reports: Reports): string[] {
  const clocks = new Set(Object.values(reports).map(({ clock }) => clock));
  if (!clocks.has("virtual")) return [];
  const lines = [
    "On the virtual clock the same processes and sockets run as fast as the machine allows, and nothing is ever late: what a busy machine adds is not in these figures. `npm run bench:load` measures that.",
  ];
  if (clocks.has("real")) {
    lines.push(
      "Rivals cannot wait for themselves: they ran in real time, one after the other, over the first stimuli of everybody's. Where they are compared with sidetone, it is with sidetone-in-real-time, in the same circumstances.",
    );
  }
  return [...lines, ""];
}

function targetLines(reports: Reports): string[] {
  const targets = targetsOf(reports);
  if (targets.length === 0) return [];
  const missed = targets.filter(({ reached }) => reached === "no");
  const met = targets.filter(({ reached }) => reached === "yes").length;
  return [
    "## Aims, at one setting",
    "",
    `${met} of ${targets.length} reached${missed.length > 0 ? `; missed: ${missed.map(({ name }) => name.replace(/, ms$/, "")).join("; ")}` : ""}.`,
    "",
    ...table(
      ["figure", "aim", "sidetone", "reached", "best of this run"],
      targets.map((t) => [t.name, t.aim, t.measured, t.reached === "no" ? "**no**" : t.reached, t.best]),
    ),
    "",
  ];
}

const CURVE_AT_MS = [0, 100, 200, 400, 600, 1_000];

function curveLines(reports: Reports): string[] {
  return table(
    ["contender", ...CURVE_AT_MS.map((extraMs) => (extraMs === 0 ? "measured" : `+${extraMs} ms`))],
    Object.entries(reports)
      .filter(([, { curve }]) => curve.length > 0)
      .map(([name, { curve }]) => [
        name,
        ...CURVE_AT_MS.map((extraMs) => {
          const point = curve.find((one) => one.extraMs === extraMs);
          return point ? `${Math.round(point.latencyP50Ms)} ms, ${percent(point.cutIns)}` : "-";
        }),
      ]),
  );
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
