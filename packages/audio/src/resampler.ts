import { AudioError } from "./errors.ts";

/** Zero crossings of the sinc on each side, in samples of the lower rate. */
const HALF_WIDTH = 24;
/** Kaiser window: about 80 dB of stop band. */
const KAISER_BETA = 8;
/** Where the pass band ends, as a share of the lower rate's Nyquist frequency. */
const PASS_BAND = 0.92;

/**
 * Changes the sampling rate of one stream of 16-bit samples, piece by piece: a polyphase windowed sinc with linear phase.
 *
 * The output is delayed by `delayOutSamples`; any chunking of the input gives the same output. Made for 8, 16, 24 and
 * 48 kHz, whose ratios are small, and right for any whole rates. Nothing is allocated after construction.
 */
export class Resampler {
  readonly fromHz: number;
  readonly toHz: number;
  /** Group delay in samples of the output: what comes in at 0 comes out here. */
  readonly delayOutSamples: number;

  readonly #up: number;
  readonly #down: number;
  readonly #taps: number;
  /** `up` filters of `taps` coefficients each, oldest input first. */
  readonly #filters: Float64Array;
  /** Twice over, so that the last `taps` inputs always lie in one run. */
  readonly #history: Float64Array;
  #at = 0;
  /** Position between the last input and the next output, in 1/up of an input. */
  #phase = 0;

  /** @throws AudioError AUDIO_RATE_UNSUPPORTED */
  constructor(fromHz: number, toHz: number) {
    for (const rateHz of [fromHz, toHz]) {
      if (!Number.isInteger(rateHz) || rateHz < 4000 || rateHz > 192_000) {
        throw new AudioError("AUDIO_RATE_UNSUPPORTED", `${rateHz} Hz`);
      }
    }
    this.fromHz = fromHz;
    this.toHz = toHz;
    const divisor = greatestCommonDivisor(fromHz, toHz);
    this.#up = toHz / divisor;
    this.#down = fromHz / divisor;
    const halfTaps = Math.ceil(HALF_WIDTH * Math.max(1, fromHz / toHz));
    this.#taps = 2 * halfTaps;
    this.#filters = design(this.#up, halfTaps, Math.min(1, toHz / fromHz) * PASS_BAND);
    this.#history = new Float64Array(2 * this.#taps);
    this.delayOutSamples = Math.round((halfTaps * toHz) / fromHz);
  }

  /** The most samples that `process` writes for `inSamples`. */
  maxOutSamples(inSamples: number): number {
    return Math.ceil((inSamples * this.#up) / this.#down) + 1;
  }

  /**
   * Takes in `lengthSamples` and writes what comes out of them to the start of `out`.
   * @returns how many samples were written
   * @throws AudioError AUDIO_BUFFER_TOO_SMALL when `out` has less than `maxOutSamples`
   */
  process(input: Int16Array, out: Int16Array, lengthSamples: number = input.length): number {
    if (out.length < this.maxOutSamples(lengthSamples)) {
      throw new AudioError("AUDIO_BUFFER_TOO_SMALL", `${out.length} samples for ${this.maxOutSamples(lengthSamples)}`);
    }
    const taps = this.#taps;
    const history = this.#history;
    let written = 0;
    for (let i = 0; i < lengthSamples; i++) {
      history[this.#at] = input[i]!;
      history[this.#at + taps] = input[i]!;
      this.#at = this.#at + 1 === taps ? 0 : this.#at + 1;
      for (; this.#phase < this.#up; this.#phase += this.#down) out[written++] = this.#filter(this.#phase);
      this.#phase -= this.#up;
    }
    return written;
  }

  /** Forgets the stream, for the next one. */
  reset(): void {
    this.#history.fill(0);
    this.#at = 0;
    this.#phase = 0;
  }

  #filter(phase: number): number {
    const taps = this.#taps;
    const coefficients = this.#filters;
    const history = this.#history;
    const first = phase * taps;
    const oldest = this.#at;
    let sum = 0;
    for (let k = 0; k < taps; k++) sum += coefficients[first + k]! * history[oldest + k]!;
    return Math.max(-32768, Math.min(32767, Math.round(sum)));
  }
}

/** Changes the rate of a whole recording, with the delay taken out; the result has the length that the rates ask for. */
export function resample(input: Int16Array, fromHz: number, toHz: number): Int16Array {
  if (fromHz === toHz) return input.slice();
  const resampler = new Resampler(fromHz, toHz);
  const length = Math.round((input.length * toHz) / fromHz);
  const tail = new Int16Array(Math.ceil(((resampler.delayOutSamples + 2) * fromHz) / toHz) + 1);
  const body = new Int16Array(resampler.maxOutSamples(input.length));
  const end = new Int16Array(resampler.maxOutSamples(tail.length));
  const bodyLength = resampler.process(input, body);
  const endLength = resampler.process(tail, end);
  const all = new Int16Array(bodyLength + endLength);
  all.set(body.subarray(0, bodyLength));
  all.set(end.subarray(0, endLength), bodyLength);
  return all.slice(resampler.delayOutSamples, resampler.delayOutSamples + length);
}

/** `up` filters; tap k of filter p weighs the input that lies `halfTaps - 1 - k + p/up` samples after the centre. */
function design(up: number, halfTaps: number, cutoff: number): Float64Array {
  const taps = 2 * halfTaps;
  const filters = new Float64Array(up * taps);
  for (let phase = 0; phase < up; phase++) {
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      const distance = halfTaps - 1 - k + phase / up;
      const value = cutoff * sinc(cutoff * distance) * kaiser(distance / halfTaps);
      filters[phase * taps + k] = value;
      sum += value;
    }
    // Every phase passes a constant with a gain of exactly 1, or the rate's ratio would be heard as a tone.
    for (let k = 0; k < taps; k++) filters[phase * taps + k]! /= sum;
  }
  return filters;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function kaiser(x: number): number {
  return Math.abs(x) >= 1 ? 0 : bessel(KAISER_BETA * Math.sqrt(1 - x * x)) / bessel(KAISER_BETA);
}

/** The modified Bessel function of order zero, by its power series. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > 1e-12 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
