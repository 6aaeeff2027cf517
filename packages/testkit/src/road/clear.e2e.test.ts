import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { CallerStep } from "../caller/caller.ts";
import type { Call } from "../carrier/call.ts";
import { Road } from "./road.ts";

const CALLS = 100;
const TARGET_MS = 5;
const MACHINE_KEEPS_UP_MS = 10;

const hum = (ms: number): Uint8Array => Uint8Array.from({ length: ms * 8 }, (_, i) => (i % 8 < 4 ? 0x10 : 0x90));

describe("giving way with 100 calls at once", () => {
  let road: Road;
  before(async () => {
    road = await Road.start({ podEnv: { POD_CAPACITY: "128" }, carrier: { phases: 4 } });
  });
  after(() => road.close());

  it(`sends the clear within ${TARGET_MS} ms of the decision (p99)`, async (t) => {
    const calls: Call[] = [];
    for (let i = 0; i < CALLS; i++) {
      const opened = Promise.withResolvers<void>();
      const steps: CallerStep[] = [
        { do: "listen", quietMs: 300, atMostMs: 5000 },
        // Each at a time of its own, so that the calls give way at different ticks.
        { do: "pause", ms: (i % 25) * 60 },
        { do: "speak", audio: hum(2500) },
        { do: "await-agent", forMs: 400, atMostMs: 10_000 },
        { do: "speak", audio: hum(300) },
        { do: "listen", quietMs: 200, atMostMs: 4000 },
        { do: "hang-up" },
      ];
      const call = road.call(steps, { onEvent: ({ type }) => type === "stream-opened" && opened.resolve() });
      calls.push(call);
      await Promise.race([opened.promise, call.ended]);
    }
    await Promise.all(calls.map((call) => call.ended));
    const metrics = await road.metrics();
    const clear = percentileMs(metrics, "sidetone_bridge_clear_ms", 0.99);
    const late = percentileMs(metrics, "sidetone_bridge_tick_lateness_ms", 0.99);
    const stops = calls
      .map((call) => call.ear.stopLatenciesMs()[0] ?? Number.POSITIVE_INFINITY)
      .toSorted((a, b) => a - b);
    t.diagnostic(`clear leaves within ${clear} ms (p99); ticks are late by at most ${late} ms (p99)`);
    t.diagnostic(`silent at the ear after ${stops[50]} ms (median), ${stops[98]} ms (p99)`);
    // Where even the ticks come late, the machine has no time for the bridge, and that is what would be measured.
    const keepsUp = late <= MACHINE_KEEPS_UP_MS;
    assert.ok(clear <= (keepsUp ? TARGET_MS : late), `p99 ${clear} ms`);
    const gaveWay = calls.filter((call) => (call.streams[0]?.counts.clears ?? 0) >= 1);
    t.diagnostic(`${gaveWay.length} of ${CALLS} calls gave way`);
    if (!keepsUp) return;
    assert.ok(gaveWay.length >= CALLS * 0.95, `${gaveWay.length} of ${CALLS} calls gave way`);
    assert.deepEqual(road.carrier.notices, []);
  });
});

/** The upper bound of the bucket in which a histogram's percentile lies. */
function percentileMs(metrics: string, name: string, share: number): number {
  const buckets = [...metrics.matchAll(new RegExp(`^${name}_bucket\\{(?=[^}]*le="([^"]+)")[^}]*\\} (\\d+)$`, "gm"))];
  const total = Number(buckets.at(-1)?.[2]);
  assert.ok(total > 0, `${name} has counted something`);
  const found = buckets.find(([, , count]) => Number(count) >= share * total);
  return found?.[1] === "+Inf" ? Number.POSITIVE_INFINITY : Number(found?.[1]);
}
