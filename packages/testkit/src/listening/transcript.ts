import {
  createHopBatch,
  createOutputBatch,
  Decoder,
  EXPECTATION_KINDS,
  Grammar,
  HOP_SAMPLES,
  INTENTS,
  type InteractionModel,
  wordsOf,
} from "@sidetone/interaction-model";
import type { AgentLine } from "./agent-lines.ts";

/** A line of the agent's, and what our own ears made of its sound. */
export interface HeardBack {
  said: string[];
  heard: string[];
  /** Words that were missed, added or mistaken. */
  errors: number;
}

const SAMPLES_PER_MS = 8;
/** Sound before and behind a line that is listened to with it. */
const BEFORE_MS = 120;
const BEHIND_MS = 400;

/**
 * Has the interaction model hear the agent as if it were a caller, line by line, each in a slot of its own, and compares
 * its words with those that were said. `phrases` is all that the agent of that playbook might say: the lines themselves
 * are given no other help.
 * @param offsetMs where the media clock's 0 lies in `heard`
 */
export async function hearBack(
  model: InteractionModel,
  phrases: readonly string[],
  heard: Uint8Array,
  lines: readonly AgentLine[],
  offsetMs = 0,
): Promise<HeardBack[]> {
  const grammar = new Grammar({ symbols: model.info.symbols, phrases: [...phrases, ...lines.map(saidText)] });
  const result: HeardBack[] = [];
  for (const line of lines) {
    const said = wordsOf(saidText(line));
    if (said.length === 0) continue;
    const from = Math.round((offsetMs + line.startMs - BEFORE_MS) * SAMPLES_PER_MS);
    const to = Math.round((offsetMs + line.endMs + BEHIND_MS) * SAMPLES_PER_MS);
    const words = await transcribe(model, grammar, heard.subarray(Math.max(0, from), to));
    result.push({ said, heard: words, errors: wordErrors(said, words) });
  }
  return result;
}

/** The words of a line that the caller heard, as they were spoken. */
const saidText = (line: AgentLine): string =>
  line.words
    .filter((word) => word.heard)
    .map((word) => word.text)
    .join(" ");

async function transcribe(model: InteractionModel, grammar: Grammar, audio: Uint8Array): Promise<string[]> {
  const batch = createHopBatch(1);
  const outputs = createOutputBatch(1, model.info);
  const decoder = new Decoder(grammar);
  const slot = model.open(1);
  batch.count = 1;
  batch.slots[0] = slot;
  batch.expectationKind[0] = EXPECTATION_KINDS.indexOf("open");
  batch.intent[0] = INTENTS.indexOf("answer");
  batch.agent.fill(0xff);
  for (let hop = 0; (hop + 1) * HOP_SAMPLES <= audio.length; hop++) {
    batch.caller.set(audio.subarray(hop * HOP_SAMPLES, (hop + 1) * HOP_SAMPLES));
    batch.hopIndex[0] = hop;
    batch.hopsSinceAgentChange[0] = hop;
    await model.step(batch, outputs);
    decoder.hear(outputs.symbols, 0, hop * 40);
  }
  model.close(slot);
  return decoder.endTurn().map((word) => word.text);
}

/** Fewest words to be inserted, left out or replaced to make one list the other. */
export function wordErrors(said: readonly string[], heard: readonly string[]): number {
  let row = Array.from({ length: heard.length + 1 }, (_, i) => i);
  for (const [i, word] of said.entries()) {
    const next = [i + 1];
    for (const [k, other] of heard.entries()) {
      next.push(Math.min(row[k + 1]! + 1, next[k]! + 1, row[k]! + (word === other ? 0 : 1)));
    }
    row = next;
  }
  return row[heard.length]!;
}
