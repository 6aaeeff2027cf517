import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeUlaw, readWav } from "@sidetone/audio";
import { z } from "zod";
import { ModelError } from "../errors.ts";
import { EXPECTATION_KINDS, type ExpectationKind } from "../port.ts";

const Line = z.object({
  id: z.string().optional(),
  path: z.string().min(1),
  offsetSamples: z.number().int().nonnegative().default(0),
  numSamples: z.number().int().positive(),
  kind: z.string().min(1),
  words: z.string().nullish(),
  speaker: z.string().default("unknown"),
  speechStartMs: z.number().nonnegative().nullish(),
  speechEndMs: z.number().nonnegative().nullish(),
  expectation: z.enum(EXPECTATION_KINDS).optional(),
  length: z.number().int().nonnegative().default(0),
  pauses: z.array(z.object({ startMs: z.number().nonnegative(), endMs: z.number().nonnegative() })).default([]),
});

/** One stretch of recorded sound, 8 kHz mu-law. */
export interface Clip {
  readonly id: string;
  readonly kind: string;
  readonly speaker: string;
  readonly muLaw: Uint8Array;
  /** Lower-case words, or undefined where nothing is known of them. */
  readonly words: readonly string[] | undefined;
  /** Where speech begins and ends, as the set has it; undefined for noise and where nobody measured it. */
  readonly speech: { readonly startMs: number; readonly endMs: number } | undefined;
  /** What a dialogue would have asked for, as the set has it, and of how many digits or letters it would be. */
  readonly expectation: ExpectationKind | undefined;
  readonly length: number;
  /** Pauses inside the speech that somebody marked. */
  readonly pauses: readonly { readonly startMs: number; readonly endMs: number }[];
}

const EVALUATED_RATE_HZ = 8000;

/**
 * Reads a folder of clips: `manifest.jsonl` with a line for each (path, offsetSamples, numSamples, kind, words, speaker,
 * speechStartMs, speechEndMs; expectation, length, pauses) beside 8 kHz mono WAV files. Throws `EVAL_SET_INVALID` with the line that is at fault.
 */
export async function readClipSet(
  folder: string,
  wanted: (speaker: string, id: string) => boolean = () => true,
): Promise<Clip[]> {
  const manifest = await readFile(join(folder, "manifest.jsonl"), "utf8").catch((cause: unknown) => {
    throw new ModelError("EVAL_SET_INVALID", `no manifest.jsonl in ${folder}`, { cause });
  });
  const files = new Map<string, Uint8Array>();
  const clips: Clip[] = [];
  for (const [at, text] of manifest.split("\n").entries()) {
    if (text.trim() === "") continue;
    const line = parseLine(text, at + 1);
    const id = line.id ?? `${line.path}@${line.offsetSamples}`;
    if (!wanted(line.speaker, id)) continue;
    let file = files.get(line.path);
    if (!file) {
      file = await readMuLaw(join(folder, line.path), at + 1);
      files.set(line.path, file);
    }
    const end = line.offsetSamples + line.numSamples;
    if (end > file.length) throw new ModelError("EVAL_SET_INVALID", `line ${at + 1}: the clip ends behind its file`);
    const { speechStartMs: startMs, speechEndMs: endMs } = line;
    clips.push({
      id,
      kind: line.kind,
      speaker: line.speaker,
      muLaw: file.subarray(line.offsetSamples, end),
      words: line.words == null ? undefined : (line.words.toLowerCase().match(/[a-z]+(?:'[a-z]+)*/g) ?? []),
      speech: startMs == null || endMs == null || endMs <= startMs ? undefined : { startMs, endMs },
      expectation: line.expectation,
      length: line.length,
      pauses: line.pauses,
    });
  }
  if (clips.length === 0) throw new ModelError("EVAL_SET_INVALID", `no clip of ${folder} was chosen`);
  return clips;
}

function parseLine(text: string, lineNumber: number): z.infer<typeof Line> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ModelError("EVAL_SET_INVALID", `line ${lineNumber} is not JSON`, { cause });
  }
  const parsed = Line.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new ModelError("EVAL_SET_INVALID", `line ${lineNumber}: ${issue.path.join(".")}: ${issue.message}`);
}

async function readMuLaw(path: string, lineNumber: number): Promise<Uint8Array> {
  const fault = (detail: string, cause?: unknown): ModelError =>
    new ModelError("EVAL_SET_INVALID", `line ${lineNumber}: ${path}: ${detail}`, { cause });
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw fault("cannot be read", cause);
  });
  let audio: ReturnType<typeof readWav>;
  try {
    audio = readWav(bytes);
  } catch (cause) {
    throw fault(cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (audio.sampleRateHz !== EVALUATED_RATE_HZ || audio.channels.length !== 1) {
    throw fault(`${audio.sampleRateHz} Hz with ${audio.channels.length} channels; 8000 Hz mono is evaluated`);
  }
  const samples = audio.channels[0]!;
  const muLaw = new Uint8Array(samples.length);
  encodeUlaw(samples, muLaw);
  return muLaw;
}

/** What is said in the clips, for a grammar that knows all of it. */
export const wordingsOf = (clips: readonly Clip[]): string[] =>
  clips.flatMap((clip) => (clip.words === undefined ? [] : [clip.words.join(" ")]));

/** Wordings of a file, one a line. Throws `EVAL_SET_INVALID`. */
export async function readPhrases(path: string): Promise<string[]> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new ModelError("EVAL_SET_INVALID", `no phrases in ${path}`, { cause });
  });
  return text.split("\n").filter((line) => line.trim() !== "");
}

/** At most `limit` clips of each kind, taken evenly over the set. */
export function limited(clips: readonly Clip[], limit: number): Clip[] {
  return [...Map.groupBy(clips, (clip) => clip.kind).values()].flatMap((own) => {
    const step = Math.max(1, own.length / limit);
    return Array.from({ length: Math.min(own.length, limit) }, (_, i) => own[Math.floor(i * step)]!);
  });
}
