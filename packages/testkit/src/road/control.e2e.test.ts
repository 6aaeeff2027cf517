import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type BridgeCommand, bridgeInboxStream, CALL_EVENTS_STREAM, CallEvent } from "@sidetone/protocol";
import { Redis } from "ioredis";
import type { CallerStep } from "../caller/caller.ts";
import type { Call } from "../carrier/call.ts";
import { Road } from "./road.ts";

const hum = (ms: number): Uint8Array => Uint8Array.from({ length: ms * 8 }, (_, i) => (i % 8 < 4 ? 0x10 : 0x90));
const LISTEN: CallerStep = { do: "listen", quietMs: 300, atMostMs: 6000 };
const STAY: CallerStep = { do: "pause", ms: 30_000 };
const BRIDGE_ID = "bridge-under-test";

describe("control of a call, and what the world hears of it", () => {
  let road: Road;
  let redis: Redis;
  before(async () => {
    road = await Road.start({
      bridgeEnv: { BRIDGE_ID, FALLBACK_NUMBER: "+15005550099", FALLBACK_LINE: "Everybody is busy." },
      podEnv: { POD_CAPACITY: "2" },
      carrier: { dial: () => ({ status: "completed", durationMs: 100 }) },
    });
    redis = new Redis(road.redis?.url ?? "");
  });
  after(async () => {
    redis.disconnect();
    await road.close();
  });

  /** Reads the events' stream from its start until one fits. */
  async function event<T extends CallEvent["type"]>(
    type: T,
    fits: (event: Extract<CallEvent, { type: T }>) => boolean = () => true,
  ): Promise<Extract<CallEvent, { type: T }>> {
    for (let from = "0"; ; ) {
      const read = await redis.xread("BLOCK", 10_000, "STREAMS", CALL_EVENTS_STREAM, from);
      assert.ok(read, `no ${type} within 10 s`);
      for (const [id, fields] of read[0]![1]) {
        from = id;
        const found = CallEvent.parse(JSON.parse(fields[fields.indexOf("json") + 1] ?? ""));
        if (found.type === type && fits(found as Extract<CallEvent, { type: T }>)) {
          return found as Extract<CallEvent, { type: T }>;
        }
      }
    }
  }

  const command = (sent: BridgeCommand): Promise<string | null> =>
    redis.xadd(bridgeInboxStream(BRIDGE_ID), "*", "json", JSON.stringify(sent));

  /** A call whose stream is open, and its id with us. */
  async function open(from: string, steps: CallerStep[] = [LISTEN, STAY]): Promise<{ call: Call; callId: string }> {
    const call = road.call(steps, { from });
    const { callId } = await event("started", (started) => started.from === from);
    return { call, callId };
  }

  it("tells of the start, of gaps, and of the end with its figures", async () => {
    const steps: CallerStep[] = [LISTEN, { do: "speak", audio: hum(800) }, LISTEN, { do: "hang-up" }];
    const call = road.call(steps, { from: "+15005550011", faults: { lossRate: 0.1, seed: 5 } });
    assert.equal(await call.ended, "completed");
    const started = await event("started", ({ from }) => from === "+15005550011");
    assert.deepEqual([started.bridgeId, started.playbookId, started.carrier], [BRIDGE_ID, "line-test", "twilio"]);
    const gap = await event("hop-gap", ({ callId }) => callId === started.callId);
    assert.ok(gap.lostSamples >= 160 && gap.atMs > 0);
    const ended = await event("ended", ({ callId }) => callId === started.callId);
    assert.equal(ended.reason, "stopped");
    assert.ok(Math.abs(ended.figures.durationMs - call.ear.lengthMs) < 500);
    assert.ok(ended.figures.lostHops > 0);
    assert.equal(ended.figures.responseLatenciesMs.length, 1);
    const [atTheEar] = call.ear.responseLatenciesMs();
    const [atTheBridge] = ended.figures.responseLatenciesMs;
    assert.ok(Math.abs(atTheEar! - atTheBridge!) <= 200, `${atTheBridge} ms told, ${atTheEar} ms at the ear`);
  });

  it("hangs up when it is told to, and the carrier goes no further", async () => {
    const { call, callId } = await open("+15005550012");
    await command({ type: "end", callId, by: "a supervisor" });
    assert.equal(await call.ended, "completed");
    assert.deepEqual(call.dialled, []);
    assert.ok(call.webhooks.some(({ url }) => url.endsWith("/voice/after")));
    assert.equal((await event("ended", (ended) => ended.callId === callId)).reason, "ended-by-supervisor");
    assert.deepEqual(road.carrier.notices, []);
  });

  it("puts the caller through to another number", async () => {
    const { call, callId } = await open("+15005550013");
    await command({ type: "transfer", callId, by: "a supervisor", target: "+15005550077" });
    assert.equal(await call.ended, "completed");
    assert.deepEqual(call.dialled, ["+15005550077"]);
    assert.deepEqual(road.carrier.notices, []);
  });

  it("takes keys that the caller presses", async () => {
    const { call, callId } = await open("+15005550014", [LISTEN, { do: "press", digits: "4#" }, STAY]);
    const pressed = [];
    for (const digit of "4#") {
      pressed.push(
        await event("entered", (e) => e.callId === callId && e.input.type === "key-pressed" && e.input.digit === digit),
      );
    }
    assert.ok(pressed[0]!.atMs <= pressed[1]!.atMs);
    call.hangUp();
    await call.ended;
  });

  it("says a line and puts the caller through where no pod is free", async () => {
    const taken = [await open("+15005550015"), await open("+15005550016")];
    const call = road.call([STAY]);
    assert.equal(await call.ended, "completed");
    assert.equal(call.streams.length, 0);
    assert.deepEqual(call.announcements, ["Everybody is busy."]);
    assert.deepEqual(call.dialled, ["+15005550099"]);
    for (const { call: running } of taken) running.hangUp();
    await Promise.all(taken.map(({ call: running }) => running.ended));
    assert.deepEqual(road.carrier.notices, []);
  });
});

describe("parts that die during a call", () => {
  it("goes on at another pod when its pod is killed", async () => {
    const road = await Road.start({ pods: 2 });
    try {
      const audio = hum(700);
      const call = road.call(
        [
          LISTEN,
          { do: "speak", audio },
          LISTEN,
          { do: "pause", ms: 1500 },
          { do: "speak", audio },
          LISTEN,
          { do: "hang-up" },
        ],
        {
          onEvent: (event) => {
            if (event.type !== "caller" || event.step.do !== "pause") return;
            const started = /"pod":"([^"]+)"[^\n]*call started/.exec(road.bridge.output)?.[1];
            const serving =
              road.pods.find((pod) => started !== undefined && pod.output.includes(started)) ?? road.pods[0];
            serving?.signal("SIGKILL");
          },
        },
      );
      assert.equal(await call.ended, "completed");
      assert.equal(call.streams.length, 1, "the caller's socket never closed");
      assert.equal(call.ear.responseLatenciesMs().length, 2, "both utterances were answered");
    } finally {
      await road.close();
    }
  });

  it("carries calls with Redis away, and with Redis killed in the midst of one", async () => {
    const road = await Road.start();
    try {
      const audio = hum(700);
      const steps: CallerStep[] = [
        LISTEN,
        { do: "speak", audio },
        LISTEN,
        { do: "speak", audio },
        LISTEN,
        { do: "hang-up" },
      ];
      const killing = road.call(steps, {
        onEvent: (event) => {
          if (event.type === "caller" && event.step.do === "speak") road.redis?.process.signal("SIGKILL");
        },
      });
      assert.equal(await killing.ended, "completed");
      assert.equal(killing.ear.responseLatenciesMs().length, 2);
      const without = road.call(steps);
      assert.equal(await without.ended, "completed");
      assert.equal(without.ear.responseLatenciesMs().length, 2);
      assert.deepEqual(road.carrier.notices, []);
    } finally {
      await road.close();
    }
  });
});
