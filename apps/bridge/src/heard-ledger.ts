import { FRAME_SAMPLES, HOP_SAMPLES, MU_LAW_SILENCE } from "@sidetone/protocol";

/** Frames the ledger remembers: 256 of 20 ms are over five seconds, far beyond any lead plus round trip. */
const FRAMES = 256;
const MASK = FRAMES - 1;
/** Marks that may be under way at once. */
const MARKS = 64;
/**
 * The carrier's messages come in steps of a frame, so a mark tells the end of its audio only to within one. Differences
 * below this are that grain and not news.
 */
const GRAIN_SAMPLES = FRAME_SAMPLES;
/** A round trip beyond this is a broken mark and not a round trip. */
const MAX_DELAY_SAMPLES = 3 * 8000;
/** What plays is not torn apart for an error up to this: it is carried until the next pause. */
const MAX_CARRIED_SAMPLES = 1_200;

/** Epoch of audio that is no utterance of the pod: a supervisor's voice. It is played, and never counted as heard. */
export const NO_EPOCH = -1;

/**
 * Knows at any moment which samples the caller has really heard, and yields what was really played, hop by hop.
 *
 * Everything is on the media clock: samples received from the carrier. The carrier plays what we send on that same
 * clock, one round trip after the samples we had received when we sent it. That delay is measured by marks: a mark
 * comes back in order with the caller's audio, so the position at which it arrives is where its audio ended. Frames
 * are kept with the position they start at; a `clear` takes away what would start a delay from now. When a mark shows
 * that what plays began a little later than was thought, the account stays in one piece and the difference is carried.
 *
 * Preallocated; nothing is allocated after construction.
 */
export class HeardLedger {
  /** Epoch heard last, and how far into it (its samples) the caller has heard. */
  heardEpoch = 0;
  heardSamples = 0;
  /** The same of the epoch heard before it: where an epoch that is over ended. */
  previousEpoch = 0;
  previousSamples = 0;
  /** Times a mark moved the playhead by more than its grain. */
  corrections = 0;

  readonly #audio = new Uint8Array(FRAMES * FRAME_SAMPLES);
  readonly #length = new Int32Array(FRAMES);
  readonly #offset = new Int32Array(FRAMES);
  readonly #epoch = new Int32Array(FRAMES);
  readonly #epochStart = new Float64Array(FRAMES);
  readonly #startsAt = new Float64Array(FRAMES);
  #head = 0;
  #tail = 0;
  /** Where the last frame sent ends. */
  #endsAt = 0;
  /** How much later than accounted for what plays now is really heard. */
  #carried = 0;
  /** Samples between what we had received when we sent and where the carrier starts to play it. */
  #delaySamples = 0;
  /** End of the last hop taken. */
  #takenTo = 0;

  readonly #markEndsAt = new Float64Array(MARKS);
  #markOldest = 0;
  #markNext = 0;
  /** Marks below this were sent before the last clear: they come back played or cleared, nobody can say which. */
  #markGeneration = 0;

  get delaySamples(): number {
    return this.#delaySamples;
  }

  /** Samples sent that the caller has not heard by media position `atSamples`. */
  unheardSamples(atSamples: number): number {
    return Math.max(0, this.#endsAt - Math.max(atSamples, this.#takenTo));
  }

  /** True while something sent has not been taken by a hop, or marks are still out. */
  get busy(): boolean {
    return this.#head !== this.#tail || this.#markOldest !== this.#markNext;
  }

  /**
   * Notes a frame that was just sent; at most 160 bytes, copied.
   * @param epochStart position of its first sample within the epoch
   * @param nowSamples the carrier's media clock now: everything received so far, and what must be on its way
   */
  sent(bytes: Uint8Array, lengthBytes: number, epoch: number, epochStart: number, nowSamples: number): void {
    if (this.#tail - this.#head === FRAMES) this.#hear(this.#head++);
    const slot = this.#tail++ & MASK;
    const at = slot * FRAME_SAMPLES;
    for (let i = 0; i < lengthBytes; i++) this.#audio[at + i] = bytes[i]!;
    const dueAt = nowSamples + this.#delaySamples;
    if (dueAt > this.#endsAt + this.#carried + GRAIN_SAMPLES) {
      // There was a pause, and not only the grain of our clock: the account begins anew.
      this.#endsAt = dueAt;
      this.#carried = 0;
    }
    const startsAt = this.#endsAt;
    this.#length[slot] = lengthBytes;
    this.#offset[slot] = 0;
    this.#epoch[slot] = epoch;
    this.#epochStart[slot] = epochStart;
    this.#startsAt[slot] = startsAt;
    this.#endsAt = startsAt + lengthBytes;
  }

  /** Notes a mark that was just sent behind everything sent so far; returns its number, which its name must carry. */
  markSent(nowSamples: number): number {
    if (this.#markNext - this.#markOldest === MARKS) this.#markOldest++;
    const endsAt = Math.max(this.#endsAt + this.#carried, nowSamples + this.#delaySamples);
    this.#markEndsAt[this.#markNext % MARKS] = endsAt;
    return this.#markNext++;
  }

  /** A mark came back, behind `receivedSamples` of the caller's audio. Marks that are unknown or older than one already back are ignored. */
  markReturned(mark: number, receivedSamples: number): void {
    if (!(mark >= this.#markOldest && mark < this.#markNext)) return;
    this.#markOldest = mark + 1;
    if (mark < this.#markGeneration) return;
    // The audio ended within the frame after the last one received.
    const errorSamples = receivedSamples + GRAIN_SAMPLES / 2 - this.#markEndsAt[mark % MARKS]!;
    if (Math.abs(errorSamples) <= GRAIN_SAMPLES) return;
    this.#correct(errorSamples);
  }

  /** A `clear` was just sent: what the carrier had not begun to play when it arrives will never be heard. */
  cleared(nowSamples: number): void {
    const cutAt = Math.max(nowSamples + this.#delaySamples - this.#carried, this.#takenTo);
    while (this.#tail > this.#head) {
      const slot = (this.#tail - 1) & MASK;
      const keep = cutAt - this.#startsAt[slot]!;
      if (keep >= this.#length[slot]!) break;
      if (keep > 0) {
        this.#length[slot] = keep;
        break;
      }
      this.#tail--;
    }
    this.#endsAt = Math.min(this.#endsAt, cutAt);
    this.#carried = 0;
    this.#markGeneration = this.#markNext;
  }

  /** True when nothing of an epoch other than `epoch` can be heard any more. */
  isOver(epoch: number): boolean {
    for (let i = this.#head; i < this.#tail; i++) {
      const of = this.#epoch[i & MASK]!;
      if (of !== epoch && of !== NO_EPOCH) return false;
    }
    return true;
  }

  /** Samples of an epoch that the caller heard; 0 when nothing of it was, or when it is long gone. */
  heardOf(epoch: number): number {
    if (epoch === this.heardEpoch) return this.heardSamples;
    return epoch === this.previousEpoch ? this.previousSamples : 0;
  }

  /**
   * Writes what was played during media positions `[start, start + 320)` to `out`, silence where nothing was, and
   * moves `heardEpoch` and `heardSamples` to the hop's end. Hops come in order; what a skipped stretch played counts as heard.
   */
  take(start: number, out: Uint8Array): void {
    const end = start + HOP_SAMPLES;
    out.fill(MU_LAW_SILENCE, 0, HOP_SAMPLES);
    while (this.#head < this.#tail) {
      const slot = this.#head & MASK;
      const startsAt = this.#startsAt[slot]!;
      if (startsAt >= end) break;
      const length = this.#length[slot]!;
      const from = Math.max(startsAt, start);
      const to = Math.min(startsAt + length, end);
      const read = slot * FRAME_SAMPLES + this.#offset[slot]! - startsAt;
      for (let position = from; position < to; position++) out[position - start] = this.#audio[read + position]!;
      if (startsAt + length <= end) {
        this.#hear(this.#head++);
        continue;
      }
      // The rest of the frame belongs to the next hop.
      const played = end - startsAt;
      this.#offset[slot]! += played;
      this.#length[slot] = length - played;
      this.#startsAt[slot] = end;
      this.#note(slot, this.#epochStart[slot]! + played);
      this.#epochStart[slot]! += played;
      break;
    }
    this.#takenTo = end;
  }

  #hear(index: number): void {
    const slot = index & MASK;
    this.#note(slot, this.#epochStart[slot]! + this.#length[slot]!);
  }

  #note(slot: number, samples: number): void {
    const epoch = this.#epoch[slot]!;
    if (epoch === NO_EPOCH) return;
    if (epoch !== this.heardEpoch) {
      this.previousEpoch = this.heardEpoch;
      this.previousSamples = this.heardSamples;
    }
    this.heardEpoch = epoch;
    this.heardSamples = samples;
  }

  /** The carrier plays `shift` samples later (or earlier) than was thought. */
  #correct(shift: number): void {
    const delay = this.#delaySamples + shift;
    if (delay > MAX_DELAY_SAMPLES) return;
    this.#delaySamples = Math.max(0, delay);
    this.corrections++;
    for (let mark = this.#markOldest; mark < this.#markNext; mark++) this.#markEndsAt[mark % MARKS]! += shift;
    if (this.#isPlaying && Math.abs(this.#carried + shift) <= MAX_CARRIED_SAMPLES) this.#carried += shift;
    else this.#move(this.#carried + shift);
  }

  /** The next sample to be taken is in the midst of a stretch that was begun. */
  get #isPlaying(): boolean {
    return this.#head < this.#tail && this.#startsAt[this.#head & MASK]! <= this.#takenTo;
  }

  /** Moves everything not yet taken. */
  #move(shift: number): void {
    this.#carried = 0;
    let end = this.#takenTo;
    for (let i = this.#head; i < this.#tail; i++) {
      const slot = i & MASK;
      const startsAt = Math.max(this.#startsAt[slot]! + shift, end);
      this.#startsAt[slot] = startsAt;
      end = startsAt + this.#length[slot]!;
    }
    this.#endsAt = this.#head === this.#tail ? Math.max(this.#takenTo, this.#endsAt + shift) : end;
  }
}
