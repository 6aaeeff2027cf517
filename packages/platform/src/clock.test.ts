import assert from "node:assert/strict";
import { test } from "node:test";
import { realClock, VirtualClock } from "./clock.ts";

test("a virtual clock runs what falls due in order of time, then of arming", async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  clock.after(20, () => seen.push(`b@${clock.nowMs()}`));
  clock.after(10, () => seen.push(`a@${clock.nowMs()}`));
  clock.after(20, () => seen.push(`c@${clock.nowMs()}`));
  const stop = clock.every(40, () => seen.push(`tick@${clock.nowMs()}`));
  await clock.advance(100);
  assert.deepEqual(seen, ["a@10", "b@20", "c@20", "tick@40", "tick@80"]);
  stop();
  await clock.advance(100);
  assert.equal(seen.length, 5);
  assert.equal(clock.nowMs(), 200);
});

test("a cancelled entry never runs", async () => {
  const clock = new VirtualClock();
  let ran = 0;
  clock.after(5, () => ran++)();
  await clock.advance(10);
  assert.equal(ran, 0);
});

test("an entry armed by another within the same advance still runs in its time", async () => {
  const clock = new VirtualClock();
  const seen: number[] = [];
  clock.after(10, () => clock.after(10, () => seen.push(clock.nowMs())));
  await clock.advance(25);
  assert.deepEqual(seen, [20]);
});

test("the real clock keeps its beats on the grid and says how late each was", async () => {
  const originMs = performance.now();
  const beats: number[] = [];
  await new Promise<void>((resolve) => {
    const stop = realClock.every(10, (latenessMs, missed) => {
      assert.ok(latenessMs >= 0);
      assert.ok(Number.isInteger(missed) && missed >= 0);
      beats.push(performance.now() - originMs - latenessMs);
      if (beats.length === 5) {
        stop();
        resolve();
      }
    });
  });
  for (const beat of beats) {
    const offGridMs = Math.abs(beat / 10 - Math.round(beat / 10)) * 10;
    assert.ok(offGridMs < 1.5, `beat at ${beat} is off the grid`);
  }
});
