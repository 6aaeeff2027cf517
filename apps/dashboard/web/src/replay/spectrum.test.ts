import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BINS, STEP_SAMPLES, spectrogramOf, WINDOW_SAMPLES } from "./spectrum.ts";

const COLUMNS = 20;
const samples = (of: (i: number) => number) =>
  Float32Array.from({ length: COLUMNS * STEP_SAMPLES + WINDOW_SAMPLES }, (_, i) => of(i));
const loudest = (picture: Uint8Array, column: number) => {
  const bins = picture.subarray(column * BINS, (column + 1) * BINS);
  return bins.indexOf(Math.max(...bins));
};

describe("a spectrogram", () => {
  for (const hz of [250, 1_000, 2_500, 3_750]) {
    it(`shows a tone of ${hz} Hz in its bin and nowhere else`, () => {
      const picture = spectrogramOf(
        samples((i) => 0.05 * Math.sin((2 * Math.PI * hz * i) / 8_000)),
        COLUMNS,
      );
      const bin = hz / (8_000 / WINDOW_SAMPLES);
      assert.equal(loudest(picture, 10), bin);
      for (let other = 0; other < BINS; other++)
        if (Math.abs(other - bin) > 2) assert.ok((picture[10 * BINS + other] ?? 0) < 80, `bin ${other}`);
    });
  }

  it("shows when a sound begins", () => {
    const at = 10 * STEP_SAMPLES + WINDOW_SAMPLES;
    const picture = spectrogramOf(
      samples((i) => (i >= at ? 0.3 * Math.sin(i) : 0)),
      COLUMNS,
    );
    assert.equal(Math.max(...picture.subarray(0, 10 * BINS)), 0);
    assert.ok(Math.max(...picture.subarray(14 * BINS, 15 * BINS)) > 200);
  });

  it("draws silence where there are no samples", () => {
    assert.ok(spectrogramOf(new Float32Array(0), 3).every((value) => value === 0));
  });
});
