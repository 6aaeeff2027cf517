import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { VirtualClock } from "@sidetone/platform";
import { MU_LAW_SILENCE } from "@sidetone/protocol";
import type { CallerStep } from "@sidetone/testkit";
import { startBridge } from "./test/start-bridge.ts";
import { TestPod } from "./test/test-pod.ts";

const MINUTE_MS = 60_000;
const ECHO_AFTER_HOPS = 10;
/** Turns of the event loop without anything arriving after which nothing is on its way. */
const QUIET_TURNS = 6;

const noise = (from: number, length: number) =>
  Uint8Array.from({ length }, (_, i) => (Math.imul((from + i) ^ 0x5bd1, 0x9e3779b1) >>> 23) % 251);
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A call of a minute over real sockets and gRPC, on a clock that waits for both. */
async function minute(faults = {}) {
  const clock = new VirtualClock();
  const pod = await new TestPod().start();
  const running = await startBridge([pod.address], {}, { sidSeed: 1 }, clock);
  pod.script = ({ hop }) => (hop < ECHO_AFTER_HOPS ? {} : { audio: pod.hops[hop - ECHO_AFTER_HOPS]!.caller });
  const steps: CallerStep[] = Array.from({ length: 12 }, (_, i) => [
    { do: "speak" as const, audio: noise(i * 9_000, 8_000) },
    { do: "pause" as const, ms: 3_000 },
  ]).flat();
  const opened = Promise.withResolvers<void>();
  for (; !running.bridge.ready; await turn()) await clock.advance(10, turn);
  const call = running.place({ steps, faults, onEvent: ({ type }) => type === "stream-opened" && opened.resolve() });
  await opened.promise;

  const settled = async () => {
    const arrived = () => pod.hops.length + pod.inputs.length + (call.stream?.counts.mediaMessages ?? 0);
    for (let quiet = 0, seen = arrived(); quiet < QUIET_TURNS; quiet = arrived() === seen ? quiet + 1 : 0) {
      seen = arrived();
      await turn();
    }
  };
  const startedMs = performance.now();
  await clock.advance(MINUTE_MS, settled);
  const tookMs = performance.now() - startedMs;
  const hops = pod.hops.map(({ hop, heardSamples, concealed }) => [hop, heardSamples, concealed]);
  const { said, heard } = call.ear;
  call.hangUp();
  const over = call.ended;
  for (; !call.over; await turn()) await clock.advance(10, settled);
  await over;
  const closed = running.close();
  await clock.advance(2_000, settled);
  await closed;
  pod.kill();
  return { said, heard, hops, tookMs, notices: running.carrier.notices };
}

describe("a call of a minute on a virtual clock", () => {
  test("takes seconds, is heard to the sample, and goes the same way every time", async (t) => {
    const first = await minute();
    const second = await minute();
    t.diagnostic(`a minute took ${Math.round(first.tookMs)} and ${Math.round(second.tookMs)} ms`);
    assert.ok(first.tookMs < MINUTE_MS / 2, "far faster than real time even on a busy machine");
    assert.ok(first.hops.length >= MINUTE_MS / 40 - 5, `${first.hops.length} hops`);
    const loud = (bytes: Uint8Array) => bytes.findIndex((byte) => byte !== MU_LAW_SILENCE);
    const delay = loud(first.heard) - loud(first.said);
    const echo = Buffer.from(first.heard.subarray(delay));
    assert.ok(echo.equals(first.said.subarray(0, echo.length)), `the echo comes ${delay / 8} ms later, whole`);
    assert.deepEqual(second.hops, first.hops);
    assert.ok(Buffer.from(second.heard).equals(first.heard));
    assert.deepEqual(first.notices, []);
  });

  test("goes the same way every time on a bad line, too", async () => {
    const faults = { lossRate: 0.03, jitterMs: 60, reorderRate: 0.02, seed: 5 };
    const first = await minute(faults);
    const second = await minute(faults);
    assert.ok(first.hops.some(([, , concealed]) => concealed! > 0));
    assert.deepEqual(second.hops, first.hops);
    assert.ok(Buffer.from(second.heard).equals(first.heard));
  });
});
