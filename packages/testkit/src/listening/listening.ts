import { ULAW_TO_LINEAR, ulawLevelDbfs } from "@sidetone/audio";
import type { AgentLine, LineWord } from "./agent-lines.ts";

/** What a listener with instruments would say of the agent's voice in a call. */
export interface Listening {
  /** Sound in all, ms. */
  soundMs: number;
  /** Level of the speech alone, pauses left out: RMS in dBFS. */
  levelDbfs: number;
  /** Loudest sample, in dB below full scale. */
  peakDbfs: number;
  /** Samples at the end of the scale. */
  clippedSamples: number;
  /** Words that the call counts as heard whole. */
  words: number;
  /** Those of them whose end cannot be heard. */
  truncatedWords: string[];
  /** Longest silence within a line beyond the pause that was meant there, ms. */
  longestGapMs: number;
}

const SAMPLES_PER_MS = 8;
const BLOCK_SAMPLES = 80;
const BLOCK_MS = 10;
/** Above this a block of 10 ms belongs to speech. */
const SPEECH_DBFS = -45;
/** The faintest ends of words: a final "t" or "f" over the telephone. */
const FAINT_DBFS = -58;
/** mu-law's largest value is 32,124 of 32,768. */
const LARGEST = 32_124;
/** Up to this a sample is line silence: no engine speaks as quietly. */
const SILENT = 16;
/** A word's place may be off by a frame and the grain of its timing. */
const SLACK_MS = 30;
/** Shorter words have no part that could be told from their beginning. */
const SHORT_WORD_MS = 60;

/**
 * Listens to the agent's channel, `heard`, mu-law at 8 kHz, with instruments.
 * @param offsetMs where the media clock's 0 lies in `heard`
 */
export function listenTo(heard: Uint8Array, lines: readonly AgentLine[], offsetMs = 0): Listening {
  let power = 0;
  let blocks = 0;
  let peak = 0;
  let clippedSamples = 0;
  for (let at = 0; at + BLOCK_SAMPLES <= heard.length; at += BLOCK_SAMPLES) {
    const levelDbfs = ulawLevelDbfs(heard, at, BLOCK_SAMPLES);
    if (levelDbfs < SPEECH_DBFS) continue;
    power += 10 ** (levelDbfs / 10);
    blocks++;
  }
  for (const byte of heard) {
    const size = Math.abs(ULAW_TO_LINEAR[byte]!);
    if (size > peak) peak = size;
    if (size >= LARGEST) clippedSamples++;
  }
  const whole = lines.flatMap((line) => line.words.filter((word) => word.heard));
  return {
    soundMs: blocks * BLOCK_MS,
    levelDbfs: blocks === 0 ? -96 : 10 * Math.log10(power / blocks),
    peakDbfs: peak === 0 ? -96 : 20 * Math.log10(peak / 32_768),
    clippedSamples,
    words: whole.length,
    truncatedWords: whole.filter((word) => isTruncated(heard, word, offsetMs)).map((word) => word.text),
    longestGapMs: Math.max(0, ...lines.flatMap((line) => gapsOf(heard, line, offsetMs))),
  };
}

/** Nothing can be heard of the second half of a word. */
function isTruncated(heard: Uint8Array, word: LineWord, offsetMs: number): boolean {
  if (word.endMs - word.startMs < SHORT_WORD_MS) return false;
  const from = Math.round((offsetMs + (word.startMs + word.endMs) / 2 - SLACK_MS) * SAMPLES_PER_MS);
  const to = Math.round((offsetMs + word.endMs + SLACK_MS) * SAMPLES_PER_MS);
  for (let at = Math.max(0, from); at + BLOCK_SAMPLES <= Math.min(to, heard.length); at += BLOCK_SAMPLES / 2)
    if (ulawLevelDbfs(heard, at, BLOCK_SAMPLES) > FAINT_DBFS) return false;
  return true;
}

/** How much longer than meant it is silent from the middle of each word to the middle of the next, ms. */
function gapsOf(heard: Uint8Array, { words }: AgentLine, offsetMs: number): number[] {
  const whole = words.filter((word) => word.heard);
  return whole.slice(1).map((next, i) => {
    const word = whole[i]!;
    const middle = ({ startMs, endMs }: LineWord): number =>
      Math.round((offsetMs + (startMs + endMs) / 2) * SAMPLES_PER_MS);
    return Math.max(0, longestSilenceMs(heard, middle(word), middle(next)) - word.pauseMs);
  });
}

function longestSilenceMs(heard: Uint8Array, from: number, to: number): number {
  let longest = 0;
  let run = 0;
  for (let at = Math.max(0, from); at < Math.min(to, heard.length); at++) {
    run = Math.abs(ULAW_TO_LINEAR[heard[at]!]!) <= SILENT ? run + 1 : 0;
    if (run > longest) longest = run;
  }
  return longest / SAMPLES_PER_MS;
}
