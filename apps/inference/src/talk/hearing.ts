import type { Expectation, HeardWord, PodOutput } from "@sidetone/protocol";
import type { Ears } from "./ears.ts";

const HOP_MS = 40;

type Heard = Extract<PodOutput, { type: "heard" }>;

/** The caller's turns: which one is open, and how its hearing was revised. */
export class Hearing {
  readonly #ears: Ears;
  readonly #isEcho: (word: HeardWord) => boolean;
  turn = 0;
  #revision = 0;
  #open = false;
  /** The caller's voice was heard in this turn, with or without words. */
  #voiced = false;
  #heardHop = Number.NEGATIVE_INFINITY;

  /** `isEcho` tells words that are the agent's own, come back over the line. */
  constructor(ears: Ears, isEcho: (word: HeardWord) => boolean) {
    this.#ears = ears;
    this.#isEcho = isEcho;
  }

  /** Words of the turn were heard and it was not closed. */
  get open(): boolean {
    return this.#open;
  }

  /** Hop in which the hearing last changed. */
  get heardHop(): number {
    return this.#heardHop;
  }

  get voiced(): boolean {
    return this.#voiced;
  }

  expect(expectation: Expectation): void {
    this.#ears.expect(expectation);
  }

  /** Hears one hop; the hearing of the turn when it changed. */
  hear(symbols: Float32Array, offset: number, atMs: number, voice: boolean): Heard | undefined {
    if (voice) this.#voiced = true;
    if (!this.#ears.hear(symbols, offset, atMs)) return undefined;
    const words = this.#callers(this.#ears.words());
    if (words.length === 0 && !this.#open) return undefined;
    this.#open = true;
    this.#heardHop = Math.round(atMs / HOP_MS);
    return this.#told(words, false);
  }

  /** Closes the turn; its final hearing when it had words. Turns count up either way. */
  end(): Heard | undefined {
    const words = this.#callers(this.#ears.endTurn());
    const heard = this.#open || words.length > 0 ? this.#told(words, true) : undefined;
    this.turn++;
    this.#revision = 0;
    this.#open = false;
    this.#voiced = false;
    return heard;
  }

  /** The caller's own words, in the wire's form: the decoder's carry more. */
  #callers(heard: readonly HeardWord[]): HeardWord[] {
    const words: HeardWord[] = [];
    for (const word of heard) {
      if (this.#isEcho(word)) continue;
      const { text, startMs, endMs, confidence } = word;
      words.push({ text, startMs, endMs, confidence });
    }
    return words;
  }

  #told(words: HeardWord[], final: boolean): Heard {
    return { type: "heard", turn: this.turn, revision: this.#revision++, final, words };
  }
}
