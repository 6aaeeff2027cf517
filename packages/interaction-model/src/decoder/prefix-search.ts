import { Beam, kthLargest, logAdd } from "./beam.ts";
import { type Grammar, type Narrowing, SPACE_SYMBOL } from "./grammar.ts";
import { NO_CONTEXT, START_CONTEXT } from "./language.ts";
import { WordHistory } from "./word-history.ts";

/** Weights of the search. The defaults were chosen with `npm run model:tune` (docs/MODEL.md). */
export interface DecoderSettings {
  /** Hypotheses that survive a frame. */
  readonly beam: number;
  /** Hypotheses this much less likely than the best are dropped, in natural logarithms. */
  readonly width: number;
  /** No symbol is less likely than this in any frame, in natural logarithms: the network mishears letters now and then. */
  readonly leastSymbol: number;
  readonly languageWeight: number;
  /** Added for each word, against the language model's liking for few. */
  readonly wordBonus: number;
  /** Cost of hearing a word that is not known: to begin it, and for each letter. */
  readonly unknownWord: number;
  readonly unknownLetter: number;
}

export const DECODER_SETTINGS: DecoderSettings = {
  beam: 48,
  width: 10,
  leastSymbol: -11,
  languageWeight: 0.7,
  wordBonus: 0,
  unknownWord: -6,
  unknownLetter: -1.5,
};

const BLANK = 0;
/** Frames whose blank is surer than this change nothing but the scores: ln 0.995. */
const SURELY_BLANK = -0.005;
const HISTORY_ENTRIES = 2048;

/** Room for one frame's candidates. A frame is finished before the next one begins, whoever's it is: all calls share it. */
interface Scratch {
  readonly next: Beam;
  readonly order: Int32Array;
  readonly scores: Float64Array;
  readonly sorted: Float64Array;
}

const scratches = new Map<number, Scratch>();

function scratchFor(candidates: number): Scratch {
  let found = scratches.get(candidates);
  if (!found) {
    found = {
      next: new Beam(candidates),
      order: new Int32Array(candidates),
      scores: new Float64Array(candidates),
      sorted: new Float64Array(candidates),
    };
    scratches.set(candidates, found);
  }
  return found;
}

/**
 * A prefix beam search (Graves 2012; Hannun et al. 2014) over the lexicon's tree with the grammar's language, frame by
 * frame. Allocates nothing after construction. `Decoder` reads words out of its beam.
 */
export class PrefixSearch {
  readonly settings: DecoderSettings;
  /** Node of hypotheses inside a word that is not known, and the word that they end with. */
  readonly unknownNode: number;
  readonly unknownWord: number;
  readonly beam: Beam;
  readonly history = new WordHistory(HISTORY_ENTRIES);
  /** Frames since the turn began. */
  frame = 0;
  /** A letter that was likeliest in the last frame and not in the one before; 0 for none. */
  newLetter = 0;
  readonly #grammar: Grammar;
  /** Log probabilities of the frame being heard. */
  readonly #lp: Float32Array;
  readonly #scratch: Scratch;
  readonly #next: Beam;
  #narrowing: Narrowing;
  #previousTop = BLANK;
  /** Paths less likely than this cannot be among those that survive the frame. */
  #leastScore = -Infinity;

  constructor(grammar: Grammar, settings: DecoderSettings) {
    this.#grammar = grammar;
    this.settings = settings;
    this.unknownNode = grammar.lexicon.nodeCount;
    this.unknownWord = grammar.language.words.length;
    this.#narrowing = grammar.narrowing("open");
    this.beam = new Beam(settings.beam);
    this.#lp = new Float32Array(grammar.symbolCount);
    this.#scratch = scratchFor(settings.beam * (grammar.symbolCount + 4));
    this.#next = this.#scratch.next;
    this.begin();
  }

  /** Forgets the turn. */
  begin(): void {
    const { beam } = this;
    beam.clear();
    const i = beam.place(0, START_CONTEXT);
    beam.blank[i] = 0;
    beam.total[i] = 0;
    beam.language[i] = 0;
    beam.history[i] = -1;
    beam.ended[i] = -1;
    beam.startFrame[i] = 0;
    beam.letterFrame[i] = 0;
    beam.gap[i] = 0;
    beam.letters[i] = 0;
    this.history.count = 0;
    this.frame = 0;
    this.newLetter = 0;
    this.#previousTop = BLANK;
  }

  /** Listens for something else from the next frame on. */
  narrow(narrowing: Narrowing): void {
    if (narrowing === this.#narrowing) return;
    // Words being spelled keep their place: what the old lookahead gave them, the new one takes and gives.
    const before = this.#narrowing.lookahead;
    this.#narrowing = narrowing;
    const { beam } = this;
    for (let i = 0; i < beam.count; i++) {
      const node = beam.node[i]!;
      if (node === 0 || node === this.unknownNode) continue;
      const change = this.settings.languageWeight * (narrowing.lookahead[node]! - before[node]!);
      beam.blank[i]! += change;
      beam.symbol[i]! += change;
      beam.total[i]! += change;
      beam.language[i]! += change;
    }
  }

  /** The most that hypothesis `i` could gain if a word ended in its node now. */
  largestEndGain(i: number): number {
    const { languageWeight, wordBonus } = this.settings;
    return wordBonus - languageWeight * this.#narrowing.lookahead[this.beam.node[i]!]!;
  }

  /** The likeliest word that could end in hypothesis `i`'s node now, or -1. */
  endingWord(i: number): number {
    const { lexicon } = this.#grammar;
    const node = this.beam.node[i]!;
    const first = lexicon.firstWord[node]!;
    const end = lexicon.endWord[node]!;
    if (first === end) return -1;
    let best = lexicon.words[first]!;
    let bestGain = end - first > 1 ? this.endGain(i, best) : 0;
    for (let at = first + 1; at < end; at++) {
      const gain = this.endGain(i, lexicon.words[at]!);
      if (gain <= bestGain) continue;
      best = lexicon.words[at]!;
      bestGain = gain;
    }
    return best;
  }

  /** What hypothesis `i` would gain if `word`, which ends in its node, ended now. */
  endGain(i: number, word: number): number {
    return (
      this.#wordScore(this.beam.context[i]!, word) -
      this.settings.languageWeight * this.#narrowing.lookahead[this.beam.node[i]!]!
    );
  }

  /** Hears one frame: log probabilities of all symbols from `at` on. */
  step(lp: Float32Array, at: number): void {
    const beam = this.beam;
    let top = BLANK;
    for (let symbol = 1; symbol < this.#grammar.symbolCount; symbol++)
      if (lp[at + symbol]! > lp[at + top]!) top = symbol;
    this.newLetter = top > SPACE_SYMBOL && top !== this.#previousTop ? top : 0;
    if (lp[at]! > SURELY_BLANK) {
      // Nothing was said: every path goes on with a blank.
      for (let i = 0; i < beam.count; i++) {
        beam.total[i]! += lp[at]!;
        beam.blank[i] = beam.total[i]!;
        beam.symbol[i] = -Infinity;
      }
    } else {
      this.#next.clear();
      let best = -Infinity;
      for (let i = 0; i < beam.count; i++) if (beam.total[i]! > best) best = beam.total[i]!;
      const own = this.#lp;
      for (let s = 0; s < own.length; s++) own[s] = Math.max(lp[at + s]!, this.settings.leastSymbol);
      // The best hypothesis can always go on with a blank.
      this.#leastScore = best + own[BLANK]! - this.settings.width;
      for (let i = 0; i < beam.count; i++) this.#extend(i, own[top]!, top);
      this.#prune();
    }
    this.#previousTop = top;
    this.frame++;
  }

  /** All that hypothesis `i` can become in this frame. */
  #extend(i: number, topLp: number, top: number): void {
    const beam = this.beam;
    const lp = this.#lp;
    const next = this.#next;
    const { lexicon } = this.#grammar;
    const node = beam.node[i]!;
    const context = beam.context[i]!;
    const total = beam.total[i]!;
    if (node === this.unknownNode) {
      this.#stayUnknown(i, top, total);
      return;
    }
    const own = lexicon.symbolOf[node]!;
    const blank = total + lp[BLANK]!;
    // A word may begin with several spaces heard: the root takes them all.
    const repeat = (node === 0 ? total : beam.symbol[i]!) + lp[own]!;
    const better = Math.max(blank, repeat);
    const stay = better < this.#leastScore ? -1 : next.place(node, context);
    if (stay >= 0) {
      if (better > next.best[stay]!) {
        next.follow(stay, beam, i, better);
        if (node !== 0) next.gap[stay]! += Math.max(lp[BLANK]!, lp[own]!) - topLp;
      }
      next.blank[stay] = logAdd(next.blank[stay]!, blank);
      next.symbol[stay] = logAdd(next.symbol[stay]!, repeat);
    }
    this.#spellOn(i, topLp, total);
    const ended = total + lp[SPACE_SYMBOL]!;
    if (lexicon.endWord[node]! > lexicon.firstWord[node]! && ended + this.largestEndGain(i) >= this.#leastScore) {
      for (let at = lexicon.firstWord[node]!; at < lexicon.endWord[node]!; at++) {
        const gained = this.endGain(i, lexicon.words[at]!);
        this.#endWord(i, lexicon.words[at]!, ended + gained, gained);
      }
    }
    if (node === 0 && top > SPACE_SYMBOL) this.#beginUnknown(i, total + lp[top]!);
  }

  /** Children of the node: one more letter. */
  #spellOn(i: number, topLp: number, total: number): void {
    const beam = this.beam;
    const lp = this.#lp;
    const next = this.#next;
    const { lexicon } = this.#grammar;
    const { lookahead } = this.#narrowing;
    const node = beam.node[i]!;
    const own = lexicon.symbolOf[node]!;
    const had = node === 0 ? 0 : lookahead[node]!;
    for (let child = lexicon.firstChild[node]!; child < lexicon.endChild[node]!; child++) {
      const symbol = lexicon.symbolOf[child]!;
      const symbolLp = lp[symbol]!;
      // The same letter twice needs a blank between.
      const from = symbol === own ? beam.blank[i]! : total;
      if (from === -Infinity) continue;
      const gained = this.settings.languageWeight * (lookahead[child]! - had);
      const score = from + symbolLp + gained;
      if (score < this.#leastScore) continue;
      const to = next.place(child, beam.context[i]!);
      if (to < 0) return;
      if (score > next.best[to]!) {
        next.follow(to, beam, i, score);
        next.language[to]! += gained;
        next.letterFrame[to] = this.frame;
        if (node === 0) {
          next.startFrame[to] = this.frame;
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
    if (score < this.#leastScore) return;
    const beam = this.beam;
    const next = this.#next;
    const context = word === this.unknownWord ? NO_CONTEXT : this.#grammar.language.next(beam.context[i]!, word);
    const to = next.place(0, context);
    if (to < 0) return;
    if (score > next.best[to]!) {
      next.follow(to, beam, i, score);
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
    const begun = score + this.settings.unknownWord + this.settings.unknownLetter;
    if (begun < this.#leastScore) return;
    const to = next.place(this.unknownNode, this.beam.context[i]!);
    if (to < 0) return;
    if (begun > next.best[to]!) {
      next.follow(to, this.beam, i, begun);
      next.language[to]! += this.settings.unknownWord + this.settings.unknownLetter;
      next.startFrame[to] = this.frame;
      next.letterFrame[to] = this.frame;
      next.gap[to] = 0;
      next.letters[to] = 1;
    }
    next.symbol[to] = logAdd(next.symbol[to]!, begun);
  }

  /** Inside a word that is not known any letter goes, at a price. */
  #stayUnknown(i: number, top: number, total: number): void {
    const next = this.#next;
    const lp = this.#lp;
    const isNew = top > SPACE_SYMBOL && top !== this.#previousTop;
    const cost = isNew ? this.settings.unknownLetter : 0;
    // A space is where the word may end; staying in it through a space costs what the next likeliest symbol costs.
    let inside = lp[BLANK]!;
    if (top > SPACE_SYMBOL) inside = Math.max(inside, lp[top]!);
    const score = total + inside + cost;
    const to = score < this.#leastScore ? -1 : next.place(this.unknownNode, this.beam.context[i]!);
    if (to >= 0) {
      if (score > next.best[to]!) {
        next.follow(to, this.beam, i, score);
        next.language[to]! += cost;
        if (isNew) {
          next.letterFrame[to] = this.frame;
          next.letters[to]!++;
        }
      }
      next.symbol[to] = logAdd(next.symbol[to]!, score);
    }
    const gained = this.settings.wordBonus;
    this.#endWord(i, this.unknownWord, total + lp[SPACE_SYMBOL]! + gained, gained);
  }

  #wordScore(context: number, word: number): number {
    const { languageWeight, wordBonus } = this.settings;
    return (
      languageWeight * Math.log(this.#grammar.language.probability(context, word, this.#narrowing.focus)) + wordBonus
    );
  }

  /** Keeps the best hypotheses, writes their ended words into the history, and makes them the beam. */
  #prune(): void {
    const next = this.#next;
    const scores = this.#scratch.scores;
    let best = -Infinity;
    for (let i = 0; i < next.count; i++) {
      const score = next.score(i);
      scores[i] = score;
      if (score > best) best = score;
    }
    let kept = 0;
    for (let i = 0; i < next.count; i++) if (scores[i]! >= best - this.settings.width) this.#scratch.order[kept++] = i;
    kept = this.#cut(kept);
    const beam = this.beam;
    beam.clear();
    for (let k = 0; k < kept; k++) beam.take(next, this.#scratch.order[k]!, scores[this.#scratch.order[k]!]!);
    for (let i = 0; i < beam.count; i++) {
      if (beam.ended[i]! < 0) continue;
      if (this.history.isFull) this.history.compact(beam.history, beam.count);
      const surety = Math.exp(beam.endedGap[i]! / Math.max(1, beam.endedLetters[i]!));
      beam.history[i] = this.history.add(
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
    const wanted = this.settings.beam;
    if (count <= wanted) return count;
    const order = this.#scratch.order;
    const scores = this.#scratch.scores;
    for (let k = 0; k < count; k++) this.#scratch.sorted[k] = scores[order[k]!]!;
    const least = kthLargest(this.#scratch.sorted, count, wanted);
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
}
