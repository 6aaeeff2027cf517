import { llm, stt, tts } from "@livekit/agents";
import { AudioFrame } from "@livekit/rtc-node";
import { encodeUlaw } from "@sidetone/audio";
import type { InferenceSession } from "onnxruntime-node";
import { KnownWords } from "./ears.ts";
import type { Script } from "./script.ts";
import type { Truth } from "./truths.ts";
import { type AgentVoice, toLinear } from "./voice.ts";

const SAMPLE_RATE_HZ = 8_000;
const FRAME_SAMPLES = 160;

/** A streaming recogniser without mistakes. */
export class ToldWords extends stt.STT {
  readonly label = "bench.ToldWords";
  readonly #words: KnownWords;

  constructor(session: InferenceSession, truth: Truth) {
    super({ streaming: true, interimResults: true });
    this.#words = new KnownWords(session, truth);
  }

  protected _recognize(): Promise<stt.SpeechEvent> {
    throw new Error("only streams are recognised");
  }

  stream(): stt.SpeechStream {
    return new ToldWordsStream(this, this.#words);
  }
}

class ToldWordsStream extends stt.SpeechStream {
  readonly label = "bench.ToldWordsStream";
  readonly #words: KnownWords;

  constructor(of: ToldWords, words: KnownWords) {
    super(of, SAMPLE_RATE_HZ);
    this.#words = words;
  }

  protected async run(): Promise<void> {
    let pending = new Int16Array(0);
    for await (const frame of this.input) {
      if (typeof frame === "symbol") continue;
      const joined = new Int16Array(pending.length + frame.data.length);
      joined.set(pending);
      joined.set(frame.data, pending.length);
      let at = 0;
      for (; at + FRAME_SAMPLES <= joined.length; at += FRAME_SAMPLES) {
        const muLaw = new Uint8Array(FRAME_SAMPLES);
        encodeUlaw(joined.subarray(at, at + FRAME_SAMPLES), muLaw);
        const heard = await this.#words.hear(muLaw);
        if (!heard || this.queue.closed) continue;
        const type =
          heard.type === "final" ? stt.SpeechEventType.FINAL_TRANSCRIPT : stt.SpeechEventType.INTERIM_TRANSCRIPT;
        const language = "en" as stt.SpeechData["language"];
        this.queue.put({
          type,
          alternatives: [{ language, text: heard.text, startTime: 0, endTime: 0, confidence: 1 }],
        });
      }
      pending = joined.slice(at);
    }
  }
}

/** Answers from the script, at once. */
export class ScriptedModel extends llm.LLM {
  readonly #script: Script;

  constructor(script: Script) {
    super();
    this.#script = script;
  }

  label(): string {
    return "bench.ScriptedModel";
  }

  chat(asked: Parameters<llm.LLM["chat"]>[0]): llm.LLMStream {
    const { chatCtx, toolCtx, connOptions } = asked;
    const options = connOptions ?? { maxRetry: 0, retryIntervalMs: 0, timeoutMs: 10_000 };
    return new ScriptedStream(this, this.#script, { chatCtx, connOptions: options, ...(toolCtx ? { toolCtx } : {}) });
  }
}

class ScriptedStream extends llm.LLMStream {
  readonly #script: Script;

  constructor(of: llm.LLM, script: Script, options: ConstructorParameters<typeof llm.LLMStream>[1]) {
    super(of, options);
    this.#script = script;
  }

  protected async run(): Promise<void> {
    const last = this.chatCtx.items.findLast((item) => item.type === "message" && item.role === "user");
    const heard = last?.type === "message" ? (last.textContent ?? "") : "";
    const content = await this.#script.reply(heard);
    if (!this.queue.closed) this.queue.put({ id: "reply", delta: { role: "assistant", content } });
  }
}

/** The voice that every contender speaks with. */
export class ScriptedVoice extends tts.TTS {
  readonly label = "bench.ScriptedVoice";
  readonly #voice: AgentVoice;

  constructor(voice: AgentVoice) {
    super(SAMPLE_RATE_HZ, 1, { streaming: false });
    this.#voice = voice;
  }

  synthesize(text: string): tts.ChunkedStream {
    return new SpokenLine(text, this, this.#voice);
  }

  stream(): tts.SynthesizeStream {
    throw new Error("lines are made whole");
  }
}

class SpokenLine extends tts.ChunkedStream {
  readonly label = "bench.SpokenLine";
  readonly #voice: AgentVoice;

  constructor(text: string, of: tts.TTS, voice: AgentVoice) {
    super(text, of);
    this.#voice = voice;
  }

  protected async run(): Promise<void> {
    const samples = toLinear(await this.#voice.say(this.inputText));
    const frame = new AudioFrame(samples, SAMPLE_RATE_HZ, 1, samples.length);
    if (!this.queue.closed) this.queue.put({ requestId: "line", segmentId: "line", frame, final: true });
    this.queue.close();
  }
}
