import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readWav, resample } from "@sidetone/audio";
import { audibleExtent, type Span } from "./ear.ts";

/**
 * Callers' voices that training never uses (`HELD_OUT_VARIANTS` and `HELD_OUT_FLITE` in
 * packages/interaction-model/training/voices.py); the agent's own voice is not among them.
 */
export const CALLER_VOICES = [
  "en-us+f4",
  "en-gb+m5",
  "en-us+Mike",
  "en-gb-scotland+Nguyen",
  "en-gb-x-rp+AnxiousAndy",
  "en-us+announcer",
  "en-us-nyc+f4",
  "en-029+m5",
  "flite:rms",
] as const;
export type CallerVoice = (typeof CALLER_VOICES)[number];

export interface Clip {
  /** 8 kHz, linear, scaled to `SPEECH_LEVEL_DB` while speaking. */
  audio: Int16Array;
  /** First and last audible moment, milliseconds within the clip. */
  speech: Span;
}

const SPEECH_LEVEL_DB = -23;

function synthesise(voice: CallerVoice, text: string, wordsPerMinute: number): Buffer {
  if (voice.startsWith("flite:")) {
    const file = join(process.env.TMPDIR ?? "/tmp", `bench-${process.pid}.wav`);
    execFileSync("flite", ["-voice", voice.slice(6), "-t", text, "-o", file]);
    return readFileSync(file);
  }
  return execFileSync("espeak-ng", ["-v", voice, "-s", String(wordsPerMinute), "--stdout", text], {
    maxBuffer: 32_000_000,
  });
}

function normalise(audio: Int16Array): Clip {
  const speech = audibleExtent(audio);
  let sum = 0;
  const from = speech.startMs * 8;
  const to = speech.endMs * 8;
  for (let i = from; i < to; i++) sum += (audio[i] ?? 0) ** 2;
  const rms = Math.sqrt(sum / Math.max(1, to - from));
  const gain = (32_768 * 10 ** (SPEECH_LEVEL_DB / 20)) / Math.max(1, rms);
  return { audio: audio.map((sample) => Math.max(-32_000, Math.min(32_000, Math.round(sample * gain)))), speech };
}

/** Renders callers' lines, each once: `folder` keeps them for the next run. */
export class Voices {
  readonly #folder: string;
  readonly #made = new Map<string, Clip>();

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  say(voice: CallerVoice, text: string, wordsPerMinute = 160): Clip {
    const key = createHash("sha256")
      .update(JSON.stringify([voice, text, wordsPerMinute]))
      .digest("hex")
      .slice(0, 24);
    const made = this.#made.get(key);
    if (made) return made;
    const path = join(this.#folder, `${key}.wav`);
    if (!existsSync(path)) {
      // Several processes may make the same line.
      const fresh = `${path}.${process.pid}.new`;
      writeFileSync(fresh, synthesise(voice, text, wordsPerMinute));
      renameSync(fresh, path);
    }
    const wav = readWav(readFileSync(path));
    const clip = normalise(resample(wav.channels[0] ?? new Int16Array(0), wav.sampleRateHz, 8_000));
    this.#made.set(key, clip);
    return clip;
  }
}
