import { randomUUID } from "node:crypto";
import { WebSocket } from "ws";
import { z } from "zod";
import { SpeechError } from "../errors.ts";
import type { SpeechEngine, SpeechRequest, SpeechSink } from "../port.ts";
import { RemoteAudio, type TimedText, timingsOf, VoiceGains } from "./remote-audio.ts";
import { parseJson } from "./socket-json.ts";

export interface CartesiaEngineOptions {
  /** `wss://api.cartesia.ai` when absent. */
  readonly baseUrl?: string;
  readonly apiKey: string;
  readonly model: string;
  readonly timeoutMs?: number;
}

const API_VERSION = "2025-04-16";
const RATE_HZ = 8000;

const Message = z.discriminatedUnion("type", [
  z.object({ type: z.literal("chunk"), context_id: z.string(), data: z.string() }),
  z.object({
    type: z.literal("timestamps"),
    context_id: z.string(),
    word_timestamps: z.object({ words: z.array(z.string()), start: z.array(z.number()), end: z.array(z.number()) }),
  }),
  z.object({ type: z.literal("done"), context_id: z.string() }),
  z.object({
    type: z.literal("error"),
    context_id: z.string().nullish(),
    error: z.string().optional(),
    message: z.string().optional(),
    title: z.string().optional(),
  }),
  z.object({ type: z.literal("flush_done"), context_id: z.string() }),
  z.object({ type: z.literal("phoneme_timestamps"), context_id: z.string() }),
]);

/** One clause on the shared socket. */
interface Speaking {
  readonly audio: RemoteAudio;
  readonly words: TimedText[];
  readonly finish: () => void;
  readonly fail: (error: SpeechError) => void;
}

/**
 * One socket for all clauses, each a context of its own; audio in base64, words with times in seconds.
 * Source: https://docs.cartesia.ai/api-reference/tts/websocket
 */
export class CartesiaEngine implements SpeechEngine {
  readonly name = "cartesia";
  readonly version: string;
  readonly deterministic = false;
  readonly timeoutMs: number;
  readonly #options: CartesiaEngineOptions;
  readonly #gains = new VoiceGains();
  readonly #speaking = new Map<string, Speaking>();
  #socket: WebSocket | undefined;
  #opened: Promise<WebSocket> | undefined;

  constructor(options: CartesiaEngineOptions) {
    this.#options = options;
    this.version = options.model;
    this.timeoutMs = options.timeoutMs ?? 1500;
  }

  async start(): Promise<void> {
    await this.#open();
  }

  close(): Promise<void> {
    this.#end(new SpeechError("SPEECH_CANCELLED", "the engine was closed"));
    return Promise.resolve();
  }

  async synthesise(request: SpeechRequest, sink: SpeechSink, signal: AbortSignal): Promise<void> {
    const socket = await this.#open();
    if (signal.aborted) throw new SpeechError("SPEECH_CANCELLED", "the caller no longer wants it");
    const context = randomUUID();
    const audio = new RemoteAudio(sink, RATE_HZ, request.voice, this.#gains);
    const words: TimedText[] = [];
    await new Promise<void>((resolve, reject) => {
      this.#speaking.set(context, {
        audio,
        words,
        finish: () => {
          audio.finish();
          sink.words(timingsOf(request.text, words));
          resolve();
        },
        fail: reject,
      });
      signal.addEventListener(
        "abort",
        () => {
          if (!this.#speaking.delete(context)) return;
          if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ context_id: context, cancel: true }));
          reject(new SpeechError("SPEECH_CANCELLED", "the caller no longer wants it"));
        },
        { once: true },
      );
      socket.send(
        JSON.stringify({
          model_id: this.#options.model,
          transcript: request.text,
          voice: { mode: "id", id: request.voice },
          language: "en",
          context_id: context,
          output_format: { container: "raw", encoding: "pcm_s16le", sample_rate: RATE_HZ },
          add_timestamps: true,
          continue: false,
          ...(request.rate === undefined ? {} : { generation_config: { speed: request.rate } }),
        }),
      );
    });
  }

  #open(): Promise<WebSocket> {
    this.#opened ??= new Promise((resolve, reject) => {
      const { baseUrl = "wss://api.cartesia.ai", apiKey } = this.#options;
      const socket = new WebSocket(`${baseUrl}/tts/websocket`, {
        headers: { "x-api-key": apiKey, "cartesia-version": API_VERSION },
      });
      const fail = (error: SpeechError): void => {
        reject(error);
        if (this.#socket === socket) this.#end(error);
      };
      this.#socket = socket;
      socket.on("open", () => resolve(socket));
      socket.on("message", (data: Buffer) => this.#take(data));
      socket.on("unexpected-response", (_, response) =>
        fail(new SpeechError("SPEECH_ENGINE_REFUSED", `cartesia answered ${response.statusCode}`)),
      );
      socket.on("error", (cause) => fail(new SpeechError("SPEECH_ENGINE_FAILED", "cartesia", { cause })));
      socket.on("close", (code) => fail(new SpeechError("SPEECH_ENGINE_FAILED", `cartesia closed: ${code}`)));
    });
    return this.#opened;
  }

  #take(data: Buffer): void {
    const parsed = Message.safeParse(parseJson(data));
    if (!parsed.success) {
      this.#end(new SpeechError("SPEECH_ENGINE_FAILED", "cartesia sent what it does not document"));
      return;
    }
    const message = parsed.data;
    const speaking = message.context_id == null ? undefined : this.#speaking.get(message.context_id);
    switch (message.type) {
      case "chunk":
        speaking?.audio.take(Buffer.from(message.data, "base64"));
        return;
      case "timestamps": {
        const { words, start, end } = message.word_timestamps;
        for (const [i, text] of words.entries()) {
          speaking?.words.push({ text, startMs: 1000 * (start[i] ?? 0), endMs: 1000 * (end[i] ?? 0) });
        }
        return;
      }
      case "done":
        this.#speaking.delete(message.context_id);
        speaking?.finish();
        return;
      case "error": {
        const error = new SpeechError("SPEECH_ENGINE_REFUSED", message.error ?? `${message.title}: ${message.message}`);
        if (message.context_id == null) this.#end(error);
        else this.#speaking.delete(message.context_id);
        speaking?.fail(error);
        return;
      }
      case "flush_done":
      case "phoneme_timestamps":
        return;
    }
  }

  /** The socket is of no use any more: what it was speaking fails, and the next request opens another. */
  #end(error: SpeechError): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#opened = undefined;
    for (const speaking of this.#speaking.values()) speaking.fail(error);
    this.#speaking.clear();
    socket?.terminate();
  }
}
