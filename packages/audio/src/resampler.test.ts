import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { linearLevelDbfs } from "./level.ts";
import { Resampler, resample } from "./resampler.ts";

const RATES_HZ = [8000, 16000, 24000, 48000] as const;
const PAIRS = RATES_HZ.flatMap((fromHz) => RATES_HZ.map((toHz) => [fromHz, toHz] as const)).filter(([a, b]) => a !== b);

const sine = (frequencyHz: number, rateHz: number, lengthSamples: number): Int16Array =>
  Int16Array.from({ length: lengthSamples }, (_, i) =>
    Math.round(16000 * Math.sin((2 * Math.PI * frequencyHz * i) / rateHz)),
  );

describe("Resampler", () => {
  for (const [fromHz, toHz] of PAIRS) {
    it(`keeps a tone of 1 kHz from ${fromHz} to ${toHz} Hz, in place and within -60 dB`, () => {
      const heard = resample(sine(1000, fromHz, fromHz), fromHz, toHz);
      const expected = sine(1000, toHz, toHz);
      assert.equal(heard.length, expected.length);
      const inner = toHz / 10;
      const error = heard.map((value, i) => value - expected[i]!).subarray(inner, -inner);
      assert.ok(linearLevelDbfs(error) < linearLevelDbfs(expected) - 60, `${linearLevelDbfs(error)} dBFS`);
    });

    it(`gives the same samples from ${fromHz} to ${toHz} Hz for any chunking`, () => {
      const input = sine(700, fromHz, 1200);
      const whole = new Resampler(fromHz, toHz);
      const expected = new Int16Array(whole.maxOutSamples(input.length));
      const length = whole.process(input, expected);
      const cuts = fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 12 });
      fc.assert(
        fc.property(cuts, (sizes) => {
          const streaming = new Resampler(fromHz, toHz);
          const heard: number[] = [];
          let at = 0;
          for (const size of [...sizes, input.length]) {
            const piece = input.subarray(at, Math.min(at + size, input.length));
            const out = new Int16Array(streaming.maxOutSamples(piece.length));
            heard.push(...out.subarray(0, streaming.process(piece, out)));
            at += piece.length;
          }
          assert.deepEqual(heard, Array.from(expected.subarray(0, length)));
        }),
        { numRuns: 20 },
      );
    });
  }

  it("takes away what the lower rate cannot carry, by at least 60 dB", () => {
    for (const [fromHz, toHz] of PAIRS.filter(([a, b]) => a > b)) {
      const heard = resample(sine(toHz * 0.55, fromHz, fromHz), fromHz, toHz).subarray(200, -200);
      assert.ok(linearLevelDbfs(heard) < -9 - 60, `${fromHz} to ${toHz}: ${linearLevelDbfs(heard)} dBFS`);
    }
  });

  it("keeps a constant constant and clips instead of wrapping", () => {
    const heard = resample(new Int16Array(2000).fill(32767), 8000, 24000);
    assert.ok(heard.subarray(300, -300).every((value) => value === 32767));
    assert.ok(heard.every((value) => value > -6000));
  });

  it("starts anew after a reset", () => {
    const resampler = new Resampler(8000, 16000);
    const first = new Int16Array(resampler.maxOutSamples(100));
    const second = new Int16Array(resampler.maxOutSamples(100));
    resampler.process(sine(500, 8000, 100), first);
    resampler.reset();
    resampler.process(sine(500, 8000, 100), second);
    assert.deepEqual(second, first);
  });

  it("refuses odd rates and short buffers with coded errors", () => {
    assert.throws(() => new Resampler(0, 8000), { code: "AUDIO_RATE_UNSUPPORTED" });
    assert.throws(() => new Resampler(8000, 8000.5), { code: "AUDIO_RATE_UNSUPPORTED" });
    const resampler = new Resampler(8000, 16000);
    assert.throws(() => resampler.process(new Int16Array(10), new Int16Array(10)), { code: "AUDIO_BUFFER_TOO_SMALL" });
  });
});
