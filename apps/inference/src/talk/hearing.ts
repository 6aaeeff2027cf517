import type { Expectation, HeardWord, PodOutput } from "@sidetone/protocol";
import type { Ears } from "./ears.ts";

type Heard = Extract<PodOutput, { type: "heard" }>;

/** The caller's turns: which one is open, and how its hearing was revised. */
export class Hearing {
  readonly #ears: Ears;
  turn = 0;
  #revision = 0;
  #open = false;
  /** The caller's voice was heard in this turn, with or without words. */
  #voiced = false;

  constructor(ears: Ears) {
    this.#ears = ears;
  }

  /** Words of the turn were heard and it was not closed. */
  get open(): boolean {
    return this.#open;
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
    const words = this.#ears.words();
    if (words.length === 0 && !this.#open) return undefined;
    this.#open = true;
    return this.#told(words, false);
  }

  /** Closes the turn; its final hearing when it had words. Turns count up either way. */
  end(): Heard | undefined {
    const words = this.#ears.endTurn();
    const heard = this.#open || words.length > 0 ? this.#told(words, true) : undefined;
    this.turn++;
    this.#revision = 0;
    this.#open = false;
    this.#voiced = false;
    return heard;
  }

  #told(heard: readonly HeardWord[], final: boolean): Heard {
    // The decoder's words carry more than the wire knows.
    const words = heard.map(({ text, startMs, endMs, confidence }) => ({ text, startMs, endMs, confidence }));
    return { type: "heard", turn: this.turn, revision: this.#revision++, final, words };
  }
}
