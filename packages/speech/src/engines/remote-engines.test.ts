import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, describe, it } from "node:test";
import { ulawLevelDbfs } from "@sidetone/audio";
import { type WebSocket, WebSocketServer } from "ws";
import type { SpeechEngine, SpeechSink, WordTiming } from "../port.ts";
import { CartesiaEngine } from "./cartesia-engine.ts";
import { ElevenLabsEngine } from "./elevenlabs-engine.ts";
import { OpenAiEngine } from "./openai-engine.ts";

const KEY = "right-key";
const TEXT = "your order has shipped.";
const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** One second of a tone that is too quiet, little-endian 16 bits. */
function tone(rateHz: number): Buffer {
  const bytes = Buffer.alloc(2 * rateHz);
  for (let i = 0; i < rateHz; i++)
    bytes.writeInt16LE(Math.round(800 * Math.sin((2 * Math.PI * 400 * i) / rateHz)), 2 * i);
  return bytes;
}

/** In pieces of an odd length, as a network gives them. */
function pieces(bytes: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / 1001) }, (_, i) => bytes.subarray(1001 * i, 1001 * (i + 1)));
}

interface Spoken {
  readonly muLaw: Uint8Array;
  readonly words: readonly WordTiming[];
}

async function speak(engine: SpeechEngine, voice: string, signal = new AbortController().signal): Promise<Spoken> {
  const audio: Uint8Array[] = [];
  const words: WordTiming[] = [];
  const sink: SpeechSink = {
    audio: (piece) => void audio.push(Uint8Array.from(piece)),
    words: (more) => void words.push(...more),
  };
  await engine.synthesise({ text: TEXT, voice }, sink, signal);
  return { muLaw: Uint8Array.from(Buffer.concat(audio)), words };
}

/** Refuses what the real endpoint refuses: a wrong key, an unknown voice, fields that are missing or out of range. */
async function openAiServer(): Promise<string> {
  const server = createServer(async (request, response) => {
    const refuse = (status: number, message: string): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ error: { message } }));
    };
    if (request.method !== "POST" || request.url !== "/v1/audio/speech") return refuse(404, "no such route");
    if (request.headers.authorization !== `Bearer ${KEY}`) return refuse(401, "Incorrect API key provided");
    let text = "";
    for await (const piece of request) text += piece;
    const body = JSON.parse(text) as Record<string, unknown>;
    if (body.voice !== "alloy") return refuse(400, "voice: unknown");
    if (typeof body.input !== "string" || typeof body.model !== "string" || body.response_format !== "pcm")
      return refuse(400, "bad field");
    if (typeof body.speed !== "number" || body.speed < 0.25 || body.speed > 4) return refuse(400, "speed");
    response.writeHead(200, { "content-type": "audio/pcm" });
    for (const piece of pieces(tone(24_000))) response.write(piece);
    response.end();
  });
  return `http://127.0.0.1:${await listen(server)}/v1`;
}

/** A socket server on its own HTTP server, with a check before the upgrade. */
async function socketServer(
  accepts: (request: IncomingMessage) => number,
  serve: (socket: WebSocket, request: IncomingMessage) => void,
): Promise<string> {
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    const status = accepts(request);
    if (status !== 101) return socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\n\r\n`);
    sockets.handleUpgrade(request, socket, head, (upgraded) => serve(upgraded, request));
  });
  return `ws://127.0.0.1:${await listen(server)}`;
}

const elevenLabsServer = (): Promise<string> =>
  socketServer(
    (request) => {
      const url = new URL(request.url!, "http://x");
      if (!url.pathname.match(/^\/v1\/text-to-speech\/[^/]+\/stream-input$/)) return 404;
      return url.searchParams.get("output_format") === "pcm_16000" ? 101 : 403;
    },
    (socket, request) => {
      const refuse = (error: string): void => {
        socket.send(JSON.stringify({ message: `refused: ${error}`, error, code: 1008 }));
        socket.close(1008);
      };
      let text = "";
      let isOpen = false;
      socket.on("message", (data: Buffer) => {
        const message = JSON.parse(data.toString()) as { text?: string };
        if (request.headers["xi-api-key"] !== KEY) return refuse("invalid_api_key");
        if (request.url!.includes("nobody")) return refuse("voice_id_does_not_exist");
        if (!isOpen) {
          if (message.text !== " ") return refuse("invalid_initialisation");
          isOpen = true;
          return;
        }
        if (message.text !== "") {
          if (!message.text?.endsWith(" ")) return refuse("text_must_end_with_space");
          text += message.text;
          return;
        }
        const audio = tone(16_000);
        const half = text.indexOf(" ", 8) + 1;
        for (const [part, from] of [
          [text.slice(0, half), 0],
          [text.slice(half), 1],
        ] as const) {
          const chars = [...part];
          socket.send(
            JSON.stringify({
              audio: audio.subarray(16_000 * from, 16_000 * (from + 1)).toString("base64"),
              isFinal: null,
              alignment: { chars, charStartTimesMs: chars.map((_, i) => 20 * i), charDurationsMs: chars.map(() => 20) },
            }),
          );
        }
        socket.send(JSON.stringify({ audio: null, isFinal: true }));
      });
    },
  );

const cartesiaServer = (cancelled: string[] = []): Promise<string> =>
  socketServer(
    (request) =>
      request.headers["x-api-key"] === KEY && request.headers["cartesia-version"] && request.url === "/tts/websocket"
        ? 101
        : 401,
    (socket) => {
      socket.on("message", (data: Buffer) => {
        const message = JSON.parse(data.toString()) as Record<string, unknown> & {
          voice?: { id?: string };
          output_format?: Record<string, unknown>;
        };
        const context_id = message.context_id as string;
        if (message.cancel === true) return void cancelled.push(context_id);
        const refuse = (title: string): void =>
          socket.send(
            JSON.stringify({ type: "error", done: true, title, message: title, status_code: 400, context_id }),
          );
        if (message.voice?.id === "nobody") return refuse("voice not found");
        if (message.voice?.id === "slow") return;
        const format = message.output_format;
        if (format?.container !== "raw" || format.encoding !== "pcm_s16le" || format.sample_rate !== 8000)
          return refuse("bad format");
        if (typeof message.transcript !== "string" || typeof message.model_id !== "string")
          return refuse("bad request");
        for (const piece of pieces(tone(8000))) {
          socket.send(
            JSON.stringify({
              type: "chunk",
              data: piece.toString("base64"),
              done: false,
              status_code: 206,
              context_id,
            }),
          );
        }
        const words = message.transcript.split(" ");
        const word_timestamps = { words, start: words.map((_, i) => i / 5), end: words.map((_, i) => i / 5 + 0.15) };
        socket.send(JSON.stringify({ type: "timestamps", word_timestamps, done: false, status_code: 206, context_id }));
        socket.send(JSON.stringify({ type: "done", done: true, status_code: 200, context_id }));
      });
    },
  );

function atTelephoneLevel({ muLaw }: Spoken): void {
  assert.ok(Math.abs(muLaw.length - 8000) <= 2, `${muLaw.length} samples`);
  const levelDbfs = ulawLevelDbfs(muLaw, 4000);
  assert.ok(Math.abs(levelDbfs + 20) < 1.5, `${levelDbfs.toFixed(1)} dBFS`);
}

describe("OpenAiEngine", () => {
  it("streams pcm at telephone level", async () => {
    const engine = new OpenAiEngine({ baseUrl: await openAiServer(), apiKey: KEY, model: "tts" });
    const spoken = await speak(engine, "alloy");
    atTelephoneLevel(spoken);
    assert.deepEqual(spoken.words, []);
  });

  it("tells a refusal, a dead server and an abort apart", async () => {
    const baseUrl = await openAiServer();
    await assert.rejects(speak(new OpenAiEngine({ baseUrl, apiKey: "wrong", model: "tts" }), "alloy"), {
      code: "SPEECH_ENGINE_REFUSED",
      message: /401/,
    });
    await assert.rejects(speak(new OpenAiEngine({ baseUrl, apiKey: KEY, model: "tts" }), "nobody"), {
      code: "SPEECH_ENGINE_REFUSED",
    });
    await assert.rejects(speak(new OpenAiEngine({ baseUrl: "http://127.0.0.1:1", model: "tts" }), "alloy"), {
      code: "SPEECH_ENGINE_FAILED",
    });
    const engine = new OpenAiEngine({ baseUrl, apiKey: KEY, model: "tts" });
    await assert.rejects(speak(engine, "alloy", AbortSignal.abort()), { code: "SPEECH_CANCELLED" });
  });
});

describe("ElevenLabsEngine", () => {
  it("streams audio and puts characters with times together to words", async () => {
    const engine = new ElevenLabsEngine({ baseUrl: await elevenLabsServer(), apiKey: KEY, model: "flash" });
    const spoken = await speak(engine, "somebody");
    atTelephoneLevel(spoken);
    assert.deepEqual(spoken.words, [
      { text: "your", startSamples: 0, endSamples: 640, source: "engine" },
      { text: "order", startSamples: 800, endSamples: 1600, source: "engine" },
      { text: "has", startSamples: 4000, endSamples: 4480, source: "engine" },
      { text: "shipped.", startSamples: 4640, endSamples: 5920, source: "engine" },
    ]);
  });

  it("tells a refusal, a dead server and an abort apart", async () => {
    const baseUrl = await elevenLabsServer();
    const engine = new ElevenLabsEngine({ baseUrl, apiKey: KEY, model: "flash" });
    await assert.rejects(speak(new ElevenLabsEngine({ baseUrl, apiKey: "wrong", model: "flash" }), "x"), {
      code: "SPEECH_ENGINE_REFUSED",
      message: /invalid_api_key/,
    });
    await assert.rejects(speak(engine, "nobody"), { code: "SPEECH_ENGINE_REFUSED", message: /voice_id/ });
    await assert.rejects(
      speak(new ElevenLabsEngine({ baseUrl: `${baseUrl}/elsewhere`, apiKey: KEY, model: "flash" }), "x"),
      { code: "SPEECH_ENGINE_REFUSED", message: /404/ },
    );
    await assert.rejects(
      speak(new ElevenLabsEngine({ baseUrl: "ws://127.0.0.1:1", apiKey: KEY, model: "flash" }), "x"),
      { code: "SPEECH_ENGINE_FAILED" },
    );
    const abort = new AbortController();
    const cut = assert.rejects(speak(engine, "x", abort.signal), { code: "SPEECH_CANCELLED" });
    abort.abort();
    await cut;
  });
});

describe("CartesiaEngine", () => {
  it("speaks several clauses at once on one socket", async () => {
    const engine = new CartesiaEngine({ baseUrl: await cartesiaServer(), apiKey: KEY, model: "sonic" });
    await engine.start();
    for (const spoken of await Promise.all([speak(engine, "a"), speak(engine, "b")])) {
      atTelephoneLevel(spoken);
      assert.deepEqual(spoken.words[1], { text: "order", startSamples: 1600, endSamples: 2800, source: "engine" });
    }
    await engine.close();
  });

  it("cancels a clause with the service, too", async () => {
    const cancelled: string[] = [];
    const engine = new CartesiaEngine({ baseUrl: await cartesiaServer(cancelled), apiKey: KEY, model: "sonic" });
    await engine.start();
    const abort = new AbortController();
    const cut = assert.rejects(speak(engine, "slow", abort.signal), { code: "SPEECH_CANCELLED" });
    await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    await cut;
    // The socket keeps its order: when this clause is done the cancel has arrived.
    await speak(engine, "a");
    assert.equal(cancelled.length, 1);
    await engine.close();
  });

  it("tells a refusal and a dead server apart, and opens another socket after a loss", async () => {
    const baseUrl = await cartesiaServer();
    await assert.rejects(new CartesiaEngine({ baseUrl, apiKey: "wrong", model: "sonic" }).start(), {
      code: "SPEECH_ENGINE_REFUSED",
      message: /401/,
    });
    await assert.rejects(new CartesiaEngine({ baseUrl: "ws://127.0.0.1:1", apiKey: KEY, model: "sonic" }).start(), {
      code: "SPEECH_ENGINE_FAILED",
    });
    const engine = new CartesiaEngine({ baseUrl, apiKey: KEY, model: "sonic" });
    await assert.rejects(speak(engine, "nobody"), { code: "SPEECH_ENGINE_REFUSED", message: /voice not found/ });
    const slow = assert.rejects(speak(engine, "slow"), { code: "SPEECH_CANCELLED" });
    await new Promise((resolve) => setImmediate(resolve));
    await engine.close();
    await slow;
    atTelephoneLevel(await speak(engine, "a"));
    await engine.close();
  });
});
