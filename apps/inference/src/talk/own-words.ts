import type { HeardWord } from "@sidetone/protocol";
import type { Line } from "./line.ts";

/** An echo comes 20 to 250 ms late; timings of either side may be off by as much as the slack. */
const LATEST_ECHO_MS = 250;
const SLACK_MS = 120;
/** Words remembered: an echo stays in the hearing of its turn, so all that is said meanwhile has to be known. */
const KEPT = 256;
const SAMPLES_PER_MS = 8;

interface OwnWord {
  text: string;
  endMs: number;
}

/**
 * The agent's latest words as the caller heard them, on the media clock: what comes back over the line at the time of
 * an echo is ours, and nobody said it.
 */
export class OwnWords {
  readonly #words: OwnWord[] = [];
  #line: Line | undefined;
  #nextWord = 0;

  /** Follows the line that is being heard: its words up to `heardSamples` of its epoch, which were reached at `atMs`. */
  follow(line: Line | undefined, heardSamples: number, atMs: number): void {
    if (line !== this.#line) {
      this.#line = line;
      this.#nextWord = 0;
    }
    if (!line?.placed) return;
    const { words } = line.speech;
    for (; this.#nextWord < words.length; this.#nextWord++) {
      const word = words[this.#nextWord]!;
      const leftSamples = heardSamples - (line.placed.startSamples + word.endSamples);
      if (leftSamples < 0) return;
      this.#words.push({ text: word.text.toLowerCase(), endMs: atMs - leftSamples / SAMPLES_PER_MS });
      if (this.#words.length > KEPT) this.#words.shift();
    }
  }

  /** True for a word that came when the echo of our own would. */
  isEcho(word: HeardWord): boolean {
    return this.#words.some((own) => {
      const lateMs = word.endMs - own.endMs;
      return lateMs > -SLACK_MS && lateMs < LATEST_ECHO_MS + SLACK_MS && own.text === word.text.toLowerCase();
    });
  }
}
