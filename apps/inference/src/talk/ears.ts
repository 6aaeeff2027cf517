import type { Expectation, HeardWord } from "@sidetone/protocol";

/**
 * Makes words of the model's symbols, for one call. Words are on the media clock. Implemented by the model's decoder;
 * tests script it.
 */
export interface Ears {
  /** What is awaited now narrows what can be heard. */
  expect(expectation: Expectation): void;
  /** Hears one hop; `symbols` holds its frames from `offset` on. True when `words` differs from before. */
  hear(symbols: Float32Array, offset: number, atMs: number): boolean;
  /** The caller's turn so far. */
  words(): HeardWord[];
  /** Closes the turn and begins an empty one; gives its final words. */
  endTurn(): HeardWord[];
}

/** For models without symbols: hears nothing. */
export const deafEars: Ears = {
  expect: () => undefined,
  hear: () => false,
  words: () => [],
  endTurn: () => [],
};
