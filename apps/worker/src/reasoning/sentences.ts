/** A sentence ends at its mark when a space or the end follows: "3.50" and "e.g. this" must not be torn. */
const END = /[.!?…]["')\]]*(?=\s)/g;
const ABBREVIATION = /(?:^|\s)(?:e\.g|i\.e|mr|mrs|ms|dr|st|no|vs|etc)\.$/i;

/** Cuts text that arrives in pieces into sentences that can be spoken. */
export class SentenceCutter {
  #open = "";

  /** The sentences that this piece completed. */
  push(piece: string): string[] {
    this.#open += piece;
    const sentences: string[] = [];
    let from = 0;
    for (const match of this.#open.matchAll(END)) {
      const to = match.index + match[0].length;
      if (ABBREVIATION.test(this.#open.slice(from, to))) continue;
      sentences.push(this.#open.slice(from, to).trim());
      from = to;
    }
    this.#open = this.#open.slice(from);
    return sentences.filter((sentence) => sentence !== "");
  }

  /** What is left when the text is over. */
  end(): string[] {
    const rest = this.#open.trim();
    this.#open = "";
    return rest === "" ? [] : [rest];
  }
}
