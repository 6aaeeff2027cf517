/**
 * Hypotheses of a prefix beam search in parallel arrays, with the hash that merges equal ones. Allocated once; a step
 * reads one beam and fills another.
 */
export class Beam {
  readonly capacity: number;
  count = 0;
  /** Node of the lexicon, or `lexicon.nodeCount` inside a word that is not known. */
  readonly node: Int32Array;
  /** The language model's context: what it remembers of the words before. */
  readonly context: Int32Array;
  /** Log probability of all paths that end in a blank, and of those that do not; both include `language`. */
  readonly blank: Float64Array;
  readonly symbol: Float64Array;
  /** Log probability of the best single path so far; what the hypothesis remembers is that path's. */
  readonly best: Float64Array;
  /** `score(i)` as it was when the frame was finished. */
  readonly total: Float64Array;
  /** The language model's part of the best path, lookahead included. */
  readonly language: Float64Array;
  /** Words before the one being spelled, as an entry of the history; -1 for none. */
  readonly history: Int32Array;
  /** A word that ends on the way into this hypothesis, not yet in the history; -1 for none. */
  readonly ended: Int32Array;
  readonly endedGap: Float64Array;
  readonly endedLetters: Int32Array;
  /** Frames of the first and the last letter of the word being spelled (or of `ended`, until it is in the history). */
  readonly startFrame: Int32Array;
  readonly letterFrame: Int32Array;
  readonly endedStart: Int32Array;
  readonly endedEnd: Int32Array;
  /** How much worse than the likeliest symbols the word's own symbols were, summed since its start. */
  readonly gap: Float64Array;
  readonly letters: Int32Array;

  readonly #slots: Int32Array;
  readonly #stamps: Uint32Array;
  #stamp = 0;
  readonly #mask: number;

  constructor(capacity: number) {
    this.capacity = capacity;
    const ints = (): Int32Array => new Int32Array(capacity);
    const floats = (): Float64Array => new Float64Array(capacity);
    this.node = ints();
    this.context = ints();
    this.blank = floats();
    this.symbol = floats();
    this.best = floats();
    this.total = floats();
    this.language = floats();
    this.history = ints();
    this.ended = ints();
    this.endedGap = floats();
    this.endedLetters = ints();
    this.startFrame = ints();
    this.letterFrame = ints();
    this.endedStart = ints();
    this.endedEnd = ints();
    this.gap = floats();
    this.letters = ints();
    const slots = 1 << (32 - Math.clz32(4 * capacity - 1));
    this.#slots = new Int32Array(slots);
    this.#stamps = new Uint32Array(slots);
    this.#mask = slots - 1;
  }

  clear(): void {
    this.count = 0;
    this.#stamp = (this.#stamp + 1) >>> 0 || 1;
  }

  score(i: number): number {
    return logAdd(this.blank[i]!, this.symbol[i]!);
  }

  /** Finds the hypothesis of this node and context, or adds an empty one. -1 when the beam is full. */
  place(node: number, context: number): number {
    let slot = (Math.imul(node, 0x9e3779b1) ^ Math.imul(context + 1, 0x85ebca6b)) >>> 0;
    slot = (slot ^ (slot >>> 15)) & this.#mask;
    while (this.#stamps[slot] === this.#stamp) {
      const i = this.#slots[slot]!;
      if (this.node[i] === node && this.context[i] === context) return i;
      slot = (slot + 1) & this.#mask;
    }
    if (this.count === this.capacity) return -1;
    this.#stamps[slot] = this.#stamp;
    this.#slots[slot] = this.count;
    const i = this.count++;
    this.node[i] = node;
    this.context[i] = context;
    this.blank[i] = -Infinity;
    this.symbol[i] = -Infinity;
    this.best[i] = -Infinity;
    return i;
  }

  /** Hypothesis `i` is reached best from `from`'s `j`, by a path of this score: its words, times and language score. */
  follow(i: number, from: Beam, j: number, score: number): void {
    this.best[i] = score;
    this.language[i] = from.language[j]!;
    this.history[i] = from.history[j]!;
    this.ended[i] = -1;
    this.startFrame[i] = from.startFrame[j]!;
    this.letterFrame[i] = from.letterFrame[j]!;
    this.gap[i] = from.gap[j]!;
    this.letters[i] = from.letters[j]!;
  }

  /** Copies a whole hypothesis, whose score is `total`, and makes it findable. */
  take(from: Beam, j: number, total: number): void {
    const i = this.place(from.node[j]!, from.context[j]!);
    this.blank[i] = from.blank[j]!;
    this.symbol[i] = from.symbol[j]!;
    this.total[i] = total;
    this.follow(i, from, j, from.best[j]!);
    this.ended[i] = from.ended[j]!;
    this.endedGap[i] = from.endedGap[j]!;
    this.endedLetters[i] = from.endedLetters[j]!;
    this.endedStart[i] = from.endedStart[j]!;
    this.endedEnd[i] = from.endedEnd[j]!;
  }
}

/** Less likely by this much adds nothing that counts: ln of about 1e-9. */
const NEGLIGIBLE = 20;

/** ln(e^a + e^b). */
export function logAdd(a: number, b: number): number {
  const larger = Math.max(a, b);
  const difference = a > b ? b - a : a - b;
  // Not a number where both are -Infinity, which is then the larger one.
  return difference > -NEGLIGIBLE ? larger + Math.log1p(Math.exp(difference)) : larger;
}

/** The k-th largest of the first `count` values, which it moves about (Hoare's selection). */
export function kthLargest(values: Float64Array, count: number, k: number): number {
  let low = 0;
  let high = count - 1;
  const wanted = k - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1]!;
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! > pivot) i++;
      while (values[j]! < pivot) j--;
      if (i > j) break;
      const swap = values[i]!;
      values[i++] = values[j]!;
      values[j--] = swap;
    }
    if (wanted <= j) high = j;
    else if (wanted >= i) low = i;
    else break;
  }
  return values[wanted]!;
}
