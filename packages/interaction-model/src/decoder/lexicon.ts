import { ModelError } from "../errors.ts";

/** Words as a tree of symbols, in flat arrays. Node 0 is the root; a node's children lie together. */
export class Lexicon {
  /** Symbol that leads into the node; of the root, the space symbol. */
  readonly symbolOf: Uint8Array;
  /** First child and end (exclusive) of every node. */
  readonly firstChild: Uint32Array;
  readonly endChild: Uint32Array;
  /** Word that ends in the node, or -1. */
  readonly wordAt: Int32Array;
  readonly nodeCount: number;

  /** Throws `DECODER_LEXICON_INVALID` for a word with a letter that the alphabet does not have. */
  constructor(words: readonly string[], symbols: readonly string[], spaceSymbol: number) {
    const symbolIndex = new Map(symbols.map((symbol, index) => [symbol, index]));
    interface Node {
      readonly children: Map<number, Node>;
      word: number;
    }
    const root: Node = { children: new Map(), word: -1 };
    let count = 1;
    for (const [index, word] of words.entries()) {
      let node = root;
      for (const letter of word) {
        const symbol = symbolIndex.get(letter);
        if (symbol === undefined) throw new ModelError("DECODER_LEXICON_INVALID", `"${word}" has "${letter}"`);
        let next = node.children.get(symbol);
        if (!next) {
          next = { children: new Map(), word: -1 };
          node.children.set(symbol, next);
          count++;
        }
        node = next;
      }
      node.word = index;
    }
    this.nodeCount = count;
    this.symbolOf = new Uint8Array(count);
    this.firstChild = new Uint32Array(count);
    this.endChild = new Uint32Array(count);
    this.wordAt = new Int32Array(count).fill(-1);
    this.symbolOf[0] = spaceSymbol;
    // Breadth first, so that the children of a node are neighbours.
    const queue: Node[] = [root];
    for (let at = 0; at < queue.length; at++) {
      const node = queue[at]!;
      this.wordAt[at] = node.word;
      this.firstChild[at] = queue.length;
      for (const [symbol, child] of node.children) {
        this.symbolOf[queue.length] = symbol;
        queue.push(child);
      }
      this.endChild[at] = queue.length;
    }
  }
}
