import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualClock } from "@sidetone/platform";
import { Line, type LineFaults } from "./line.ts";

async function drive(faults: LineFaults, frames = 500) {
  const clock = new VirtualClock();
  const arrived: { frame: number; atMs: number }[] = [];
  const line = new Line(clock, faults, (text) => arrived.push({ frame: Number(text), atMs: clock.nowMs() }));
  let next = 0;
  const stop = clock.every(20, () => line.sendFrame(String(next++)));
  await clock.advance(frames * 20);
  stop();
  await clock.advance(2000);
  return { line, arrived, order: arrived.map(({ frame }) => frame) };
}

const ordered = (frames: number[]): boolean => frames.every((frame, i) => i === 0 || frame > frames[i - 1]!);

describe("Line", () => {
  it("delivers everything at once and in order when nothing is wrong", async () => {
    const { arrived } = await drive({});
    assert.equal(arrived.length, 500);
    assert.ok(arrived.every(({ frame, atMs }) => atMs === (frame + 1) * 20));
  });

  it("loses about as many frames as it is told, the same ones each time", async () => {
    const first = await drive({ lossRate: 0.03, seed: 7 });
    const second = await drive({ lossRate: 0.03, seed: 7 });
    const other = await drive({ lossRate: 0.03, seed: 8 });
    assert.ok(first.line.counts.lost > 5 && first.line.counts.lost < 30, `${first.line.counts.lost} lost`);
    assert.deepEqual(first.order, second.order);
    assert.notDeepEqual(first.order, other.order);
  });

  it("delays by up to the jitter and keeps the order", async () => {
    const { arrived, order } = await drive({ jitterMs: 60 });
    const delays = arrived.map(({ frame, atMs }) => atMs - (frame + 1) * 20);
    assert.ok(ordered(order));
    assert.ok(Math.max(...delays) > 50 && Math.max(...delays) <= 60 && Math.min(...delays) < 5);
  });

  it("swaps neighbours and repeats frames", async () => {
    const { line, order } = await drive({ reorderRate: 0.1, repeatRate: 0.05 });
    assert.ok(line.counts.reordered > 20 && line.counts.repeated > 10);
    assert.ok(!ordered(order));
    assert.ok(new Set(order).size >= 499);
  });

  it("stalls and then delivers all at once", async () => {
    const { arrived } = await drive({ burst: { everyMs: 1000, lengthMs: 300 } });
    const second = arrived.filter(({ frame }) => (frame + 1) * 20 > 1000 && (frame + 1) * 20 <= 2000);
    assert.equal(second.filter(({ atMs }) => atMs === 2000).length, 16);
    assert.ok(!second.some(({ atMs }) => atMs >= 1700 && atMs < 2000));
  });

  it("keeps control messages behind the audio before them", async () => {
    const clock = new VirtualClock();
    const arrived: string[] = [];
    const line = new Line(clock, { jitterMs: 60, reorderRate: 1 }, (text) => arrived.push(text));
    line.sendFrame("audio");
    line.sendControl("stop");
    await clock.advance(100);
    assert.deepEqual(arrived, ["audio", "stop"]);
  });
});
