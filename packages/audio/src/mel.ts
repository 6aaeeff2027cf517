import { ULAW_TO_LINEAR } from "./g711.ts";

/** Bands of one frame. */
export const MEL_BANDS = 40;
/** Frames of 10 ms in one hop of 40 ms. */
export const MEL_FRAMES_PER_HOP = 4;
/** Values that one hop gives. */
export const MEL_VALUES_PER_HOP = MEL_BANDS * MEL_FRAMES_PER_HOP;
/** Samples of the past that a stream carries from hop to hop; zero at its beginning. */
export const MEL_CARRY_SAMPLES = 120;

const RATE_HZ = 8000;
const HOP_SAMPLES = 320;
const SHIFT_SAMPLES = 80;
const WINDOW_SAMPLES = 200;
const FFT_SIZE = 256;
const HALF = FFT_SIZE / 2;
const LOW_HZ = 80;
const HIGH_HZ = 3800;
const FLOOR = 1e-5;
const SHIFT = 4;
const SCALE = 4;
/** What every band of silence is. */
const SILENT_BAND = (Math.log(FLOOR) + SHIFT) / SCALE;

const toMel = (hz: number): number => 2595 * Math.log10(1 + hz / 700);
const toHz = (mel: number): number => 700 * (10 ** (mel / 2595) - 1);

/** Periodic Hann window, with the scale of 16-bit samples taken out. */
const WINDOW = Float64Array.from(
  { length: WINDOW_SAMPLES },
  (_, n) => (0.5 - 0.5 * Math.cos((2 * Math.PI * n) / WINDOW_SAMPLES)) / 32768,
);
const COS = Float64Array.from({ length: FFT_SIZE }, (_, k) => Math.cos((2 * Math.PI * k) / FFT_SIZE));
const SIN = Float64Array.from({ length: FFT_SIZE }, (_, k) => Math.sin((2 * Math.PI * k) / FFT_SIZE));
const REVERSED = Uint8Array.from({ length: HALF }, (_, i) => {
  let reversed = 0;
  for (let bit = 0; bit < 7; bit++) reversed |= ((i >> bit) & 1) << (6 - bit);
  return reversed;
});

/** First bin, end bin (exclusive) and place in `WEIGHTS` of every triangle. */
const BAND_FIRST = new Uint8Array(MEL_BANDS);
const BAND_END = new Uint8Array(MEL_BANDS);
const BAND_AT = new Uint16Array(MEL_BANDS);
const WEIGHTS = triangles();

/**
 * Log-mel features of 8 kHz speech, hop by hop: four frames of 40 bands for every 320 samples. Frame j covers the 200
 * samples that end with the hop's sample 80 * (j + 1); nothing is looked ahead. Natural logarithm of Hann-windowed
 * 256-point power in triangles from 80 to 3800 Hz on the mel scale (O'Shaughnessy 1987), moved and scaled to about -1..1.
 *
 * One instance serves any number of streams, one after the other; the caller owns each stream's carry. Allocates
 * nothing after construction.
 */
export class LogMel {
  /** The carry and the hop, in one run. */
  readonly #samples = new Float64Array(MEL_CARRY_SAMPLES + HOP_SAMPLES);
  /** Even samples of the window as the real part and odd ones as the imaginary part. */
  readonly #real = new Float64Array(HALF);
  readonly #imaginary = new Float64Array(HALF);
  readonly #power = new Float64Array(HALF + 1);

  /**
   * @param muLaw holds the hop at `muLawOffset`, 320 bytes
   * @param carry holds the stream's last 120 samples at `carryOffset`; read, then replaced
   * @param out takes 160 values at `outOffset`: [frame][band]
   */
  processUlaw(
    muLaw: Uint8Array,
    muLawOffset: number,
    carry: Int16Array,
    carryOffset: number,
    out: Float32Array,
    outOffset: number,
  ): void {
    if (isSilent(muLaw, muLawOffset, carry, carryOffset)) {
      out.fill(SILENT_BAND, outOffset, outOffset + MEL_VALUES_PER_HOP);
      return;
    }
    const samples = this.#samples;
    for (let i = 0; i < HOP_SAMPLES; i++) {
      samples[MEL_CARRY_SAMPLES + i] = ULAW_TO_LINEAR[muLaw[muLawOffset + i]!]!;
    }
    this.#process(carry, carryOffset, out, outOffset);
  }

  /** As `processUlaw`, for linear samples. */
  processLinear(
    linear: Int16Array,
    linearOffset: number,
    carry: Int16Array,
    carryOffset: number,
    out: Float32Array,
    outOffset: number,
  ): void {
    const samples = this.#samples;
    for (let i = 0; i < HOP_SAMPLES; i++) samples[MEL_CARRY_SAMPLES + i] = linear[linearOffset + i]!;
    this.#process(carry, carryOffset, out, outOffset);
  }

  #process(carry: Int16Array, carryOffset: number, out: Float32Array, outOffset: number): void {
    const samples = this.#samples;
    for (let i = 0; i < MEL_CARRY_SAMPLES; i++) samples[i] = carry[carryOffset + i]!;
    for (let i = 0; i < MEL_CARRY_SAMPLES; i++) carry[carryOffset + i] = samples[HOP_SAMPLES + i]!;
    for (let frame = 0; frame < MEL_FRAMES_PER_HOP; frame++) {
      this.#load(frame * SHIFT_SAMPLES);
      this.#transform();
      this.#spectrum();
      this.#bands(out, outOffset + frame * MEL_BANDS);
    }
  }

  /** Windows 200 samples from `from` into bit-reversed order; the rest of the 256 are zero. */
  #load(from: number): void {
    const samples = this.#samples;
    for (let i = 0; i < HALF; i++) {
      const to = REVERSED[i]!;
      const n = 2 * i;
      if (n < WINDOW_SAMPLES) {
        this.#real[to] = samples[from + n]! * WINDOW[n]!;
        this.#imaginary[to] = samples[from + n + 1]! * WINDOW[n + 1]!;
      } else {
        this.#real[to] = 0;
        this.#imaginary[to] = 0;
      }
    }
  }

  /** In-place complex transform of 128 points, decimation in time: three passes of two radix-2 stages each, then the last. */
  #transform(): void {
    this.#twoStages(1);
    this.#twoStages(4);
    this.#twoStages(16);
    const real = this.#real;
    const imaginary = this.#imaginary;
    for (let i = 0; i < HALF / 2; i++) {
      const j = i + HALF / 2;
      const wr = COS[2 * i]!;
      const wi = -SIN[2 * i]!;
      const xr = real[j]! * wr - imaginary[j]! * wi;
      const xi = real[j]! * wi + imaginary[j]! * wr;
      real[j] = real[i]! - xr;
      imaginary[j] = imaginary[i]! - xi;
      real[i] = real[i]! + xr;
      imaginary[i] = imaginary[i]! + xi;
    }
  }

  /** Stages of butterflies `half` and `2 * half` apart, on four values at a time. */
  #twoStages(half: number): void {
    const real = this.#real;
    const imaginary = this.#imaginary;
    const stride = FFT_SIZE / (4 * half);
    for (let k = 0; k < half; k++) {
      const w1r = COS[2 * k * stride]!;
      const w1i = -SIN[2 * k * stride]!;
      const w2r = COS[k * stride]!;
      const w2i = -SIN[k * stride]!;
      for (let a = k; a < HALF; a += 4 * half) {
        const b = a + half;
        const c = b + half;
        const d = c + half;
        const br = real[b]! * w1r - imaginary[b]! * w1i;
        const bi = real[b]! * w1i + imaginary[b]! * w1r;
        const dr = real[d]! * w1r - imaginary[d]! * w1i;
        const di = real[d]! * w1i + imaginary[d]! * w1r;
        const a0r = real[a]! + br;
        const a0i = imaginary[a]! + bi;
        const a1r = real[a]! - br;
        const a1i = imaginary[a]! - bi;
        const c0r = real[c]! + dr;
        const c0i = imaginary[c]! + di;
        const c1r = real[c]! - dr;
        const c1i = imaginary[c]! - di;
        const xr = c0r * w2r - c0i * w2i;
        const xi = c0r * w2i + c0i * w2r;
        // The second pair's factor is that of the first, a quarter turn further.
        const yr = c1r * w2i + c1i * w2r;
        const yi = c1i * w2i - c1r * w2r;
        real[a] = a0r + xr;
        imaginary[a] = a0i + xi;
        real[b] = a1r + yr;
        imaginary[b] = a1i + yi;
        real[c] = a0r - xr;
        imaginary[c] = a0i - xi;
        real[d] = a1r - yr;
        imaginary[d] = a1i - yi;
      }
    }
  }

  /** Power of the real signal's bins 0..128, out of the transform of its even and odd halves. */
  #spectrum(): void {
    const real = this.#real;
    const imaginary = this.#imaginary;
    for (let k = 0; k <= HALF; k++) {
      const a = k === HALF ? 0 : k;
      const b = k === 0 || k === HALF ? 0 : HALF - k;
      const evenReal = (real[a]! + real[b]!) / 2;
      const evenImaginary = (imaginary[a]! - imaginary[b]!) / 2;
      const oddReal = (imaginary[a]! + imaginary[b]!) / 2;
      const oddImaginary = (real[b]! - real[a]!) / 2;
      const sumReal = evenReal + oddReal * COS[k]! + oddImaginary * SIN[k]!;
      const sumImaginary = evenImaginary + oddImaginary * COS[k]! - oddReal * SIN[k]!;
      this.#power[k] = sumReal * sumReal + sumImaginary * sumImaginary;
    }
  }

  #bands(out: Float32Array, outOffset: number): void {
    for (let band = 0; band < MEL_BANDS; band++) {
      const first = BAND_FIRST[band]!;
      const end = BAND_END[band]!;
      const at = BAND_AT[band]! - first;
      let sum = 0;
      for (let k = first; k < end; k++) sum += WEIGHTS[at + k]! * this.#power[k]!;
      out[outOffset + band] = (Math.log(sum + FLOOR) + SHIFT) / SCALE;
    }
  }
}

/** An agent that does not speak sends exactly this; the transform of nothing need not be computed. */
function isSilent(muLaw: Uint8Array, muLawOffset: number, carry: Int16Array, carryOffset: number): boolean {
  for (let i = 0; i < HOP_SAMPLES; i++) if (ULAW_TO_LINEAR[muLaw[muLawOffset + i]!] !== 0) return false;
  for (let i = 0; i < MEL_CARRY_SAMPLES; i++) if (carry[carryOffset + i] !== 0) return false;
  return true;
}

function triangles(): Float64Array {
  const low = toMel(LOW_HZ);
  const step = (toMel(HIGH_HZ) - low) / (MEL_BANDS + 1);
  const corners = Array.from({ length: MEL_BANDS + 2 }, (_, i) => toHz(low + i * step));
  const weights: number[] = [];
  for (let band = 0; band < MEL_BANDS; band++) {
    const [from, peak, to] = [corners[band]!, corners[band + 1]!, corners[band + 2]!];
    BAND_AT[band] = weights.length;
    BAND_FIRST[band] = 0;
    for (let k = 0; k <= HALF; k++) {
      const hz = (k * RATE_HZ) / FFT_SIZE;
      const weight = Math.min((hz - from) / (peak - from), (to - hz) / (to - peak));
      if (weight <= 0) continue;
      if (BAND_END[band] === 0) BAND_FIRST[band] = k;
      BAND_END[band] = k + 1;
      weights.push(weight);
    }
  }
  return Float64Array.from(weights);
}
