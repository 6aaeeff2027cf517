import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ULAW_SILENCE, ULAW_TO_LINEAR } from "./g711.ts";
import { HOP_SAMPLES, HopAssembler, type HopAssemblerOptions, HopKind, PushKind } from "./hop-assembler.ts";

const FRAME = 160;

interface Frame {
  chunk: number;
  start: number;
  bytes: Uint8Array;
}

/** Loud mu-law in which every position can be told from its neighbours, and no byte is silence. */
function signal(lengthSamples: number): Uint8Array {
  return Uint8Array.from({ length: lengthSamples }, (_, i) => (i * 7 + (i >> 8) * 13) % 120);
}

function framesOf(audio: Uint8Array, sizes: Iterable<number>): Frame[] {
  const frames: Frame[] = [];
  let start = 0;
  for (const size of sizes) {
    if (start >= audio.length) break;
    const bytes = audio.slice(start, start + size);
    frames.push({ chunk: frames.length + 1, start, bytes });
    start += bytes.length;
  }
  return frames;
}

function* sized(size: number): Generator<number> {
  for (;;) yield size;
}

function push(assembler: HopAssembler, frame: Frame, originMs = 40): PushKind {
  const timestampMs = originMs + Math.floor(frame.start / 8);
  return assembler.push(frame.bytes, frame.bytes.length, frame.chunk + 1, frame.chunk, timestampMs);
}

/** Everything that one tick gives. */
function tick(assembler: HopAssembler, hops: Uint8Array[]): HopKind[] {
  const kinds: HopKind[] = [];
  for (let catchUp = false; ; catchUp = true) {
    const out = new Uint8Array(HOP_SAMPLES);
    const kind = assembler.pull(out, catchUp);
    if (kind === HopKind.Waiting) return kinds;
    kinds.push(kind);
    hops.push(out);
  }
}

function run(frames: Frame[], options: HopAssemblerOptions = {}) {
  const assembler = new HopAssembler(options);
  const hops: Uint8Array[] = [];
  for (const frame of frames) {
    push(assembler, frame);
    for (;;) {
      const out = new Uint8Array(HOP_SAMPLES);
      if (assembler.pull(out, true) === HopKind.Waiting) break;
      hops.push(out);
    }
  }
  return { assembler, audio: new Uint8Array(Buffer.concat(hops)) };
}

describe("HopAssembler", () => {
  it("gives the same hops for any chunking", () => {
    const audio = signal(HOP_SAMPLES * 40);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 40, maxLength: 400 }), (sizes) => {
        const frames = framesOf(audio, sizes);
        const total = frames.reduce((sum, frame) => sum + frame.bytes.length, 0);
        const result = run(frames);
        assert.deepEqual(result.audio, audio.subarray(0, total - (total % HOP_SAMPLES)));
        assert.equal(result.assembler.counts.concealedSamples, 0);
        assert.equal(result.assembler.counts.missingMessages, 0);
      }),
    );
  });

  it("undoes reordering within 60 ms and drops repeats", () => {
    const audio = signal(FRAME * 60);
    fc.assert(
      fc.property(
        fc.array(fc.record({ swap: fc.boolean(), repeat: fc.boolean() }), { minLength: 56, maxLength: 56 }),
        (faults) => {
          const frames = framesOf(audio, sized(FRAME));
          const sent: Frame[] = [];
          for (let i = 0; i < frames.length; i++) {
            const fault = faults[i];
            if (fault?.swap && i + 1 < frames.length) {
              sent.push(frames[i + 1]!, frames[i]!);
              i++;
            } else sent.push(frames[i]!);
            if (fault?.repeat) sent.push(sent.at(-1)!);
          }
          const result = run(sent);
          assert.deepEqual(result.audio, audio);
          assert.equal(result.assembler.counts.repeatedFrames, sent.length - frames.length);
          assert.equal(result.assembler.counts.missingMessages, 0);
        },
      ),
    );
  });

  it("puts frames of any whole milliseconds back in order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 5, max: 30 }), { minLength: 20, maxLength: 40 }), (sizesMs) => {
        const audio = signal(sizesMs.reduce((sum, ms) => sum + ms * 8, 0));
        const frames = framesOf(
          audio,
          sizesMs.map((ms) => ms * 8),
        );
        const sent = frames.slice(0, 1);
        for (let i = 1; i < frames.length; i += 2) sent.push(...frames.slice(i, i + 2).reverse());
        assert.deepEqual(run(sent).audio, audio.subarray(0, audio.length - (audio.length % HOP_SAMPLES)));
      }),
    );
  });

  it("keeps every sample in its place whatever is lost, and says exactly how much was", () => {
    const audio = signal(FRAME * 80);
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 70 }), { maxLength: 30 }), (lost) => {
        const frames = framesOf(audio, sized(FRAME)).filter((frame) => !lost.includes(frame.chunk));
        const { assembler, audio: heard } = run(frames);
        assert.equal(heard.length, audio.length);
        for (const frame of frames) {
          assert.deepEqual(heard.subarray(frame.start, frame.start + FRAME), frame.bytes, `chunk ${frame.chunk}`);
        }
        assert.equal(assembler.counts.concealedSamples, lost.length * FRAME);
        assert.equal(assembler.counts.missingMessages, lost.filter((chunk) => chunk > frames[0]!.chunk).length);
      }),
    );
  });

  it("conceals a gap with the last 20 ms, fading to 0xff within 60 ms", () => {
    const frames = framesOf(signal(FRAME * 20), sized(FRAME)).filter(({ chunk }) => chunk < 5 || chunk > 12);
    const { audio } = run(frames);
    const before = audio.subarray(FRAME * 3, FRAME * 4);
    const gap = audio.subarray(FRAME * 4, FRAME * 12);
    assert.equal(gap[0], before[0]);
    for (let i = 0; i < 480; i++) {
      const original = ULAW_TO_LINEAR[before[i % FRAME]!]!;
      const expected = original * (1 - i / 480);
      assert.ok(Math.abs(ULAW_TO_LINEAR[gap[i]!]! - expected) <= Math.abs(expected) / 16 + 8);
    }
    assert.ok(gap.subarray(480).every((byte) => byte === ULAW_SILENCE));
  });

  it("waits three ticks for a silent line, then makes up one hop a tick", () => {
    const assembler = new HopAssembler();
    const hops: Uint8Array[] = [];
    assert.deepEqual(tick(assembler, hops), [], "nothing before the first frame");
    for (const frame of framesOf(signal(HOP_SAMPLES), sized(FRAME))) push(assembler, frame);
    const kinds = Array.from({ length: 7 }, () => tick(assembler, hops));
    assert.deepEqual(kinds, [
      [HopKind.Whole],
      [],
      [],
      [],
      [HopKind.Concealed],
      [HopKind.Concealed],
      [HopKind.Concealed],
    ]);
    assert.equal(assembler.nextHopIndex, 4);
  });

  it("drops what comes after its hop was made up, and nothing else, when a stalled line bursts", () => {
    const audio = signal(FRAME * 40);
    const frames = framesOf(audio, sized(FRAME));
    const assembler = new HopAssembler();
    const hops: Uint8Array[] = [];
    for (const frame of frames.slice(0, 10)) push(assembler, frame);
    for (let i = 0; i < 6; i++) tick(assembler, hops);
    assert.equal(hops.length, 7, "five whole hops at once, then three waits, then two made up");
    const kinds = frames.slice(10, 26).map((frame) => push(assembler, frame));
    assert.deepEqual(kinds.slice(0, 5), [PushKind.Late, PushKind.Late, PushKind.Late, PushKind.Late, PushKind.Placed]);
    tick(assembler, hops);
    const heard = Buffer.concat(hops);
    assert.deepEqual(heard.subarray(14 * FRAME), Buffer.from(audio.subarray(14 * FRAME, 26 * FRAME)));
    assert.equal(assembler.counts.reanchored, 0);
  });

  it("hears a line again that has become steadily later than what was made up for it", () => {
    const frames = framesOf(signal(FRAME * 100), sized(FRAME));
    const assembler = new HopAssembler();
    const hops: Uint8Array[] = [];
    for (const frame of frames.slice(0, 10)) push(assembler, frame);
    for (let i = 0; i < 10; i++) tick(assembler, hops);
    const kinds: HopKind[] = [];
    for (let i = 10; i < 60; i += 2) {
      push(assembler, frames[i]!);
      push(assembler, frames[i + 1]!);
      kinds.push(...tick(assembler, hops));
    }
    assert.equal(assembler.counts.reanchored, 1);
    assert.ok(kinds.slice(-10).every((kind) => kind === HopKind.Whole));
  });

  it("drops the oldest whole hops when nobody pulls, and says how much", () => {
    const audio = signal(FRAME * 100);
    const assembler = new HopAssembler({ maxBacklogMs: 200 });
    for (const frame of framesOf(audio, sized(FRAME))) push(assembler, frame);
    const hops: Uint8Array[] = [];
    tick(assembler, hops);
    assert.deepEqual(new Uint8Array(Buffer.concat(hops)), audio.subarray(audio.length - 1600));
    assert.equal(assembler.counts.droppedSamples, audio.length - 1600);
    assert.equal(assembler.positionSamples, audio.length);
  });

  it("tells a jump in the timestamps from a broken clock", () => {
    const bytes = signal(FRAME);
    const table: [what: string, timestampMs: number, concealedAtLeast: number, reanchored: number][] = [
      ["wobble of 15 ms", 20 + 15, 0, 0],
      ["gap of 200 ms", 20 + 200, 1600, 0],
      ["an hour ahead", 3_600_000, 0, 1],
      ["backwards", -500, 0, 1],
      ["not a number", Number.NaN, 0, 1],
    ];
    for (const [what, timestampMs, concealed, reanchored] of table) {
      const assembler = new HopAssembler();
      const hops: Uint8Array[] = [];
      assembler.push(bytes, FRAME, 2, 1, 0);
      assembler.push(bytes, FRAME, 3, 2, timestampMs);
      for (let i = 0; i < 6; i++) {
        const after = Number.isNaN(timestampMs) ? 20 : timestampMs;
        assembler.push(bytes, FRAME, 4 + i, 3 + i, after + 20 + i * 20);
      }
      tick(assembler, hops);
      assert.equal(assembler.counts.reanchored, reanchored, what);
      assert.equal(assembler.counts.concealedSamples, concealed, what);
    }
  });

  it("does not take dtmf and mark messages for missing audio", () => {
    const assembler = new HopAssembler();
    const [first, second] = framesOf(signal(HOP_SAMPLES), sized(FRAME));
    assembler.noteSequence(1);
    assembler.push(first!.bytes, FRAME, 2, 1, 0);
    assembler.noteSequence(3);
    assembler.push(second!.bytes, FRAME, 4, 2, 20);
    assert.equal(assembler.counts.missingMessages, 0);
    assembler.noteSequence(7);
    assert.equal(assembler.counts.missingMessages, 2);
  });

  it("refuses empty frames and frames longer than its buffer", () => {
    const assembler = new HopAssembler({ maxBacklogMs: 200 });
    assert.equal(assembler.push(new Uint8Array(0), 0, 2, 1, 0), PushKind.Refused);
    assert.equal(assembler.push(new Uint8Array(1601), 1601, 2, 1, 0), PushKind.Refused);
    assert.equal(assembler.counts.refusedFrames, 2);
  });
});
