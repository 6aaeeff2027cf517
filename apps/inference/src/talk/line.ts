import type { EffectOf } from "@sidetone/dialogue";
import type { SaidWord } from "@sidetone/protocol";
import type { Utterance } from "@sidetone/speech";
import type { Placed } from "./playout.ts";

export type Say = EffectOf<"say">;

/** Something to say, from its planning to the caller's ear. */
export interface Line {
  readonly say: Say;
  /** Its audio, made off the road; grows. */
  readonly speech: Utterance;
  /** Where it lies in its epoch; set when it begins. */
  placed: Placed | undefined;
  /** The caller has heard its first sample. */
  began: boolean;
  /** Its words were told to the bridge. */
  worded: boolean;
}

/** What of a line the caller heard, to the word. */
export interface HeardPart {
  /** Index of the last word heard whole; -1 for none. */
  throughWord: number;
  heardText: string;
  unheardText: string;
  whole: boolean;
}

/**
 * What of `line` lies within the first `heardSamples` of its epoch. A word counts when its last sample was heard:
 * nothing unheard is ever taken for heard.
 */
export function heardPart(line: Line, heardSamples: number): HeardPart {
  const text = line.say.text;
  const start = line.placed?.startSamples ?? Number.POSITIVE_INFINITY;
  const words = line.speech.words;
  let throughWord = -1;
  let charEnd = 0;
  while (throughWord + 1 < words.length && start + words[throughWord + 1]!.endSamples <= heardSamples) {
    throughWord++;
    charEnd = Math.max(charEnd, words[throughWord]!.charEnd);
  }
  const whole = line.speech.done && words.length > 0 && throughWord === words.length - 1;
  // A source word that is spoken as several ("472") is heard when its last part is.
  const next = words[throughWord + 1];
  if (next && next.charStart < charEnd) charEnd = next.charStart;
  const heardText = whole ? text : text.slice(0, charEnd).trim();
  return { throughWord, heardText, unheardText: whole ? "" : text.slice(charEnd).trim(), whole };
}

/** The line's word timings in samples of its epoch, as they go on the tape. */
export function epochWords(line: Line): SaidWord[] {
  const start = line.placed?.startSamples ?? 0;
  return line.speech.words.map((word) => ({
    text: word.text,
    startSamples: start + Math.round(word.startSamples),
    endSamples: start + Math.round(word.endSamples),
    source: word.source,
  }));
}

/** Samples from `heardSamples` to the end of the word that is being heard there; 0 between words. */
export function restOfWordSamples(line: Line, heardSamples: number): number {
  const start = line.placed?.startSamples ?? 0;
  const word = line.speech.words.find(
    (w) => start + w.startSamples < heardSamples && heardSamples < start + w.endSamples,
  );
  return word ? start + word.endSamples - heardSamples : 0;
}
