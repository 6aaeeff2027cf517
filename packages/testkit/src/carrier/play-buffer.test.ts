import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PlayBuffer } from "./play-buffer.ts";

const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

describe("PlayBuffer", () => {
  it("plays what it got in order, and silence after it", () => {
    const buffer = new PlayBuffer();
    const out = new Uint8Array(160);
    buffer.add(bytes(100, 1));
    buffer.add(bytes(100, 2));
    assert.equal(buffer.waitingMs, 25);
    assert.equal(buffer.take(out), 160);
    assert.deepEqual([out[0], out[99], out[100], out[159]], [1, 1, 2, 2]);
    assert.equal(buffer.take(out), 40);
    assert.deepEqual([out[39], out[40], out[159]], [2, 0xff, 0xff]);
    assert.equal(buffer.waitingMs, 0);
  });

  it("returns a mark when the audio before it is over, not when it begins", () => {
    const buffer = new PlayBuffer();
    const out = new Uint8Array(160);
    buffer.add(bytes(160, 1));
    buffer.mark("first");
    buffer.add(bytes(160, 2));
    buffer.mark("second");
    assert.deepEqual(buffer.reachedMarks(), []);
    buffer.take(out);
    assert.deepEqual(buffer.reachedMarks(), [], "the first frame is being played");
    buffer.take(out);
    assert.deepEqual(buffer.reachedMarks(), ["first"]);
    buffer.take(out);
    assert.deepEqual(buffer.reachedMarks(), ["second"]);
    assert.deepEqual(buffer.reachedMarks(), [], "each once");
  });

  it("returns all marks at a clear, and plays nothing of what was cleared", () => {
    const buffer = new PlayBuffer();
    const out = new Uint8Array(160);
    buffer.add(bytes(480, 1));
    buffer.mark("a");
    buffer.mark("b");
    buffer.take(out);
    buffer.clear();
    assert.deepEqual(buffer.reachedMarks(), ["a", "b"]);
    assert.equal(buffer.take(out), 0);
    buffer.add(bytes(160, 3));
    buffer.mark("c");
    buffer.take(out);
    assert.equal(out[0], 3);
    buffer.take(out);
    assert.deepEqual(buffer.reachedMarks(), ["c"]);
  });

  it("returns a mark without audio at once", () => {
    const buffer = new PlayBuffer();
    buffer.mark("empty");
    assert.deepEqual(buffer.reachedMarks(), ["empty"]);
  });
});
