import { fixedLinesOf, validatePlaybook } from "@sidetone/dialogue";
import { type InteractionModel, OnnxModel } from "@sidetone/interaction-model";
import type { Call } from "../carrier/call.ts";
import type { WholeTape } from "../road/tapes.ts";
import { type AgentLine, agentLines } from "./agent-lines.ts";
import { type Listening, listenTo } from "./listening.ts";
import { type HeardBack, hearBack } from "./transcript.ts";

/** A call as its caller heard it, held against what its tape says that was said. */
export interface CallReport {
  lines: AgentLine[];
  listening: Listening;
  /** Frames of silence in the midst of audio, because it came too late. */
  starvedMs: number;
  heardBack: HeardBack[];
  /** Share of the words that our own ears missed, added or mistook; NaN of no words. */
  wordErrorRate: number;
}

const FRAME_MS = 20;

/**
 * Listens to a call that is over, with instruments and with our own ears.
 * @param model whose ears; the shipped one when absent
 */
export async function reportOfCall(call: Call, tape: WholeTape, model?: InteractionModel): Promise<CallReport> {
  const lines = agentLines(tape);
  const { heard } = call.ear;
  const offsetMs = call.mediaBeganAtMs ?? 0;
  const ears = model ?? (await OnnxModel.load());
  try {
    const heardBack = await hearBack(ears, agentPhrases(tape), heard, lines, offsetMs);
    const words = heardBack.reduce((sum, line) => sum + line.said.length, 0);
    const errors = heardBack.reduce((sum, line) => sum + line.errors, 0);
    return {
      lines,
      listening: listenTo(heard, lines, offsetMs),
      starvedMs: call.streams.reduce((sum, { counts }) => sum + counts.starvedFrames, 0) * FRAME_MS,
      heardBack,
      wordErrorRate: errors / words,
    };
  } finally {
    if (model === undefined) await ears.dispose();
  }
}

/** All that the agent of the call's playbook may say word for word. */
function agentPhrases(tape: WholeTape): string[] {
  const opened = tape.notes.find((note) => note.type === "in" && note.input.type === "opened");
  if (opened?.type !== "in" || opened.input.type !== "opened" || opened.input.playbook.model !== "interaction")
    return [];
  return fixedLinesOf(validatePlaybook(opened.input.playbook.document).document);
}

/** The report in lines of text. */
export function describeReport({ listening, starvedMs, lines, heardBack, wordErrorRate }: CallReport): string[] {
  const { levelDbfs, peakDbfs, clippedSamples, soundMs, words, truncatedWords, longestGapMs } = listening;
  const cut = lines.filter((line) => line.cut).length;
  const percent = Number.isNaN(wordErrorRate) ? "-" : `${(100 * wordErrorRate).toFixed(0)}%`;
  return [
    `agent: ${(soundMs / 1000).toFixed(1)} s of sound at ${levelDbfs.toFixed(1)} dBFS, peak ${peakDbfs.toFixed(1)} dBFS, ${clippedSamples} clipped samples`,
    `agent: ${lines.length} lines (${cut} cut off), ${words} words heard whole, ${truncatedWords.length} of them truncated${truncatedWords.length > 0 ? ` (${truncatedWords.join(", ")})` : ""}`,
    `agent: longest gap within a line ${Math.round(longestGapMs)} ms beyond the pause that was meant; ${starvedMs} ms of audio came too late`,
    `transcribed back by our own ears: ${percent} of words wrong`,
    ...heardBack.map(({ said, heard }) => `  said  ${said.join(" ")}\n  heard ${heard.join(" ")}`),
  ];
}
