import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { ULAW_SILENCE, ulawLevelDbfs } from "@sidetone/audio";
import { VirtualClock } from "@sidetone/platform";
import { CarrierMessage } from "@sidetone/protocol";
import twilio from "twilio";
import { type WebSocket, WebSocketServer } from "ws";
import type { CallerStep } from "../caller/caller.ts";
import type { Call, CallEvent, CallSetup } from "./call.ts";
import { Carrier, type CarrierOptions } from "./carrier.ts";
import { memorySockets, settled } from "./memory-socket.ts";

const ACCOUNT = `AC${"0".repeat(32)}`;
const TOKEN = "a-token-that-only-the-carrier-knows";
const PUBLIC = "https://calls.example.com";

type Media = { event: string; media: { payload: string; chunk: string } };

const tone = (ms: number): Uint8Array => Uint8Array.from({ length: ms * 8 }, (_, i) => (i % 8 < 4 ? 0x10 : 0x90));

/** A server under test: answers each path with a TwiML document and talks on the socket as it is told. */
class TestServer {
  readonly requests: { path: string; params: Record<string, string>; valid: boolean }[] = [];
  readonly received: Record<string, unknown>[] = [];
  readonly answers: Record<string, string> = {};
  upgrades: { signature: string | undefined; valid: boolean }[] = [];
  refuseUpgrade = false;
  onSocket: (socket: WebSocket, message: Record<string, unknown>) => void = () => undefined;
  #http: Server | undefined;

  async listen(): Promise<number> {
    const sockets = new WebSocketServer({ noServer: true });
    this.#http = createServer((request, response) => {
      let body = "";
      request.on("data", (piece) => {
        body += piece;
      });
      request.on("end", () => {
        const params = Object.fromEntries(new URLSearchParams(body));
        const path = request.url ?? "";
        const signature = String(request.headers["x-twilio-signature"]);
        const valid = twilio.validateRequest(TOKEN, signature, PUBLIC + path, params);
        this.requests.push({ path, params, valid });
        response.setHeader("content-type", "text/xml");
        const document = this.answers[new URL(path, PUBLIC).pathname];
        response.statusCode = document === undefined ? 404 : 200;
        response.end(document ?? "nothing here");
      });
    });
    this.#http.on("upgrade", (request, socket, head) => {
      const signature = request.headers["x-twilio-signature"] as string | undefined;
      const url = `wss://calls.example.com${request.url}`;
      this.upgrades.push({ signature, valid: twilio.validateRequest(TOKEN, signature ?? "", url, {}) });
      if (this.refuseUpgrade) {
        socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 4\r\n\r\nnope");
        return;
      }
      sockets.handleUpgrade(request, socket, head, (opened) => this.serve(opened));
    });
    await new Promise<void>((resolve) => this.#http?.listen(0, "127.0.0.1", resolve));
    return (this.#http.address() as AddressInfo).port;
  }

  serve(socket: WebSocket): void {
    socket.on("message", (data) => {
      const message = JSON.parse(data.toString()) as Record<string, unknown>;
      CarrierMessage.parse(message);
      this.received.push(message);
      this.onSocket(socket, message);
    });
  }

  reset(): void {
    this.requests.length = 0;
    this.received.length = 0;
    this.upgrades = [];
    this.refuseUpgrade = false;
    this.onSocket = () => undefined;
    for (const path of Object.keys(this.answers)) delete this.answers[path];
  }

  events(name: string): Record<string, unknown>[] {
    return this.received.filter(({ event }) => event === name);
  }

  close(): void {
    this.#http?.closeAllConnections();
    this.#http?.close();
  }
}

const server = new TestServer();
let port = 0;
before(async () => {
  port = await server.listen();
});
after(() => server.close());

const STREAM = `<Connect><Stream url="wss://calls.example.com/media" statusCallback="${PUBLIC}/stream"><Parameter name="token" value="once"/></Stream></Connect>`;
const twiml = (inner: string): string => `<?xml version="1.0" encoding="UTF-8"?><Response>${inner}</Response>`;

function carrierOf(options: Partial<CarrierOptions> = {}): Carrier {
  const resolve = (url: URL): URL => {
    const here = new URL(url);
    here.protocol = url.protocol === "wss:" ? "ws:" : "http:";
    here.host = `127.0.0.1:${port}`;
    return here;
  };
  return new Carrier({ accountSid: ACCOUNT, authToken: TOKEN, resolve, ...options });
}

function place(carrier: Carrier, setup: Partial<CallSetup> = {}): Call {
  return carrier.placeCall({ from: "+15005550001", to: "+15005550006", voiceUrl: `${PUBLIC}/voice`, ...setup });
}

const send = (socket: WebSocket, message: unknown): void => socket.send(JSON.stringify(message));
const echo = (socket: WebSocket, message: Record<string, unknown>): void => {
  if (message.event !== "media") return;
  send(socket, { event: "media", streamSid: message.streamSid, media: { payload: (message as Media).media.payload } });
};

describe("Carrier, over real sockets", () => {
  it("signs, streams, and posts every callback, with the documented messages in order", async () => {
    server.reset();
    server.answers["/voice"] = twiml(STREAM);
    server.answers["/stream"] = server.answers["/over"] = twiml("");
    const carrier = carrierOf();
    const call = place(carrier, {
      statusCallback: `${PUBLIC}/over`,
      steps: [{ do: "pause", ms: 60 }, { do: "press", digits: "4#" }, { do: "pause", ms: 60 }, { do: "hang-up" }],
    });
    assert.equal(await call.ended, "completed");
    await carrier.close();

    assert.ok(
      server.requests.every(({ valid }) => valid),
      "every webhook is signed",
    );
    assert.deepEqual(
      server.upgrades.map(({ valid }) => valid),
      [true],
      "and so is the upgrade",
    );
    const [voice] = server.requests;
    assert.equal(voice?.params.CallStatus, "ringing");
    assert.equal(voice?.params.To, "+15005550006");
    const paths = server.requests.map(({ path, params }) => params.StreamEvent ?? path);
    assert.deepEqual(paths.toSorted(), ["/over", "/voice", "stream-started", "stream-stopped"]);
    const over = server.requests.find(({ path }) => path === "/over");
    assert.deepEqual([over?.params.CallStatus, over?.params.CallDuration], ["completed", "1"]);

    const names = server.received.map(({ event }) => event);
    assert.deepEqual(names.slice(0, 3), ["connected", "start", "media"]);
    assert.equal(names.at(-1), "stop");
    const sequences = server.received.slice(1).map(({ sequenceNumber }) => Number(sequenceNumber));
    assert.deepEqual(
      sequences,
      sequences.map((_, i) => i + 1),
    );
    assert.deepEqual(
      server.events("dtmf").map(({ dtmf }) => (dtmf as { digit: string }).digit),
      ["4", "#"],
    );
    const start = server.received[1] as { start: { customParameters: object } } | undefined;
    assert.deepEqual(start?.start.customParameters, { token: "once" });
    assert.deepEqual(carrier.notices, []);
  });

  it("plays in real time, returns marks when they were heard and at a clear", async () => {
    server.reset();
    server.answers["/voice"] = twiml(STREAM);
    server.answers["/stream"] = twiml("");
    const events: (CallEvent & { atMs: number })[] = [];
    server.onSocket = (socket, message) => {
      const { streamSid } = message;
      if (message.event === "start") {
        send(socket, { event: "media", streamSid, media: { payload: Buffer.from(tone(200)).toString("base64") } });
        send(socket, { event: "mark", streamSid, mark: { name: "heard" } });
        send(socket, { event: "media", streamSid, media: { payload: Buffer.from(tone(5000)).toString("base64") } });
        send(socket, { event: "mark", streamSid, mark: { name: "cleared" } });
      }
      if (message.event === "mark" && (message.mark as { name: string }).name === "heard") {
        send(socket, { event: "clear", streamSid });
      }
      if (message.event === "mark" && (message.mark as { name: string }).name === "cleared") socket.close(1000);
    };
    const carrier = carrierOf();
    const call = place(carrier, { onEvent: (event) => events.push(event) });
    assert.equal(await call.ended, "completed");
    const [spurt] = call.ear.heardSpurts();
    assert.ok(spurt && spurt.endMs - spurt.startMs >= 200 && spurt.endMs - spurt.startMs <= 280, JSON.stringify(spurt));
    const marks = events.filter(({ type }) => type === "mark-returned") as { name: string; atMs: number }[];
    assert.deepEqual(
      marks.map(({ name }) => name),
      ["heard", "cleared"],
    );
    const cleared = events.find((event) => event.type === "clear-received");
    assert.ok(cleared?.type === "clear-received" && cleared.droppedMs > 4800);
    assert.deepEqual(carrier.notices, [], "a goodbye of 1000 is not an error");
    await carrier.close();
  });

  it("goes on with the document when we close the socket, and dials", async () => {
    server.reset();
    server.answers["/voice"] = twiml(`${STREAM}<Redirect>/after?x=1</Redirect>`);
    server.answers["/after"] = twiml(`<Say>One moment.</Say><Dial action="/dialled">+15005550009</Dial>`);
    server.answers["/dialled"] = twiml("<Hangup/>");
    server.answers["/stream"] = twiml("");
    server.onSocket = (socket, message) => {
      if (message.event === "media") socket.close(1000);
    };
    const carrier = carrierOf({ dial: () => ({ status: "busy", durationMs: 40 }) });
    const call = place(carrier);
    await call.ended;
    assert.deepEqual(call.announcements, ["One moment."]);
    assert.deepEqual(call.dialled, ["+15005550009"]);
    const dialled = server.requests.find(({ path }) => path === "/dialled");
    assert.deepEqual([dialled?.params.DialCallStatus, dialled?.valid], ["busy", true]);
    await carrier.close();
  });

  const refused: [what: string, code: number, prepare: () => void][] = [
    ["a webhook that is not there", 11200, () => undefined],
    ["a document that is not XML", 12100, () => (server.answers["/voice"] = "Hello")],
    ["a stream over http", 31922, () => (server.answers["/voice"] = twiml(STREAM.replace("wss:", "http:")))],
    [
      "a refused handshake",
      31920,
      () => {
        server.answers["/voice"] = twiml(STREAM);
        server.refuseUpgrade = true;
      },
    ],
    [
      "an unexpected field",
      31951,
      () => {
        server.answers["/voice"] = twiml(STREAM);
        server.onSocket = (socket, { event, streamSid }) => {
          if (event === "start") send(socket, { event: "clear", streamSid, why: "yield" });
          if (event === "media") socket.close(1000);
        };
      },
    ],
    [
      "a binary message",
      31950,
      () => {
        server.answers["/voice"] = twiml(STREAM);
        server.onSocket = (socket, { event }) => {
          if (event === "start") socket.send(Buffer.from([1, 2, 3]));
          if (event === "media") socket.close(1000);
        };
      },
    ],
    [
      "a connection that breaks",
      31903,
      () => {
        server.answers["/voice"] = twiml(STREAM);
        server.onSocket = (socket, { event }) => {
          if (event === "media") socket.terminate();
        };
      },
    ],
    [
      "a goodbye with a code",
      31921,
      () => {
        server.answers["/voice"] = twiml(STREAM);
        server.onSocket = (socket, { event }) => {
          if (event === "media") socket.close(1008, "TOKEN_INVALID");
        };
      },
    ],
  ];
  for (const [what, code, prepare] of refused) {
    it(`notes ${what} as ${code}`, async () => {
      server.reset();
      server.answers["/stream"] = twiml("");
      prepare();
      const carrier = carrierOf();
      await place(carrier).ended;
      assert.deepEqual(
        carrier.notices.map((notice) => notice.code),
        [code],
      );
      await carrier.close();
    });
  }

  it("answers the REST calls that the twilio client makes, and refuses as Twilio does", async () => {
    server.reset();
    server.answers["/voice"] = twiml(STREAM);
    server.answers["/stream"] = twiml("");
    server.answers["/elsewhere"] = twiml("<Say>Elsewhere.</Say>");
    const number = {
      sid: `PN${"1".repeat(32)}`,
      phone_number: "+15005550006",
      friendly_name: "Orders",
      voice_url: "",
      voice_method: "POST" as const,
      status_callback: "",
    };
    const carrier = carrierOf({ numbers: [number] });
    const base = await carrier.listen();
    const client = (token: string) => {
      const made = twilio(ACCOUNT, token);
      made.api.baseUrl = base;
      return made;
    };
    const opened = Promise.withResolvers<void>();
    const call = place(carrier, { onEvent: ({ type }) => type === "stream-opened" && opened.resolve() });
    await opened.promise;

    const good = client(TOKEN);
    assert.equal((await good.calls(call.sid).fetch()).status, "in-progress");
    await good.calls(call.sid).update({ twiml: `<Response><Redirect>${PUBLIC}/elsewhere</Redirect></Response>` });
    await call.ended;
    assert.deepEqual(call.announcements, ["Elsewhere."]);
    assert.equal(server.received.at(-1)?.event, "stop", "the stream is stopped, not dropped");

    await assert.rejects(good.calls(call.sid).update({ status: "completed" }), { code: 21220, status: 400 });
    await assert.rejects(good.calls("CA404").update({ status: "completed" }), { code: 20404, status: 404 });
    await assert.rejects(client("wrong").calls(call.sid).fetch(), { code: 20003, status: 401 });

    const [listed] = await good.incomingPhoneNumbers.list({ phoneNumber: "+15005550006" });
    assert.equal(listed?.sid, number.sid);
    await good.incomingPhoneNumbers(number.sid).update({ voiceUrl: `${PUBLIC}/voice`, voiceMethod: "POST" });
    assert.equal(carrier.numbers[0]?.voice_url, `${PUBLIC}/voice`);
    await assert.rejects(good.incomingPhoneNumbers(number.sid).update({ voiceUrl: "ftp://x" }), { code: 21502 });
    await carrier.close();
  });

  it("discards audio and says 31930 when the server stops reading", async () => {
    server.reset();
    server.answers["/voice"] = twiml(STREAM);
    server.answers["/stream"] = twiml("");
    server.onSocket = (socket, { event }) => {
      if (event === "start") socket.pause();
    };
    const clock = new VirtualClock();
    const carrier = carrierOf({ clock });
    const opened = Promise.withResolvers<void>();
    const call = place(carrier, { record: false, onEvent: ({ type }) => type === "stream-opened" && opened.resolve() });
    await opened.promise;
    // Some minutes of audio go into the kernel's buffers before anything waits in ours.
    for (let minute = 0; minute < 30 && carrier.notices.length === 0; minute++) {
      await clock.advance(60_000, settled);
    }
    assert.deepEqual(
      carrier.notices.map(({ code }) => code),
      [31930],
    );
    call.stream?.drop();
    call.hangUp();
    await call.ended;
    await carrier.close();
  });
});

describe("Carrier, on a virtual clock", () => {
  async function minute(): Promise<{ wav: Uint8Array; received: number; tookMs: number; latencies: number[] }> {
    server.reset();
    server.answers["/voice"] = twiml(STREAM);
    server.answers["/stream"] = twiml("");
    server.onSocket = echo;
    const clock = new VirtualClock();
    const openSocket = memorySockets((socket) => server.serve(socket));
    const carrier = carrierOf({ clock, openSocket, sidSeed: 1 });
    const steps: CallerStep[] = Array.from({ length: 10 }, () => [
      { do: "speak" as const, audio: tone(1000) },
      { do: "pause" as const, ms: 4000 },
    ]).flat();
    const faults = { lossRate: 0.03, jitterMs: 60, reorderRate: 0.01, seed: 3 };
    const opened = Promise.withResolvers<void>();
    const call = place(carrier, { steps, faults, onEvent: ({ type }) => type === "stream-opened" && opened.resolve() });
    await opened.promise;
    const startedMs = performance.now();
    await clock.advance(60_000, settled);
    const tookMs = performance.now() - startedMs;
    call.hangUp();
    await call.ended;
    assert.deepEqual(carrier.notices, []);
    return {
      wav: call.ear.toWav(),
      received: server.events("media").length,
      tookMs,
      latencies: call.ear.responseLatenciesMs(),
    };
  }

  it("runs a call of a minute in a few seconds with the same result every time", async () => {
    const first = await minute();
    const second = await minute();
    assert.ok(first.tookMs < 5000, `${first.tookMs} ms`);
    assert.ok(first.received > 2850 && first.received < 3000, `${first.received} frames`);
    assert.equal(second.received, first.received);
    assert.deepEqual(second.wav, first.wav);
  });

  it("hears an echo to the sample on a line without faults", async () => {
    server.reset();
    server.answers["/voice"] = twiml(STREAM);
    server.answers["/stream"] = twiml("");
    server.onSocket = echo;
    const clock = new VirtualClock();
    const carrier = carrierOf({ clock, openSocket: memorySockets((socket) => server.serve(socket)) });
    const spoken = Uint8Array.from({ length: 8000 }, (_, i) => (i * 31) & 0x7f);
    const opened = Promise.withResolvers<void>();
    const call = place(carrier, {
      steps: [{ do: "speak", audio: spoken }],
      onEvent: ({ type }) => type === "stream-opened" && opened.resolve(),
    });
    await opened.promise;
    await clock.advance(2000, settled);
    const delay =
      call.ear.heard.findIndex((byte) => byte !== ULAW_SILENCE) -
      call.ear.said.findIndex((byte) => byte !== ULAW_SILENCE);
    assert.equal(delay, 320, "20 ms to gather a frame, 20 ms until the next beat plays it");
    assert.deepEqual(
      call.ear.heard.subarray(delay, call.ear.heard.length),
      call.ear.said.subarray(0, call.ear.said.length - delay),
    );
    assert.ok(ulawLevelDbfs(call.ear.heard) > -30);
    call.hangUp();
    await call.ended;
  });
});
