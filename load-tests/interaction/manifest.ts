import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readWav, resample } from "@sidetone/audio";
import { SidetoneError } from "@sidetone/platform";
import { seededRandom } from "@sidetone/testkit";
import { z } from "zod";
import { SCENARIOS } from "./judge.ts";
import type { NumberName, Stimulus, Trigger } from "./stimuli.ts";
import { Voices } from "./voices.ts";
import { ASK_FOR_ORDER } from "./wordings.ts";

/** Scenarios that a recording can be of; the others are made of lines, keys and silence. */
const KINDS = [
  "smooth-turn",
  "noisy-turn",
  "pause-in-turn",
  "pause-in-digits",
  "long-story",
  "noisy-digits",
  "interruption-early",
  "interruption-middle",
  "interruption-late",
  "backchannel",
  "talking-to-others",
  "background-speech",
  "vocal-tic",
  "background-noise",
] as const;
type Kind = (typeof KINDS)[number];

const Entry = z
  .strictObject({
    /** A WAV, relative to the folder; of stereo, the left channel. */
    path: z.string().min(1),
    words: z.string(),
    /** The first and last moment of speech (or of the sound) in the recording. */
    speechStartMs: z.number().nonnegative(),
    speechEndMs: z.number().positive(),
    kind: z.enum(KINDS),
    /** For kinds with a pause: where the pause that is judged lies. */
    pauseStartMs: z.number().nonnegative().optional(),
    pauseEndMs: z.number().positive().optional(),
    /** The order number that is read out. */
    digits: z
      .string()
      .regex(/^\d{5}$/, "must be five digits")
      .optional(),
    speaker: z.string().default("unnamed"),
    noise: z.enum(["none", "20 dB", "10 dB"]).default("none"),
  })
  .refine((entry) => entry.speechStartMs < entry.speechEndMs, "speechStartMs must lie before speechEndMs")
  .refine((entry) => SCENARIOS[entry.kind] !== "wait" || isWithin(entry), {
    message: "needs pauseStartMs and pauseEndMs between speechStartMs and speechEndMs",
  });
type Entry = z.infer<typeof Entry>;

const Manifest = z.strictObject({ stimuli: z.array(Entry).min(1) });

function isWithin(entry: {
  speechStartMs: number;
  speechEndMs: number;
  pauseStartMs?: number | undefined;
  pauseEndMs?: number | undefined;
}): boolean {
  const { pauseStartMs: from, pauseEndMs: to } = entry;
  return from !== undefined && to !== undefined && entry.speechStartMs < from && from < to && to < entry.speechEndMs;
}

/** How far into its sentence the agent is spoken over, from and to. */
const INTO_SENTENCE_MS: Record<string, [number, number]> = {
  "interruption-early": [400, 1_000],
  "interruption-middle": [2_000, 3_500],
  "interruption-late": [4_500, 5_500],
};
const USUAL_MS: [number, number] = [1_500, 3_500];

const numberOf = (kind: Kind): NumberName => {
  if (kind.endsWith("digits")) return "order";
  return SCENARIOS[kind] === "yield" || SCENARIOS[kind] === "carry-on" ? "talk" : "open";
};

/**
 * Anybody's recordings as stimuli: `manifest.json` in the folder names them.
 * @throws SidetoneError STIMULI_INVALID with the entry and what is wrong with it
 */
export async function readManifest(folder: string): Promise<Stimulus[]> {
  const file = join(folder, "manifest.json");
  if (!existsSync(file)) throw new SidetoneError("STIMULI_INVALID", `There is no ${file}.`);
  const parsed = Manifest.safeParse(jsonOf(file));
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "manifest"}: ${message}`);
    throw new SidetoneError("STIMULI_INVALID", `${file}: ${issues.join("; ")}.`);
  }
  const voices = new Voices(join(folder, ".voices"));
  const prelude = parsed.data.stimuli.some(({ kind }) => numberOf(kind) === "order")
    ? voices.say("en-gb+m5", ASK_FOR_ORDER).audio
    : new Int16Array(0);
  return parsed.data.stimuli.map((entry, index) => stimulusOf(folder, entry, index, prelude));
}

function jsonOf(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new SidetoneError("STIMULI_INVALID", `${file} is no JSON: ${(cause as Error).message}.`, { cause });
  }
}

function stimulusOf(folder: string, entry: Entry, index: number, prelude: Int16Array): Stimulus {
  const { kind, speaker, words, noise, digits } = entry;
  const where = `stimuli.${index} (${entry.path})`;
  const audio = recordingOf(join(folder, entry.path), where);
  if (entry.speechEndMs > audio.length / 8 + 1) {
    const detail = `${where}: speechEndMs ${entry.speechEndMs} lies behind its end at ${Math.round(audio.length / 8)} ms.`;
    throw new SidetoneError("STIMULI_INVALID", detail);
  }
  const demand = SCENARIOS[kind];
  const number = numberOf(kind);
  const [low, high] = INTO_SENTENCE_MS[kind] ?? USUAL_MS;
  const random = seededRandom(index + 1);
  const trigger: Trigger =
    number === "talk" ? { kind: "over-agent", intoSentenceMs: low + random() * (high - low) } : { kind: "after-agent" };
  const judged =
    demand === "wait"
      ? { startMs: entry.pauseStartMs ?? 0, endMs: entry.pauseEndMs ?? 0 }
      : { startMs: entry.speechStartMs, endMs: entry.speechEndMs };
  return {
    id: `${kind}-${index}`,
    scenario: kind,
    isTwin: false,
    voice: speaker,
    number,
    demand,
    trigger,
    audio,
    words,
    noise,
    turnEndMs: entry.speechEndMs,
    ...judged,
    ...(number === "order" ? { prelude } : {}),
    ...(digits === undefined ? {} : { digits }),
  };
}

function recordingOf(path: string, where: string): Int16Array {
  if (!existsSync(path)) throw new SidetoneError("STIMULI_INVALID", `${where}: there is no such file.`);
  try {
    const { channels, sampleRateHz } = readWav(readFileSync(path));
    return resample(channels[0] ?? new Int16Array(0), sampleRateHz, 8_000);
  } catch (cause) {
    throw new SidetoneError("STIMULI_INVALID", `${where}: ${(cause as Error).message}`, { cause });
  }
}
