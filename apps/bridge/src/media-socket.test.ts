import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { createLog, type ErrorCode, SidetoneError, VirtualClock } from "@sidetone/platform";
import { WebSocket, WebSocketServer } from "ws";
import { MAX_MESSAGE_BYTES, MediaSocket, type SocketCall } from "./media-socket.ts";

const SID = "MZ1";
const start = (more: object = {}) => ({
  event: "start",
  sequenceNumber: "1",
  streamSid: SID,
  start: {
    streamSid: SID,
    accountSid: "AC1",
    callSid: "CA1",
    tracks: ["inbound"],
    customParameters: { token: "a-token-of-some-length" },
    mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
  },
  ...more,
});
const media = (chunk: number, more: object = {}) => ({
  event: "media",
  sequenceNumber: String(chunk + 1),
  streamSid: SID,
  media: {
    track: "inbound",
    chunk: String(chunk),
    timestamp: String(chunk * 20),
    payload: Buffer.alloc(160, chunk).toString("base64"),
  },
  ...more,
});
const CONNECTED = { event: "connected", protocol: "Call", version: "1.0.0" };

type Sent = object | string | Buffer;
const asWire = (sent: Sent) => (typeof sent === "string" || Buffer.isBuffer(sent) ? sent : JSON.stringify(sent));

describe("a media socket", () => {
  const clock = new VirtualClock();
  const refusals: ErrorCode[] = [];
  const seen: string[] = [];
  let server: WebSocketServer;
  let accept: (seen: string[]) => SocketCall = recorder;
  let opened: (() => void) | undefined;

  before(async () => {
    server = new WebSocketServer({ port: 0, maxPayload: MAX_MESSAGE_BYTES });
    await new Promise((resolve) => server.once("listening", resolve));
    server.on("connection", (socket, request) => {
      new MediaSocket(socket, request.socket, {
        clock,
        log: createLog({ process: "test", level: "silent" }),
        startTimeoutMs: 5_000,
        accept: () => accept(seen),
        refused: (code) => refusals.push(code),
      });
      opened?.();
    });
  });
  after(() => server.close());

  function recorder(into: string[]): SocketCall {
    return {
      onMedia: (bytes, length, sequence, chunk, timestampMs) =>
        into.push(`media ${length}x${bytes[0]} #${sequence} chunk ${chunk} at ${timestampMs}`),
      onKey: (digit, sequence) => into.push(`key ${digit} #${sequence}`),
      onMark: (name, sequence) => into.push(`mark ${name} #${sequence}`),
      onOver: (reason) => into.push(`over: ${reason}`),
    };
  }

  /** Sends everything, in order, and returns how the socket was closed. */
  async function talk(messages: Sent[]): Promise<{ code: number; reason: string }> {
    seen.length = 0;
    refusals.length = 0;
    const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await new Promise((resolve) => socket.once("open", resolve));
    const closed = new Promise<{ code: number; reason: string }>((resolve) =>
      socket.once("close", (code, reason) => resolve({ code, reason: reason.toString() })),
    );
    socket.on("error", () => undefined);
    for (const message of messages) socket.send(asWire(message));
    return closed;
  }

  test("takes what the carrier documents, and hands over the audio as it came", async () => {
    const closed = await talk([
      CONNECTED,
      start(),
      media(1),
      { event: "dtmf", streamSid: SID, sequenceNumber: "3", dtmf: { track: "inbound_track", digit: "#" } },
      { event: "mark", streamSid: SID, sequenceNumber: "4", mark: { name: "7" } },
      media(2, { media: { track: "outbound", chunk: "2", timestamp: "40", payload: "////" } }),
      { event: "stop", streamSid: SID, sequenceNumber: "6", stop: { accountSid: "AC1", callSid: "CA1" } },
    ]);
    assert.deepEqual(closed, { code: 1000, reason: "" });
    assert.deepEqual(seen, ["media 160x1 #2 chunk 1 at 20", "key # #3", "mark 7 #4", "over: stopped"]);
    assert.deepEqual(refusals, []);
  });

  const bad: { name: string; messages: Sent[]; code: ErrorCode; close?: number; over?: boolean }[] = [
    { name: "garbage", messages: ["hello"], code: "MESSAGE_MALFORMED" },
    { name: "JSON of no kind", messages: ["[1,2]"], code: "MESSAGE_MALFORMED" },
    { name: "null", messages: ["null"], code: "MESSAGE_MALFORMED" },
    { name: "an event nobody documented", messages: [{ event: "video" }], code: "MESSAGE_MALFORMED" },
    { name: "a binary message", messages: [Buffer.from([1, 2, 3])], code: "MESSAGE_BINARY" },
    { name: "10 MB", messages: ["x".repeat(10_000_000)], code: "MESSAGE_TOO_LARGE", close: 1009 },
    { name: "media before start", messages: [CONNECTED, media(1)], code: "MESSAGE_OUT_OF_ORDER" },
    {
      name: "a key before start",
      messages: [{ event: "dtmf", streamSid: SID, sequenceNumber: "3", dtmf: { track: "inbound_track", digit: "1" } }],
      code: "MESSAGE_OUT_OF_ORDER",
    },
    { name: "two connecteds", messages: [CONNECTED, CONNECTED], code: "MESSAGE_OUT_OF_ORDER" },
    { name: "two starts", messages: [CONNECTED, start(), start()], code: "MESSAGE_OUT_OF_ORDER", over: true },
    {
      name: "a start of another encoding",
      messages: [
        start({ start: { ...start().start, mediaFormat: { encoding: "audio/l16", sampleRate: 16000, channels: 1 } } }),
      ],
      code: "MESSAGE_MALFORMED",
    },
    {
      name: "a sequence number that is none",
      messages: [start(), media(1, { sequenceNumber: 2 })],
      code: "MESSAGE_MALFORMED",
      over: true,
    },
    {
      name: "another stream's media",
      messages: [start(), media(1, { streamSid: "MZ2" })],
      code: "MESSAGE_MALFORMED",
      over: true,
    },
    {
      name: "a payload that is not base64",
      messages: [start(), media(1, { media: { track: "inbound", chunk: "1", timestamp: "20", payload: "%%%%" } })],
      code: "MESSAGE_MALFORMED",
      over: true,
    },
    {
      name: "an empty payload",
      messages: [start(), media(1, { media: { track: "inbound", chunk: "1", timestamp: "20", payload: "" } })],
      code: "MESSAGE_MALFORMED",
      over: true,
    },
    {
      name: "a second of audio in one message",
      messages: [
        start(),
        media(1, {
          media: { track: "inbound", chunk: "1", timestamp: "20", payload: Buffer.alloc(8000).toString("base64") },
        }),
      ],
      code: "MESSAGE_TOO_LARGE",
      over: true,
    },
    {
      name: "a thousand messages at once",
      messages: [start(), ...Array.from({ length: 1_000 }, (_, i) => media(i + 1))],
      code: "MESSAGE_RATE",
      over: true,
    },
  ];
  for (const { name, messages, code, close = 1008, over = false } of bad) {
    test(`answers ${name} with ${code}`, async () => {
      const closed = await talk(messages);
      assert.equal(closed.code, close);
      if (close === 1008) assert.equal(closed.reason, code);
      assert.deepEqual(refusals, [code]);
      assert.equal(seen.at(-1), over ? "over: refused" : undefined);
    });
  }

  test("a start that the bridge refuses carries the refusal's code", async () => {
    accept = () => {
      throw new SidetoneError("TOKEN_INVALID");
    };
    assert.deepEqual(await talk([CONNECTED, start()]), { code: 1008, reason: "TOKEN_INVALID" });
    accept = recorder;
  });

  test("without a valid start within five seconds the socket is closed", async () => {
    const waiting = new Promise<void>((resolve) => {
      opened = resolve;
    });
    const closed = talk([CONNECTED]);
    await waiting;
    opened = undefined;
    await clock.advance(4_999);
    assert.deepEqual(refusals, []);
    await clock.advance(1);
    assert.deepEqual(await closed, { code: 1008, reason: "START_TIMEOUT" });
  });
});
