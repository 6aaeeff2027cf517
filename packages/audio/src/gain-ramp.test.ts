import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { encodeUlaw, ULAW_TO_LINEAR } from "./g711.ts";
import { GainRamp } from "./gain-ramp.ts";

const constant = (lengthSamples: number, value = 16000): Int16Array => new Int16Array(lengthSamples).fill(value);

describe("GainRamp", () => {
  it("ducks by 8 dB in 20 ms and comes back in 80 ms, a little at every sample", () => {
    const ramp = new GainRamp();
    const samples = constant(8000);
    ramp.applyLinear(samples, 0, 100);
    ramp.duck();
    ramp.applyLinear(samples, 100, 400);
    ramp.restore();
    ramp.applyLinear(samples, 500);
    const ducked = Math.round(16000 * 10 ** (-8 / 20));
    assert.equal(samples[99], 16000);
    assert.equal(samples[100 + 159], ducked, "after 160 samples");
    assert.ok(samples[100 + 158]! > ducked);
    assert.equal(samples[500 + 639], 16000, "after 640 samples");
    assert.ok(samples[500 + 638]! < 16000);
    for (let i = 1; i < samples.length; i++) {
      assert.ok(Math.abs(samples[i]! - samples[i - 1]!) <= 16000 / 160, `no click at ${i}`);
    }
  });

  it("leaves mu-law untouched to the bit at 0 dB, before and after a duck", () => {
    const ramp = new GainRamp();
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const before = all.slice();
    ramp.applyUlaw(before);
    assert.deepEqual(before, all);
    ramp.duck();
    ramp.applyUlaw(new Uint8Array(160));
    ramp.restore();
    ramp.applyUlaw(new Uint8Array(640));
    assert.equal(ramp.moving, false);
    const after = all.slice();
    ramp.applyUlaw(after);
    assert.deepEqual(after, all);
  });

  it("gives the same samples however the stream is cut", () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 20 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 100 }), (cuts, durationMs) => {
        const source = new Uint8Array(1000);
        encodeUlaw(constant(1000), source);
        const whole = source.slice();
        const pieces = source.slice();
        const one = new GainRamp();
        const other = new GainRamp();
        one.rampTo(-20, durationMs);
        other.rampTo(-20, durationMs);
        one.applyUlaw(whole);
        let at = 0;
        for (const cut of [...cuts, 1000]) {
          const length = Math.min(cut, 1000 - at);
          other.applyUlaw(pieces, at, length);
          at += length;
        }
        assert.deepEqual(pieces, whole);
      }),
    );
  });

  it("reaches silence, and turns back in mid-ramp from where it is", () => {
    const ramp = new GainRamp();
    const bytes = new Uint8Array(400);
    encodeUlaw(constant(400), bytes);
    ramp.rampTo(Number.NEGATIVE_INFINITY, 20);
    ramp.applyUlaw(bytes, 0, 80);
    assert.ok(Math.abs(ramp.gain - 0.5) < 1e-9);
    ramp.rampTo(0, 20);
    ramp.applyUlaw(bytes, 80, 160);
    assert.equal(ramp.gain, 1);
    ramp.rampTo(Number.NEGATIVE_INFINITY, 10);
    ramp.applyUlaw(bytes, 240, 160);
    assert.equal(ULAW_TO_LINEAR[bytes[399]!], 0);
  });

  it("clips instead of wrapping", () => {
    const ramp = new GainRamp();
    const samples = Int16Array.of(30000, -30000);
    ramp.rampTo(12, 0);
    ramp.applyLinear(samples);
    assert.deepEqual(samples, Int16Array.of(32767, -32768));
  });
});
