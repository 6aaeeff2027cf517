import type { ExpectationKind } from "../port.ts";
import { Beam, kthLargest, logAdd } from "./beam.ts";
import { type Grammar, type Narrowing, SPACE_SYMBOL } from "./grammar.ts";
import { NO_CONTEXT, START_CONTEXT } from "./language.ts";
import { WordHistory } from "./word-history.ts";

/** A word of the caller's turn, on the media clock. */
export interface HeardWord {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  /** Probability that it was said, 0..1. */
  readonly confidence: number;
  /** False for a word that is not in the grammar; `text` is then its spelling as the letters were heard. */
  readonly known: boolean;
}

/** Weights of the search. The defaults were chosen on synthetic validation calls with `npm run model:eval`. */
export interface DecoderSettings {
  /** Hypotheses that survive a frame. */
  readonly beam: number;
  /** Hypotheses this much less likely than the best are dropped, in natural logarithms. */
  readonly width: number;
  readonly languageWeight: number;
  /** Added for each word, against the language model's liking for few. */
  readonly wordBonus: number;
  /** Cost of hearing a word that is not known: to begin it, and for each letter. */
  readonly unknownWord: number;
  readonly unknownLetter: number;
}

export const DECODER_SETTINGS: DecoderSettings = {
  beam: 128,
  width: 14,
  languageWeight: 0.7,
  wordBonus: 0.8,
  unknownWord: -6,
  unknownLetter: -1.5,
};

const BLANK = 0;
const FRAME_MS = 20;
const FRAMES_PER_HOP = 2;
/** Frames whose blank is surer than this change nothing but the scores: ln 0.995. */
const SURELY_BLANK = -0.005;
/** Symbols less likely than this are not followed. */
const SYMBOL_FLOOR = -11;
const HISTORY_ENTRIES = 2048;
const LONGEST_TURN_WORDS = 400;
const SPELLING_FRAMES = 1024;
/** Words this far back are agreed on by all hypotheses. */
const DOUBTED_WORDS = 8;
/** Two hypotheses mean the same sound when their words begin within 100 ms. */
const SAME_PLACE_FRAMES = 5;
const LONGEST_SPELLING_FRAMES = 200;
/** A word that may be the beginning of a longer one counts as finished after this many frames without a letter. */
const SETTLING_FRAMES = 3;

/**
 * Makes words of the model's symbols: a prefix beam search (Graves 2012; Hannun et al. 2014) over the lexicon's tree,
 * with the grammar's word pairs. One for each call; allocates nothing per hop while the words do not change.
 */
export class Decoder {
  readonly #grammar: Grammar;
  readonly #settings: DecoderSettings;
  readonly #unknownNode: number;
  /** Stands for a word that is not known. */
  readonly #unknownWord: number;
  #narrowing: Narrowing;
  #beam: Beam;
  #next: Beam;
  readonly #history = new WordHistory(HISTORY_ENTRIES);
  /** Frames since the turn began, and the media time of frame 0. */
  #frame = 0;
  #originMs = 0;
  #previousTop = BLANK;
  /** Letters heard in the last frames, for spelling what is not known; 0 where none. A ring. */
  readonly #heardLetters = new Uint8Array(SPELLING_FRAMES);
  #words: HeardWord[] = [];
  /** What the words were read from: history entry and the word that just ends. */
  #shownHistory = -1;
  #shownEnding = -1;
  #shownFrame = -1;
  readonly #order: Int32Array;
  readonly #scores: Float64Array;
  readonly #sorted: Float64Array;

  constructor(grammar: Grammar, settings: Partial<DecoderSettings> = {}) {
    this.#grammar = grammar;
    this.#settings = { ...DECODER_SETTINGS, ...settings };
    this.#unknownNode = grammar.lexicon.nodeCount;
    this.#unknownWord = grammar.language.words.length;
    this.#narrowing = grammar.narrowing("open");
    const candidates = this.#settings.beam * (grammar.symbolCount + 4);
    this.#beam = new Beam(candidates);
    this.#next = new Beam(candidates);
    this.#order = new Int32Array(candidates);
    this.#scores = new Float64Array(candidates);
    this.#sorted = new Float64Array(candidates);
    this.#begin();
  }

  /** Narrows what is listened for, from the next frame on. */
  expect(expectation: { readonly kind: ExpectationKind; readonly choices?: readonly string[] | undefined }): void {
    const narrowing = this.#grammar.narrowing(expectation.kind, expectation.choices);
    if (narrowing === this.#narrowing) return;
    // Words being spelled keep their place: what the old lookahead gave them, the new one takes and gives.
    const before = this.#narrowing.lookahead;
    this.#narrowing = narrowing;
    const beam = this.#beam;
    for (let i = 0; i < beam.count; i++) {
      const node = beam.node[i]!;
      if (node === 0 || node === this.#unknownNode) continue;
      const change = this.#settings.languageWeight * (narrowing.lookahead[node]! - before[node]!);
      beam.blank[i]! += change;
      beam.symbol[i]! += change;
      beam.language[i]! += change;
    }
  }

  /**
   * Hears one hop: two frames of log probabilities from `offset` on, first heard at `atMs`. True when the words changed.
   */
  hear(symbols: Float32Array, offset: number, atMs: number): boolean {
    if (this.#frame === 0) this.#originMs = atMs;
    const width = this.#grammar.symbolCount;
    for (let frame = 0; frame < FRAMES_PER_HOP; frame++) this.#step(symbols, offset + frame * width);
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
    this.#begin();
    return words;
  }

  #begin(): void {
    const beam = this.#beam;
    beam.clear();
    const i = beam.place(0, START_CONTEXT);
    beam.blank[i] = 0;
    beam.language[i] = 0;
    beam.history[i] = -1;
    beam.ended[i] = -1;
    beam.startFrame[i] = 0;
    beam.letterFrame[i] = 0;
    beam.gap[i] = 0;
    beam.letters[i] = 0;
    this.#history.count = 0;
    this.#frame = 0;
    this.#previousTop = BLANK;
    this.#words = [];
    this.#shownHistory = -1;
    this.#shownEnding = -1;
    this.#shownFrame = -1;
  }

  #step(lp: Float32Array, at: number): void {
    const beam = this.#beam;
    let top = BLANK;
    for (let symbol = 1; symbol < this.#grammar.symbolCount; symbol++)
      if (lp[at + symbol]! > lp[at + top]!) top = symbol;
    const isNewLetter = top > SPACE_SYMBOL && top !== this.#previousTop;
    this.#heardLetters[this.#frame % SPELLING_FRAMES] = isNewLetter ? top : 0;
    if (lp[at]! > SURELY_BLANK) {
      // Nothing was said: every path goes on with a blank.
      for (let i = 0; i < beam.count; i++) {
        beam.blank[i] = beam.score(i) + lp[at]!;
        beam.symbol[i] = -Infinity;
      }
    } else {
      this.#next.clear();
      for (let i = 0; i < beam.count; i++) this.#extend(i, lp, at, lp[at + top]!, top);
      this.#prune();
    }
    this.#previousTop = top;
    this.#frame++;
  }

  /** All that hypothesis `i` can become in this frame. */
  #extend(i: number, lp: Float32Array, at: number, topLp: number, top: number): void {
    const beam = this.#beam;
    const next = this.#next;
    const { lexicon } = this.#grammar;
    const node = beam.node[i]!;
    const context = beam.context[i]!;
    const total = beam.score(i);
    if (node === this.#unknownNode) {
      this.#stayUnknown(i, lp, at, top, total);
      return;
    }
    const own = lexicon.symbolOf[node]!;
    const stay = next.place(node, context);
    if (stay >= 0) {
      const blank = total + lp[at]!;
      // A word may begin with several spaces heard: the root takes them all.
      const repeat = (node === 0 ? total : beam.symbol[i]!) + lp[at + own]!;
      const isBest = Math.max(blank, repeat) > next.score(stay);
      if (isBest) {
        next.follow(stay, beam, i);
        if (node !== 0) next.gap[stay]! += Math.max(lp[at]!, lp[at + own]!) - topLp;
      }
      next.blank[stay] = logAdd(next.blank[stay]!, blank);
      next.symbol[stay] = logAdd(next.symbol[stay]!, repeat);
    }
    this.#spellOn(i, lp, at, topLp, total);
    const word = lexicon.wordAt[node]!;
    if (word >= 0 && lp[at + SPACE_SYMBOL]! > SYMBOL_FLOOR) {
      const gained = this.#wordScore(context, word) - this.#settings.languageWeight * this.#narrowing.lookahead[node]!;
      this.#endWord(i, word, total + gained + lp[at + SPACE_SYMBOL]!, gained);
    }
    if (node === 0 && top > SPACE_SYMBOL) this.#beginUnknown(i, total + lp[at + top]!);
  }

  /** Children of the node: one more letter. */
  #spellOn(i: number, lp: Float32Array, at: number, topLp: number, total: number): void {
    const beam = this.#beam;
    const next = this.#next;
    const { lexicon } = this.#grammar;
    const { lookahead } = this.#narrowing;
    const node = beam.node[i]!;
    const own = lexicon.symbolOf[node]!;
    const had = node === 0 ? 0 : lookahead[node]!;
    for (let child = lexicon.firstChild[node]!; child < lexicon.endChild[node]!; child++) {
      const symbol = lexicon.symbolOf[child]!;
      const symbolLp = lp[at + symbol]!;
      if (symbolLp < SYMBOL_FLOOR) continue;
      // The same letter twice needs a blank between.
      const from = symbol === own ? beam.blank[i]! : total;
      if (from === -Infinity) continue;
      const gained = this.#settings.languageWeight * (lookahead[child]! - had);
      const to = next.place(child, beam.context[i]!);
      if (to < 0) return;
      const score = from + symbolLp + gained;
      if (score > next.score(to)) {
        next.follow(to, beam, i);
        next.language[to]! += gained;
        next.letterFrame[to] = this.#frame;
        if (node === 0) {
          next.startFrame[to] = this.#frame;
          next.gap[to] = 0;
          next.letters[to] = 0;
        }
        next.gap[to]! += symbolLp - topLp;
        next.letters[to]!++;
      }
      next.symbol[to] = logAdd(next.symbol[to]!, score);
    }
  }

  /** A word ends before a space: back to the root, with the word as context. */
  #endWord(i: number, word: number, score: number, gained: number): void {
    const beam = this.#beam;
    const next = this.#next;
    const context = word === this.#unknownWord ? NO_CONTEXT : this.#grammar.language.next(beam.context[i]!, word);
    const to = next.place(0, context);
    if (to < 0) return;
    if (score > next.score(to)) {
      next.follow(to, beam, i);
      next.language[to]! += gained;
      next.ended[to] = word;
      next.endedGap[to] = beam.gap[i]!;
      next.endedLetters[to] = beam.letters[i]!;
      next.endedStart[to] = beam.startFrame[i]!;
      next.endedEnd[to] = beam.letterFrame[i]!;
    }
    next.symbol[to] = logAdd(next.symbol[to]!, score);
  }

  #beginUnknown(i: number, score: number): void {
    const next = this.#next;
    const to = next.place(this.#unknownNode, this.#beam.context[i]!);
    if (to < 0) return;
    const begun = score + this.#settings.unknownWord + this.#settings.unknownLetter;
    if (begun > next.score(to)) {
      next.follow(to, this.#beam, i);
      next.language[to]! += this.#settings.unknownWord + this.#settings.unknownLetter;
      next.startFrame[to] = this.#frame;
      next.letterFrame[to] = this.#frame;
      next.gap[to] = 0;
      next.letters[to] = 1;
    }
    next.symbol[to] = logAdd(next.symbol[to]!, begun);
  }

  /** Inside a word that is not known any letter goes, at a price. */
  #stayUnknown(i: number, lp: Float32Array, at: number, top: number, total: number): void {
    const next = this.#next;
    const isNew = top > SPACE_SYMBOL && top !== this.#previousTop;
    const cost = isNew ? this.#settings.unknownLetter : 0;
    // A space is where the word may end; staying in it through a space costs what the next likeliest symbol costs.
    let inside = lp[at]!;
    if (top > SPACE_SYMBOL) inside = Math.max(inside, lp[at + top]!);
    const to = next.place(this.#unknownNode, this.#beam.context[i]!);
    const score = total + inside + cost;
    if (to >= 0) {
      if (score > next.score(to)) {
        next.follow(to, this.#beam, i);
        next.language[to]! += cost;
        if (isNew) {
          next.letterFrame[to] = this.#frame;
          next.letters[to]!++;
        }
      }
      next.symbol[to] = logAdd(next.symbol[to]!, score);
    }
    if (lp[at + SPACE_SYMBOL]! > SYMBOL_FLOOR) {
      const gained = this.#settings.wordBonus;
      this.#endWord(i, this.#unknownWord, total + lp[at + SPACE_SYMBOL]! + gained, gained);
    }
  }

  #wordScore(context: number, word: number): number {
    const { languageWeight, wordBonus } = this.#settings;
    return (
      languageWeight * Math.log(this.#grammar.language.probability(context, word, this.#narrowing.focus)) + wordBonus
    );
  }

  /** Keeps the best hypotheses, writes their ended words into the history, and makes them the beam. */
  #prune(): void {
    const next = this.#next;
    const scores = this.#scores;
    let best = -Infinity;
    for (let i = 0; i < next.count; i++) {
      const score = next.score(i);
      scores[i] = score;
      if (score > best) best = score;
    }
    let kept = 0;
    for (let i = 0; i < next.count; i++) if (scores[i]! >= best - this.#settings.width) this.#order[kept++] = i;
    kept = this.#cut(kept);
    const beam = this.#beam;
    beam.clear();
    for (let k = 0; k < kept; k++) beam.take(next, this.#order[k]!);
    for (let i = 0; i < beam.count; i++) {
      if (beam.ended[i]! < 0) continue;
      if (this.#history.isFull) this.#history.compact(beam.history, beam.count);
      const surety = Math.exp(beam.endedGap[i]! / Math.max(1, beam.endedLetters[i]!));
      beam.history[i] = this.#history.add(
        beam.ended[i]!,
        beam.history[i]!,
        beam.endedStart[i]!,
        beam.endedEnd[i]!,
        surety,
      );
      beam.ended[i] = -1;
    }
  }

  /** Leaves the `beam` best of the first `count` candidates in `order`, in the order they had. */
  #cut(count: number): number {
    const wanted = this.#settings.beam;
    if (count <= wanted) return count;
    const order = this.#order;
    const scores = this.#scores;
    for (let k = 0; k < count; k++) this.#sorted[k] = scores[order[k]!]!;
    const least = kthLargest(this.#sorted, count, wanted);
    let better = 0;
    for (let k = 0; k < count; k++) if (scores[order[k]!]! > least) better++;
    let equals = wanted - better;
    let kept = 0;
    for (let k = 0; k < count; k++) {
      const score = scores[order[k]!]!;
      if (score < least || (score === least && equals-- <= 0)) continue;
      order[kept++] = order[k]!;
    }
    return kept;
  }

  /**
   * Reads the best hypothesis; true when its words are others than those shown. While a word is being spelled the words
   * shown stay as they are.
   */
  #read(isEnd: boolean): boolean {
    const beam = this.#beam;
    let best = -1;
    let bestScore = -Infinity;
    let bestEnding = NOTHING;
    for (let i = 0; i < beam.count; i++) {
      const ending = this.#endingOf(i, isEnd);
      let score = beam.score(i);
      if (ending === UNFINISHED) score += isEnd ? -Infinity : UNFINISHED_COST;
      else if (ending >= 0 && ending < this.#unknownWord) {
        const had = this.#settings.languageWeight * this.#narrowing.lookahead[beam.node[i]!]!;
        score += this.#wordScore(beam.context[i]!, ending) - had;
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
    const beam = this.#beam;
    const { lexicon } = this.#grammar;
    const node = beam.node[i]!;
    if (node === 0) return NOTHING;
    if (node === this.#unknownNode) return isEnd ? this.#unknownWord : UNFINISHED;
    const word = lexicon.wordAt[node]!;
    if (word < 0) return UNFINISHED;
    const goesOn = lexicon.endChild[node]! > lexicon.firstChild[node]!;
    return goesOn && !isEnd && this.#frame - beam.letterFrame[i]! < SETTLING_FRAMES ? UNFINISHED : word;
  }

  #show(best: number, ending: number): boolean {
    const beam = this.#beam;
    const history = this.#history;
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
    const beam = this.#beam;
    const history = this.#history;
    const bestScore = beam.score(best);
    let all = 0;
    let agreeing = 0;
    for (let i = 0; i < beam.count; i++) {
      const probability = Math.exp(beam.score(i) - bestScore);
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
    const known = word < this.#unknownWord;
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
      if (symbol > SPACE_SYMBOL) text += this.#grammar.symbols[symbol]!;
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
