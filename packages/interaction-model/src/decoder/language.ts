import { EXPECTATION_KINDS, type ExpectationKind } from "../port.ts";
import { CLASSES } from "./vocabulary.ts";

/** Taken from every pair that was seen, and given to words that were not (Ney, Essen and Kneser 1994). */
const DISCOUNT = 0.6;
/** Share of the unigram that every known word has, seen or not. */
const UNIFORM_SHARE = 0.1;
/** Share of a choice's own words while it is expected. */
const CHOICES_SHARE = 0.5;

/** What is expected now. */
export interface Focus {
  /** Index into `EXPECTATION_KINDS`. */
  readonly kind: number;
  /** From `choiceRow`, while a choice is expected. */
  readonly choices?: Float64Array | undefined;
}

/** Longest run of words before a word that the model remembers. */
const LONGEST_CONTEXT = 3;

/** The context in which nothing is remembered, and the one at the start of a turn. */
export const NO_CONTEXT = 0;
export const START_CONTEXT = 1;

/** A wording, and how often it counts. */
export interface WeightedPhrase {
  readonly words: readonly string[];
  readonly times: number;
}

/** Runs of words that were seen, with what followed them. */
interface Context {
  /** The same run without its first word. */
  readonly shorter: number;
  readonly depth: number;
  readonly followers: Map<number, number>;
  total: number;
}

/**
 * How likely a word is after the words before while something is expected: the playbook's phrases as runs of up to four
 * words, mixed with the words that the expectation is made of. What came before is one number, a context; `next` gives
 * the context after a word.
 */
export class Language {
  readonly words: readonly string[];
  readonly indexOf: ReadonlyMap<string, number>;
  /** Probabilities of the words of each expectation kind. */
  readonly #class: readonly Float64Array[];
  readonly #classShare: readonly number[];
  readonly #unigram: Float64Array;
  readonly #contexts: Context[] = [];
  /** Context after a context and a word, keyed by `context * words + word`; missing where nothing so long was seen. */
  readonly #longer = new Map<number, number>();

  constructor(phrases: readonly WeightedPhrase[], extraWords: readonly string[]) {
    const known = new Set<string>(extraWords);
    for (const { words } of phrases) for (const word of words) known.add(word);
    for (const classes of Object.values(CLASSES))
      for (const { words } of classes) for (const word of words) known.add(word);
    this.words = [...known].sort();
    this.indexOf = new Map(this.words.map((word, index) => [word, index]));
    for (const depth of [0, 1]) this.#contexts.push({ shorter: NO_CONTEXT, depth, followers: new Map(), total: 0 });
    for (const { words, times } of phrases)
      this.#count(
        words.map((word) => this.indexOf.get(word)!),
        times,
      );
    const { followers, total } = this.#contexts[NO_CONTEXT]!;
    this.#unigram = Float64Array.from(this.words, (_, word) => {
      const seen = (followers.get(word) ?? 0) / Math.max(1, total);
      return (1 - UNIFORM_SHARE) * seen + UNIFORM_SHARE / this.words.length;
    });
    this.#class = EXPECTATION_KINDS.map((kind) => this.#classRow(kind));
    this.#classShare = EXPECTATION_KINDS.map((kind) => CLASSES[kind].reduce((sum, { share }) => sum + share, 0));
  }

  /** Probability of `word` in `context`, in the light of what is expected. */
  probability(context: number, word: number, focus: Focus): number {
    return this.#mix(this.#inContext(context, word), word, focus);
  }

  /** Probability of `word` whatever came before. */
  alone(word: number, focus: Focus): number {
    return this.#mix(this.#unigram[word]!, word, focus);
  }

  /** The context after `word`. */
  next(context: number, word: number): number {
    for (let at = context; ; at = this.#contexts[at]!.shorter) {
      const found = this.#longer.get(at * this.words.length + word);
      if (found !== undefined) return found;
      if (at === NO_CONTEXT) return NO_CONTEXT;
    }
  }

  #count(phrase: readonly number[], times: number): void {
    let context = START_CONTEXT;
    for (const word of phrase) {
      for (let at = context; ; at = this.#contexts[at]!.shorter) {
        const { followers } = this.#contexts[at]!;
        followers.set(word, (followers.get(word) ?? 0) + times);
        this.#contexts[at]!.total += times;
        if (at === NO_CONTEXT) break;
      }
      context = this.#grow(context, word);
    }
  }

  /** The context of these words and one more, made where it is new; at most `LONGEST_CONTEXT` words long. */
  #grow(context: number, word: number): number {
    const { depth, shorter } = this.#contexts[context]!;
    if (depth === LONGEST_CONTEXT) return this.#grow(shorter, word);
    const key = context * this.words.length + word;
    const known = this.#longer.get(key);
    if (known !== undefined) return known;
    const backOff = context === NO_CONTEXT ? NO_CONTEXT : this.#grow(shorter, word);
    this.#contexts.push({ shorter: backOff, depth: depth + 1, followers: new Map(), total: 0 });
    this.#longer.set(key, this.#contexts.length - 1);
    return this.#contexts.length - 1;
  }

  /** Absolute discounting: what longer contexts have not seen is left to shorter ones. */
  #inContext(context: number, word: number): number {
    let share = 1;
    let sum = 0;
    for (let at = context; at !== NO_CONTEXT; at = this.#contexts[at]!.shorter) {
      const { followers, total } = this.#contexts[at]!;
      if (total === 0) continue;
      const seen = followers.get(word);
      if (seen !== undefined) sum += (share * (seen - DISCOUNT)) / total;
      share *= (DISCOUNT * followers.size) / total;
    }
    return sum + share * this.#unigram[word]!;
  }

  /** Even probabilities for the words of some alternatives; undefined when none of them is known. */
  choiceRow(choices: readonly (readonly string[])[]): Float64Array | undefined {
    const indices = choices.flat().flatMap((word) => this.indexOf.get(word) ?? []);
    if (indices.length === 0) return undefined;
    const row = new Float64Array(this.words.length);
    for (const index of indices) row[index]! += 1 / indices.length;
    return row;
  }

  #mix(fromPhrases: number, word: number, focus: Focus): number {
    const share = this.#classShare[focus.kind]!;
    const mixed = this.#class[focus.kind]![word]! + (1 - share) * fromPhrases;
    return focus.choices ? (1 - CHOICES_SHARE) * mixed + CHOICES_SHARE * focus.choices[word]! : mixed;
  }

  #classRow(kind: ExpectationKind): Float64Array {
    const row = new Float64Array(this.words.length);
    for (const { words, share } of CLASSES[kind]) {
      for (const word of words) row[this.indexOf.get(word)!]! += share / words.length;
    }
    return row;
  }
}
