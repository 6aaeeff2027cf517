import { EXPECTATION_KINDS, type ExpectationKind } from "../port.ts";
import { Alphabet } from "./alphabet.ts";
import { answerPatterns } from "./answer-patterns.ts";
import { type Focus, Language } from "./language.ts";
import { Lexicon } from "./lexicon.ts";
import { EVERYDAY_PHRASES } from "./vocabulary.ts";

/** What can be heard on the calls of one playbook. */
export interface GrammarSource {
  /** The model's CTC alphabet: blank first, then the space that precedes each word, then letters or phones (`Alphabet`). */
  readonly symbols: readonly string[];
  /** Whole wordings: examples of wants, keywords, names of choices. Digits and signs are ignored. */
  readonly phrases: readonly string[];
  /** Single words that may be heard besides: product names, streets. */
  readonly words?: readonly string[];
}

export const SPACE_SYMBOL = 1;
const KEPT_NARROWINGS = 32;

/** An expectation worked out for the whole lexicon. */
export interface Narrowing {
  readonly focus: Focus;
  /** Logarithm of the likeliest word below each node: what a prefix is worth before its word ends. */
  readonly lookahead: Float64Array;
}

/** A playbook's words, word order and spelling, ready for any number of decoders. Compile once for each playbook. */
export class Grammar {
  readonly language: Language;
  readonly lexicon: Lexicon;
  readonly symbolCount: number;
  /** For the spelling of words that are not known. */
  readonly alphabet: Alphabet;
  readonly #plain: readonly Narrowing[];
  readonly #narrowed = new Map<string, Narrowing>();

  /** Throws `DECODER_LEXICON_INVALID`. */
  constructor(source: GrammarSource) {
    const weighted = [
      { phrases: source.phrases, times: 3 },
      { phrases: EVERYDAY_PHRASES, times: 2 },
      { phrases: answerPatterns(), times: 1 },
    ];
    const phrases = weighted.flatMap(({ phrases, times }) =>
      phrases.map((phrase) => ({ words: wordsOf(phrase), times })),
    );
    this.alphabet = new Alphabet(source.symbols);
    this.symbolCount = source.symbols.length;
    this.language = new Language(phrases, (source.words ?? []).flatMap(wordsOf));
    this.lexicon = new Lexicon(
      this.language.words.map((word) => this.alphabet.spellings(word)),
      SPACE_SYMBOL,
    );
    this.#plain = EXPECTATION_KINDS.map((_, kind) => this.#narrow({ kind }));
  }

  /** What to listen for. The same alternatives give the same object as long as they are among the last few. */
  narrowing(kind: ExpectationKind, choices: readonly string[] = []): Narrowing {
    const index = EXPECTATION_KINDS.indexOf(kind);
    if (choices.length === 0) return this.#plain[index]!;
    const key = JSON.stringify([kind, choices]);
    let found = this.#narrowed.get(key);
    if (!found) {
      found = this.#narrow({ kind: index, choices: this.language.choiceRow(choices.map(wordsOf)) });
      this.#narrowed.set(key, found);
      const [oldest] = this.#narrowed.keys();
      if (this.#narrowed.size > KEPT_NARROWINGS) this.#narrowed.delete(oldest!);
    }
    return found;
  }

  #narrow(focus: Focus): Narrowing {
    const { lexicon, language } = this;
    const lookahead = new Float64Array(lexicon.nodeCount).fill(-Infinity);
    for (let node = lexicon.nodeCount - 1; node >= 0; node--) {
      for (let at = lexicon.firstWord[node]!; at < lexicon.endWord[node]!; at++) {
        lookahead[node] = Math.max(lookahead[node]!, Math.log(language.alone(lexicon.words[at]!, focus)));
      }
      for (let child = lexicon.firstChild[node]!; child < lexicon.endChild[node]!; child++) {
        lookahead[node] = Math.max(lookahead[node]!, lookahead[child]!);
      }
    }
    return { focus, lookahead };
  }
}

/** The words of a wording as the lexicon has them: lower case, letters and apostrophes. */
export function wordsOf(text: string): string[] {
  const folded = text.normalize("NFD").replace(/\p{M}/gu, "").replaceAll("’", "'").toLowerCase();
  return (folded.match(/[a-z]+(?:'[a-z]+)*/g) ?? []).slice(0, 40);
}
