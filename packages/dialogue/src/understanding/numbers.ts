/** Spoken English numbers: single digits, "forty-seven", "two hundred and ninety one", and digit strings made of them. */

export const DIGIT_WORDS: Record<string, string> = {
  zero: "0",
  oh: "0",
  o: "0",
  nought: "0",
  naught: "0",
  nil: "0",
  one: "1",
  two: "2",
  three: "3",
  four: "4",
  five: "5",
  six: "6",
  seven: "7",
  eight: "8",
  nine: "9",
  niner: "9",
};
/** Heard for digits by ears that prefer common words; digits only among digits. */
export const DIGIT_HOMOPHONES: Record<string, string> = { to: "2", too: "2", for: "4", fore: "4", won: "1", ate: "8" };
export const TEEN_WORDS: Record<string, number> = {
  ten: 10,
  eleven: 11,
  twelve: 12,
  thirteen: 13,
  fourteen: 14,
  fifteen: 15,
  sixteen: 16,
  seventeen: 17,
  eighteen: 18,
  nineteen: 19,
};
export const TENS_WORDS: Record<string, number> = {
  twenty: 20,
  thirty: 30,
  forty: 40,
  fourty: 40,
  fifty: 50,
  sixty: 60,
  seventy: 70,
  eighty: 80,
  ninety: 90,
};
export const REPEAT_WORDS: Record<string, number> = { double: 2, triple: 3, treble: 3, quadruple: 4 };
export const ORDINAL_WORDS: Record<string, number> = {
  first: 1,
  second: 2,
  third: 3,
  fourth: 4,
  fifth: 5,
  sixth: 6,
  seventh: 7,
  eighth: 8,
  ninth: 9,
  tenth: 10,
  eleventh: 11,
  twelfth: 12,
  thirteenth: 13,
  fourteenth: 14,
  fifteenth: 15,
  sixteenth: 16,
  seventeenth: 17,
  eighteenth: 18,
  nineteenth: 19,
  twentieth: 20,
  thirtieth: 30,
};

export const isNumberWord = (word: string): boolean =>
  word in DIGIT_WORDS || word in TEEN_WORDS || word in TENS_WORDS || /^\d+$/.test(word);

const isScale = (word: string | undefined): boolean => word === "hundred" || word === "thousand";

/**
 * Digits that the run of words starting at `at` spells, and how many words they took; null where none starts there.
 * Handles one piece: a digit, "double five", "forty seven", "seventeen", "two hundred and five", "47".
 */
export function readPiece(
  words: readonly string[],
  at: number,
  amongDigits: boolean,
): { digits: string; took: number } | null {
  const word = words[at];
  if (word === undefined) return null;
  const cardinal = readCardinal(words, at);
  if (cardinal?.scaled) {
    // "nine hundred, one two three": digits that go on after a unit were never part of the hundred.
    const plain = words[at + 1] === "hundred" && cardinal.took === 3 && isNumberWord(words[at + 3] ?? "");
    if (plain && DIGIT_WORDS[word] !== undefined) return { digits: `${DIGIT_WORDS[word]}00`, took: 2 };
    return { digits: String(cardinal.value), took: cardinal.took };
  }
  if (/^\d+$/.test(word)) return { digits: word, took: 1 };
  const times = REPEAT_WORDS[word];
  if (times !== undefined) {
    const next = words[at + 1];
    if (next === undefined) return { digits: "", took: 1 };
    const digit = DIGIT_WORDS[next] ?? DIGIT_HOMOPHONES[next] ?? (/^\d$/.test(next) ? next : undefined);
    return digit === undefined ? null : { digits: digit.repeat(times), took: 2 };
  }
  const digit = DIGIT_WORDS[word] ?? (amongDigits ? DIGIT_HOMOPHONES[word] : undefined);
  if (digit !== undefined) return { digits: digit, took: 1 };
  if (cardinal !== null) return { digits: String(cardinal.value), took: cardinal.took };
  return null;
}

/** The number below a million at `at`: "forty two", "four hundred and seventy two thousand". `scaled`: has hundred or thousand. */
export function readCardinal(
  words: readonly string[],
  at: number,
): { value: number; took: number; scaled: boolean } | null {
  let i = at;
  let total = 0;
  let group = 0;
  let seen = false;
  let scaled = false;
  /** What may still follow in this group: 3 hundreds done, 2 tens done, 1 units done. */
  let room = 1000;
  for (;;) {
    const word = words[i];
    if (word === undefined) break;
    const unit = /^\d+$/.test(word)
      ? Number(word)
      : word in DIGIT_WORDS && word !== "oh" && word !== "o"
        ? Number(DIGIT_WORDS[word])
        : undefined;
    const small = unit ?? TEEN_WORDS[word];
    if (TENS_WORDS[word] !== undefined && room > 99) {
      group += TENS_WORDS[word];
      room = 10;
    } else if (small !== undefined && small < room && !(room === 10 && small === 0)) {
      group += small;
      room = 1;
    } else if (word === "a" && !seen && isScale(words[i + 1])) {
      group = 1;
      room = 1;
    } else if (word === "hundred" && seen && group > 0 && group < 100) {
      group *= 100;
      room = 100;
      scaled = true;
    } else if (word === "thousand" && seen && group > 0 && total === 0) {
      total = group * 1000;
      group = 0;
      room = 1000;
      scaled = true;
    } else if (word === "and" && seen && scaled && room >= 100 && isNumberWord(words[i + 1] ?? "")) {
      i++;
      continue;
    } else break;
    seen = true;
    i++;
  }
  if (!seen) return null;
  return { value: total + group, took: i - at, scaled };
}
