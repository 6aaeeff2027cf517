import { GainRamp } from "@sidetone/audio";
import { FRAME_SAMPLES } from "@sidetone/protocol";
import type { HeardLedger } from "./heard-ledger.ts";

/** Unsent audio of one call, bytes; a power of two. Over four seconds: a pod is never that far ahead. */
const QUEUE_BYTES = 32_768;
const MASK = QUEUE_BYTES - 1;
/** A mark follows every so many samples of continuous audio, and wherever the queue runs dry. */
const MARK_EVERY_SAMPLES = 1600;
/** An utterance's last partial frame goes out when less than this is left ahead. */
const FLUSH_BELOW_MS = 60;
const GAIN_RAMP_MS = { down: 20, up: 80 } as const;
const SAMPLES_PER_MS = 8;

/** Where frames, marks and clears go. Each call returns at once. */
export interface CarrierSink {
  /** False when the carrier reads too slowly to take more now. The bytes are copied. */
  sendMedia(bytes: Uint8Array, lengthBytes: number): boolean;
  sendMark(mark: number): void;
  sendClear(): void;
  /** What is sent between the two leaves together; they do not nest. */
  cork(): void;
  uncork(): void;
}

/**
 * Sends a call's agent audio in 20 ms frames, never more than `leadMs` ahead of what the carrier plays.
 *
 * Time is the caller's pace clock in ms (see PaceClock): the carrier plays on the same sample clock as it records, so
 * nothing drifts however long a call is. Nothing is allocated per frame.
 */
export class Playout {
  /** Newest epoch heard of from the pod; older audio is never sent. */
  epoch = 0;
  /** Samples dropped, oldest first, because the pod was further ahead than the queue is long. */
  droppedSamples = 0;

  readonly #sink: CarrierSink;
  readonly #ledger: HeardLedger;
  readonly #leadMs: number;
  readonly #queue = new Uint8Array(QUEUE_BYTES);
  readonly #frame = new Uint8Array(FRAME_SAMPLES);
  readonly #gain = new GainRamp();
  #gainDb = 0;
  /** Positions within the epoch: sent up to `#read`, queued up to `#write`. */
  #read = 0;
  #write = 0;
  /** Epoch the ledger is told; differs from `epoch` only for audio that is not the pod's. */
  #label = 0;
  /** When the carrier runs dry, on the pace clock. */
  #dryAtMs = 0;
  #unmarkedSamples = 0;
  /** Something was sent since the last clear. */
  #sentSinceClear = false;

  constructor(sink: CarrierSink, ledger: HeardLedger, options: { leadMs: number }) {
    this.#sink = sink;
    this.#ledger = ledger;
    this.#leadMs = options.leadMs;
  }

  get queuedSamples(): number {
    return this.#write - this.#read;
  }

  /** How far ahead of the caller's ear the carrier's buffer is, as far as we sent it. */
  aheadMs(nowMs: number): number {
    return Math.max(0, this.#dryAtMs - nowMs);
  }

  /** True when everything appended was sent and the carrier should have played it. */
  isDone(nowMs: number): boolean {
    return this.#write === this.#read && this.#dryAtMs <= nowMs;
  }

  /** Appends audio of the newest epoch, copied out of `bytes`; the oldest unsent gives way when the queue is full. */
  append(bytes: Uint8Array, from: number, lengthBytes: number): void {
    let start = from;
    let length = lengthBytes;
    if (length > QUEUE_BYTES) {
      start += length - QUEUE_BYTES;
      length = QUEUE_BYTES;
      this.#write += lengthBytes - QUEUE_BYTES;
    }
    const queue = this.#queue;
    for (let i = 0; i < length; i++) queue[(this.#write + i) & MASK] = bytes[start + i]!;
    this.#write += length;
    const excess = this.#write - this.#read - QUEUE_BYTES;
    if (excess > 0) {
      this.#read += excess;
      this.droppedSamples += excess;
    }
  }

  /**
   * A raised epoch: drops what was not sent and clears what the carrier has not played. The `clear` is sent before
   * this returns, and not at all when the carrier has nothing left to play.
   * @param label what the ledger shall call the audio that follows; the epoch itself unless it is not the pod's
   */
  raise(epoch: number, nowSamples: number, label: number = epoch): boolean {
    this.epoch = epoch;
    this.#label = label;
    this.#read = 0;
    this.#write = 0;
    this.#unmarkedSamples = 0;
    if (!this.#sentSinceClear || !this.#ledger.busy) return false;
    this.#sentSinceClear = false;
    this.#sink.sendClear();
    this.#ledger.cleared(nowSamples);
    // Comes back when the clear was carried out, and so tells where.
    this.#sink.sendMark(this.#ledger.markSent(nowSamples));
    this.#dryAtMs = 0;
    return true;
  }

  /** Ramps to a gain that applies to what is sent from now on; 0 dB passes bit-exact. */
  setGain(gainDb: number): void {
    if (gainDb === this.#gainDb) return;
    this.#gain.rampTo(gainDb, gainDb < this.#gainDb ? GAIN_RAMP_MS.down : GAIN_RAMP_MS.up);
    this.#gainDb = gainDb;
  }

  /** Sends what is due. Call it on every tick and whenever audio was appended. */
  pump(nowMs: number, nowSamples: number): void {
    if (this.#write === this.#read && this.#unmarkedSamples === 0) return;
    this.#sink.cork();
    this.#send(nowMs, nowSamples);
    this.#sink.uncork();
  }

  #send(nowMs: number, nowSamples: number): void {
    for (;;) {
      const queued = this.#write - this.#read;
      const aheadMs = Math.max(0, this.#dryAtMs - nowMs);
      if (queued < FRAME_SAMPLES && (queued === 0 || aheadMs >= FLUSH_BELOW_MS)) break;
      const length = Math.min(queued, FRAME_SAMPLES);
      if (aheadMs + length / SAMPLES_PER_MS > this.#leadMs) break;
      if (!this.#sendFrame(length, nowSamples)) break;
      this.#dryAtMs = nowMs + aheadMs + length / SAMPLES_PER_MS;
    }
    const ranDry = this.#write === this.#read;
    if (this.#unmarkedSamples >= MARK_EVERY_SAMPLES || (ranDry && this.#unmarkedSamples > 0)) {
      this.#unmarkedSamples = 0;
      this.#sink.sendMark(this.#ledger.markSent(nowSamples));
    }
  }

  #sendFrame(length: number, nowSamples: number): boolean {
    const frame = this.#frame;
    for (let i = 0; i < length; i++) frame[i] = this.#queue[(this.#read + i) & MASK]!;
    this.#gain.applyUlaw(frame, 0, length);
    if (!this.#sink.sendMedia(frame, length)) return false;
    this.#ledger.sent(frame, length, this.#label, this.#read, nowSamples);
    this.#read += length;
    this.#unmarkedSamples += length;
    this.#sentSinceClear = true;
    return true;
  }
}
