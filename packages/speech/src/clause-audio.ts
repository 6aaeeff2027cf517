import { alignWords, estimateSamples } from "./align.ts";
import type { Clause } from "./clauses.ts";
import type { SpeechSink, WordTiming } from "./port.ts";
import { SilenceTrimmer } from "./silence-trimmer.ts";

/** A finished clause as the cache keeps it. Bounds are two numbers for each token, in samples of the audio. */
export interface StoredClause {
  readonly muLaw: Uint8Array;
  readonly bounds: readonly number[];
  readonly source: "engine" | "aligned";
}

/** One clause while an engine makes it: takes the engine's output, gives trimmed audio and one timing for each word. */
export class ClauseAudio implements SpeechSink {
  /** Audio made so far; grows until `finish`. */
  readonly pieces: Uint8Array[] = [];
  lengthSamples = 0;
  readonly #tokens: readonly string[];
  readonly #rate: number;
  readonly #trimmer = new SilenceTrimmer();
  readonly #onChange: () => void;
  #engineWords: WordTiming[] = [];

  constructor(clause: Clause, rate: number, onChange: () => void) {
    this.#tokens = clause.text.split(" ");
    this.#rate = rate;
    this.#onChange = onChange;
  }

  audio(muLaw: Uint8Array): void {
    const piece = this.#trimmer.push(muLaw);
    if (piece.length > 0) {
      this.pieces.push(piece);
      this.lengthSamples += piece.length;
    }
    this.#onChange();
  }

  words(words: readonly WordTiming[]): void {
    this.#engineWords.push(...words);
  }

  /**
   * One timing for each word of `clause`, which has the same text and perhaps other words behind it, relative to the
   * trimmed audio; estimated while the engine has told none.
   */
  wordTimings(clause: Clause): WordTiming[] {
    return mapToWords(clause, this.#tokenTimings(false));
  }

  /** The whole clause, once the engine is done. */
  finish(): StoredClause {
    const timings = this.#tokenTimings(true);
    return {
      muLaw: Uint8Array.from(Buffer.concat(this.pieces)),
      bounds: timings.flatMap((timing) => [timing.startSamples, timing.endSamples]),
      source: timings[0]?.source ?? "aligned",
    };
  }

  #tokenTimings(isWhole: boolean): WordTiming[] {
    if (this.#engineWords.length === this.#tokens.length) {
      const dropped = this.#trimmer.droppedSamples;
      const last = isWhole ? this.lengthSamples : Number.MAX_SAFE_INTEGER;
      const place = (at: number): number => Math.max(0, Math.min(last, at - dropped));
      return this.#engineWords.map((word) => ({
        ...word,
        startSamples: place(word.startSamples),
        endSamples: place(word.endSamples),
      }));
    }
    const made = isWhole ? Uint8Array.from(Buffer.concat(this.pieces)) : new Uint8Array(0);
    const total = isWhole ? made.length : Math.max(this.lengthSamples, estimateSamples(this.#tokens, this.#rate));
    return alignWords(this.#tokens, made, total);
  }
}

/** Timings of a stored clause's words. */
export function storedTimings(clause: Clause, stored: StoredClause): WordTiming[] {
  const tokens = clause.text.split(" ").map((text, i) => ({
    text,
    startSamples: stored.bounds[2 * i] ?? 0,
    endSamples: stored.bounds[2 * i + 1] ?? 0,
    source: stored.source,
  }));
  return mapToWords(clause, tokens);
}

/** A word that a dictionary respells takes several tokens. */
function mapToWords(clause: Clause, tokens: readonly WordTiming[]): WordTiming[] {
  let at = 0;
  return clause.words.map((word) => {
    const first = tokens[at]!;
    at += word.say.split(" ").length;
    return {
      text: word.text,
      startSamples: first.startSamples,
      endSamples: tokens[at - 1]!.endSamples,
      source: first.source,
    };
  });
}
