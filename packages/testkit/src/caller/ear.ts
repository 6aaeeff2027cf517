import { LEVEL_FLOOR_DBFS, ULAW_SILENCE, ulawLevelDbfs, writeUlawWav } from "@sidetone/audio";

/** A stretch of sound, in ms of the recording. */
export interface Spurt {
  startMs: number;
  endMs: number;
}

export interface SpurtOptions {
  /** What counts as sound. */
  thresholdDbfs?: number;
  /** Pauses shorter than this belong to the spurt. */
  joinMs?: number;
  /** Spurts shorter than this are clicks. */
  leastMs?: number;
}

const BLOCK_SAMPLES = 80;
const BLOCK_MS = 10;

/**
 * What the caller said and heard, on one time line: sample for sample as it left the mouth and reached the ear.
 * Every latency is measured here, so that nothing on the way is left out.
 */
export class Ear {
  #said = new Uint8Array(8000 * 60);
  #heard = new Uint8Array(8000 * 60);
  #length = 0;

  get lengthMs(): number {
    return this.#length / 8;
  }

  /** mu-law, valid until the next frame. */
  get said(): Uint8Array {
    return this.#said.subarray(0, this.#length);
  }

  get heard(): Uint8Array {
    return this.#heard.subarray(0, this.#length);
  }

  /** Appends a frame of both, of the same length. */
  append(said: Uint8Array, heard: Uint8Array): void {
    const end = this.#length + said.length;
    if (end > this.#said.length) {
      this.#said = grown(this.#said);
      this.#heard = grown(this.#heard);
    }
    this.#said.set(said, this.#length);
    this.#heard.set(heard, this.#length);
    this.#length = end;
  }

  /** A stereo WAV, mu-law: what the caller said on the left, what they heard on the right. */
  toWav(): Uint8Array {
    return writeUlawWav(8000, [this.said, this.heard]);
  }

  saidSpurts(options?: SpurtOptions): Spurt[] {
    return findSpurts(this.said, options);
  }

  heardSpurts(options?: SpurtOptions): Spurt[] {
    return findSpurts(this.heard, options);
  }

  /**
   * How long after each of the caller's utterances the answer began: from the caller's last sound to the first sound
   * heard after it. Utterances that were not answered before the caller spoke again, or that ended while the agent
   * spoke, are left out.
   */
  responseLatenciesMs(options?: SpurtOptions): number[] {
    const said = this.saidSpurts(options);
    const heard = this.heardSpurts(options);
    const latencies: number[] = [];
    for (const [i, spurt] of said.entries()) {
      const untilMs = said[i + 1]?.startMs ?? Number.POSITIVE_INFINITY;
      if (heard.some(({ startMs, endMs }) => startMs < spurt.endMs && endMs > spurt.endMs)) continue;
      const answer = heard.find(({ startMs }) => startMs >= spurt.endMs && startMs < untilMs);
      if (answer !== undefined) latencies.push(answer.startMs - spurt.endMs);
    }
    return latencies;
  }

  /** How long the agent went on each time the caller began to speak over it. */
  stopLatenciesMs(options?: SpurtOptions): number[] {
    const heard = this.heardSpurts(options);
    const latencies: number[] = [];
    for (const { startMs } of this.saidSpurts(options)) {
      const over = heard.find((spurt) => spurt.startMs < startMs && spurt.endMs > startMs);
      if (over !== undefined) latencies.push(over.endMs - startMs);
    }
    return latencies;
  }
}

/** Finds stretches of sound in mu-law, to 10 ms. */
export function findSpurts(bytes: Uint8Array, options: SpurtOptions = {}): Spurt[] {
  const { thresholdDbfs = -45, joinMs = 300, leastMs = 20 } = options;
  const spurts: Spurt[] = [];
  for (let at = 0; at + BLOCK_SAMPLES <= bytes.length; at += BLOCK_SAMPLES) {
    if (ulawLevelDbfs(bytes, at, BLOCK_SAMPLES) < Math.max(thresholdDbfs, LEVEL_FLOOR_DBFS)) continue;
    const startMs = at / 8;
    const last = spurts.at(-1);
    if (last !== undefined && startMs - last.endMs < joinMs) last.endMs = startMs + BLOCK_MS;
    else spurts.push({ startMs, endMs: startMs + BLOCK_MS });
  }
  return spurts.filter(({ startMs, endMs }) => endMs - startMs >= leastMs);
}

function grown(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes.length * 2).fill(ULAW_SILENCE, bytes.length);
  larger.set(bytes);
  return larger;
}
