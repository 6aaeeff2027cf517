import { globSync } from "node:fs";
import { join } from "node:path";
import type { HeardWord } from "@sidetone/protocol";
import { TapeReader } from "@sidetone/store";
import { DIGITS } from "./wordings.ts";

/** What one call's tape says of what was heard and said. */
export interface Understood {
  /** The caller's words as they were taken down in the end, times in ms of the call. */
  heard: readonly HeardWord[];
  /** The order number as it was understood last. */
  digits: string | undefined;
  /** Answers that the caller heard to their end. */
  answers: readonly string[];
  tapePath: string;
  /** What decided, with the first digits of its weights' hash. */
  model: string;
}

/** A bridge closes a tape off the road, a moment after its call. */
const CLOSED_WITHIN_MS = 10_000;

/** Tapes of finished calls under a data folder, by the carrier's call id. */
export async function readTapes(dataDir: string): Promise<Map<string, Understood>> {
  const untilMs = performance.now() + CLOSED_WITHIN_MS;
  while (globSync("tapes/**/*.tape.live", { cwd: dataDir }).length > 0 && performance.now() < untilMs) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const tapes = new Map<string, Understood>();
  for (const path of globSync("tapes/**/*.tape", { cwd: dataDir })) {
    const tapePath = join(dataDir, path);
    const reader = await TapeReader.open(tapePath);
    tapes.set(reader.header.carrierCallId, await understood(reader, tapePath));
  }
  return tapes;
}

async function understood(reader: TapeReader, tapePath: string): Promise<Understood> {
  const turns = new Map<number, readonly HeardWord[]>();
  const said = new Map<number, string>();
  const answers: string[] = [];
  let digits: string | undefined;
  for await (const record of reader.records()) {
    if (record.kind !== "note" || record.note.type !== "out") continue;
    const { output } = record.note;
    if (output.type === "heard") turns.set(output.turn, output.words);
    if (output.type === "slot-filled") digits = output.value.replace(/\D/g, "");
    if (output.type === "said") said.set(output.utteranceId, output.text);
    if (output.type === "finished") answers.push(said.get(output.utteranceId) ?? "");
  }
  const heard = [...turns].sort(([a], [b]) => a - b).flatMap(([, words]) => words);
  const { model, modelHash } = reader.header;
  return { heard, digits, answers, tapePath, model: `${model} ${modelHash.slice(0, 12)}`.trim() };
}

/** Words as they are compared: lower case, letters only, digits spelled out one by one. */
export const normalWords = (text: string): string[] =>
  text
    .toLowerCase()
    .replace(/\d/g, (digit) => ` ${DIGITS[Number(digit)]} `)
    .replace(/[^a-z' ]+/g, " ")
    .split(" ")
    .filter((word) => word !== "");

/** Insertions, deletions and substitutions between two strings of words. */
export function wordErrors(reference: readonly string[], heard: readonly string[]): number {
  let row = Array.from({ length: heard.length + 1 }, (_, i) => i);
  for (const [i, word] of reference.entries()) {
    const next = [i + 1];
    for (const [j, other] of heard.entries()) {
      const left = (next[j] ?? 0) + 1;
      const up = (row[j + 1] ?? 0) + 1;
      next.push(Math.min(left, up, (row[j] ?? 0) + (word === other ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** The finding that was asked for: the last answer that was heard to its end names exactly this order. */
export function isRightFinding(answers: readonly string[], digits: string): boolean {
  const named = answers.filter((answer) => /^your order\b/i.test(answer));
  const last = named.at(-1);
  return last !== undefined && spokenDigits(last) === digits;
}

export function spokenDigits(text: string): string {
  return normalWords(text)
    .map((word) => DIGITS.indexOf(word))
    .filter((digit) => digit >= 0)
    .join("");
}
