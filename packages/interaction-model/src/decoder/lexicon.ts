/** Words as a tree of symbols, in flat arrays. Node 0 is the root; a node's children lie together, and so do its words. */
export class Lexicon {
  /** Symbol that leads into the node; of the root, the space symbol. */
  readonly symbolOf: Uint8Array;
  /** First child and end (exclusive) of every node. */
  readonly firstChild: Uint32Array;
  readonly endChild: Uint32Array;
  /** First of `words` that ends in every node, and the end (exclusive): several where words sound the same. */
  readonly firstWord: Uint32Array;
  readonly endWord: Uint32Array;
  /** Indices of words, by node. */
  readonly words: Uint32Array;
  readonly nodeCount: number;

  /** `spellings`: of every word its ways to be said, as symbols; `spaceSymbol` comes before each word. */
  constructor(spellings: readonly (readonly (readonly number[])[])[], spaceSymbol: number) {
    interface Node {
      readonly children: Map<number, Node>;
      readonly words: number[];
    }
    const root: Node = { children: new Map(), words: [] };
    let count = 1;
    let endings = 0;
    for (const [word, ways] of spellings.entries()) {
      for (const symbols of ways) {
        let node = root;
        for (const symbol of symbols) {
          let next = node.children.get(symbol);
          if (!next) {
            next = { children: new Map(), words: [] };
            node.children.set(symbol, next);
            count++;
          }
          node = next;
        }
        node.words.push(word);
        endings++;
      }
    }
    this.nodeCount = count;
    this.symbolOf = new Uint8Array(count);
    this.firstChild = new Uint32Array(count);
    this.endChild = new Uint32Array(count);
    this.firstWord = new Uint32Array(count);
    this.endWord = new Uint32Array(count);
    this.words = new Uint32Array(endings);
    this.symbolOf[0] = spaceSymbol;
    // Breadth first, so that the children of a node are neighbours.
    const queue: Node[] = [root];
    let ending = 0;
    for (let at = 0; at < queue.length; at++) {
      const node = queue[at]!;
      this.firstWord[at] = ending;
      for (const word of node.words) this.words[ending++] = word;
      this.endWord[at] = ending;
      this.firstChild[at] = queue.length;
      for (const [symbol, child] of node.children) {
        this.symbolOf[queue.length] = symbol;
        queue.push(child);
      }
      this.endChild[at] = queue.length;
    }
  }
}
