import { join } from "node:path";
import type { Logger } from "@sidetone/platform";
import { NativeEngine, Speaker, SpeechCache } from "@sidetone/speech";

/** Voices that Debian ships: the embedded ones, each the other's fallback. */
const USUAL_VOICE = "flite/slt";
const FALLBACK_VOICE = "espeak/en-gb-x-rp";

export interface SpeechSettings {
  dataDir: string;
  /** `engine/voice` of lines whose playbook names none. */
  voice?: string | undefined;
}

/** Starts the speech engines of one worker. Throws `SpeechError` when none can speak. */
export async function startSpeaker(settings: SpeechSettings, log: Logger): Promise<Speaker> {
  const speaker = new Speaker({
    engines: [
      new NativeEngine({ library: "flite", voice: "slt" }),
      new NativeEngine({ library: "espeak", voice: "en-gb-x-rp" }),
    ],
    voice: settings.voice ?? USUAL_VOICE,
    fallbackVoice: FALLBACK_VOICE,
    cache: await SpeechCache.open({ folder: join(settings.dataDir, "speech") }),
    onFailure: (error) => {
      // Lines that are no longer wanted are given up all the time.
      if (error.code === "SPEECH_CANCELLED") return;
      log.warn({ err: { code: error.code, message: error.message } }, "a voice failed");
    },
  });
  await speaker.start();
  return speaker;
}
