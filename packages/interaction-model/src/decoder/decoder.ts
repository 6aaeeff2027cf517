import type { ExpectationKind } from "../port.ts";
import { type Grammar, SPACE_SYMBOL } from "./grammar.ts";
import { DECODER_SETTINGS, type DecoderSettings, PrefixSearch } from "./prefix-search.ts";

/** A word of the caller's turn, on the media clock. */
export interface HeardWord {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  /** Probability that it was said, 0..1. */
  readonly confidence: number;
  /** False for a word that is not in the grammar; `text` is then its spelling as its letters or phones were heard. */
  readonly known: boolean;
}

const FRAME_MS = 20;
const FRAMES_PER_HOP = 2;
const LONGEST_TURN_WORDS = 400;
const SPELLING_FRAMES = 1024;
/** Words this far back are agreed on by all hypotheses. */
const DOUBTED_WORDS = 8;
/** Two hypotheses mean the same sound when their words begin within 100 ms. */
const SAME_PLACE_FRAMES = 5;
const LONGEST_SPELLING_FRAMES = 200;
/** A word that may be the beginning of a longer one counts as finished after this many frames without a letter. */
const SETTLING_FRAMES = 3;

/** Makes words of the model's symbols, for one call. Allocates nothing per hop while the words do not change. */
export class Decoder {
  readonly #grammar: Grammar;
  readonly #search: PrefixSearch;
  /** Media time of the turn's first frame. */
  #originMs = 0;
  /** Letters heard in the last frames, for spelling what is not known; 0 where none. A ring. */
  readonly #heardLetters = new Uint8Array(SPELLING_FRAMES);
  #words: HeardWord[] = [];
  /** What the words were read from: history entry, the word that just ends, and where its last letter is. */
  #shownHistory = -1;
  #shownEnding = -1;
  #shownFrame = -1;

  constructor(grammar: Grammar, settings: Partial<DecoderSettings> = {}) {
    this.#grammar = grammar;
    this.#search = new PrefixSearch(grammar, { ...DECODER_SETTINGS, ...settings });
  }

  /** Narrows what is listened for, from the next frame on. */
  expect(expectation: { readonly kind: ExpectationKind; readonly choices?: readonly string[] | undefined }): void {
    this.#search.narrow(this.#grammar.narrowing(expectation.kind, expectation.choices));
  }

  /**
   * Hears one hop: two frames of log probabilities from `offset` on, first heard at `atMs`. True when the words changed.
   */
  hear(symbols: Float32Array, offset: number, atMs: number): boolean {
    const search = this.#search;
    if (search.frame === 0) this.#originMs = atMs;
    for (let frame = 0; frame < FRAMES_PER_HOP; frame++) {
      search.step(symbols, offset + frame * this.#grammar.symbolCount);
      this.#heardLetters[(search.frame - 1) % SPELLING_FRAMES] = search.newLetter;
    }
    return this.#read(false);
  }

  /** The turn so far. The array is new whenever `hear` gave true. */
  words(): HeardWord[] {
    return this.#words;
  }

  /** Closes the turn and begins an empty one; gives its final words. */
  endTurn(): HeardWord[] {
    this.#read(true);
    const words = this.#words;
    this.#search.begin();
    this.#words = [];
    this.#shownHistory = -1;
    this.#shownEnding = -1;
    this.#shownFrame = -1;
    return words;
  }

  /**
   * Reads the best hypothesis; true when its words are others than those shown. While a word is being spelled the words
   * shown stay as they are.
   */
  #read(isEnd: boolean): boolean {
    const beam = this.#search.beam;
    let best = -1;
    let bestScore = -Infinity;
    let bestEnding = NOTHING;
    for (let i = 0; i < beam.count; i++) {
      const ending = this.#endingOf(i, isEnd);
      let score = beam.total[i]!;
      if (ending === UNFINISHED) score += isEnd ? -Infinity : UNFINISHED_COST;
      else if (ending >= 0 && ending < this.#search.unknownWord) {
        if (score + this.#search.largestEndGain(i) <= bestScore) continue;
        score += this.#search.endGain(i, ending);
      }
      if (score <= bestScore) continue;
      best = i;
      bestScore = score;
      bestEnding = ending;
    }
    if (best < 0 || (bestEnding === UNFINISHED && beam.history[best] === this.#shownHistory)) return false;
    const history = beam.history[best]!;
    const lastFrame = bestEnding >= 0 ? beam.letterFrame[best]! : -1;
    if (history === this.#shownHistory && bestEnding === this.#shownEnding && lastFrame === this.#shownFrame)
      return false;
    this.#shownHistory = history;
    this.#shownEnding = bestEnding;
    this.#shownFrame = lastFrame;
    return this.#show(best, bestEnding);
  }

  /** The word that would end here, or that there is none, or that one is not finished. */
  #endingOf(i: number, isEnd: boolean): number {
    const beam = this.#search.beam;
    const { lexicon } = this.#grammar;
    const node = beam.node[i]!;
    if (node === 0) return NOTHING;
    if (node === this.#search.unknownNode) return isEnd ? this.#search.unknownWord : UNFINISHED;
    if (lexicon.endWord[node] === lexicon.firstWord[node]) return UNFINISHED;
    const goesOn = lexicon.endChild[node]! > lexicon.firstChild[node]!;
    return goesOn && !isEnd && this.#search.frame - beam.letterFrame[i]! < SETTLING_FRAMES
      ? UNFINISHED
      : this.#search.endingWord(i);
  }

  #show(best: number, ending: number): boolean {
    const beam = this.#search.beam;
    const history = this.#search.history;
    const words: HeardWord[] = [];
    if (ending >= 0) {
      const surety = Math.exp(beam.gap[best]! / Math.max(1, beam.letters[best]!));
      words.push(this.#word(ending, beam.startFrame[best]!, beam.letterFrame[best]!, surety));
    }
    let recent = 0;
    for (let at = beam.history[best]!; at >= 0 && words.length < LONGEST_TURN_WORDS; at = history.before[at]!) {
      const agreed = recent++ < DOUBTED_WORDS ? this.#agreement(best, at) : 1;
      words.push(
        this.#word(history.word[at]!, history.startFrame[at]!, history.endFrame[at]!, agreed * history.surety[at]!),
      );
    }
    words.reverse();
    const same = words.length === this.#words.length && words.every((word, i) => word.text === this.#words[i]!.text);
    this.#words = words;
    return !same;
  }

  /** Share of the hypotheses' probability that has this word at about this time. */
  #agreement(best: number, entry: number): number {
    const beam = this.#search.beam;
    const history = this.#search.history;
    const bestScore = beam.total[best]!;
    let all = 0;
    let agreeing = 0;
    for (let i = 0; i < beam.count; i++) {
      const probability = Math.exp(beam.total[i]! - bestScore);
      if (probability < 1e-3) continue;
      all += probability;
      let at = beam.history[i]!;
      while (at >= 0 && at !== entry && history.startFrame[at]! > history.startFrame[entry]! + SAME_PLACE_FRAMES)
        at = history.before[at]!;
      if (
        at === entry ||
        (at >= 0 &&
          history.word[at] === history.word[entry] &&
          Math.abs(history.startFrame[at]! - history.startFrame[entry]!) <= SAME_PLACE_FRAMES)
      )
        agreeing += probability;
    }
    return agreeing / all;
  }

  #word(word: number, startFrame: number, endFrame: number, surety: number): HeardWord {
    const known = word < this.#search.unknownWord;
    return {
      text: known ? this.#grammar.language.words[word]! : this.#spelling(startFrame, endFrame),
      startMs: this.#originMs + startFrame * FRAME_MS,
      endMs: this.#originMs + (endFrame + 1) * FRAME_MS,
      confidence: known ? surety : UNKNOWN_CONFIDENCE,
      known,
    };
  }

  #spelling(startFrame: number, endFrame: number): string {
    let text = "";
    for (let frame = Math.max(startFrame, endFrame - LONGEST_SPELLING_FRAMES); frame <= endFrame; frame++) {
      const symbol = this.#heardLetters[frame % SPELLING_FRAMES]!;
      if (symbol > SPACE_SYMBOL) text += this.#grammar.alphabet.readable[symbol]!;
    }
    return text;
  }
}

/** Instead of a word: none ends here; one is being spelled. */
const NOTHING = -1;
const UNFINISHED = -2;
/** A hypothesis in the middle of a word is read only when all others are far behind. */
const UNFINISHED_COST = -4;
const UNKNOWN_CONFIDENCE = 0.1;
