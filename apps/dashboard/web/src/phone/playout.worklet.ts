import { decodeMuLaw } from "./mu-law.ts";

type Order = { frame: Uint8Array } | { mark: string } | { clear: true };

const LINE_HZ = 8_000;
/** A minute: the bridge runs at most a fraction of a second ahead, so this is only a bound. */
const RING_SAMPLES = LINE_HZ * 60;
const HALF_WIDTH = 12;

/** What a node may be given at its making. */
export interface PlayoutOptions {
  /** More than this waiting, and the oldest is skipped: a listener wants now, not everything. Unset: nothing is. */
  maxQueuedMs?: number;
  /** How much is left waiting after a skip, against the unevenness of the way. */
  keptQueuedMs?: number;
}

/** Plays mu-law frames as they come, reports marks when the sound before them has been played. */
class Playout extends AudioWorkletProcessor {
  readonly #ring = new Float32Array(RING_SAMPLES);
  #written = 0;
  /** Position in line samples, with fractions. */
  #position = 0;
  #marks: { at: number; name: string }[] = [];
  #peak = 0;
  #sinceReport = 0;

  readonly #maxQueued: number;
  readonly #keptQueued: number;

  constructor(options: { processorOptions?: PlayoutOptions }) {
    super();
    const { maxQueuedMs, keptQueuedMs } = options.processorOptions ?? {};
    this.#maxQueued = maxQueuedMs === undefined ? Number.POSITIVE_INFINITY : (maxQueuedMs * LINE_HZ) / 1_000;
    this.#keptQueued = ((keptQueuedMs ?? 0) * LINE_HZ) / 1_000;
    this.port.onmessage = (message: MessageEvent<Order>) => this.#take(message.data);
  }

  #take(order: Order): void {
    if ("frame" in order) {
      for (const code of order.frame) this.#ring[this.#written++ % RING_SAMPLES] = decodeMuLaw(code);
      if (this.#written - this.#position > this.#maxQueued) this.#position = this.#written - this.#keptQueued;
    } else if ("mark" in order) this.#marks.push({ at: this.#written, name: order.mark });
    else {
      this.#written = Math.ceil(this.#position);
      for (const mark of this.#marks) this.port.postMessage({ mark: mark.name });
      this.#marks = [];
    }
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const channels = outputs[0] ?? [];
    const step = LINE_HZ / sampleRate;
    for (let i = 0; i < 128; i++) {
      const playing = this.#position < this.#written;
      const value = playing ? this.#between(this.#position) : 0;
      for (const channel of channels) channel[i] = value;
      this.#peak = Math.max(this.#peak, Math.abs(value));
      if (playing) this.#position += step;
      while (this.#marks[0] && this.#position >= this.#marks[0].at) {
        this.port.postMessage({ mark: this.#marks.shift()?.name });
      }
    }
    this.#sinceReport += 128;
    if (this.#sinceReport >= sampleRate * 0.02) {
      this.port.postMessage({ peak: this.#peak, queuedMs: ((this.#written - this.#position) / LINE_HZ) * 1000 });
      this.#peak = 0;
      this.#sinceReport = 0;
    }
    return true;
  }

  /** Windowed-sinc interpolation between line samples. */
  #between(position: number): number {
    const base = Math.floor(position);
    let sum = 0;
    for (let k = base - HALF_WIDTH + 1; k <= base + HALF_WIDTH; k++) {
      if (k < 0 || k >= this.#written) continue;
      const x = position - k;
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
      const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / (HALF_WIDTH + 1));
      sum += (this.#ring[k % RING_SAMPLES] as number) * sinc * window;
    }
    return sum;
  }
}

registerProcessor("sidetone-playout", Playout);
