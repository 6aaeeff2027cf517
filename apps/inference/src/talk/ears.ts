import { Decoder, type Grammar } from "@sidetone/interaction-model";
import type { Expectation, HeardWord } from "@sidetone/protocol";

/** Makes words of the model's symbols, for one call. Words are on the media clock. Tests script it. */
export interface Ears {
  /** What is awaited now narrows what can be heard. */
  expect(expectation: Expectation): void;
  /** Hears one hop that began at `atMs`; `symbols` holds its frames from `offset` on. True when `words` changed. */
  hear(symbols: Float32Array, offset: number, atMs: number): boolean;
  /** The caller's turn so far. */
  words(): readonly HeardWord[];
  /** Closes the turn and begins an empty one; gives its final words. */
  endTurn(): readonly HeardWord[];
}

/** The decoder's ears for one playbook's words; a model without symbols hears nothing. */
export const decoderEars = (grammar: Grammar | undefined): Ears => (grammar ? new Decoder(grammar) : DEAF);

const DEAF: Ears = {
  expect: () => undefined,
  hear: () => false,
  words: () => [],
  endTurn: () => [],
};
