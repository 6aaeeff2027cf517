import { LINEAR_TO_ULAW, ULAW_SILENCE, ULAW_TO_LINEAR } from "./g711.ts";

/** One hop: 40 ms of mu-law at 8 kHz. */
export const HOP_SAMPLES = 320;
/** Samples of telephone audio in a millisecond. */
export const SAMPLES_PER_MS = 8;

/** What `pull` put into the caller's buffer. */
export const HopKind = {
  /** Nothing: the next hop is not complete and may still come. The buffer is untouched. */
  Waiting: 0,
  /** A hop exactly as the carrier sent it. */
  Whole: 1,
  /** A hop of which `concealedSamples` were made up. */
  Concealed: 2,
} as const;
export type HopKind = (typeof HopKind)[keyof typeof HopKind];

/** What `push` did with a frame. */
export const PushKind = {
  Placed: 0,
  /** Came after a later frame, in time to be put where it belongs. */
  Reordered: 1,
  /** The same chunk was here before; dropped. */
  Repeated: 2,
  /** Its place has already been pulled; what came too late is dropped. */
  Late: 3,
  /** Longer than the buffer or empty; dropped. */
  Refused: 4,
} as const;
export type PushKind = (typeof PushKind)[keyof typeof PushKind];

/** Counters since the start of the call. Samples unless the name says otherwise. */
export interface HopAssemblerCounts {
  receivedFrames: number;
  receivedSamples: number;
  repeatedFrames: number;
  reorderedFrames: number;
  lateFrames: number;
  refusedFrames: number;
  /** Messages of any kind that the carrier numbered and that never came. */
  missingMessages: number;
  /** Hops that contain concealed samples. */
  gapHops: number;
  /** Made-up samples in pulled hops. */
  concealedSamples: number;
  /** Oldest audio thrown away because it was pushed faster than pulled. */
  droppedSamples: number;
  /** Times the carrier's timestamps made no sense and were given a new origin. */
  reanchored: number;
}

export interface HopAssemblerOptions {
  /** How much later audio must be there before a hole in front of it is given up as lost. */
  reorderMs?: number;
  /** How many pulls in a row may find nothing before the line counts as silent and hops are made up. */
  patiencePulls?: number;
  /** How far the pulled position may fall behind before the oldest hops are dropped; the buffer is twice that. */
  maxBacklogMs?: number;
}

/** Chunks remembered for telling a repeat from a late frame; a power of two. */
const REMEMBERED_CHUNKS = 128;
/** Timestamps are whole milliseconds and may wobble by less than a frame; below this they are not a gap. */
const TIMESTAMP_SLACK_SAMPLES = 19 * SAMPLES_PER_MS;
/** A jump beyond this is a broken timestamp and not a gap. */
const MAX_JUMP_SAMPLES = 30_000 * SAMPLES_PER_MS;
/** Frames lost before the first one are only believed up to this count. */
const MAX_LOST_AT_START = 8;
/** A line that is late for this many hops in a row is taken as it is. */
const LATE_PULLS_TO_REANCHOR = 5;
/** What a gap repeats: the last 20 ms that were good. */
const REPEAT_SAMPLES = 160;
/** How long the repetition takes to fade to silence. */
const FADE_SAMPLES = 480;

/**
 * Turns a carrier's mu-law frames of any size into hops of 320 samples on the media clock.
 *
 * A frame's place comes from its timestamp (ms since the stream began) and its chunk number (counts frames from 1),
 * as Twilio Media Streams sends them. Lost stretches are concealed (the last 20 ms repeated and faded over 60 ms, then
 * 0xFF), audio that comes too late is dropped, and so is the oldest audio when nobody pulls. Places never shift, so the
 * pulled position divided by 8 is the call's media clock in ms and cannot drift. Frames of whole milliseconds are placed
 * exactly; of odd sizes, those next to a loss or out of order are within the millisecond that timestamps can tell. Nothing is allocated after construction.
 */
export class HopAssembler {
  readonly counts: HopAssemblerCounts = {
    receivedFrames: 0,
    receivedSamples: 0,
    repeatedFrames: 0,
    reorderedFrames: 0,
    lateFrames: 0,
    refusedFrames: 0,
    missingMessages: 0,
    gapHops: 0,
    concealedSamples: 0,
    droppedSamples: 0,
    reanchored: 0,
  };
  /** Made-up samples in the hop pulled last. */
  concealedSamples = 0;
  /** Samples dropped unheard directly before the hop pulled last; a multiple of a hop. */
  skippedSamples = 0;

  readonly #reorderSamples: number;
  readonly #patiencePulls: number;
  readonly #maxBacklogSamples: number;
  readonly #ring: Uint8Array;
  readonly #filled: Uint8Array;
  readonly #mask: number;
  readonly #seenChunks = new Float64Array(REMEMBERED_CHUNKS).fill(-1);
  readonly #lastGood = new Uint8Array(REPEAT_SAMPLES).fill(ULAW_SILENCE);

  /** Position of the next hop to pull, in samples since the stream began. */
  #readSamples = 0;
  /** End of all audio placed or made up. */
  #endSamples = 0;
  /** Everything from the pulled position to here is there; what lies beyond is not looked at yet. */
  #wholeUntilSamples = 0;
  /** Where the frame after the newest one belongs if nothing is lost. */
  #expectedSamples = 0;
  /** Carrier time of position 0. */
  #originMs = Number.NaN;
  #lastChunk = 0;
  #lastSequence = 0;
  #starvedPulls = 0;
  #lateSincePull = false;
  /** Hops made up in a row while audio kept coming too late. */
  #latePulls = 0;
  /** Samples since the last good one; where the fade has got to. */
  #fadeSamples = FADE_SAMPLES;
  #pendingSkipSamples = 0;

  constructor(options: HopAssemblerOptions = {}) {
    this.#reorderSamples = (options.reorderMs ?? 60) * SAMPLES_PER_MS;
    this.#patiencePulls = options.patiencePulls ?? 3;
    this.#maxBacklogSamples = Math.max((options.maxBacklogMs ?? 600) * SAMPLES_PER_MS, 2 * HOP_SAMPLES);
    const capacity = 2 ** Math.ceil(Math.log2(2 * this.#maxBacklogSamples));
    this.#ring = new Uint8Array(capacity);
    this.#filled = new Uint8Array(capacity);
    this.#mask = capacity - 1;
  }

  /** The media clock: samples pulled or dropped since the stream began. */
  get positionSamples(): number {
    return this.#readSamples;
  }

  /** Index of the next hop on the media clock; hops that were dropped count. */
  get nextHopIndex(): number {
    return this.#readSamples / HOP_SAMPLES;
  }

  /** Samples placed ahead of the pulled position, holes included. */
  get backlogSamples(): number {
    return Math.max(0, this.#endSamples - this.#readSamples);
  }

  /** Notes a numbered message that carries no audio (`dtmf`, `mark`...), so that it is not taken for a missing one. */
  noteSequence(sequence: number): void {
    if (sequence > this.#lastSequence + 1 && this.#lastSequence > 0) {
      this.counts.missingMessages += sequence - this.#lastSequence - 1;
    } else if (sequence < this.#lastSequence && this.counts.missingMessages > 0) {
      // A message counted as missing has come after all.
      this.counts.missingMessages--;
    }
    if (sequence > this.#lastSequence) this.#lastSequence = sequence;
  }

  /**
   * Places `lengthBytes` of mu-law from the start of `bytes`, which stays the caller's.
   * @param sequence the message's number in the stream
   * @param chunk the frame's number in its track, from 1
   * @param timestampMs the frame's presentation time since the stream began
   */
  push(bytes: Uint8Array, lengthBytes: number, sequence: number, chunk: number, timestampMs: number): PushKind {
    const counts = this.counts;
    if (lengthBytes <= 0 || lengthBytes > this.#maxBacklogSamples) {
      counts.refusedFrames++;
      return PushKind.Refused;
    }
    const slot = chunk & (REMEMBERED_CHUNKS - 1);
    if (this.#seenChunks[slot] === chunk) {
      counts.repeatedFrames++;
      return PushKind.Repeated;
    }
    this.#seenChunks[slot] = chunk;
    this.noteSequence(sequence);
    counts.receivedFrames++;
    counts.receivedSamples += lengthBytes;

    const start = this.#locate(lengthBytes, chunk, timestampMs);
    const end = start + lengthBytes;
    const reordered = chunk < this.#lastChunk;
    if (reordered) counts.reorderedFrames++;
    else {
      this.#lastChunk = chunk;
      this.#expectedSamples = end;
    }
    if (end > this.#readSamples + this.#maxBacklogSamples) this.#dropOldest(end);
    const from = Math.max(start, this.#readSamples);
    this.#write(bytes, from - start, from, end);
    if (end > this.#endSamples) this.#endSamples = end;
    if (from !== start) {
      counts.lateFrames++;
      this.#lateSincePull = true;
      return PushKind.Late;
    }
    return reordered ? PushKind.Reordered : PushKind.Placed;
  }

  /**
   * Writes the next hop to `out[0..320)` when it is there, or when it is clear that it will not come.
   * Call it once on every tick, and then with `catchUp` for as long as it returns hops, so that a burst is caught up with.
   * @param catchUp true for further calls in one tick: nothing is made up because the line is silent
   */
  pull(out: Uint8Array, catchUp = false): HopKind {
    const start = this.#readSamples;
    const missing = this.#missingIn(start);
    if (missing > 0 && this.#endSamples - (start + HOP_SAMPLES) < this.#reorderSamples) {
      if (catchUp || Number.isNaN(this.#originMs)) return HopKind.Waiting;
      this.#starvedPulls++;
      if (this.#starvedPulls <= this.#patiencePulls) return HopKind.Waiting;
      this.#latePulls = this.#lateSincePull ? this.#latePulls + 1 : 0;
      this.#lateSincePull = false;
    }
    if (missing === 0) {
      this.#starvedPulls = 0;
      this.#latePulls = 0;
    }
    this.skippedSamples = this.#pendingSkipSamples;
    this.#pendingSkipSamples = 0;
    this.#copyHop(start, out, missing);
    this.#moveTo(start + HOP_SAMPLES);
    this.concealedSamples = missing;
    if (missing === 0) return HopKind.Whole;
    this.counts.gapHops++;
    this.counts.concealedSamples += missing;
    return HopKind.Concealed;
  }

  /** Where a frame belongs, in samples since the stream began. */
  #locate(lengthBytes: number, chunk: number, timestampMs: number): number {
    if (Number.isNaN(this.#originMs)) {
      const lostFrames = chunk > 1 && chunk <= MAX_LOST_AT_START ? chunk - 1 : 0;
      return this.#anchor(lostFrames * lengthBytes, timestampMs);
    }
    if (this.#latePulls >= LATE_PULLS_TO_REANCHOR) {
      // The line is steadily behind what was made up for it. Without a new origin nothing would be heard ever again.
      this.#latePulls = 0;
      this.counts.reanchored++;
      return this.#anchor(this.#readSamples, timestampMs);
    }
    const stamped = Math.round((timestampMs - this.#originMs) * SAMPLES_PER_MS);
    const offset = stamped - this.#expectedSamples;
    const newer = chunk > this.#lastChunk;
    if (chunk === this.#lastChunk + 1 && Math.abs(offset) < TIMESTAMP_SLACK_SAMPLES) return this.#expectedSamples;
    if (!(offset < MAX_JUMP_SAMPLES) || (newer && offset <= -TIMESTAMP_SLACK_SAMPLES)) {
      this.counts.reanchored++;
      return this.#anchor(this.#expectedSamples, timestampMs);
    }
    return stamped;
  }

  #anchor(position: number, timestampMs: number): number {
    this.#originMs = timestampMs - position / SAMPLES_PER_MS;
    return position;
  }

  /** Moves the pulled position up, by whole hops, until `end` fits behind it. */
  #dropOldest(end: number): void {
    const excess = end - this.#maxBacklogSamples - this.#readSamples;
    const skip = Math.ceil(excess / HOP_SAMPLES) * HOP_SAMPLES;
    const until = Math.min(this.#readSamples + skip, this.#endSamples);
    for (let position = this.#readSamples; position < until; position++) this.#filled[position & this.#mask] = 0;
    this.#moveTo(this.#readSamples + skip);
    this.#pendingSkipSamples += skip;
    this.counts.droppedSamples += skip;
  }

  #moveTo(position: number): void {
    this.#readSamples = position;
    if (this.#endSamples < position) this.#endSamples = position;
    if (this.#wholeUntilSamples < position) this.#wholeUntilSamples = position;
  }

  #write(bytes: Uint8Array, offset: number, from: number, end: number): void {
    const capacity = this.#ring.length;
    const at = from & this.#mask;
    const length = end - from;
    const first = Math.min(length, capacity - at);
    this.#writeRun(bytes, offset, at, first);
    if (first < length) this.#writeRun(bytes, offset + first, 0, length - first);
    if (from <= this.#wholeUntilSamples && end > this.#wholeUntilSamples) this.#wholeUntilSamples = end;
  }

  /** Writes a run that does not wrap; `fill` and `set` would cost a call or a view for so few bytes. */
  #writeRun(bytes: Uint8Array, offset: number, at: number, length: number): void {
    const ring = this.#ring;
    const filled = this.#filled;
    for (let i = 0; i < length; i++) {
      ring[at + i] = bytes[offset + i]!;
      filled[at + i] = 1;
    }
  }

  #missingIn(start: number): number {
    const end = start + HOP_SAMPLES;
    if (this.#wholeUntilSamples >= end) return 0;
    const filled = this.#filled;
    const mask = this.#mask;
    let present = 0;
    for (let position = start; position < end; position++) present += filled[position & mask]!;
    if (present === HOP_SAMPLES) this.#wholeUntilSamples = end;
    return HOP_SAMPLES - present;
  }

  /** Copies `ring[at...]` to `out[offset...]` and leaves the ring empty there. */
  #takeRun(out: Uint8Array, offset: number, at: number, length: number): void {
    const ring = this.#ring;
    const filled = this.#filled;
    for (let i = 0; i < length; i++) {
      out[offset + i] = ring[at + i]!;
      filled[at + i] = 0;
    }
  }

  #copyHop(start: number, out: Uint8Array, missing: number): void {
    const ring = this.#ring;
    const filled = this.#filled;
    const mask = this.#mask;
    if (missing === 0) {
      const at = start & mask;
      const first = Math.min(HOP_SAMPLES, ring.length - at);
      this.#takeRun(out, 0, at, first);
      if (first < HOP_SAMPLES) this.#takeRun(out, first, 0, HOP_SAMPLES - first);
      this.#fadeSamples = 0;
      this.#keepGood(out, HOP_SAMPLES);
      return;
    }
    for (let i = 0; i < HOP_SAMPLES; i++) {
      const at = (start + i) & mask;
      if (filled[at] === 1) {
        out[i] = ring[at]!;
        filled[at] = 0;
        this.#fadeSamples = 0;
        continue;
      }
      // Where a hole begins, what came before it becomes what is repeated.
      if (this.#fadeSamples === 0) this.#keepGood(out, i);
      out[i] = this.#concealedByte();
    }
    if (this.#fadeSamples === 0) this.#keepGood(out, HOP_SAMPLES);
  }

  /** Keeps the last 20 ms before `out[end]`, older audio moving up where the hop has not got that many yet. */
  #keepGood(out: Uint8Array, end: number): void {
    const good = this.#lastGood;
    const fresh = Math.min(end, REPEAT_SAMPLES);
    if (fresh < REPEAT_SAMPLES) good.copyWithin(0, fresh);
    for (let i = 0; i < fresh; i++) good[REPEAT_SAMPLES - fresh + i] = out[end - fresh + i]!;
  }

  #concealedByte(): number {
    const at = this.#fadeSamples;
    if (at >= FADE_SAMPLES) return ULAW_SILENCE;
    this.#fadeSamples = at + 1;
    const linear = ULAW_TO_LINEAR[this.#lastGood[at % REPEAT_SAMPLES]!]!;
    return LINEAR_TO_ULAW[Math.round((linear * (FADE_SAMPLES - at)) / FADE_SAMPLES) & 0xffff]!;
  }
}
