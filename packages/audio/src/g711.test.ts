import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  ALAW_TO_LINEAR,
  decodeAlaw,
  decodeUlaw,
  encodeAlaw,
  encodeUlaw,
  LINEAR_TO_ALAW,
  LINEAR_TO_ULAW,
  ULAW_TO_LINEAR,
} from "./g711.ts";

/** Intervals of the positive half, as the recommendation's columns "number of intervals x interval size" give them. */
const ULAW_SEGMENTS = [
  [1, 1],
  [15, 2],
  [16, 4],
  [16, 8],
  [16, 16],
  [16, 32],
  [16, 64],
  [16, 128],
  [16, 256],
] as const;
const ALAW_SEGMENTS = [
  [32, 2],
  [16, 4],
  [16, 8],
  [16, 16],
  [16, 32],
  [16, 64],
  [16, 128],
] as const;

/** Decision values x(n) of one polarity, x(1) to x(N+1). */
function decisionValues(segments: readonly (readonly [number, number])[]): number[] {
  const values = [0];
  for (const [count, size] of segments) for (let i = 0; i < count; i++) values.push(values.at(-1)! + size);
  return values;
}

describe("G.711", () => {
  it("mu-law follows tables 2a and 2b at every decision and output value", () => {
    const decisions = decisionValues(ULAW_SEGMENTS);
    assert.equal(decisions.length, 129);
    assert.equal(decisions.at(-1), 8159);
    for (let n = 0; n < 128; n++) {
      const byte = 0xff - n;
      const output = n === 0 ? 0 : (decisions[n]! + decisions[n + 1]!) / 2;
      assert.equal(ULAW_TO_LINEAR[byte], output * 4, `decode +${n}`);
      assert.equal(ULAW_TO_LINEAR[byte & 0x7f], output === 0 ? 0 : -output * 4, `decode -${n}`);
      assert.equal(LINEAR_TO_ULAW[decisions[n]! * 4], byte, `lowest value of interval ${n}`);
      assert.equal(LINEAR_TO_ULAW[decisions[n + 1]! * 4 - 1], byte, `highest value of interval ${n}`);
    }
  });

  it("A-law follows tables 1a and 1b at every decision and output value", () => {
    const decisions = decisionValues(ALAW_SEGMENTS);
    assert.equal(decisions.length, 129);
    assert.equal(decisions.at(-1), 4096);
    for (let n = 0; n < 128; n++) {
      const byte = (0x80 | n) ^ 0x55;
      const output = (decisions[n]! + decisions[n + 1]!) / 2;
      assert.equal(ALAW_TO_LINEAR[byte], output * 8, `decode +${n}`);
      assert.equal(ALAW_TO_LINEAR[byte ^ 0x80], -output * 8, `decode -${n}`);
      assert.equal(LINEAR_TO_ALAW[decisions[n]! * 8], byte, `lowest value of interval ${n}`);
      assert.equal(LINEAR_TO_ALAW[decisions[n + 1]! * 8 - 1], byte, `highest value of interval ${n}`);
    }
  });

  const points: [law: string, table: Uint8Array, value: number, byte: number][] = [
    ["mu-law", LINEAR_TO_ULAW, 0, 0xff],
    ["mu-law", LINEAR_TO_ULAW, -1, 0x7f],
    ["mu-law", LINEAR_TO_ULAW, 32124, 0x80],
    ["mu-law", LINEAR_TO_ULAW, -32124, 0x00],
    ["mu-law clips", LINEAR_TO_ULAW, 32767, 0x80],
    ["mu-law clips", LINEAR_TO_ULAW, -32768, 0x00],
    ["mu-law", LINEAR_TO_ULAW, 1000, 0xce],
    ["A-law", LINEAR_TO_ALAW, 0, 0xd5],
    ["A-law", LINEAR_TO_ALAW, -1, 0x55],
    ["A-law", LINEAR_TO_ALAW, 32767, 0xaa],
    ["A-law", LINEAR_TO_ALAW, -32768, 0x2a],
  ];
  for (const [law, table, value, byte] of points) {
    it(`${law} encodes ${value} as 0x${byte.toString(16)}`, () => assert.equal(table[value & 0xffff], byte));
  }

  it("decoding and encoding again gives the same byte, but for mu-law's negative zero", () => {
    for (let byte = 0; byte < 256; byte++) {
      assert.equal(LINEAR_TO_ULAW[ULAW_TO_LINEAR[byte]! & 0xffff], byte === 0x7f ? 0xff : byte);
      assert.equal(LINEAR_TO_ALAW[ALAW_TO_LINEAR[byte]! & 0xffff], byte);
    }
  });

  it("every value comes back within half its interval, with its sign, in order", () => {
    fc.assert(
      fc.property(fc.integer({ min: -32635, max: 32635 }), fc.integer({ min: -32635, max: 32635 }), (a, b) => {
        const samples = Int16Array.of(a, b);
        const bytes = new Uint8Array(2);
        const back = new Int16Array(2);
        for (const [encode, decode, floor] of [
          [encodeUlaw, decodeUlaw, 4],
          [encodeAlaw, decodeAlaw, 8],
        ] as const) {
          encode(samples, bytes);
          decode(bytes, back);
          assert.ok(Math.abs(back[0]! - a) <= Math.max(floor, Math.abs(a) / 31 + floor));
          assert.ok(back[0]! * a >= 0);
          if (a < b) assert.ok(back[0]! <= back[1]!);
        }
      }),
    );
  });
});
