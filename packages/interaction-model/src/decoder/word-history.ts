/** The words of all hypotheses as a tree in flat arrays: every entry knows the word before it. */
export class WordHistory {
  readonly word: Int32Array;
  readonly before: Int32Array;
  readonly startFrame: Int32Array;
  readonly endFrame: Int32Array;
  /** How surely the sounds were this word, 0..1. */
  readonly surety: Float64Array;
  count = 0;
  readonly #renamed: Int32Array;

  constructor(capacity: number) {
    this.word = new Int32Array(capacity);
    this.before = new Int32Array(capacity);
    this.startFrame = new Int32Array(capacity);
    this.endFrame = new Int32Array(capacity);
    this.surety = new Float64Array(capacity);
    this.#renamed = new Int32Array(capacity);
  }

  get isFull(): boolean {
    return this.count === this.word.length;
  }

  add(word: number, before: number, startFrame: number, endFrame: number, surety: number): number {
    const entry = this.count++;
    this.word[entry] = word;
    this.before[entry] = before;
    this.startFrame[entry] = startFrame;
    this.endFrame[entry] = endFrame;
    this.surety[entry] = surety;
    return entry;
  }

  /**
   * Drops the entries that no tip leads to and renames the tips in place. Entries keep their order. Where nearly all are
   * needed, the oldest quarter goes, too: a turn of that many words has long been understood.
   */
  compact(tips: Int32Array, tipCount: number): void {
    const renamed = this.#renamed.fill(-1);
    for (let i = 0; i < tipCount; i++)
      for (let at = tips[i]!; at >= 0 && renamed[at] === -1; at = this.before[at]!) renamed[at] = 0;
    let needed = 0;
    for (let entry = 0; entry < this.count; entry++) if (renamed[entry] === 0) needed++;
    let dropped = needed > (this.word.length * 3) / 4 ? Math.floor(this.word.length / 4) : 0;
    let kept = 0;
    for (let entry = 0; entry < this.count; entry++) {
      if (renamed[entry] === -1) continue;
      if (dropped > 0) {
        dropped--;
        renamed[entry] = -1;
        continue;
      }
      renamed[entry] = kept;
      const before = this.before[entry]!;
      this.word[kept] = this.word[entry]!;
      this.before[kept] = before < 0 ? -1 : renamed[before]!;
      this.startFrame[kept] = this.startFrame[entry]!;
      this.endFrame[kept] = this.endFrame[entry]!;
      this.surety[kept] = this.surety[entry]!;
      kept++;
    }
    this.count = kept;
    for (let i = 0; i < tipCount; i++) if (tips[i]! >= 0) tips[i] = renamed[tips[i]!]!;
  }
}
