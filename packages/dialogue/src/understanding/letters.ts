import { DIGIT_WORDS, readPiece } from "./numbers.ts";
import { HESITATIONS, jointConfidence, type Token } from "./tokens.ts";

const NAMES: Record<string, string> = {
  ay: "a",
  bee: "b",
  be: "b",
  cee: "c",
  see: "c",
  sea: "c",
  dee: "d",
  ee: "e",
  eff: "f",
  gee: "g",
  aitch: "h",
  haitch: "h",
  eye: "i",
  jay: "j",
  kay: "k",
  el: "l",
  ell: "l",
  em: "m",
  en: "n",
  pee: "p",
  pea: "p",
  cue: "q",
  queue: "q",
  ar: "r",
  are: "r",
  ess: "s",
  tee: "t",
  tea: "t",
  you: "u",
  vee: "v",
  ex: "x",
  why: "y",
  zed: "z",
  zee: "z",
};
/** International radiotelephony alphabet, with common spellings. */
const PHONETIC: Record<string, string> = {
  alpha: "a",
  alfa: "a",
  bravo: "b",
  charlie: "c",
  delta: "d",
  echo: "e",
  foxtrot: "f",
  golf: "g",
  hotel: "h",
  india: "i",
  juliet: "j",
  juliett: "j",
  kilo: "k",
  lima: "l",
  mike: "m",
  november: "n",
  oscar: "o",
  papa: "p",
  quebec: "q",
  romeo: "r",
  sierra: "s",
  tango: "t",
  uniform: "u",
  victor: "v",
  whiskey: "w",
  whisky: "w",
  xray: "x",
  yankee: "y",
  zulu: "z",
};

/** One spelled symbol: "b", "bee", "bravo", "b for bravo", "double l", "double u". */
function readLetter(
  words: readonly string[],
  at: number,
  among: boolean,
): { letters: string; took: number; sure: boolean } | null {
  const word = words[at];
  if (word === undefined) return null;
  const next = words[at + 1];
  if (word === "double" && (next === "u" || next === "you")) return { letters: "w", took: 2, sure: true };
  if ((word === "double" || word === "triple") && next !== undefined) {
    const letter = readLetter(words, at + 1, true);
    if (letter !== null)
      return { ...letter, letters: letter.letters.repeat(word === "double" ? 2 : 3), took: letter.took + 1 };
  }
  if (word === "x" && next === "ray") return { letters: "x", took: 2, sure: true };
  const phonetic = PHONETIC[word];
  const letter = /^[a-z]$/.test(word) ? word : (phonetic ?? (among ? NAMES[word] : undefined));
  if (letter === undefined) return null;
  // "b for bravo", "s as in sugar": the example word adds nothing.
  if (next === "for" || next === "like") {
    if (words[at + 2]?.startsWith(letter)) return { letters: letter, took: 3, sure: true };
  }
  if (next === "as" && words[at + 2] === "in" && words[at + 3] !== undefined) {
    return { letters: letter, took: 4, sure: true };
  }
  return { letters: letter, took: 1, sure: phonetic !== undefined };
}

/** Letters and digits of a code, corrections applied as for digits. Upper case. */
export function hearCode(
  tokens: readonly Token[],
  length: number,
  known: string,
): { code: string; confidence: number; touched: boolean; corrected: boolean } {
  const words = tokens.map((token) => token.text);
  let code = "";
  let before = known;
  let corrected = false;
  let touched = false;
  const used: Token[] = [];
  for (let i = 0; i < words.length; ) {
    const word = words[i] as string;
    if (word === "no" || word === "sorry" || word === "correction") {
      before = join(before, code, length, corrected);
      code = "";
      corrected = true;
      i++;
      continue;
    }
    const number = word === "oh" || word === "o" ? null : readPiece(words, i, touched);
    const letter = number === null ? readLetter(words, i, true) : null;
    const fused = number === null && letter === null && /^(?=.*\d)[a-z0-9]{2,}$/.test(word) ? word : null;
    const isArticle =
      (word === "a" || word === "i" || word === "you" || word === "are" || word === "see") &&
      words[i + 1] !== undefined &&
      !spells(words, i + 1);
    if (number !== null) {
      code += number.digits;
      used.push(...tokens.slice(i, i + number.took));
      touched = true;
      i += number.took;
    } else if (letter !== null && !isArticle) {
      code += letter.letters.toUpperCase();
      used.push(...tokens.slice(i, i + letter.took));
      touched = true;
      i += letter.took;
    } else if (fused !== null) {
      code += fused.toUpperCase();
      used.push(tokens[i] as Token);
      touched = true;
      i++;
    } else if (word === "oh" && touched) {
      code += "0";
      i++;
    } else i++;
  }
  return {
    code: touched ? join(before, code, length, corrected) : known,
    confidence: jointConfidence(used),
    touched,
    corrected,
  };
}

const spells = (words: readonly string[], at: number): boolean =>
  readLetter(words, at, true) !== null || (words[at] as string) in DIGIT_WORDS || /\d/.test(words[at] as string);

function join(before: string, run: string, length: number, corrected: boolean): string {
  if (before === "" || (length > 0 && run.length >= length)) return run === "" ? before : run;
  if (run === "") return before;
  const surplus = length > 0 ? Math.max(0, before.length + run.length - length) : corrected ? run.length : 0;
  return before.slice(0, Math.max(0, before.length - surplus)) + run;
}

const NAME_LEADS = [
  ["my", "name", "is"],
  ["my", "names"],
  ["the", "name", "is"],
  ["name", "is"],
  ["this", "is"],
  ["its"],
  ["it", "is"],
  ["i", "am"],
  ["im"],
  ["thats"],
  ["under"],
  ["yes"],
];
const NOT_NAMES = new Set([
  ...HESITATIONS,
  ..."yes yeah no ok please thanks thank the and is my name its it that thats spelled spelt spell with capital last first surname mister mrs miss ms doctor just sure hello hi sorry um i to for of order number calling about have want a im where when what how can could would you your need on at in see here there he she they this do did does not dont was were be been are going get got".split(
    " ",
  ),
]);

/** A person's name, said or spelled: "John Smith, S M Y T H E". Title case; spelling overrules hearing. */
export function hearName(
  tokens: readonly Token[],
  asked: boolean,
): { name: string; confidence: number; spelled: boolean } | null {
  const words = tokens.map((token) => token.text);
  let start = -1;
  for (const lead of NAME_LEADS) {
    for (let i = 0; i + lead.length <= words.length; i++) {
      if (lead.every((word, k) => words[i + k] === word)) start = Math.max(start, i + lead.length);
    }
  }
  const strong = [
    ["my", "name", "is"],
    ["my", "names"],
    ["the", "name", "is"],
    ["name", "is"],
  ].some((lead) => words.some((_, i) => lead.every((word, k) => words[i + k] === word)));
  if (start < 0) start = 0;
  if (!asked && !strong) return null;
  const said: string[] = [];
  const used: Token[] = [];
  let spelling = "";
  const spelledWords: string[] = [];
  for (let i = start; i < words.length; ) {
    const word = words[i] as string;
    if (word === "with" && words[i + 1] === "a" && /^[a-z]$/.test(words[i + 2] ?? "")) {
      i += 3;
      continue;
    }
    const isSymbol =
      /^[a-z]$/.test(word) ||
      ((word in NAMES || word in PHONETIC || word === "double") &&
        (spelling !== "" || /^[a-z]$/.test(words[i + 1] ?? "") || spellsOn(words, i)));
    const letter = isSymbol ? readLetter(words, i, true) : null;
    if (letter !== null) {
      spelling += letter.letters;
      used.push(...tokens.slice(i, i + letter.took));
      i += letter.took;
      continue;
    }
    if (spelling.length > 1) spelledWords.push(spelling);
    spelling = "";
    if (!NOT_NAMES.has(word) && /^[a-z]+$/.test(word) && !(word in DIGIT_WORDS) && said.length < 4) {
      said.push(word);
      used.push(tokens[i] as Token);
    }
    i++;
  }
  if (spelling.length > 1) spelledWords.push(spelling);
  const names = [...said];
  for (const spelled of spelledWords) {
    const near = names.findIndex((name) => distance(name, spelled) <= Math.max(1, Math.floor(spelled.length / 3)));
    if (near >= 0) names[near] = spelled;
    else names.push(spelled);
  }
  if (names.length === 0) return null;
  return {
    name: names.map((name) => name.charAt(0).toUpperCase() + name.slice(1)).join(" "),
    confidence: jointConfidence(used),
    spelled: spelledWords.length > 0,
  };
}

/** Two spelled symbols in a row are spelling; one alone is a word. */
const spellsOn = (words: readonly string[], at: number): boolean =>
  readLetter(words, at, true) !== null &&
  words[at + 1] !== undefined &&
  (/^[a-z]$/.test(words[at + 1] as string) || (words[at + 1] as string) in PHONETIC);

/** Levenshtein distance. */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let k = 1; k <= b.length; k++) {
      const change = (row[k - 1] as number) + (a[i - 1] === b[k - 1] ? 0 : 1);
      next.push(Math.min(change, (row[k] as number) + 1, (next[k - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
