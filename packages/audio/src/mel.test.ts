import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeUlaw } from "./g711.ts";
import { LogMel, MEL_BANDS, MEL_CARRY_SAMPLES, MEL_VALUES_PER_HOP } from "./mel.ts";

const HOP_SAMPLES = 320;

/** The definition, written out: a plain Fourier sum over the 200 windowed samples. */
function byDefinition(window: readonly number[]): number[] {
  const power = Array.from({ length: 129 }, (_, k) => {
    let real = 0;
    let imaginary = 0;
    for (const [n, x] of window.entries()) {
      const y = (x / 32768) * (0.5 - 0.5 * Math.cos((2 * Math.PI * n) / 200));
      real += y * Math.cos((2 * Math.PI * k * n) / 256);
      imaginary -= y * Math.sin((2 * Math.PI * k * n) / 256);
    }
    return real ** 2 + imaginary ** 2;
  });
  const mel = (hz: number): number => 2595 * Math.log10(1 + hz / 700);
  const corner = (i: number): number => 700 * (10 ** ((mel(80) + ((mel(3800) - mel(80)) * i) / 41) / 2595) - 1);
  return Array.from({ length: 40 }, (_, b) => {
    const [low, peak, high] = [corner(b), corner(b + 1), corner(b + 2)];
    const sum = power.reduce((total, p, k) => {
      const hz = k * 31.25;
      return total + p * Math.max(0, Math.min((hz - low) / (peak - low), (high - hz) / (high - peak)));
    }, 0);
    return (Math.log(sum + 1e-5) + 4) / 4;
  });
}

function noise(length: number, seed: number): Int16Array {
  let state = seed;
  return Int16Array.from({ length }, (_, i) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * 12_000 + 9000 * Math.sin(i / 3);
  });
}

describe("LogMel", () => {
  it("follows its definition within 1e-5", () => {
    const samples = noise(3 * HOP_SAMPLES, 7);
    const mel = new LogMel();
    const carry = new Int16Array(MEL_CARRY_SAMPLES);
    const out = new Float32Array(MEL_VALUES_PER_HOP);
    const padded = [...new Int16Array(MEL_CARRY_SAMPLES), ...samples];
    for (let hop = 0; hop < 3; hop++) {
      mel.processLinear(samples, hop * HOP_SAMPLES, carry, 0, out, 0);
      for (let frame = 0; frame < 4; frame++) {
        const from = hop * HOP_SAMPLES + frame * 80;
        const expected = byDefinition(padded.slice(from, from + 200));
        for (const [band, value] of expected.entries()) {
          assert.ok(Math.abs(out[frame * MEL_BANDS + band]! - value) < 1e-5, `hop ${hop} frame ${frame} band ${band}`);
        }
      }
    }
  });

  it("gives the same for a stream alone and between others, from mu-law and from its linear values", () => {
    const muLaw = new Uint8Array(4 * HOP_SAMPLES);
    encodeUlaw(noise(muLaw.length, 3), muLaw);
    const mel = new LogMel();
    const alone = new Float32Array(4 * MEL_VALUES_PER_HOP);
    const between = new Float32Array(4 * MEL_VALUES_PER_HOP);
    const carry = new Int16Array(MEL_CARRY_SAMPLES);
    for (let hop = 0; hop < 4; hop++)
      mel.processUlaw(muLaw, hop * HOP_SAMPLES, carry, 0, alone, hop * MEL_VALUES_PER_HOP);
    const carries = new Int16Array(2 * MEL_CARRY_SAMPLES);
    const other = noise(HOP_SAMPLES, 99);
    const scrap = new Float32Array(MEL_VALUES_PER_HOP);
    for (let hop = 0; hop < 4; hop++) {
      mel.processLinear(other, 0, carries, 0, scrap, 0);
      mel.processUlaw(muLaw, hop * HOP_SAMPLES, carries, MEL_CARRY_SAMPLES, between, hop * MEL_VALUES_PER_HOP);
    }
    assert.deepEqual(between, alone);
  });

  it("gives for silent mu-law what it gives for linear zeros, also after sound", () => {
    const mel = new LogMel();
    const silence = new Uint8Array(HOP_SAMPLES).fill(0xff);
    const out = [new Float32Array(MEL_VALUES_PER_HOP), new Float32Array(MEL_VALUES_PER_HOP)] as const;
    const carries = [noise(MEL_CARRY_SAMPLES, 5), noise(MEL_CARRY_SAMPLES, 5)] as const;
    for (let hop = 0; hop < 3; hop++) {
      mel.processUlaw(silence, 0, carries[0], 0, out[0], 0);
      mel.processLinear(new Int16Array(HOP_SAMPLES), 0, carries[1], 0, out[1], 0);
      assert.deepEqual(out[0], out[1]);
    }
  });

  it("stays finite for silence, full scale and a constant", () => {
    const mel = new LogMel();
    const out = new Float32Array(MEL_VALUES_PER_HOP);
    for (const value of [0, 32767, -32768]) {
      mel.processLinear(
        new Int16Array(HOP_SAMPLES).fill(value),
        0,
        new Int16Array(MEL_CARRY_SAMPLES).fill(value),
        0,
        out,
        0,
      );
      assert.ok(out.every((x) => Number.isFinite(x) && x > -2 && x < 4));
    }
    mel.processLinear(new Int16Array(HOP_SAMPLES), 0, new Int16Array(MEL_CARRY_SAMPLES), 0, out, 0);
    assert.ok(out.every((x) => Math.abs(x - (Math.log(1e-5) + 4) / 4) < 1e-6));
  });
});
