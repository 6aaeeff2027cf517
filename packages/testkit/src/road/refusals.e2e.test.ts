import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { WebSocket } from "ws";
import { mediaMessage, startMessage } from "../carrier/media-messages.ts";
import { parseTwiml } from "../carrier/twiml.ts";
import { signatureOf } from "../carrier/webhook.ts";
import { Road } from "./road.ts";

interface Opened {
  socket: WebSocket;
  /** The upgrade's refusal, or how the socket was closed. */
  over: Promise<{ status?: number; code?: number; reason?: string }>;
}

const CONNECTED = '{"event":"connected","protocol":"Call","version":"1.0.0"}';
const FRAME = Buffer.alloc(160, 0xff).toString("base64");

describe("what the bridge refuses", () => {
  let road: Road;
  let identity: { accountSid: string; callSid: string; streamSid: string };
  before(async () => {
    road = await Road.start({ bridgeEnv: { START_TIMEOUT_MS: "1000" } });
    identity = { accountSid: road.carrier.accountSid, callSid: "", streamSid: "" };
  });
  after(() => road.close());

  /** A TwiML answer of its own, and its token. */
  async function ring(): Promise<{ url: string; parameters: Record<string, string>; callSid: string }> {
    const callSid = road.carrier.newSid("CA");
    const url = `${road.publicUrl}/voice?playbook=line-test`;
    const params = { CallSid: callSid, From: "+15005550001", To: "+15005550006", CallStatus: "ringing" };
    const answer = await fetch(url, {
      method: "POST",
      body: new URLSearchParams(params),
      headers: { "X-Twilio-Signature": signatureOf(road.carrier.authToken, url, params) },
    });
    const [verb] = parseTwiml(await answer.text()).verbs;
    assert.equal(verb?.verb, "connect");
    return { url: verb.stream.url, parameters: verb.stream.parameters, callSid };
  }

  function open(url: string, headers: Record<string, string> = {}): Promise<Opened> {
    const signed = { "X-Twilio-Signature": signatureOf(road.carrier.authToken, url, {}), ...headers };
    const socket = new WebSocket(url, { headers: signed, perMessageDeflate: false });
    const { promise: over, resolve } = Promise.withResolvers<Awaited<Opened["over"]>>();
    socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    socket.on("unexpected-response", (_request, response) => {
      resolve({ status: response.statusCode ?? 0 });
      response.resume();
    });
    socket.on("error", () => resolve({}));
    return new Promise((opened) => {
      socket.on("open", () => opened({ socket, over }));
      void over.then(() => opened({ socket, over }));
    });
  }

  async function started(): Promise<Opened & { streamSid: string; start: string; url: string }> {
    const { url, parameters, callSid } = await ring();
    const streamSid = road.carrier.newSid("MZ");
    const start = startMessage(1, { ...identity, callSid, streamSid }, parameters);
    const opened = await open(url);
    opened.socket.send(CONNECTED);
    opened.socket.send(start);
    return { ...opened, streamSid, start, url };
  }

  const webhooks: [what: string, headers: (url: string) => Record<string, string>, code: string][] = [
    ["a webhook without a signature", () => ({}), "SIGNATURE_MISSING"],
    [
      "a webhook signed with another token",
      (url) => ({ "X-Twilio-Signature": signatureOf("other", url, {}) }),
      "SIGNATURE_INVALID",
    ],
  ];
  for (const [what, headers, code] of webhooks) {
    it(`refuses ${what} with ${code}`, async () => {
      const url = `${road.publicUrl}/voice`;
      const answer = await fetch(url, {
        method: "POST",
        body: new URLSearchParams({ CallSid: "CA1" }),
        headers: headers(url),
      });
      assert.equal(answer.status, 403);
      assert.equal(((await answer.json()) as { error: { code: string } }).error.code, code);
    });
  }

  it("refuses an upgrade that the carrier did not sign", async () => {
    const { url } = await ring();
    const { over } = await open(url, { "X-Twilio-Signature": "bm90IGEgc2lnbmF0dXJl" });
    assert.equal((await over).status, 403);
  });

  const sockets: [what: string, code: string, send: (opened: Opened & { streamSid: string; start: string }) => void][] =
    [
      ["garbage", "MESSAGE_MALFORMED", ({ socket }) => socket.send("!!!")],
      ["a message that is not documented", "MESSAGE_MALFORMED", ({ socket }) => socket.send('{"event":"dance"}')],
      [
        "a payload that is not base64",
        "MESSAGE_MALFORMED",
        ({ socket, streamSid }) => socket.send(mediaMessage(2, streamSid, 1, 20, "%%%%")),
      ],
      [
        "another stream's media",
        "MESSAGE_MALFORMED",
        ({ socket }) => socket.send(mediaMessage(2, "MZother", 1, 20, FRAME)),
      ],
      ["a binary message", "MESSAGE_BINARY", ({ socket }) => socket.send(randomBytes(160))],
      ["a message of 10 MB", "", ({ socket }) => socket.send(`{"event":"${"x".repeat(10_000_000)}"}`)],
      ["a second start", "MESSAGE_OUT_OF_ORDER", ({ socket, start }) => socket.send(start)],
      [
        "a flood",
        "MESSAGE_RATE",
        ({ socket, streamSid }) => {
          for (let i = 0; i < 2000; i++) socket.send(mediaMessage(2 + i, streamSid, 1 + i, 20 * i, FRAME));
        },
      ],
    ];
  for (const [what, code, send] of sockets) {
    it(`closes a socket for ${what} and leaves another call untouched`, async () => {
      const speak = {
        do: "speak" as const,
        audio: Uint8Array.from({ length: 4000 }, (_, i) => (i % 8 < 4 ? 0x10 : 0x90)),
      };
      const listen = { do: "listen" as const, quietMs: 200, atMostMs: 4000 };
      const bystander = road.call([listen, speak, listen, { do: "hang-up" }]);
      const opened = await started();
      send(opened);
      const over = await opened.over;
      if (code === "") assert.ok(over.code === 1009 || over.code === 1006, JSON.stringify(over));
      else assert.deepEqual([over.code, over.reason?.split(" ")[0]], [1008, code]);
      assert.equal(await bystander.ended, "completed");
      assert.equal(bystander.ear.responseLatenciesMs().length, 1);
      assert.ok(road.bridge.running);
    });
  }

  it("refuses media before start, a token used twice, a token of another call, and none at all", async () => {
    const early = await ring();
    const beforeStart = await open(early.url);
    beforeStart.socket.send(CONNECTED);
    beforeStart.socket.send(mediaMessage(1, "MZ1", 1, 20, FRAME));
    assert.match((await beforeStart.over).reason ?? "", /^MESSAGE_OUT_OF_ORDER/);

    const first = await started();
    const again = await open(first.url);
    again.socket.send(CONNECTED);
    again.socket.send(first.start);
    assert.match((await again.over).reason ?? "", /^TOKEN_INVALID/);
    assert.equal(first.socket.readyState, WebSocket.OPEN, "the call that used it first goes on");
    first.socket.close();

    const { url, parameters } = await ring();
    const other = await open(url);
    other.socket.send(CONNECTED);
    other.socket.send(startMessage(1, { ...identity, callSid: "CAother", streamSid: "MZ1" }, parameters));
    assert.match((await other.over).reason ?? "", /^TOKEN_INVALID/);

    const bare = await open(url);
    bare.socket.send(CONNECTED);
    bare.socket.send(startMessage(1, { ...identity, callSid: "CA1", streamSid: "MZ1" }, {}));
    assert.match((await bare.over).reason ?? "", /^TOKEN_MISSING/);
  });

  it("closes a socket on which no start comes", async () => {
    const { url } = await ring();
    const { socket, over } = await open(url);
    socket.send(CONNECTED);
    assert.match((await over).reason ?? "", /^START_TIMEOUT/);
  });
});
