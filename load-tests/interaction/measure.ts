import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Call } from "@sidetone/testkit";
import { type ClockKind, type Contender, startContender } from "./contenders.ts";
import { type Judged, runStimuli } from "./run-stimuli.ts";
import type { Stimulus } from "./stimuli.ts";
import { isRightFinding, normalWords, readTapes, type Understood, wordErrors } from "./understanding.ts";

/** What was understood of one stimulus; only of contenders that keep tapes. */
export interface Understanding {
  /** Words of the turn, and how many of them were wrong. */
  words: number;
  wordErrors: number;
  heard: string;
  /** Where an order number was meant: digits, how many were wrong, and whether the finding was spoken. */
  digits?: { meant: string; understood: string; errors: number; rightFinding: boolean };
}

/** One stimulus with one contender. */
export interface Measured extends Judged {
  understanding?: Understanding;
  /** Of a failure: its stereo recording and its tape, relative to the report. */
  recording?: string;
  tape?: string;
}

export interface Measurement {
  model: string;
  tookS: number;
  /** What the carrier wrote into its error log. */
  notices: string[];
  measured: Measured[];
}

export interface MeasureOptions {
  name: string;
  stimuli: readonly Stimulus[];
  concurrency: number;
  clock: ClockKind;
  /** Where failures' recordings go: `failures/<contender>/` under it. */
  out: string;
  /** Hears how many calls are over. */
  progress?: (done: number) => void;
}

const isFailure = (judged: Judged): boolean => !judged.right && !judged.void;

/** Runs all stimuli against one contender and keeps what went wrong. */
export async function measure(options: MeasureOptions): Promise<Measurement> {
  const { name, stimuli, concurrency, clock, out, progress } = options;
  const contender = await startContender(name, concurrency, clock);
  const beganMs = performance.now();
  try {
    const folder = join(out, "failures", name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const recordings = new Map<string, string>();
    let done = 0;
    const keep = (judged: Judged, call: Call): void => {
      progress?.(++done);
      if (!isFailure(judged)) return;
      const path = join(folder, `${judged.id}.wav`);
      writeFileSync(path, call.ear.toWav());
      recordings.set(judged.id, relative(out, path));
    };
    const judged = await contender.drive(() => runStimuli(contender.line, stimuli, concurrency, keep));
    const tapes = await finishedTapes(contender);
    const byId = new Map(stimuli.map((stimulus) => [stimulus.id, stimulus]));
    const measured = judged.map((one): Measured => {
      const tape = tapes.get(one.callSid);
      const stimulus = byId.get(one.id);
      const recording = recordings.get(one.id);
      const understanding = tape && stimulus ? understandingOf(stimulus, one, tape) : undefined;
      let kept: string | undefined;
      if (tape && recording !== undefined) {
        kept = recording.replace(/wav$/, "tape");
        copyFileSync(tape.tapePath, join(out, kept));
      }
      return {
        ...one,
        ...(understanding ? { understanding } : {}),
        ...(recording === undefined ? {} : { recording }),
        ...(kept === undefined ? {} : { tape: kept }),
      };
    });
    const tookS = (performance.now() - beganMs) / 1_000;
    const model = [...tapes.values()].find((tape) => tape.model !== "line-test")?.model ?? contender.model;
    return { model, tookS, notices: noticesOf(contender), measured };
  } finally {
    await contender.close();
  }
}

const noticesOf = ({ line }: Contender): string[] =>
  line.carrier.notices.map(({ code, text, detail }) => `${code} ${text}: ${detail}`);

/** Tapes are closed off the road, a moment after their call. */
async function finishedTapes({ dataDir, line }: Contender): Promise<Map<string, Understood>> {
  if (dataDir === undefined) return new Map();
  await line.carrier.close();
  return readTapes(dataDir);
}

/** Numbers whose playbook records; the others keep no words. */
const RECORDED: readonly string[] = ["open", "order"];

function understandingOf(stimulus: Stimulus, judged: Judged, tape: Understood): Understanding | undefined {
  const isAside = stimulus.demand === "carry-on" || stimulus.keys !== undefined;
  if (!RECORDED.includes(stimulus.number) || (isAside && stimulus.digits === undefined)) return undefined;
  const from = judged.startMs - stimulus.startMs;
  const words = tape.heard.filter((word) => word.endMs > from).map((word) => word.text);
  const reference = normalWords(stimulus.words);
  const heard = normalWords(words.join(" "));
  const understanding = {
    words: reference.length,
    wordErrors: stimulus.keys ? 0 : wordErrors(reference, heard),
    heard: heard.join(" "),
  };
  if (stimulus.digits === undefined) return understanding;
  const understood = tape.digits ?? "";
  const errors = wordErrors([...stimulus.digits], [...understood]);
  const rightFinding = isRightFinding(tape.answers, stimulus.digits);
  return { ...understanding, digits: { meant: stimulus.digits, understood, errors, rightFinding } };
}
