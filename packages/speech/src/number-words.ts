/** Numbers as an English speaker says them on the telephone. All functions give lower-case words. */

const SMALL = [
  ..."zero one two three four five six seven eight nine ten eleven twelve".split(" "),
  ..."thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(" "),
];
const TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const SCALES = ["", "thousand", "million", "billion", "trillion"];
const ORDINALS = new Map([
  ["one", "first"],
  ["two", "second"],
  ["three", "third"],
  ["five", "fifth"],
  ["eight", "eighth"],
  ["nine", "ninth"],
  ["twelve", "twelfth"],
]);

/** 0 to 999,999,999,999,999. */
export function cardinal(value: number): string[] {
  if (value < 1000) return belowThousand(value, value === 0);
  const words: string[] = [];
  for (let scale = SCALES.length - 1; scale >= 0; scale--) {
    const part = Math.floor(value / 1000 ** scale) % 1000;
    if (part === 0) continue;
    words.push(...belowThousand(part, false));
    if (scale > 0) words.push(SCALES[scale]!);
  }
  return words;
}

export function ordinal(value: number): string[] {
  const words = cardinal(value);
  const last = words.pop()!;
  const irregular = ORDINALS.get(last);
  words.push(irregular ?? (last.endsWith("y") ? `${last.slice(0, -1)}ieth` : `${last}th`));
  return words;
}

/** "twenty twenty six", "nineteen oh five", "two thousand". */
export function year(value: number): string[] {
  const century = Math.floor(value / 100);
  const rest = value % 100;
  if (century % 10 === 0 && rest < 10) return cardinal(value);
  if (rest === 0) return [...cardinal(century), "hundred"];
  return [...cardinal(century), ...(rest < 10 ? ["oh"] : []), ...cardinal(rest)];
}

/** Each digit of a string on its own; other characters are skipped. */
export function digits(text: string): string[] {
  return [...text].filter((character) => character >= "0" && character <= "9").map((digit) => SMALL[Number(digit)]!);
}

/** "3.50" as "three point five zero"; thousands separators are allowed. */
export function decimal(text: string): string[] {
  const [whole = "0", fraction] = text.replaceAll(",", "").split(".");
  const words = whole.length > 15 ? digits(whole) : cardinal(Number(whole));
  return fraction === undefined ? words : [...words, "point", ...digits(fraction)];
}

function belowThousand(value: number, sayZero: boolean): string[] {
  const words: string[] = [];
  const hundreds = Math.floor(value / 100);
  const rest = value % 100;
  if (hundreds > 0) words.push(SMALL[hundreds]!, "hundred");
  if (rest >= 20) {
    words.push(TENS[Math.floor(rest / 10)]!);
    if (rest % 10 > 0) words.push(SMALL[rest % 10]!);
  } else if (rest > 0 || sayZero) words.push(SMALL[rest]!);
  return words;
}
