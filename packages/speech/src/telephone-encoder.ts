import { encodeUlaw, Resampler } from "@sidetone/audio";
import { Limiter } from "./limiter.ts";
import { SAMPLE_RATE_HZ } from "./port.ts";

/** Root mean square of the voiced part of a line, in dBFS: the usual level of speech on a telephone line. */
export const SPEECH_LEVEL_DBFS = -20;
/** Highest peak, in dBFS. */
export const PEAK_DBFS = -3;

const FRAME_SAMPLES = 160;
/** Quieter frames are pauses and do not count for the level. */
const PAUSE_DBFS = -45;
const LARGEST_GAIN_DB = 24;

export interface TelephoneEncoderOptions {
  readonly fromHz: number;
  /** Gain to begin with, in dB. */
  readonly gainDb: number;
  /** True when the voice's level is not known before: the gain then follows the speech heard so far. */
  readonly adaptive: boolean;
}

/**
 * Turns one clause of linear audio at any rate into 8 kHz mu-law at telephone level. Any chunking of the input gives
 * the same output. About 5 ms behind its input until `finish`.
 */
export class TelephoneEncoder {
  readonly #resampler: Resampler | undefined;
  readonly #limiter = new Limiter(32768 * 10 ** (PEAK_DBFS / 20));
  readonly #adaptive: boolean;
  readonly #fromHz: number;
  #delaySamples: number;
  #gainDb: number;
  #frame = new Float64Array(FRAME_SAMPLES);
  #inFrame = 0;
  #activeFrames = 0;
  #activePower = 0;

  constructor(options: TelephoneEncoderOptions) {
    this.#fromHz = options.fromHz;
    this.#resampler = options.fromHz === SAMPLE_RATE_HZ ? undefined : new Resampler(options.fromHz, SAMPLE_RATE_HZ);
    this.#delaySamples = this.#resampler?.delayOutSamples ?? 0;
    this.#gainDb = options.gainDb;
    this.#adaptive = options.adaptive;
  }

  /** The gain reached, in dB; a good beginning for the same voice's next clause. */
  get gainDb(): number {
    return this.#gainDb;
  }

  /** Encodes linear samples; gives what is ready, in a new array. */
  encode(linear: Int16Array): Uint8Array {
    return this.#level(this.#resample(linear));
  }

  /** Gives the rest of the clause. */
  finish(): Uint8Array {
    const resampler = this.#resampler;
    const tail = resampler
      ? this.#resample(new Int16Array(Math.ceil((resampler.delayOutSamples * this.#fromHz) / SAMPLE_RATE_HZ)))
      : new Int16Array(0);
    const body = this.#level(tail);
    const frame = this.#frame.subarray(0, this.#inFrame);
    const rest = [this.#limiter.process(this.#amplify(frame)), this.#limiter.finish()];
    this.#inFrame = 0;
    return joinBytes([body, ...rest.map(toMuLaw)]);
  }

  #resample(linear: Int16Array): Int16Array {
    if (!this.#resampler) return linear;
    const out = new Int16Array(this.#resampler.maxOutSamples(linear.length));
    const length = this.#resampler.process(linear, out);
    const dropped = Math.min(this.#delaySamples, length);
    this.#delaySamples -= dropped;
    return out.subarray(dropped, length);
  }

  /** Whole frames of 20 ms are amplified at once, so that chunking does not change the gain's steps. */
  #level(linear: Int16Array): Uint8Array {
    const pieces: Uint8Array[] = [];
    for (const sample of linear) {
      this.#frame[this.#inFrame++] = sample;
      if (this.#inFrame < FRAME_SAMPLES) continue;
      if (this.#adaptive) this.#follow();
      pieces.push(toMuLaw(this.#limiter.process(this.#amplify(this.#frame))));
      this.#inFrame = 0;
    }
    return joinBytes(pieces);
  }

  #follow(): void {
    let power = 0;
    for (const sample of this.#frame) power += sample * sample;
    power /= FRAME_SAMPLES * 32768 * 32768;
    if (power < 10 ** (PAUSE_DBFS / 10)) return;
    this.#activePower += power;
    this.#activeFrames++;
    const wantedDb = SPEECH_LEVEL_DBFS - 10 * Math.log10(this.#activePower / this.#activeFrames);
    const boundedDb = Math.max(-LARGEST_GAIN_DB, Math.min(LARGEST_GAIN_DB, wantedDb));
    this.#gainDb += (boundedDb - this.#gainDb) * (this.#activeFrames < 10 ? 0.2 : 0.03);
  }

  #amplify(frame: Float64Array): Float64Array {
    const factor = 10 ** (this.#gainDb / 20);
    return frame.map((sample) => sample * factor);
  }
}

function toMuLaw(samples: Float64Array): Uint8Array {
  const bytes = new Uint8Array(samples.length);
  encodeUlaw(Int16Array.from(samples, Math.round), bytes);
  return bytes;
}

export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const joined = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
