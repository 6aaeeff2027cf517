import { tmpdir } from "node:os";
import { join } from "node:path";
import { ULAW_TO_LINEAR } from "@sidetone/audio";
import { NativeEngine, Speaker, SpeechCache } from "@sidetone/speech";

const VOICE = "flite/slt";

/** The agent's voice, the same for every contender. */
export class AgentVoice {
  readonly #speaker: Speaker;

  private constructor(speaker: Speaker) {
    this.#speaker = speaker;
  }

  static async start(): Promise<AgentVoice> {
    const engine = new NativeEngine({ library: "flite", voice: "slt" });
    await engine.start();
    const cache = await SpeechCache.open({ folder: join(tmpdir(), "sidetone-bench-speech") });
    return new AgentVoice(new Speaker({ engines: [engine], voice: VOICE, fallbackVoice: VOICE, cache }));
  }

  /** 8 kHz mu-law. */
  async say(text: string): Promise<Uint8Array> {
    const utterance = this.#speaker.say(text);
    while (!utterance.done) await new Promise((resolve) => setTimeout(resolve, 2));
    if (utterance.error) throw utterance.error;
    return utterance.muLaw;
  }
}

export const toLinear = (muLaw: Uint8Array): Int16Array => Int16Array.from(muLaw, (byte) => ULAW_TO_LINEAR[byte] ?? 0);
