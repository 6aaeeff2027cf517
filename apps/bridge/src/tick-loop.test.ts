import assert from "node:assert/strict";
import { test } from "node:test";
import { type Clock, Metrics, VirtualClock } from "@sidetone/platform";
import { createBridgeMetrics } from "./metrics.ts";
import { TickLoop } from "./tick-loop.ts";

const metrics = () => createBridgeMetrics(new Metrics("test", { defaults: false }));

test("every call is ticked every 40 ms, on the grid, and the pods get theirs after all calls", async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  const loop = new TickLoop({ clock, metrics: metrics(), send: (nowMs) => seen.push(`send@${nowMs}`) });
  loop.add({ tick: (nowMs) => seen.push(`a@${nowMs}`) });
  const b = { tick: (nowMs: number) => seen.push(`b@${nowMs}`) };
  loop.add(b);
  loop.start();
  await clock.advance(80);
  loop.remove(b);
  await clock.advance(40);
  loop.stop();
  await clock.advance(400);
  assert.deepEqual(seen, ["a@40", "b@40", "send@40", "a@80", "b@80", "send@80", "a@120", "send@120"]);
});

test("an hour of ticks has not drifted by a millisecond", async () => {
  const clock = new VirtualClock();
  let ticks = 0;
  let lastMs = 0;
  const loop = new TickLoop({
    clock,
    metrics: metrics(),
    send: (nowMs) => {
      ticks++;
      lastMs = nowMs;
    },
  });
  loop.start();
  await clock.advance(3_600_000);
  loop.stop();
  assert.equal(ticks, 90_000);
  assert.equal(lastMs, 3_600_000);
});

test("a call that ends within its own tick does not disturb the others", async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  const loop = new TickLoop({ clock, metrics: metrics(), send: () => undefined });
  const ending = {
    tick: () => {
      seen.push("ending");
      loop.remove(ending);
    },
  };
  loop.add(ending);
  loop.add({ tick: () => seen.push("other") });
  loop.start();
  await clock.advance(80);
  loop.stop();
  assert.deepEqual(seen, ["ending", "other", "other"]);
});

test("lateness and missed ticks are measured", async () => {
  let beat: ((latenessMs: number, missed: number) => void) | undefined;
  const clock: Clock = {
    nowMs: () => 0,
    after: () => () => undefined,
    every: (_periodMs, fn) => {
      beat = fn;
      return () => undefined;
    },
  };
  const counts = metrics();
  const loop = new TickLoop({ clock, metrics: counts, send: () => undefined });
  loop.start();
  beat?.(3, 0);
  beat?.(95, 2);
  const lateness = await counts.tickLatenessMs.get();
  assert.equal(lateness.values.find((value) => value.metricName?.endsWith("_sum"))?.value, 98);
  assert.equal((await counts.ticksMissed.get()).values[0]?.value, 2);
});
