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

/**
 * How likely a word is after another while something is expected: the playbook's phrases as word pairs, mixed with the
 * words that the expectation is made of. Word indices are those of `words`; `words.length` is the start of a turn and
 * also what follows a word that is not known.
 */
export class Language {
  readonly words: readonly string[];
  readonly indexOf: ReadonlyMap<string, number>;
  /** Probabilities of the words of each expectation kind. */
  readonly #class: readonly Float64Array[];
  readonly #classShare: readonly number[];
  readonly #unigram: Float64Array;
  /** Discounted pair probabilities, keyed by `before * (words + 1) + word`. */
  readonly #pairs = new Map<number, number>();
  /** What a context leaves for the unigram. */
  readonly #rest: Float64Array;

  constructor(phrases: readonly (readonly string[])[], extraWords: readonly string[]) {
    const known = new Set<string>(extraWords);
    for (const phrase of phrases) for (const word of phrase) known.add(word);
    for (const classes of Object.values(CLASSES))
      for (const { words } of classes) for (const word of words) known.add(word);
    this.words = [...known].sort();
    this.indexOf = new Map(this.words.map((word, index) => [word, index]));
    const count = this.words.length;
    const totals = new Float64Array(count + 1);
    const pairCounts = new Map<number, number>();
    const followers = new Float64Array(count + 1);
    this.#unigram = new Float64Array(count);
    let total = 0;
    for (const phrase of phrases) {
      let before = count;
      for (const word of phrase) {
        const index = this.indexOf.get(word)!;
        const key = before * (count + 1) + index;
        if (!pairCounts.has(key)) followers[before]!++;
        pairCounts.set(key, (pairCounts.get(key) ?? 0) + 1);
        totals[before]!++;
        this.#unigram[index]!++;
        total++;
        before = index;
      }
    }
    for (let i = 0; i < count; i++) {
      this.#unigram[i] = ((1 - UNIFORM_SHARE) * this.#unigram[i]!) / Math.max(1, total) + UNIFORM_SHARE / count;
    }
    for (const [key, seen] of pairCounts) {
      const before = Math.floor(key / (count + 1));
      this.#pairs.set(key, (seen - DISCOUNT) / totals[before]!);
    }
    this.#rest = Float64Array.from(totals, (sum, before) => (sum === 0 ? 1 : (DISCOUNT * followers[before]!) / sum));
    this.#class = EXPECTATION_KINDS.map((kind) => this.#classRow(kind));
    this.#classShare = EXPECTATION_KINDS.map((kind) => CLASSES[kind].reduce((sum, { share }) => sum + share, 0));
  }

  /** Probability of `word` after `before` in the light of what is expected. */
  probability(before: number, word: number, focus: Focus): number {
    const pair = this.#pairs.get(before * (this.words.length + 1) + word) ?? 0;
    return this.#mix(pair + this.#rest[before]! * this.#unigram[word]!, word, focus);
  }

  /** Probability of `word` whatever came before. */
  alone(word: number, focus: Focus): number {
    return this.#mix(this.#unigram[word]!, word, focus);
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
