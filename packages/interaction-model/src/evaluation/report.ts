import type { DecisionThresholds } from "../port.ts";
import {
  atCutOff,
  type EndFigures,
  endFigures,
  hearingFigures,
  modelTakes,
  overlapFigures,
  timerTakes,
} from "./figures.ts";
import type { Estimate } from "./statistics.ts";
import type { Streamed } from "./stream-trials.ts";

const TIMERS_MS = [300, 600, 1000] as const;

export interface Evaluated {
  readonly thresholds: DecisionThresholds;
  /** Trials in which the agent is silent, and in which it speaks. */
  readonly turns: readonly Streamed[];
  readonly overlaps: readonly Streamed[];
  /** Silero's probabilities for the turns that have speech, in their order; absent when it was not asked for. */
  readonly silero: readonly Float32Array[] | undefined;
}

/** The tables, as markdown. */
export function reportOf(evaluated: Evaluated): string {
  return [hearingTable(evaluated), endTable(evaluated), overlapTable(evaluated)].join("\n\n");
}

function hearingTable({ turns }: Evaluated): string {
  const rows = [...groupsOf(turns.filter((one) => (one.trial.words?.length ?? 0) > 0))].map(([group, streamed]) => {
    const figures = hearingFigures(streamed);
    return [
      group,
      streamed.length,
      speakersOf(streamed),
      percent(figures.wordError),
      percent(figures.exact),
      percent(figures.digitError),
      percent(figures.digitsExact),
      share(figures.unknown),
    ];
  });
  return table(
    "Hearing",
    [
      "what",
      "clips",
      "speakers",
      "word error",
      "whole clip right",
      "digit error",
      "all digits right",
      "told as unknown",
    ],
    rows,
  );
}

function endTable({ turns, thresholds, silero }: Evaluated): string {
  const rows: (string | number)[][] = [];
  const withSpeech = turns.filter((one) => one.trial.endMs !== undefined);
  for (const [group, streamed] of groupsOf(withSpeech)) {
    const trials = streamed.map((one) => one.trial);
    const add = (how: string, figures: EndFigures | undefined): void => {
      rows.push(
        figures
          ? [
              group,
              how,
              trials.length,
              percent(figures.cutOff),
              ms(figures.p50Ms),
              ms(figures.p95Ms),
              share(figures.never),
              percent(figures.inPauses),
            ]
          : [group, how, trials.length, "-", "-", "-", "-", "-"],
      );
    };
    add("model, as shipped", endFigures(trials, modelTakes(streamed, thresholds)));
    for (const target of [0.02, 0.05, 0.08]) {
      const best = atCutOff(streamed, target, thresholds);
      add(
        `model at <= ${100 * target}% cut-offs (threshold ${best ? best.threshold.toFixed(3) : "none"})`,
        best?.figures,
      );
    }
    if (!silero) continue;
    const probabilities = streamed.map((one) => silero[withSpeech.indexOf(one)]!);
    for (const timerMs of TIMERS_MS)
      add(`Silero VAD, ${timerMs} ms`, endFigures(trials, timerTakes(trials, probabilities, timerMs)));
  }
  return table(
    "Ends of turns",
    ["what", "how", "turns", "cut off", "p50 ms", "p95 ms", "never", "taken in pauses"],
    rows,
  );
}

function overlapTable({ overlaps, thresholds }: Evaluated): string {
  const rows = [...groupsOf(overlaps)].map(([group, streamed]) => {
    const figures = overlapFigures(streamed, thresholds);
    return [group, streamed.length, percent(figures.yielded), percent(figures.duckedOrYielded), ms(figures.p50Ms)];
  });
  return table(
    "While the agent speaks",
    ["the caller's side", "clips", "yielded", "ducked or yielded", "p50 ms from onset"],
    rows,
  );
}

function groupsOf(streamed: readonly Streamed[]): Map<string, Streamed[]> {
  return Map.groupBy(streamed, (one) => one.trial.group);
}

function speakersOf(streamed: readonly Streamed[]): number {
  return new Set(streamed.map((one) => one.trial.speaker)).size;
}

function percent({ value, low, high }: Estimate): string {
  if (Number.isNaN(value)) return "-";
  const one = (x: number): string => (100 * x).toFixed(1);
  return Number.isNaN(low) ? `${one(value)}%` : `${one(value)}% (${one(low)} to ${one(high)})`;
}

function share(value: number): string {
  return `${(100 * value).toFixed(1)}%`;
}

function ms(value: number): string {
  return Number.isNaN(value) ? "-" : value.toFixed(0);
}

function table(title: string, head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
  return [`## ${title}`, "", line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
