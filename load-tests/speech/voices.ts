import { ulawLevelDbfs } from "@sidetone/audio";
import type { InteractionModel } from "@sidetone/interaction-model";
import type { SpeechEngine, Utterance } from "@sidetone/speech";
import { CartesiaEngine, ElevenLabsEngine, NativeEngine, OpenAiEngine, Speaker, SpeechCache } from "@sidetone/speech";
import { type AgentLine, hearBack } from "@sidetone/testkit";

/** Embedded voices, by the library that has them. */
const EMBEDDED = {
  flite: ["slt", "rms", "awb", "kal16"],
  espeak: ["en-us", "en-gb-x-rp"],
} as const;

export interface Engine {
  engine: SpeechEngine;
  /** Names of voices, without the engine's. */
  voices: readonly string[];
  /** The audio is made on this machine, by what ships. */
  embedded: boolean;
}

/** The embedded engines, and those over the network for which the environment has an account, as the pod reads it. */
export function enginesOf(env: Readonly<Record<string, string | undefined>>): Engine[] {
  const engines: Engine[] = (["flite", "espeak"] as const).map((library) => ({
    engine: new NativeEngine({ library, voice: EMBEDDED[library][0] }),
    voices: EMBEDDED[library],
    embedded: true,
  }));
  const { SPEECH_URL, SPEECH_KEY, SPEECH_MODEL = "tts-1", ELEVENLABS_API_KEY, CARTESIA_API_KEY } = env;
  const remote = (engine: SpeechEngine, voice: string | undefined): void => {
    if (voice !== undefined) engines.push({ engine, voices: [voice], embedded: false });
  };
  if (SPEECH_URL !== undefined)
    remote(
      new OpenAiEngine({
        baseUrl: SPEECH_URL,
        model: SPEECH_MODEL,
        ...(SPEECH_KEY === undefined ? {} : { apiKey: SPEECH_KEY }),
      }),
      env.BENCH_SPEECH_VOICE ?? "alloy",
    );
  if (ELEVENLABS_API_KEY !== undefined)
    remote(
      new ElevenLabsEngine({ apiKey: ELEVENLABS_API_KEY, model: env.ELEVENLABS_MODEL ?? "eleven_flash_v2_5" }),
      env.BENCH_ELEVENLABS_VOICE,
    );
  if (CARTESIA_API_KEY !== undefined)
    remote(
      new CartesiaEngine({ apiKey: CARTESIA_API_KEY, model: env.CARTESIA_MODEL ?? "sonic-2" }),
      env.BENCH_CARTESIA_VOICE,
    );
  return engines;
}

export type Source = "memory" | "disk" | "made";

/** Times to the first audio, by where it came from, in ms. */
export async function firstAudio(
  engine: SpeechEngine,
  voice: string,
  folder: string,
  lines: readonly string[],
): Promise<Record<Source, number[]>> {
  const tookMs: Record<Source, number[]> = { memory: [], disk: [], made: [] };
  const id = `${engine.name}/${voice}`;
  const speaker = async (): Promise<Speaker> =>
    new Speaker({
      engines: [engine],
      voice: id,
      fallbackVoice: id,
      cache: await SpeechCache.open({ folder }),
      onFirstAudio: (_engine, source, ms) => tookMs[source].push(ms),
    });
  // The second speaker has an empty memory and the disk that the first one filled.
  for (const one of [await speaker(), await speaker()])
    for (let round = 0; round < 2; round++) for (const line of lines) await one.say(line).finished;
  return tookMs;
}

/** Of the lines that a playbook's calls say word for word, how many begin from memory once they were warmed. */
export async function warmed(
  engine: SpeechEngine,
  voice: string,
  lines: readonly string[],
): Promise<{ lines: number; fromMemory: number; failed: number }> {
  const id = `${engine.name}/${voice}`;
  let fromMemory = 0;
  const speaker = new Speaker({
    engines: [engine],
    voice: id,
    fallbackVoice: id,
    cache: await SpeechCache.open({}),
    onFirstAudio: (_engine, source) => {
      if (source === "memory") fromMemory++;
    },
  });
  const { failed } = await speaker.warm(lines);
  for (const line of lines) await speaker.say(line).finished;
  return { lines: lines.length, fromMemory, failed };
}

/** What our own ears make of a voice: words wrong of words said, and its level in dBFS. */
export async function clarity(
  engine: SpeechEngine,
  voice: string,
  rate: number,
  lines: readonly string[],
  ears: InteractionModel,
): Promise<{ words: number; errors: number; levelDbfs: number }> {
  const id = `${engine.name}/${voice}`;
  const speaker = new Speaker({ engines: [engine], voice: id, fallbackVoice: id, cache: await SpeechCache.open({}) });
  const sum = { words: 0, errors: 0, levelDbfs: 0 };
  for (const line of lines) {
    const utterance = speaker.say(line, { rate });
    await utterance.finished;
    const audio = new Uint8Array(BEFORE_SAMPLES + utterance.readyThroughSamples + BEHIND_SAMPLES).fill(0xff);
    utterance.read(0, audio.subarray(BEFORE_SAMPLES, BEFORE_SAMPLES + utterance.readyThroughSamples));
    const [heard] = await hearBack(ears, lines, audio, [lineOf(utterance)]);
    sum.words += heard?.said.length ?? 0;
    sum.errors += heard?.errors ?? 0;
    sum.levelDbfs += ulawLevelDbfs(audio, BEFORE_SAMPLES, utterance.readyThroughSamples) / lines.length;
  }
  return sum;
}

const BEFORE_SAMPLES = 1_600;
const BEHIND_SAMPLES = 4_800;

function lineOf({ text, words, readyThroughSamples }: Utterance): AgentLine {
  const at = (samples: number): number => (BEFORE_SAMPLES + samples) / 8;
  return {
    utteranceId: 0,
    act: "line",
    text,
    startMs: at(0),
    endMs: at(readyThroughSamples),
    cut: false,
    words: words.map((word) => ({
      text: word.text,
      startMs: at(word.startSamples),
      endMs: at(word.endSamples),
      pauseMs: 0,
      heard: true,
    })),
  };
}
