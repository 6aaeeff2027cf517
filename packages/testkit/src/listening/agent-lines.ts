import { HOP_SAMPLES, type PodOutput } from "@sidetone/protocol";
import type { WholeTape } from "../road/tapes.ts";

const SAMPLES_PER_MS = 8;

/** A word of the agent's, where it lies for the caller's ear, in ms of the media clock. */
export interface LineWord {
  text: string;
  startMs: number;
  endMs: number;
  /** Pause that was meant to follow it, ms. */
  pauseMs: number;
  /** The call counts it as heard to its last sample. */
  heard: boolean;
}

/** Something that the agent said, as far as the caller heard it. */
export interface AgentLine {
  utteranceId: number;
  act: string;
  /** All that was meant to be said. */
  text: string;
  startMs: number;
  endMs: number;
  /** It was broken off. */
  cut: boolean;
  words: LineWord[];
}

type Output<T extends PodOutput["type"]> = Extract<PodOutput, { type: T }>;

/** What the agent said in a call, with every word on the media clock, by the bridge's own account of what was heard. */
export function agentLines(tape: WholeTape): AgentLine[] {
  const outputs = tape.notes.flatMap((note) => (note.type === "out" ? [note.output] : []));
  const of = <T extends PodOutput["type"]>(type: T): Output<T>[] =>
    outputs.filter((output): output is Output<T> => output.type === type);
  const place = placer(tape);
  const lines: AgentLine[] = [];
  for (const said of of("said")) {
    const timed = of("worded").findLast((worded) => worded.utteranceId === said.utteranceId)?.words ?? [];
    const yielded = of("yielded").find((one) => one.utteranceId === said.utteranceId);
    const through = yielded === undefined ? timed.length - 1 : yielded.heardThroughWord;
    const startMs = place(said.epoch, said.startSamples + 1);
    if (startMs === undefined) continue;
    const words = timed.flatMap((word, i): LineWord[] => {
      const from = place(said.epoch, word.startSamples + 1);
      if (from === undefined) return [];
      const to = place(said.epoch, word.endSamples) ?? from + (word.endSamples - word.startSamples) / SAMPLES_PER_MS;
      const next = timed[i + 1];
      const pauseMs = next === undefined ? 0 : Math.max(0, next.startSamples - word.endSamples) / SAMPLES_PER_MS;
      return [{ text: word.text, startMs: from, endMs: to, pauseMs, heard: i <= through }];
    });
    const endMs = words.findLast((word) => word.heard)?.endMs ?? startMs;
    const { utteranceId, act, text } = said;
    lines.push({ utteranceId, act, text, startMs, endMs, cut: yielded !== undefined, words });
  }
  return lines;
}

/** Says when a sample of an epoch was heard, in ms of the media clock; undefined for what never was. */
function placer(tape: WholeTape): (epoch: number, sample: number) => number | undefined {
  return (epoch, sample) => {
    for (let hop = 0; hop < tape.hops; hop++) {
      if (tape.heardEpoch[hop] !== epoch || tape.heardSamples[hop]! < sample) continue;
      const before = tape.heardEpoch[hop - 1] === epoch ? tape.heardSamples[hop - 1]! : 0;
      const after = tape.heardEpoch[hop + 1] === epoch ? tape.heardSamples[hop + 1]! : tape.heardSamples[hop]!;
      // Where the audio goes on it fills the hop to its end; where it ends it began with the hop.
      const goesOn = after > tape.heardSamples[hop]!;
      const at = goesOn
        ? (hop + 1) * HOP_SAMPLES - (tape.heardSamples[hop]! - sample)
        : hop * HOP_SAMPLES + (sample - before);
      return at / SAMPLES_PER_MS;
    }
    return undefined;
  };
}
