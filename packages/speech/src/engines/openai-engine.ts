import { SpeechError } from "../errors.ts";
import type { SpeechEngine, SpeechRequest, SpeechSink } from "../port.ts";
import { RemoteAudio, VoiceGains } from "./remote-audio.ts";

export interface OpenAiEngineOptions {
  /** Up to and without `/audio/speech`, for example `https://api.openai.com/v1` or `http://127.0.0.1:8880/v1`. */
  readonly baseUrl: string;
  readonly apiKey?: string;
  readonly model: string;
  readonly timeoutMs?: number;
}

/** Rate of `pcm` as the interface defines it. */
const PCM_RATE_HZ = 24_000;

/**
 * `POST /v1/audio/speech` with `response_format: pcm`, streamed. Many local servers speak it. It gives no word timings.
 * Source: https://platform.openai.com/docs/api-reference/audio/createSpeech
 */
export class OpenAiEngine implements SpeechEngine {
  readonly name = "openai";
  readonly version: string;
  readonly deterministic = false;
  readonly timeoutMs: number;
  readonly #options: OpenAiEngineOptions;
  readonly #gains = new VoiceGains();

  constructor(options: OpenAiEngineOptions) {
    this.#options = options;
    this.version = options.model;
    this.timeoutMs = options.timeoutMs ?? 1500;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async synthesise(request: SpeechRequest, sink: SpeechSink, signal: AbortSignal): Promise<void> {
    const { baseUrl, apiKey, model } = this.#options;
    try {
      const response = await fetch(`${baseUrl.replace(/\/$/, "")}/audio/speech`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
        },
        body: JSON.stringify({
          model,
          input: request.text,
          voice: request.voice,
          response_format: "pcm",
          speed: request.rate ?? 1,
        }),
        signal,
      });
      if (!response.ok || !response.body) {
        throw new SpeechError("SPEECH_ENGINE_REFUSED", `${response.status} ${(await response.text()).slice(0, 200)}`);
      }
      const audio = new RemoteAudio(sink, PCM_RATE_HZ, request.voice, this.#gains);
      for await (const piece of response.body) audio.take(piece);
      audio.finish();
    } catch (cause) {
      if (cause instanceof SpeechError) throw cause;
      if (signal.aborted) throw new SpeechError("SPEECH_CANCELLED", "the caller no longer wants it");
      throw new SpeechError("SPEECH_ENGINE_FAILED", "openai", { cause });
    }
  }
}
