import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { DECISIONS } from "@sidetone/protocol";
import { TapeReader } from "@sidetone/store";
import { signatureOf } from "@sidetone/testkit";
import { WebSocket } from "ws";
import { AUTH_TOKEN, type RunningBridge, startBridge } from "./test/start-bridge.ts";
import { type SeenHop, TestPod } from "./test/test-pod.ts";

const YIELD = DECISIONS.indexOf("yield");
/** No silence byte, and no two stretches alike. */
const noise = (from: number, length: number) =>
  Uint8Array.from({ length }, (_, i) => (Math.imul((from + i) ^ 0x5bd1, 0x9e3779b1) >>> 23) % 251);

const post = (running: RunningBridge, path: string, params: Record<string, string>, token = AUTH_TOKEN) => {
  const url = `${running.url}${path}`;
  return fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-twilio-signature": signatureOf(token, url, params),
    },
    body: new URLSearchParams(params),
  });
};

async function tapes(running: RunningBridge): Promise<string[]> {
  const folder = join(running.dataDir, "tapes");
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names.filter((name) => /\.tape/.test(name)).map((name) => join(folder, name));
}

describe("a bridge with one pod", () => {
  let pod: TestPod;
  let running: RunningBridge;
  before(async () => {
    pod = await new TestPod().start();
    running = await startBridge([pod.address]);
  });
  after(async () => {
    await running.close();
    pod.kill();
  });
  afterEach(async () => {
    // A call's last input leaves with the tick after its end.
    await pod.until(() => pod.inputsOf("closed").length === pod.inputsOf("opened").length);
    pod.script = () => ({});
    pod.hops.length = 0;
    pod.inputs.length = 0;
    pod.order.length = 0;
  });

  test("every sample of the caller reaches the pod, and every sample of the agent the ear", async () => {
    const said = noise(0, 8_000);
    const answer = noise(50_000, 4_800);
    pod.script = ({ hop }) => (hop === 5 ? { audio: answer } : {});
    const call = running.place({ steps: [{ do: "speak", audio: said }, { do: "pause", ms: 600 }, { do: "hang-up" }] });
    assert.equal(await call.ended, "completed");
    await pod.until(() => pod.inputsOf("closed").length === 1);
    const heard = Buffer.concat(pod.hops.map((hop) => hop.caller));
    assert.ok(heard.includes(said), "the pod heard the caller");
    assert.ok(Buffer.from(call.ear.heard).includes(answer), "the caller heard the agent");
    assert.ok(Buffer.concat(pod.hops.map((hop) => hop.agent)).includes(answer), "the pod knows what was played");
    assert.deepEqual(
      pod.hops.map((hop) => hop.hop),
      pod.hops.map((_, index) => index),
    );
    assert.equal(pod.hops.at(-1)!.heardSamples, answer.length);
    assert.equal(pod.inputsOf("opened")[0]!.playbook.id, "line-test");
    assert.equal(running.carrier.notices.length, 0);
  });

  test("the tape holds both channels as heard and as played, and ends with the call", async () => {
    const answer = noise(70_000, 3_200);
    pod.script = ({ hop }) => (hop === 5 ? { audio: answer } : {});
    const before = await tapes(running);
    const call = running.place({
      steps: [{ do: "speak", audio: noise(0, 9_600) }, { do: "press", digits: "7" }, { do: "hang-up" }],
    });
    await call.ended;
    await running.bridge.calls.idle();
    const [path] = (await tapes(running)).filter((one) => !before.includes(one));
    const tape = await TapeReader.open(path!);
    const caller: Uint8Array[] = [];
    const agent: Uint8Array[] = [];
    const notes: string[] = [];
    for await (const record of tape.records()) {
      if (record.kind === "note")
        notes.push(record.note.type === "in" ? `in ${record.note.input.type}` : record.note.type);
      if (record.kind !== "micro-turn") continue;
      caller.push(record.turn.caller.subarray(0, record.turn.hops * 320));
      agent.push(record.turn.agent.subarray(0, record.turn.hops * 320));
    }
    assert.ok(Buffer.concat(caller).includes(noise(0, 9_600)));
    assert.ok(Buffer.concat(agent).includes(answer));
    assert.deepEqual(notes, ["in opened", "in key-pressed", "in closed", "end"]);
    assert.deepEqual(
      pod.hops.map((hop) => Buffer.from(hop.agent)),
      pod.hops.map((_, index) => Buffer.concat(agent).subarray(index * 320, index * 320 + 320)),
      "what the pod heard of itself is what the tape says",
    );
  });

  test("a yield clears at once, and the pod is told how much of the epoch was heard", async () => {
    const first = noise(0, 16_000);
    const second = noise(90_000, 1_600);
    pod.script = ({ hop }) => {
      if (hop === 0) return { epoch: 0, audio: first };
      if (hop < 20) return {};
      return hop === 20 ? { epoch: 1, decision: YIELD, audio: second } : { epoch: 1 };
    };
    const call = running.place({ steps: [{ do: "pause", ms: 1_600 }, { do: "hang-up" }] });
    await call.ended;
    const [ended] = pod.inputsOf("epoch-ended");
    assert.equal(ended!.epoch, 0);
    const heard = Buffer.from(call.ear.heard);
    const start = heard.indexOf(first.subarray(0, 160));
    const cut = heard.indexOf(second);
    assert.ok(start >= 0 && cut > start);
    let heardSamples = 0;
    while (heard[start + heardSamples] === first[heardSamples] && heardSamples < cut - start) heardSamples++;
    assert.ok(
      Math.abs(ended!.heardSamples - heardSamples) <= 320,
      `told ${ended!.heardSamples}, heard ${heardSamples}`,
    );
    assert.ok(!heard.includes(first.subarray(12_000, 12_320)), "what the yield cut off was never heard");
  });

  test("a key comes before the hop that follows it, once", async () => {
    const call = running.place({
      steps: [{ do: "pause", ms: 300 }, { do: "press", digits: "5#" }, { do: "pause", ms: 200 }, { do: "hang-up" }],
    });
    await call.ended;
    await pod.until(() => pod.inputsOf("closed").length === 1);
    assert.deepEqual(
      pod.inputsOf("key-pressed").map((input) => input.digit),
      ["5", "#"],
    );
    const at = pod.order.indexOf("key-pressed");
    assert.match(pod.order[at - 1]!, /^hop \d+$/);
    assert.match(pod.order[at + 1]!, /^hop \d+$/);
  });

  test("a goodbye is heard to its end before the pod's hang-up ends the call", async () => {
    const goodbye = noise(30_000, 4_800);
    pod.script = ({ hop }) => {
      if (hop === 5) return { audio: goodbye, outputs: [{ type: "hang-up", reason: "done" }] };
      return {};
    };
    const call = running.place();
    assert.equal(await call.ended, "completed");
    // Its end, not the whole of it: a machine that stalls for longer than the lead may open a hole in the midst.
    assert.ok(Buffer.from(call.ear.heard).includes(goodbye.subarray(-80)));
    await pod.until(() => pod.inputsOf("closed").length === 1);
    assert.deepEqual(pod.inputsOf("closed"), [{ type: "closed", reason: "done" }]);
  });

  test("a transfer dials once what was said was heard; nobody answering brings the call back", async () => {
    const lines = [noise(1_000, 1_600), noise(9_000, 1_600)];
    pod.script = ({ hop, callId }) => {
      const again = pod.inputsOf("opened").findIndex((opened) => opened.callId === callId) === 1;
      if (hop === 60 && !again) return { outputs: [{ type: "snapshot", hop, state: { at: "sixty" } }] };
      if (hop === 70 && !again) {
        return {
          audio: lines[0]!,
          outputs: [{ type: "transfer", target: "+441632960999", reason: "asked", summary: "" }],
        };
      }
      return again && hop % 50 === 0 ? { audio: lines[1]!, outputs: [{ type: "hang-up", reason: "gave up" }] } : {};
    };
    const busy = await startBridge([pod.address], {}, { dial: () => ({ status: "busy", durationMs: 100 }) });
    try {
      const call = busy.place();
      await call.ended;
      assert.deepEqual(call.dialled, ["+441632960999"]);
      assert.ok(Buffer.from(call.ear.heard).includes(lines[0]!));
      assert.ok(Buffer.from(call.ear.heard).includes(lines[1]!));
      const [, again] = pod.inputsOf("opened");
      assert.deepEqual(again!.resume, { state: { at: "sixty" } });
      assert.deepEqual(pod.inputsOf("refused"), [{ type: "refused", what: "transfer", reason: "busy" }]);
      const order = pod.hops.map((hop) => hop.hop);
      assert.deepEqual(
        order,
        order.toSorted((a, b) => a - b),
        "the media clock goes on where it was",
      );
    } finally {
      await busy.close();
    }
  });

  test("a call that moves nothing for the carrier is closed by its status callback", async () => {
    const call = running.place({ steps: [] });
    await pod.until(() => pod.hops.length > 5);
    const response = await post(running, "/voice/status", { CallSid: call.sid, CallStatus: "completed" });
    assert.equal(response.status, 204);
    await pod.until(() => pod.inputsOf("closed").length === 1);
    assert.deepEqual(pod.inputsOf("closed"), [{ type: "closed", reason: "completed" }]);
    call.hangUp();
    await call.ended;
  });

  for (const [name, token, status, code] of [
    ["a webhook signed by nobody", "", 403, "SIGNATURE_MISSING"],
    ["a webhook signed by somebody else", "another-token-entirely", 403, "SIGNATURE_INVALID"],
  ] as const) {
    test(`${name} is refused with ${code}`, async () => {
      const params = { CallSid: "CA1", From: "+1", To: "line-test" };
      const url = `${running.url}/voice`;
      const headers: Record<string, string> = { "content-type": "application/x-www-form-urlencoded" };
      if (token !== "") headers["x-twilio-signature"] = signatureOf(token, url, params);
      const response = await fetch(url, { method: "POST", headers, body: new URLSearchParams(params) });
      assert.equal(response.status, status);
      assert.equal(((await response.json()) as { error: { code: string } }).error.code, code);
    });
  }

  test("a webhook without a call is malformed, and an unknown playbook says so", async () => {
    assert.equal((await post(running, "/voice", { From: "+1" })).status, 400);
    const unknown = await post(running, "/voice?playbook=nowhere", { CallSid: "CA1", To: "+1" });
    assert.equal(unknown.status, 404);
  });

  test("a socket that the carrier did not sign, or from another origin, is refused before it opens", async () => {
    const stream = `${running.url.replace("http", "ws")}/media`;
    const cases: [Record<string, string>, number][] = [
      [{}, 403],
      [{ "X-Twilio-Signature": "bm90IGl0" }, 403],
      [{ Origin: "http://elsewhere.test" }, 403],
    ];
    for (const [headers, status] of cases) {
      const socket = new WebSocket(stream, { headers });
      const answered = await new Promise<number>((resolve, reject) => {
        socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
        socket.on("open", () => reject(new Error("it opened")));
        socket.on("error", () => undefined);
      });
      assert.equal(answered, status, JSON.stringify(headers));
    }
  });

  test("a browser's call needs no carrier signature, but the dashboard's word and its origin", async () => {
    const body = JSON.stringify({ by: "ann", playbook: "line-test" });
    const ask = (timestamp: string, key: string) =>
      fetch(`${running.url}/phone`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${createHmac("sha256", key).update(`${timestamp}.${body}`).digest("base64url")}`,
          "x-sidetone-timestamp": timestamp,
        },
        body,
      });
    assert.equal((await ask(String(Date.now()), "not the token at all")).status, 401);
    assert.equal((await ask(String(Date.now() - 120_000), AUTH_TOKEN)).status, 401);
    const answer = (await (await ask(String(Date.now()), AUTH_TOKEN)).json()) as { streamUrl: string; token: string };
    const socket = new WebSocket(answer.streamUrl, { headers: { Origin: "http://dashboard.test" } });
    await new Promise((resolve) => socket.once("open", resolve));
    socket.send(JSON.stringify({ event: "connected", protocol: "Call", version: "1.0.0" }));
    socket.send(
      JSON.stringify({
        event: "start",
        sequenceNumber: "1",
        streamSid: "MZbrowser",
        start: {
          streamSid: "MZbrowser",
          accountSid: "",
          callSid: "browser",
          tracks: ["inbound"],
          customParameters: { token: answer.token },
          mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
        },
      }),
    );
    await pod.until(() => pod.inputsOf("opened").length === 1);
    assert.equal(pod.inputsOf("opened")[0]!.from, "browser:ann");
    socket.close();
    await pod.until(() => pod.inputsOf("closed").length === 1);
  });

  test("health, readiness and metrics answer", async () => {
    const health = (await (await fetch(`${running.url}/health`)).json()) as { status: string; parts: object };
    // There is no Redis in this test: degraded, and calls are taken.
    assert.equal(health.status, "degraded");
    assert.deepEqual(Object.keys(health.parts), ["pods", "redis", "calls"]);
    assert.equal((await fetch(`${running.url}/ready`)).status, 200);
    assert.match(await (await fetch(`${running.url}/metrics`)).text(), /sidetone_bridge_tick_lateness_ms_bucket/);
  });
});

describe("a bridge without room", () => {
  test("the caller hears a line and is put through to the fallback number", async (t) => {
    const pod = await new TestPod().start();
    t.after(() => pod.kill());
    pod.status = { ...pod.status, ready: false };
    const running = await startBridge([pod.address], {
      FALLBACK_NUMBER: "+441632960999",
      FALLBACK_LINE: "One moment.",
    });
    t.after(() => running.close());
    const call = running.place();
    await call.ended;
    assert.deepEqual(call.announcements, ["One moment."]);
    assert.deepEqual(call.dialled, ["+441632960999"]);
    assert.equal((await fetch(`${running.url}/ready`)).status, 503);
  });
});

describe("draining", () => {
  test("no new call is taken, the running one ends in its own time, and its tape is whole", async (t) => {
    const pod = await new TestPod().start();
    t.after(() => pod.kill());
    const running = await startBridge([pod.address], { FALLBACK_LINE: "x" });
    t.after(() => running.close());
    const call = running.place({ steps: [{ do: "pause", ms: 1_000 }, { do: "hang-up" }] });
    await pod.until(() => pod.hops.length > 3);
    let drained = false;
    const draining = running.bridge.drain().then(() => {
      drained = true;
    });
    const refused = running.place();
    await refused.ended;
    assert.equal(refused.streams.length, 0);
    assert.equal((await fetch(`${running.url}/ready`)).status, 503);
    assert.equal(drained, false);
    await call.ended;
    await draining;
    assert.equal((await tapes(running)).filter((path) => path.endsWith(".tape")).length, 1);
  });
});

describe("a pod that dies", () => {
  const script = (pod: TestPod, name: string) => {
    pod.status = { ...pod.status, pod_id: name };
    pod.script = ({ hop }: SeenHop) =>
      hop % 25 === 10 ? { outputs: [{ type: "snapshot", hop, state: { by: name, hop } }] } : {};
  };

  test("its calls go on at another one, from the snapshot, with every hop since", async (t) => {
    const [first, second] = await Promise.all([new TestPod().start(), new TestPod().start()]);
    script(first, "first");
    script(second, "second");
    second.status = { ...second.status, open_calls: 50 };
    const running = await startBridge([first.address, second.address]);
    t.after(async () => {
      await running.close();
      second.kill();
    });
    const said = noise(0, 24_000);
    const call = running.place({ steps: [{ do: "speak", audio: said }, { do: "pause", ms: 200 }, { do: "hang-up" }] });
    await first.until(() => first.hops.length >= 45);
    first.kill();
    await call.ended;
    await second.until(() => second.inputsOf("closed").length === 1);
    const [opened] = second.inputsOf("opened");
    const state = (opened!.resume as { state: { by: string; hop: number } }).state;
    assert.equal(state.by, "first");
    const from = second.hops[0]!.hop;
    assert.equal(from, state.hop + 1);
    assert.deepEqual(
      second.hops.map((hop) => hop.hop),
      second.hops.map((_, index) => from + index),
    );
    const caller = Buffer.concat([...first.hops.slice(0, from), ...second.hops].map((hop) => hop.caller));
    assert.ok(caller.includes(said), "nothing that the caller said was lost");
  });

  test("one that comes back takes its calls again; without any the caller is put through", async (t) => {
    const pod = await new TestPod().start();
    script(pod, "only");
    const running = await startBridge([pod.address], {
      POD_RECOVERY_MS: "400",
      FALLBACK_NUMBER: "+441632960999",
      FALLBACK_LINE: "x",
    });
    t.after(() => running.close());
    const call = running.place();
    await pod.until(() => pod.hops.length >= 15);
    pod.breakStreams();
    await pod.until(() => pod.inputsOf("opened").length === 2);
    pod.kill();
    await call.ended;
    assert.deepEqual(call.dialled, ["+441632960999"]);
  });

  test("one that falls silent is given up after POD_TIMEOUT_MS", async (t) => {
    const [first, second] = await Promise.all([new TestPod().start(), new TestPod().start()]);
    second.status = { ...second.status, open_calls: 50 };
    const running = await startBridge([first.address, second.address], { POD_TIMEOUT_MS: "300" });
    t.after(async () => {
      await running.close();
      first.kill();
      second.kill();
    });
    const call = running.place({ steps: [] });
    await first.until(() => first.hops.length >= 5);
    first.silent = true;
    await second.until(() => second.hops.length >= 5);
    assert.equal(second.inputsOf("opened").length, 1);
    call.hangUp();
    await call.ended;
  });
});
