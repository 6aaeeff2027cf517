import { dictionary } from "cmu-pronouncing-dictionary";
import { ModelError } from "../errors.ts";
import { soundsOfLetters } from "./letter-to-sound.ts";

/** Pronunciations of a word beyond these are not listened for. */
const MOST_PRONUNCIATIONS = 3;
/** A symbol that only an alphabet of phones has. */
const A_PHONE = "AA";

/** How a phone is written for people where no known word was heard; consonants that are missing here are written as they are. */
const READABLE: Readonly<Record<string, string>> = {
  AA: "o",
  AE: "a",
  AH: "u",
  AO: "o",
  AW: "ow",
  AY: "i",
  DH: "th",
  EH: "e",
  ER: "er",
  EY: "ay",
  HH: "h",
  IH: "i",
  IY: "ee",
  JH: "j",
  OW: "o",
  UH: "oo",
  UW: "oo",
};

/**
 * What a model hears words by: letters, or the 39 phones of the CMU pronouncing dictionary (Carnegie Mellon University,
 * 1993-2015). Turns words into the model's symbols.
 */
export class Alphabet {
  /** Every symbol as people would write it. */
  readonly readable: readonly string[];
  readonly #index: ReadonlyMap<string, number>;
  readonly #byPhones: boolean;

  constructor(symbols: readonly string[]) {
    this.#index = new Map(symbols.map((symbol, index) => [symbol, index]));
    this.#byPhones = this.#index.has(A_PHONE);
    this.readable = this.#byPhones ? symbols.map((symbol) => READABLE[symbol] ?? symbol.toLowerCase()) : symbols;
  }

  /**
   * The ways to say a word (lower case, as `wordsOf` gives it), as symbols, the usual one first. Throws
   * `DECODER_LEXICON_INVALID` for a word with a letter or phone that the alphabet does not have.
   */
  spellings(word: string): number[][] {
    const spelled = this.#byPhones ? pronunciations(word) : [[...word]];
    return spelled.map((symbols) =>
      symbols.map((symbol) => {
        const index = this.#index.get(symbol);
        if (index === undefined) throw new ModelError("DECODER_LEXICON_INVALID", `"${word}" has "${symbol}"`);
        return index;
      }),
    );
  }
}

function pronunciations(word: string): string[][] {
  const found = new Set<string>();
  for (let variant = 1; variant <= MOST_PRONUNCIATIONS; variant++) {
    const said = dictionary[variant === 1 ? word : `${word}(${variant})`];
    // Names from other languages carry a note behind "#"; stress is not heard.
    if (said) found.add(said.replace(/ *#.*/, "").replace(/\d/g, ""));
  }
  return found.size > 0 ? [...found].map((said) => said.split(" ")) : [soundsOfLetters(word)];
}
