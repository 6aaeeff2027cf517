import { join } from "node:path";
import type { Logger } from "@sidetone/platform";
import {
  CartesiaEngine,
  type CartesiaEngineOptions,
  ElevenLabsEngine,
  type ElevenLabsEngineOptions,
  NativeEngine,
  OpenAiEngine,
  type OpenAiEngineOptions,
  Speaker,
  SpeechCache,
  type SpeechEngine,
  type SpeechError,
} from "@sidetone/speech";

/** The embedded voices, as Debian ships them: the first that can speak is the usual one, the last is the fallback. */
const EMBEDDED = [
  { library: "flite", voice: "slt" },
  { library: "espeak", voice: "en-gb-x-rp" },
] as const;

export interface SpeechSettings {
  dataDir: string;
  /** Of what was spoken before that is kept in memory; 0: nothing. */
  memoryBytes?: number | undefined;
  /** `engine/voice` of lines whose playbook names none. */
  voice?: string | undefined;
  openAi?: OpenAiEngineOptions | undefined;
  elevenLabs?: ElevenLabsEngineOptions | undefined;
  cartesia?: CartesiaEngineOptions | undefined;
}

/** Starts the speech engines of one worker. An engine that is not installed is passed over; throws when none is. */
export async function startSpeaker(settings: SpeechSettings, log: Logger): Promise<Speaker> {
  const engines: SpeechEngine[] = [];
  const voices: string[] = [];
  let fault: unknown;
  for (const { library, voice } of EMBEDDED) {
    const engine = new NativeEngine({ library, voice });
    try {
      await engine.start();
      engines.push(engine);
      voices.push(`${engine.name}/${voice}`);
    } catch (error) {
      fault = error;
      log.warn({ engine: library, err: error }, "a speech engine does not start");
      await engine.close();
    }
  }
  engines.push(...remoteEngines(settings));
  const [usual] = voices;
  if (usual === undefined) throw fault;
  return new Speaker({
    engines,
    voice: settings.voice ?? usual,
    fallbackVoice: voices.at(-1)!,
    cache: await SpeechCache.open({
      folder: join(settings.dataDir, "speech"),
      ...(settings.memoryBytes !== undefined && { memoryBytes: settings.memoryBytes }),
    }),
    onFailure: (error: SpeechError) => {
      // Lines that are no longer wanted are given up all the time.
      if (error.code === "SPEECH_CANCELLED") return;
      log.warn({ err: { code: error.code, message: error.message } }, "a voice failed");
    },
  });
}

/** Voices over the network. They are asked when a line names them, and never waited for at start. */
function remoteEngines({ openAi, elevenLabs, cartesia }: SpeechSettings): SpeechEngine[] {
  const engines: SpeechEngine[] = [];
  if (openAi) engines.push(new OpenAiEngine(openAi));
  if (elevenLabs) engines.push(new ElevenLabsEngine(elevenLabs));
  if (cartesia) engines.push(new CartesiaEngine(cartesia));
  return engines;
}
