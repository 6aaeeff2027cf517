import { SpeechError } from "./errors.ts";
import { letterName, RULES } from "./pronunciation-rules.ts";

/** What follows a word: nothing, a breath inside a number, a comma, or the end of a sentence. */
export type Break = "none" | "group" | "comma" | "stop";

/** One word as it will be heard. */
export interface SpokenWord {
  /** The word for ledgers and transcripts: "four", "B", "shipped". */
  readonly text: string;
  /** What the engine is given; may be several tokens when a dictionary respells the word. */
  readonly say: string;
  /** The part of the source text that this word speaks; several words may share it. */
  readonly charStart: number;
  readonly charEnd: number;
  readonly breakAfter: Break;
}

/** Word or phrase to respelling in plain words, for example `{ "Gjensidige": "yen see dig uh" }`. Case does not matter. */
export type Pronunciations = Readonly<Record<string, string>>;

/** How English voices must be told the sounds that people make without words. */
const ALWAYS: Pronunciations = {
  "mm-hm": "um hum",
  "mm-hmm": "um hum",
  mhm: "um hum",
  hmm: "hum",
  "uh-huh": "uh huh",
  "wi-fi": "why fie",
};

const WORD = /[\p{L}\p{M}][\p{L}\p{M}'’]*/uy;
const PAUSES: readonly (readonly [RegExp, Break])[] = [
  [/[.!?…]+["”’)\]]*(?=\s|$)|\n+/y, "stop"],
  [/[,;:()[\]—–]|\s-+(?=\s)/y, "comma"],
];

/** A dictionary ready for use. Compile once for each playbook. */
export interface CompiledPronunciations {
  readonly pattern: RegExp;
  readonly respellings: ReadonlyMap<string, string>;
}

/** Throws `SPEECH_DICTIONARY_INVALID`. */
export function compilePronunciations(own: Pronunciations = {}): CompiledPronunciations {
  const respellings = new Map<string, string>();
  for (const [phrase, respelling] of Object.entries({ ...ALWAYS, ...own })) {
    const words = respelling.trim().replace(/\s+/g, " ");
    if (words === "" || words.length > 200 || phrase.trim() === "") {
      throw new SpeechError("SPEECH_DICTIONARY_INVALID", `"${phrase}"`);
    }
    respellings.set(phrase.trim().toLowerCase(), words);
  }
  const longestFirst = [...respellings.keys()].sort((a, b) => b.length - a.length);
  const alternatives = longestFirst.map((phrase) => phrase.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  return { pattern: new RegExp(`(?:${alternatives})(?![\\p{L}\\p{M}\\d'])`, "iuy"), respellings };
}

const PLAIN = compilePronunciations();

/**
 * Turns a written line into the words that are heard: order codes digit by digit in groups, money, dates, times,
 * e-mail and telephone numbers. Pure; the same text always gives the same words.
 */
export function pronounce(text: string, dictionary: CompiledPronunciations = PLAIN): SpokenWord[] {
  const words: SpokenWord[] = [];
  const lower = text.toLowerCase();
  const shouting = !/[a-z]/.test(text) && /[A-Z]{6,}/.test(text);
  const source = shouting ? lower : text;
  let at = 0;
  while (at < source.length) {
    const pause = PAUSES.find(([pattern]) => matchAt(pattern, source, at));
    if (pause) {
      const length = matchAt(pause[0], source, at)![0].length;
      breakAfterLast(words, pause[1]);
      at += length;
      continue;
    }
    if (/\s/.test(source[at]!)) {
      at++;
      continue;
    }
    at += readToken(source, lower, at, dictionary, words);
  }
  return words;
}

/** Reads one token at `at`, appends its words and gives the characters it took. */
function readToken(
  source: string,
  lower: string,
  at: number,
  dictionary: CompiledPronunciations,
  words: SpokenWord[],
): number {
  const respelled = matchAt(dictionary.pattern, source, at);
  if (respelled) {
    const charEnd = at + respelled[0].length;
    const say = dictionary.respellings.get(respelled[0].toLowerCase())!;
    words.push({ text: respelled[0], say, charStart: at, charEnd, breakAfter: "none" });
    return respelled[0].length;
  }
  const before = lower.slice(Math.max(0, at - 40), at);
  for (const rule of RULES) {
    const match = matchAt(rule.pattern, source, at);
    const groups = match === null ? undefined : rule.say(match, before);
    if (match === null || groups === undefined) continue;
    const charEnd = at + match[0].length;
    for (const [index, group] of groups.entries()) {
      for (const say of group) words.push({ text: shownAs(say), say, charStart: at, charEnd, breakAfter: "none" });
      if (index < groups.length - 1) breakAfterLast(words, "group");
    }
    return match[0].length;
  }
  const word = matchAt(WORD, source, at);
  if (word === null) return source.codePointAt(at)! > 0xffff ? 2 : 1;
  const say = word[0].normalize("NFD").replace(/\p{M}/gu, "").replaceAll("’", "'").toLowerCase();
  words.push({ text: word[0], say, charStart: at, charEnd: at + word[0].length, breakAfter: "none" });
  return word[0].length;
}

const LETTERS = new Map([..."abcdefghijklmnopqrstuvwxyz"].map((letter) => [letterName(letter), letter.toUpperCase()]));

function shownAs(say: string): string {
  return LETTERS.get(say) ?? say;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

const STRENGTH: Record<Break, number> = { none: 0, group: 1, comma: 2, stop: 3 };

function breakAfterLast(words: SpokenWord[], kind: Break): void {
  const last = words.at(-1);
  if (last && STRENGTH[kind] > STRENGTH[last.breakAfter]) words[words.length - 1] = { ...last, breakAfter: kind };
}
