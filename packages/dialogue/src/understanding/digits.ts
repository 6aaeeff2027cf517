import { countKnown, fillHoles, HOLE, readingsWithLess, readingsWithMore } from "./misheard-digits.ts";
import { DIGIT_HOMOPHONES, DIGIT_WORDS, ORDINAL_WORDS, readPiece } from "./numbers.ts";
import { HESITATIONS, indexOfPhrase, jointConfidence, type Token } from "./tokens.ts";

/** What a turn said about a string of digits of known length. */
export interface DigitsHeard {
  /** Digits after all corrections; may be too few or too many. */
  digits: string;
  confidence: number;
  /** True while the latest words correct what was said, so that more of the correction may follow. */
  tentative: boolean;
  /** True when the turn said a digit at all. */
  touched: boolean;
  /** True when words in the turn mark what they say as a correction. */
  corrected: boolean;
}

/** Words between digits that neither add nor end anything. */
const BETWEEN = new Set([
  ...HESITATIONS,
  ..."and then dash hyphen space slash point its it is the number numbers thats digit digits yes yeah ok please a my are ends in with at end".split(
    " ",
  ),
]);
const CORRECTIONS = [
  ["no"],
  ["sorry"],
  ["i", "mean"],
  ["i", "meant"],
  ["meant"],
  ["i", "said"],
  ["my", "mistake"],
  ["thats", "wrong"],
  ["oops"],
  ["correction"],
  ["wait"],
  ["actually"],
  ["rather"],
  ["scratch", "that"],
  ["make", "that"],
  ["nope"],
];

type Piece =
  | { kind: "digits"; digits: string; tokens: Token[] }
  | { kind: "correction" }
  | { kind: "not" }
  | { kind: "last"; count: number }
  | { kind: "first"; count: number }
  | { kind: "nth"; index: number }
  | { kind: "other" };

/**
 * Reads digits out of a turn. `known` is what earlier turns left (an incomplete string, or a value that is being
 * corrected). A correction replaces as many digits at the end as it brings beyond the length; a full string replaces all.
 */
export function hearDigits(tokens: readonly Token[], length: number, known: string, asked: boolean): DigitsHeard {
  if (known.includes(HOLE)) return hearHole(tokens, length, known, asked);
  const plain = readDigits(tokens, length, known, asked);
  if (plain.corrected || length === 0) return plain;
  if (plain.digits.length === length - 1) {
    // "order for seven two nine one": the word before the number was its first digit, if that makes it whole.
    const at = tokens.findIndex(
      (token, i) => token.text in DIGIT_HOMOPHONES && (tokens[i + 1]?.text ?? "") in DIGIT_WORDS,
    );
    const word = tokens[at];
    if (word !== undefined) {
      const meant = { ...word, text: DIGIT_HOMOPHONES[word.text] as string };
      const whole = readDigits([...tokens.slice(0, at), meant, ...tokens.slice(at + 1)], length, known, asked);
      if (whole.digits.length === length) return whole;
    }
  }
  const missing = length - plain.digits.length;
  const readings =
    asked && missing > 0 && missing <= 2
      ? readingsWithMore(tokens, missing)
      : missing === -1
        ? readingsWithLess(tokens)
        : [];
  for (const reading of readings) {
    const whole = readDigits(reading, length, known, asked);
    if (whole.touched && whole.digits.length === length) return whole;
  }
  return plain;
}

/** A digit in the midst was not understood and has been asked for: it fills the hole, and anything longer starts again. */
function hearHole(tokens: readonly Token[], length: number, known: string, asked: boolean): DigitsHeard {
  const placed = readDigits(tokens, length, known, asked);
  if (placed.touched && placed.digits.length === length && !placed.digits.includes(HOLE)) return placed;
  const alone = hearDigits(tokens, length - countKnown(known), "", asked);
  const filled = fillHoles(known, alone.digits);
  if (filled !== null) return { ...alone, digits: filled };
  const anew = hearDigits(tokens, length, "", asked);
  return countKnown(anew.digits) > 1 ? anew : { ...anew, digits: known };
}

function readDigits(tokens: readonly Token[], length: number, known: string, asked: boolean): DigitsHeard {
  const pieces = split(tokens);
  let digits = known;
  let run = "";
  let correcting = known.length >= length;
  let corrected = false;
  let tentative = false;
  let touched = false;
  let strayed = false;
  let at: { kind: "last" | "first" | "nth"; count: number } | null = null;
  let wrong: string | null = null;
  const used: Token[] = [];
  /** Digits before the present run. */
  let before = known;
  for (const piece of pieces) {
    if (piece.kind === "digits") {
      touched = true;
      if (piece.digits === "" && run === "") continue;
      // Unasked, digits apart from each other are quantities in a sentence: only the latest run counts.
      if (strayed && !asked && !corrected) {
        before = known;
        run = "";
        used.length = 0;
      }
      strayed = false;
      used.push(...piece.tokens);
      run += piece.digits;
      tentative = false;
      if (at !== null) {
        digits = replaceAt(before, run, at);
        tentative = at.kind !== "nth" && run.length < at.count;
      } else if (wrong !== null) {
        digits = replaceWrong(before, run);
        tentative = digits === before;
      } else if (corrected || correcting) {
        digits = align(before, run, length);
        tentative = run.length < length && corrected;
      } else digits = restart(before + run, length);
      continue;
    }
    if (piece.kind === "other") {
      strayed = true;
      continue;
    }
    if (piece.kind === "correction" && digits === "" && !asked) continue;
    if (piece.kind === "correction") {
      corrected = true;
      correcting = true;
      // What it becomes is still to be said.
      tentative = touched || known !== "";
      wrong = null;
      at = null;
    } else if (piece.kind === "not") {
      wrong = "";
      corrected = true;
    } else if (piece.kind === "nth") at = { kind: "nth", count: piece.index };
    else at = { kind: piece.kind, count: piece.count };
    before = digits;
    run = "";
    strayed = false;
  }
  if (!touched) return { digits: known, confidence: 0, tentative: false, touched: false, corrected };
  return { digits, confidence: confidenceOf(used), tentative, touched, corrected };
}

/** One digit that was hardly heard makes the whole number doubtful, however clear the others were. */
function confidenceOf(used: readonly Token[]): number {
  const weakest = Math.min(1, ...used.map((token) => token.confidence));
  return Math.min(jointConfidence(used), weakest * WEAKEST_COUNTS);
}
const WEAKEST_COUNTS = 1.5;

/** Joins a correction to what it corrects: as many digits go as would be too many. */
function align(before: string, run: string, length: number): string {
  if (run === "") return before;
  if (run.length >= length) return restart(run, length);
  const surplus = before.length + run.length - length;
  if (surplus < 0) return before + run;
  return before.slice(0, Math.max(0, before.length - surplus)) + run;
}

/** "four seven, four seven two nine one": who starts again means the second start. */
function restart(digits: string, length: number): string {
  if (digits.length <= length) return digits;
  const tail = digits.slice(-length);
  const head = digits.slice(0, -length);
  if (tail.startsWith(head.slice(0, length)) || head === tail) return tail;
  return digits;
}

function replaceAt(before: string, run: string, at: { kind: "last" | "first" | "nth"; count: number }): string {
  if (at.kind === "last") return before.slice(0, Math.max(0, before.length - run.length)) + run;
  if (at.kind === "first") return run + before.slice(run.length);
  const index = at.count - 1;
  return before.slice(0, index) + run.slice(0, 1) + before.slice(index + 1);
}

/** "not nine one, nine two": the first half of the run is what was wrong. */
function replaceWrong(before: string, run: string): string {
  const half = run.length / 2;
  if (!Number.isInteger(half)) return before;
  const at = before.lastIndexOf(run.slice(0, half));
  return at < 0 ? before : before.slice(0, at) + run.slice(half) + before.slice(at + half);
}

function split(tokens: readonly Token[]): Piece[] {
  const words = tokens.map((token) => token.text);
  const pieces: Piece[] = [];
  let among = false;
  for (let i = 0; i < tokens.length; ) {
    const token = tokens[i] as Token;
    const place = readPlace(words, i);
    if (place !== null) {
      pieces.push(place.piece);
      i += place.took;
      among = true;
      continue;
    }
    const correction = CORRECTIONS.find((phrase) => indexOfPhrase(tokens.slice(i, i + phrase.length), phrase) === 0);
    if (correction !== undefined) {
      pieces.push({ kind: "correction" });
      i += correction.length;
      continue;
    }
    if (token.text === "not") {
      pieces.push({ kind: "not" });
      i++;
      continue;
    }
    if ((token.key && /^\d$/.test(token.text)) || token.text === HOLE) {
      pieces.push({ kind: "digits", digits: token.text, tokens: [token] });
      among = true;
      i++;
      continue;
    }
    const amongNow =
      among &&
      (words[i + 1] === undefined || isDigitLike(words[i + 1] as string)) &&
      !(words[i] === "for" && words[i + 1] === undefined && i < 2);
    const piece = isExclamation(words, i, among) ? null : readPiece(words, i, amongNow);
    if (piece !== null) {
      pieces.push({ kind: "digits", digits: piece.digits, tokens: tokens.slice(i, i + piece.took) });
      i += piece.took;
      among = true;
      continue;
    }
    if (!BETWEEN.has(token.text) && !token.key) {
      pieces.push({ kind: "other" });
      among = false;
    }
    i++;
  }
  return pieces;
}

/** "Oh, put me through": a zero stands beside other digits, or alone. */
const isExclamation = (words: readonly string[], at: number, among: boolean): boolean =>
  (words[at] === "oh" || words[at] === "o") &&
  !among &&
  words.length > 1 &&
  !isDigitLike(words[at + 1] ?? "") &&
  readPiece(words, at + 1, false) === null;

const isDigitLike = (word: string): boolean => word in DIGIT_WORDS || word in DIGIT_HOMOPHONES || /^\d+$/.test(word);

/** "the last digit", "the last two digits", "the first one", "the third digit is". */
function readPlace(words: readonly string[], at: number): { piece: Piece; took: number } | null {
  const word = words[at] as string;
  if (word === "last" || word === "first") {
    const next = words[at + 1];
    const count = next === undefined ? undefined : DIGIT_WORDS[next];
    const noun = (index: number): boolean => /^(digits?|numbers?|ones?|is|are)$/.test(words[index] ?? "");
    if (count !== undefined && noun(at + 2)) {
      return { piece: { kind: word, count: Number(count) }, took: /^(is|are)$/.test(words[at + 2] ?? "") ? 2 : 3 };
    }
    if (next !== undefined && /^(digit|number|one|is)$/.test(next)) return { piece: { kind: word, count: 1 }, took: 2 };
    return null;
  }
  const nth = ORDINAL_WORDS[word];
  if (nth !== undefined && /^(digit|number|one)$/.test(words[at + 1] ?? "")) {
    return { piece: { kind: "nth", index: nth }, took: 2 };
  }
  return null;
}
