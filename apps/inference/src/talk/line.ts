import type { EffectOf } from "@sidetone/dialogue";
import type { SaidWord } from "@sidetone/protocol";
import type { Utterance } from "@sidetone/speech";
import { z } from "zod";
import type { Placed } from "./playout.ts";

export type Say = EffectOf<"say">;

export const SaySchema = z.object({
  type: z.literal("say"),
  utteranceId: z.number().int().nonnegative(),
  text: z.string(),
  act: z.enum(["line", "answer", "filler", "repair", "interjection"]),
  uninterruptible: z.boolean(),
  urgency: z.enum(["answer", "filler", "urgent"]),
  replaceable: z.boolean(),
  rate: z.number().exactOptional(),
  resumes: z.number().int().exactOptional(),
});

/** What a mouth needs of speech that is being made. */
export type Speech = Pick<
  Utterance,
  "readyThroughSamples" | "done" | "error" | "words" | "read" | "cancel" | "finished"
>;

/** Something to say, from its planning to the caller's ear. */
export interface Line {
  readonly say: Say;
  /** Its audio, made off the road; grows. Made anew where no voice gave any. */
  speech: Speech;
  /** How often its making was begun. */
  attempts: number;
  /** Where it lies in its epoch; set when it begins. */
  placed: Placed | undefined;
  /** The caller has heard its first sample. */
  began: boolean;
  /** Its words were told to the bridge. */
  worded: boolean;
}

/** A line on its way to the caller's ear, as it goes to another pod: the audio is lost, its place in time is not. */
export const BegunLine = z.object({
  say: SaySchema,
  startSamples: z.number().int(),
  began: z.boolean(),
  done: z.boolean(),
  words: z.array(
    z.object({
      text: z.string(),
      startSamples: z.number(),
      endSamples: z.number(),
      source: z.enum(["engine", "aligned"]),
      charStart: z.number().int(),
      charEnd: z.number().int(),
    }),
  ),
});
export type BegunLine = z.infer<typeof BegunLine>;

export function begunLine({ say, speech, placed, began }: Line): BegunLine {
  return { say, startSamples: placed?.startSamples ?? 0, began, done: speech.done, words: [...speech.words] };
}

/** The line again, with its words and without its audio. */
export function silentLine({ say, startSamples, began, done, words }: BegunLine): Line {
  const speech: Speech = {
    words,
    done,
    error: undefined,
    readyThroughSamples: 0,
    read: () => 0,
    cancel: () => undefined,
    finished: Promise.resolve(),
  };
  const placed = { utteranceId: say.utteranceId, takesFloor: true, startSamples, givenSamples: 0, complete: true };
  return { say, speech, attempts: 1, placed, began, worded: true };
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
  // A line that no voice could finish ends early, and its words with it.
  const whole = line.speech.done && !line.speech.error && words.length > 0 && throughWord === words.length - 1;
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
