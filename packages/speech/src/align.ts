import { ULAW_TO_LINEAR } from "@sidetone/audio";
import type { WordTiming } from "./port.ts";

const FRAME_SAMPLES = 80;
const QUIET = 200;
const LEAST_PAUSE_FRAMES = 6;
/** Rough lengths in samples at 8 kHz of what is said at a normal rate. */
const VOWEL_SAMPLES = 900;
const CONSONANT_SAMPLES = 450;
const PAUSE_SAMPLES = 1600;

/** How long the tokens of a clause will take, in samples at 8 kHz, without having heard them. */
export function estimateSamples(tokens: readonly string[], rate = 1): number {
  return tokens.reduce((sum, token) => sum + weight(token) + (pauses(token) ? PAUSE_SAMPLES : 0), 0) / rate;
}

/**
 * Where the tokens lie in audio that comes without timings: by their length in sounds, held to the pauses that are
 * heard where the text has a comma. Good to a syllable or so.
 *
 * @param totalSamples length of the clause, which may be estimated while it is still being made
 */
export function alignWords(tokens: readonly string[], muLaw: Uint8Array, totalSamples: number): WordTiming[] {
  const parts: string[][] = [[]];
  for (const [index, token] of tokens.entries()) {
    parts.at(-1)!.push(token);
    if (pauses(token) && index < tokens.length - 1) parts.push([]);
  }
  const weights = parts.map((part) => part.reduce((sum, token) => sum + weight(token), 0));
  const whole = weights.reduce((sum, part) => sum + part, 0);
  const gaps = findPauses(muLaw);
  const timings: WordTiming[] = [];
  let start = 0;
  let sum = 0;
  for (const [index, part] of parts.entries()) {
    sum += weights[index]!;
    const expected = (sum / whole) * totalSamples;
    const gap = index < parts.length - 1 ? nearest(gaps, expected, start) : undefined;
    const end = gap?.from ?? expected;
    let at = start;
    for (const token of part) {
      const next = at + ((end - start) * weight(token)) / weights[index]!;
      timings.push({ text: token, startSamples: Math.round(at), endSamples: Math.round(next), source: "aligned" });
      at = next;
    }
    start = gap?.to ?? end;
  }
  return timings;
}

function pauses(token: string): boolean {
  return /[,.;:!?]$/.test(token);
}

function weight(token: string): number {
  const vowels = token.match(/[aeiouy]+/gi)?.length ?? 0;
  const consonants = token.match(/[b-df-hj-np-tv-xz]/gi)?.length ?? 0;
  return Math.max(1, vowels) * VOWEL_SAMPLES + consonants * CONSONANT_SAMPLES;
}

interface Pause {
  readonly from: number;
  readonly to: number;
}

function findPauses(muLaw: Uint8Array): Pause[] {
  const found: Pause[] = [];
  let quiet = 0;
  const frames = Math.floor(muLaw.length / FRAME_SAMPLES);
  for (let frame = 0; frame <= frames; frame++) {
    const isQuiet = frame < frames && frameIsQuiet(muLaw, frame * FRAME_SAMPLES);
    if (isQuiet) quiet++;
    else {
      if (quiet >= LEAST_PAUSE_FRAMES) found.push({ from: (frame - quiet) * FRAME_SAMPLES, to: frame * FRAME_SAMPLES });
      quiet = 0;
    }
  }
  return found;
}

function frameIsQuiet(muLaw: Uint8Array, at: number): boolean {
  for (let i = at; i < at + FRAME_SAMPLES; i++) if (Math.abs(ULAW_TO_LINEAR[muLaw[i]!]!) > QUIET) return false;
  return true;
}

function nearest(pauses: readonly Pause[], expected: number, after: number): Pause | undefined {
  const reachable = pauses.filter((pause) => pause.from > after && Math.abs(pause.from - expected) < 4000);
  return reachable.sort((a, b) => Math.abs(a.from - expected) - Math.abs(b.from - expected))[0];
}
