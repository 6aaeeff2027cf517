/** Samples of one analysis window and the bins that come of it: 0 to 4 kHz in steps of 31.25 Hz. */
export const WINDOW_SAMPLES = 256;
export const BINS = WINDOW_SAMPLES / 2;
/** One column every 8 ms. */
export const STEP_SAMPLES = 64;
/** The quietest level that is drawn, and how far under full scale the loudest speech of a telephone lies. */
const FLOOR_DB = -84;
const TOP_DB = -22;

const hann = Float32Array.from(
  { length: WINDOW_SAMPLES },
  (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW_SAMPLES),
);
const cosines = Float32Array.from({ length: BINS }, (_, i) => Math.cos((2 * Math.PI * i) / WINDOW_SAMPLES));
const sines = Float32Array.from({ length: BINS }, (_, i) => Math.sin((2 * Math.PI * i) / WINDOW_SAMPLES));
const BITS = Math.log2(WINDOW_SAMPLES);
const reversed = Uint16Array.from({ length: WINDOW_SAMPLES }, (_, i) => {
  let out = 0;
  for (let bit = 0; bit < BITS; bit++) if (i & (1 << bit)) out |= 1 << (BITS - 1 - bit);
  return out;
});

/** In-place radix-2 transform of `WINDOW_SAMPLES` values that already stand in bit-reversed order. */
function transform(re: Float32Array, im: Float32Array): void {
  for (let size = 2; size <= WINDOW_SAMPLES; size *= 2) {
    const half = size / 2;
    const stride = WINDOW_SAMPLES / size;
    for (let from = 0; from < WINDOW_SAMPLES; from += size) {
      for (let k = 0; k < half; k++) {
        const [c, s] = [cosines[k * stride] as number, -(sines[k * stride] as number)];
        const [a, b] = [from + k, from + k + half];
        const [ar, ai, br, bi] = [re[a] as number, im[a] as number, re[b] as number, im[b] as number];
        const tr = br * c - bi * s;
        const ti = br * s + bi * c;
        re[a] = ar + tr;
        im[a] = ai + ti;
        re[b] = ar - tr;
        im[b] = ai - ti;
      }
    }
  }
}

/**
 * Loudness over time and frequency, `[column][bin]` with 0 the quietest and 255 the loudest. `samples` is
 * 8 kHz, -1..1, and begins half a window before the first column's middle; what lies outside is silence.
 */
export function spectrogramOf(samples: Float32Array, columns: number): Uint8Array {
  const out = new Uint8Array(columns * BINS);
  const re = new Float32Array(WINDOW_SAMPLES);
  const im = new Float32Array(WINDOW_SAMPLES);
  for (let column = 0; column < columns; column++) {
    const from = column * STEP_SAMPLES;
    im.fill(0);
    for (let i = 0; i < WINDOW_SAMPLES; i++) re[reversed[i] as number] = (samples[from + i] ?? 0) * (hann[i] as number);
    transform(re, im);
    for (let bin = 0; bin < BINS; bin++) {
      const [r, i] = [re[bin] as number, im[bin] as number];
      // A full-scale sine gives a quarter of the window in its bin.
      const db = 10 * Math.log10((r * r + i * i) / (WINDOW_SAMPLES / 4) ** 2 + 1e-12);
      out[column * BINS + bin] = Math.max(0, Math.min(255, ((db - FLOOR_DB) / (TOP_DB - FLOOR_DB)) * 255));
    }
  }
  return out;
}
