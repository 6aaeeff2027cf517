import { ULAW_SILENCE } from "@sidetone/audio";
import type { SpeechError } from "./errors.ts";
import type { WordTiming } from "./port.ts";
import type { SpokenWord } from "./pronounce.ts";

/** A word of an utterance, in samples of its audio, and the characters of the text that it speaks. */
export interface UtteranceWord extends WordTiming {
  readonly charStart: number;
  readonly charEnd: number;
}

/**
 * A line while it is being made: audio and words grow, and are read at any time without waiting. The speaker writes,
 * everyone else only reads.
 */
export class Utterance {
  readonly text: string;
  /** Names of the voices that spoke, in order; more than one when a fallback finished the line. */
  readonly voices: string[] = [];
  #muLaw = new Uint8Array(16_000);
  #length = 0;
  #words: UtteranceWord[] = [];
  #settledWords = 0;
  #isDone = false;
  #error: SpeechError | undefined;
  readonly #abort = new AbortController();
  #onDone: () => void = () => undefined;
  /** Resolves when nothing more will come, also after a failure; see `error`. */
  readonly finished: Promise<void>;

  constructor(text: string) {
    this.text = text;
    this.finished = new Promise((resolve) => {
      this.#onDone = resolve;
    });
  }

  /** Samples of audio that can be read. Never shrinks. */
  get readyThroughSamples(): number {
    return this.#length;
  }

  /** True when all audio and words are there, or none will follow. */
  get done(): boolean {
    return this.#isDone;
  }

  /** Why the line is incomplete, when it is. */
  get error(): SpeechError | undefined {
    return this.#error;
  }

  /** Words that have audio or are about to, in order. Times of the clause being made may still be refined. */
  get words(): readonly UtteranceWord[] {
    return this.#words;
  }

  /** Aborts when nobody wants the rest. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** A view of the audio that is ready, valid until the next piece arrives. */
  get muLaw(): Uint8Array {
    return this.#muLaw.subarray(0, this.#length);
  }

  /** Copies audio from `offsetSamples` into `out`; silence where there is none yet. Gives the number of real samples. */
  read(offsetSamples: number, out: Uint8Array): number {
    const count = Math.max(0, Math.min(out.length, this.#length - offsetSamples));
    for (let i = 0; i < count; i++) out[i] = this.#muLaw[offsetSamples + i]!;
    out.fill(ULAW_SILENCE, count);
    return count;
  }

  /** Stops the making of what is not ready yet. What is ready stays. */
  cancel(): void {
    this.#abort.abort();
  }

  /** For the speaker: adds audio. */
  append(muLaw: Uint8Array): void {
    const needed = this.#length + muLaw.length;
    if (needed > this.#muLaw.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#muLaw.length));
      larger.set(this.#muLaw.subarray(0, this.#length));
      this.#muLaw = larger;
    }
    this.#muLaw.set(muLaw, this.#length);
    this.#length = needed;
  }

  /** For the speaker: adds silence. */
  appendSilence(lengthSamples: number): void {
    if (lengthSamples > 0) this.append(new Uint8Array(lengthSamples).fill(ULAW_SILENCE));
  }

  /** For the speaker: replaces the words of the clause being made, whose audio begins at `startSamples`. */
  setClauseWords(spoken: readonly SpokenWord[], timings: readonly WordTiming[], startSamples: number): void {
    const settled = this.#words.slice(0, this.#settledWords);
    const words = timings.map((timing, i) => ({
      ...timing,
      startSamples: timing.startSamples + startSamples,
      endSamples: timing.endSamples + startSamples,
      charStart: spoken[i]!.charStart,
      charEnd: spoken[i]!.charEnd,
    }));
    this.#words = [...settled, ...words];
  }

  /** For the speaker: the words set so far will not change again. Keeps only the first `count` of them, if given. */
  settleWords(count?: number): void {
    if (count !== undefined) this.#words = this.#words.slice(0, this.#settledWords + count);
    this.#settledWords = this.#words.length;
  }

  /** For the speaker: nothing more will come. */
  end(error?: SpeechError): void {
    if (this.#isDone) return;
    this.#error = error;
    this.#isDone = true;
    this.#onDone();
  }
}
