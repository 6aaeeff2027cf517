import { writeFileSync } from "node:fs";
import { speak } from "@sidetone/testkit";

/** What a caller will say in a demonstration: its sound, and when each word of it is said. */
export interface KnownSpeech {
  /** Base64 of 8 kHz mu-law. */
  audio: string;
  words: { text: string; startMs: number; endMs: number }[];
}

const SAMPLES_PER_MS = 8;
/** The engine leaves a little silence around what it speaks. */
const PADDING_MS = 60;

/**
 * Speaks pieces of text with pauses (ms) between them. Where a piece lies is known to the sample; the words of one
 * piece share its time by their letters.
 */
export async function utter(pieces: readonly (string | number)[]): Promise<{ bytes: Uint8Array; known: KnownSpeech }> {
  const words: KnownSpeech["words"] = [];
  const parts: Uint8Array[] = [];
  let atMs = 0;
  for (const piece of pieces) {
    const audio = typeof piece === "number" ? new Uint8Array(piece * SAMPLES_PER_MS).fill(0xff) : await speak(piece);
    const lengthMs = audio.length / SAMPLES_PER_MS;
    if (typeof piece === "string") words.push(...wordsWithin(piece, atMs + PADDING_MS, lengthMs - 2 * PADDING_MS));
    parts.push(audio);
    atMs += lengthMs;
  }
  const bytes = new Uint8Array(Buffer.concat(parts));
  return { bytes, known: { audio: Buffer.from(bytes).toString("base64"), words } };
}

/** Writes what a knowing pod reads (`knowing-ears.ts`). */
export function writeKnown(path: string, all: readonly KnownSpeech[]): void {
  writeFileSync(path, JSON.stringify(all));
}

function wordsWithin(piece: string, startMs: number, lengthMs: number): KnownSpeech["words"] {
  const texts = piece.split(" ");
  const letters = texts.reduce((sum, text) => sum + text.length + 1, 0);
  let before = 0;
  return texts.map((text) => {
    const from = startMs + (before / letters) * lengthMs;
    before += text.length + 1;
    return { text, startMs: from, endMs: startMs + ((before - 1) / letters) * lengthMs };
  });
}
