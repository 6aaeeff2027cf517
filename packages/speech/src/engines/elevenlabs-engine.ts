import { WebSocket } from "ws";
import { z } from "zod";
import { SpeechError } from "../errors.ts";
import type { SpeechEngine, SpeechRequest, SpeechSink } from "../port.ts";
import { RemoteAudio, type TimedText, timingsOf, VoiceGains } from "./remote-audio.ts";
import { parseJson } from "./socket-json.ts";

export interface ElevenLabsEngineOptions {
  /** `wss://api.elevenlabs.io` when absent. */
  readonly baseUrl?: string;
  readonly apiKey: string;
  readonly model: string;
  readonly timeoutMs?: number;
}

const RATE_HZ = 16_000;

const Alignment = z.object({
  chars: z.array(z.string()),
  charStartTimesMs: z.array(z.number()),
  charDurationsMs: z.array(z.number()),
});
const Message = z.object({
  audio: z.string().nullish(),
  isFinal: z.boolean().nullish(),
  alignment: Alignment.nullish(),
  error: z.string().nullish(),
  message: z.string().nullish(),
});

/**
 * The `stream-input` socket: a message that opens the stream, the text, and an empty text that ends it; audio comes back
 * in base64 with the times of its characters, counted from the start of each piece.
 * Source: https://elevenlabs.io/docs/api-reference/text-to-speech/v-1-text-to-speech-voice-id-stream-input
 */
export class ElevenLabsEngine implements SpeechEngine {
  readonly name = "elevenlabs";
  readonly version: string;
  readonly deterministic = false;
  readonly timeoutMs: number;
  readonly #options: ElevenLabsEngineOptions;
  readonly #gains = new VoiceGains();

  constructor(options: ElevenLabsEngineOptions) {
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

  synthesise(request: SpeechRequest, sink: SpeechSink, signal: AbortSignal): Promise<void> {
    const { baseUrl = "wss://api.elevenlabs.io", apiKey, model } = this.#options;
    const query = new URLSearchParams({ model_id: model, output_format: "pcm_16000", sync_alignment: "true" });
    const url = `${baseUrl}/v1/text-to-speech/${encodeURIComponent(request.voice)}/stream-input?${query}`;
    const audio = new RemoteAudio(sink, RATE_HZ, request.voice, this.#gains);
    const words = new CharacterTimes();
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, { headers: { "xi-api-key": apiKey } });
      const fail = (error: SpeechError): void => {
        reject(error);
        socket.terminate();
      };
      signal.addEventListener(
        "abort",
        () => fail(new SpeechError("SPEECH_CANCELLED", "the caller no longer wants it")),
        { once: true },
      );
      socket.on("open", () => {
        socket.send(JSON.stringify({ text: " ", voice_settings: { speed: request.rate ?? 1 } }));
        socket.send(JSON.stringify({ text: `${request.text} `, flush: true }));
        socket.send(JSON.stringify({ text: "" }));
      });
      socket.on("message", (data: Buffer) => {
        const parsed = Message.safeParse(parseJson(data));
        if (!parsed.success)
          return fail(new SpeechError("SPEECH_ENGINE_FAILED", "elevenlabs sent what it does not document"));
        const message = parsed.data;
        if (message.error)
          return fail(new SpeechError("SPEECH_ENGINE_REFUSED", `${message.error}: ${message.message ?? ""}`));
        if (message.alignment) words.take(message.alignment, audio.takenMs);
        if (message.audio) audio.take(Buffer.from(message.audio, "base64"));
        if (!message.isFinal) return;
        audio.finish();
        sink.words(timingsOf(request.text, words.words()));
        resolve();
        socket.close();
      });
      socket.on("unexpected-response", (_, response) =>
        fail(new SpeechError("SPEECH_ENGINE_REFUSED", `elevenlabs answered ${response.statusCode}`)),
      );
      socket.on("error", (cause) => fail(new SpeechError("SPEECH_ENGINE_FAILED", "elevenlabs", { cause })));
      socket.on("close", (code, reason) =>
        fail(new SpeechError("SPEECH_ENGINE_FAILED", `elevenlabs closed: ${code} ${reason}`)),
      );
    });
  }
}

/** Puts characters with times together to words. */
class CharacterTimes {
  readonly #words: { text: string; startMs: number; endMs: number }[] = [];
  #isInWord = false;

  take(alignment: z.infer<typeof Alignment>, offsetMs: number): void {
    for (const [i, character] of alignment.chars.entries()) {
      if (character.trim() === "") {
        this.#isInWord = false;
        continue;
      }
      const startMs = offsetMs + (alignment.charStartTimesMs[i] ?? 0);
      const endMs = startMs + (alignment.charDurationsMs[i] ?? 0);
      const word = this.#isInWord ? this.#words.at(-1) : undefined;
      if (word) {
        word.text += character;
        word.endMs = endMs;
      } else this.#words.push({ text: character, startMs, endMs });
      this.#isInWord = true;
    }
  }

  words(): readonly TimedText[] {
    return this.#words;
  }
}
