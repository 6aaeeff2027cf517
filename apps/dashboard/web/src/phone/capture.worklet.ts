import { encodeMuLaw } from "./mu-law.ts";

const LINE_HZ = 8_000;
const FRAME_SAMPLES = 160;
const TAPS = 95;
const CUTOFF_HZ = 3_500;

/** Whatever comes in, down to 8 kHz mu-law in 20 ms frames; silence when nothing is connected. */
class Capture extends AudioWorkletProcessor {
  readonly #kernel = lowPass(sampleRate);
  readonly #past = new Float32Array(TAPS);
  #at = 0;
  /** Input samples until the next output sample, with fractions. */
  #due = 0;
  #frame = new Uint8Array(FRAME_SAMPLES);
  #filled = 0;
  #peak = 0;
  #muted = false;

  constructor() {
    super();
    this.port.onmessage = (message: MessageEvent<{ muted: boolean }>) => {
      this.#muted = message.data.muted;
    };
  }

  process(inputs: Float32Array[][]): boolean {
    const channel = inputs[0]?.[0];
    const step = sampleRate / LINE_HZ;
    for (let i = 0; i < 128; i++) {
      this.#past[this.#at] = this.#muted ? 0 : (channel?.[i] ?? 0);
      this.#at = (this.#at + 1) % TAPS;
      this.#due--;
      if (this.#due > 0) continue;
      this.#due += step;
      let sum = 0;
      for (let tap = 0; tap < TAPS; tap++)
        sum += (this.#past[(this.#at + tap) % TAPS] as number) * (this.#kernel[tap] as number);
      this.#put(sum);
    }
    return true;
  }

  #put(sample: number): void {
    this.#frame[this.#filled++] = encodeMuLaw(sample);
    this.#peak = Math.max(this.#peak, Math.abs(sample));
    if (this.#filled < FRAME_SAMPLES) return;
    this.port.postMessage({ frame: this.#frame, peak: this.#peak }, [this.#frame.buffer]);
    this.#frame = new Uint8Array(FRAME_SAMPLES);
    this.#filled = 0;
    this.#peak = 0;
  }
}

/** A Hamming-windowed sinc, so that nothing above the line's band folds back into it. */
function lowPass(rateHz: number): Float32Array {
  const kernel = new Float32Array(TAPS);
  const cutoff = CUTOFF_HZ / rateHz;
  let sum = 0;
  for (let i = 0; i < TAPS; i++) {
    const x = i - (TAPS - 1) / 2;
    const sinc = x === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * x) / (Math.PI * x);
    kernel[i] = sinc * (0.54 - 0.46 * Math.cos((2 * Math.PI * i) / (TAPS - 1)));
    sum += kernel[i] as number;
  }
  return kernel.map((value) => value / sum);
}

registerProcessor("sidetone-capture", Capture);
