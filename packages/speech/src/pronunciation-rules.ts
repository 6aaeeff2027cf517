import { cardinal, decimal, digits, ordinal, year } from "./number-words.ts";

/** Groups of words; a short pause belongs between two groups. */
export type Groups = string[][];

interface Rule {
  readonly name: string;
  /** Sticky; tried where a token begins, in the table's order. */
  readonly pattern: RegExp;
  /** `before` is the lower-case text up to the match. Undefined when the rule does not apply after all. */
  readonly say: (match: RegExpExecArray, before: string) => Groups | undefined;
}

const MONTHS = [
  ..."january february march april may june july".split(" "),
  ..."august september october november december".split(" "),
];
const MONTH =
  "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?";
const CURRENCIES: Record<string, readonly [one: string, many: string, cent: string, cents: string]> = {
  $: ["dollar", "dollars", "cent", "cents"],
  "€": ["euro", "euros", "cent", "cents"],
  "£": ["pound", "pounds", "penny", "pence"],
  USD: ["dollar", "dollars", "cent", "cents"],
  EUR: ["euro", "euros", "cent", "cents"],
  GBP: ["pound", "pounds", "penny", "pence"],
};
const UNITS: Record<string, readonly [one: string, many: string]> = {
  kg: ["kilogram", "kilograms"],
  km: ["kilometer", "kilometers"],
  cm: ["centimeter", "centimeters"],
  mm: ["millimeter", "millimeters"],
  lb: ["pound", "pounds"],
  lbs: ["pound", "pounds"],
  oz: ["ounce", "ounces"],
  ml: ["milliliter", "milliliters"],
  mb: ["megabyte", "megabytes"],
  gb: ["gigabyte", "gigabytes"],
  min: ["minute", "minutes"],
  hrs: ["hour", "hours"],
};
/** Capitals that are read as a word, not spelled. */
const SPOKEN_ACRONYMS = new Set(["PIN", "NASA", "SIM", "NATO", "OK", "ZIP", "IKEA", "ASAP", "COVID", "I", "A"]);
const ABBREVIATIONS: Record<string, string> = {
  mr: "mister",
  mrs: "missus",
  ms: "miz",
  dr: "doctor",
  prof: "professor",
  ave: "avenue",
  blvd: "boulevard",
  rd: "road",
  apt: "apartment",
  dept: "department",
  approx: "approximately",
  etc: "et cetera",
  vs: "versus",
  "e.g": "for example",
  "i.e": "that is",
};
/** Letter names, spelled so that English voices read each as one syllable of the alphabet. */
const LETTER_NAMES: Record<string, string> = {
  a: "ay",
  b: "bee",
  c: "see",
  d: "dee",
  e: "ee",
  f: "eff",
  g: "gee",
  h: "aitch",
  i: "eye",
  j: "jay",
  k: "kay",
  l: "el",
  m: "em",
  n: "en",
  o: "oh",
  p: "pee",
  q: "cue",
  r: "are",
  s: "ess",
  t: "tee",
  u: "you",
  v: "vee",
  w: "double-you",
  x: "ex",
  y: "why",
  z: "zee",
};
/** Words after which a bare number is a code and read digit by digit. */
const CODE_CONTEXT =
  /(?:^|[\s(])(?:#|order|number|no\.?|code|reference|ref\.?|account|card|pin|ending(?: in| with)?|invoice|ticket|case|tracking|confirmation|zip|postcode|return|flight|membership|customer)(?: (?:number|code|id|no\.?))?(?: is| was|:)?\s*#?\s*$/;
const YEAR_CONTEXT =
  /(?:\b(?:in|since|until|till|by|from|year|spring|summer|autumn|fall|winter|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,?)\s*)$/;

/** What a single letter says, for example "aitch". */
export function letterName(letter: string): string {
  return LETTER_NAMES[letter.toLowerCase()] ?? letter;
}

/** Sizes of the groups in which a string of digits is read, for example 5 as 3 and 2. */
export function digitGroupSizes(length: number): number[] {
  if (length <= 4) return [length];
  const known: Record<number, number[]> = { 5: [3, 2], 6: [3, 3], 7: [3, 4], 8: [4, 4], 9: [3, 3, 3], 10: [3, 3, 4] };
  const sizes = known[length];
  if (sizes) return sizes;
  const groups = Array.from({ length: Math.floor(length / 4) }, () => 4);
  if (length % 4 === 1) groups.splice(-1, 1, 3, 2);
  else if (length % 4 > 0) groups.push(length % 4);
  return groups;
}

/** A code of letters and digits: letters by name, digits one by one, in groups. */
export function spellCode(code: string): Groups {
  const groups: Groups = [];
  for (const [run] of code.matchAll(/\d+|[a-z]+/gi)) {
    if (run >= "0" && run <= "9~") {
      const words = digits(run);
      let at = 0;
      for (const size of digitGroupSizes(words.length)) {
        groups.push(words.slice(at, at + size));
        at += size;
      }
    } else for (let at = 0; at < run.length; at += 4) groups.push([...run.slice(at, at + 4)].map(letterName));
  }
  return groups;
}

function spellName(part: string): string[] {
  return (
    part.match(/[a-z]+|\d+/gi)?.flatMap((run) => {
      if (/\d/.test(run)) return digits(run);
      const pronounceable = run.length >= 3 && /[aeiouy]/i.test(run) && !/[^aeiouy]{5}/i.test(run);
      return pronounceable ? [run.toLowerCase()] : [...run].map(letterName);
    }) ?? []
  );
}

const SYMBOL_NAMES: Record<string, string> = { ".": "dot", "-": "dash", _: "underscore", "+": "plus", "/": "slash" };

function spellAddress(text: string): string[] {
  return text.split(/([.\-_+/])/).flatMap((part) => (SYMBOL_NAMES[part] ? [SYMBOL_NAMES[part]] : spellName(part)));
}

function money(currency: string, amount: string, scale?: string): Groups {
  const [one, many, cent, cents] = CURRENCIES[currency.toUpperCase()]!;
  if (scale) return [[...decimal(amount), scale.toLowerCase(), many]];
  const [whole = "0", fraction = ""] = amount.replaceAll(",", "").split(".");
  const units = Number(whole);
  const small = Number(fraction.padEnd(2, "0").slice(0, 2));
  const large = [...cardinal(units), units === 1 ? one : many];
  if (small === 0) return [large];
  const rest = [...cardinal(small), small === 1 ? cent : cents];
  return units === 0 ? [rest] : [[...large, "and", ...rest]];
}

function clock(hour: number, minute: number, half?: string): Groups | undefined {
  if (hour > 24 || minute > 59) return undefined;
  const after = half ? [`${letterName(half[0]!)}`, "em"] : [];
  if (!half && minute === 0 && (hour === 0 || hour === 24)) return [["midnight"]];
  if (!half && minute === 0 && hour === 12) return [["noon"]];
  const part = half ? after : hour >= 12 ? ["pee", "em"] : ["ay", "em"];
  const shown = half ? hour : hour % 12 === 0 ? 12 : hour % 12;
  const minutes = minute === 0 ? [] : minute < 10 ? ["oh", ...cardinal(minute)] : cardinal(minute);
  return [[...cardinal(shown), ...minutes, ...part]];
}

function monthName(text: string): string {
  return MONTHS.find((month) => month.startsWith(text.toLowerCase().slice(0, 3)))!;
}

function date(month: string, day: string, yearText?: string): Groups | undefined {
  if (Number(day) < 1 || Number(day) > 31) return undefined;
  const groups = [[month, ...ordinal(Number(day))]];
  if (yearText) groups.push(year(Number(yearText)));
  return groups;
}

function numericDate(yearText: string, month: string, day: string): Groups | undefined {
  const name = MONTHS[Number(month) - 1];
  return name === undefined ? undefined : date(name, day, yearText);
}

function phone(text: string): Groups {
  const country = /^\+/.test(text);
  const parts = text.match(/\d+/g)!;
  const groups = parts.flatMap((part) => {
    if (part.length <= 4) return [digits(part)];
    if (country && part.length === 11 && part.startsWith("1")) {
      return [part.slice(0, 1), part.slice(1, 4), part.slice(4, 7), part.slice(7)].map(digits);
    }
    return spellCode(part);
  });
  return country ? [["plus", ...groups[0]!], ...groups.slice(1)] : groups;
}

const rule = (name: string, pattern: RegExp, say: Rule["say"]): Rule => ({ name, pattern, say });

/** First match wins. Anything that no rule takes is read as a plain word. */
export const RULES: readonly Rule[] = [
  rule("e-mail", /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/y, ([text]) => {
    const [local = "", domain = ""] = text.split("@");
    return [spellAddress(local), ["at", ...spellAddress(domain)]];
  }),
  rule(
    "web address",
    /(?:https?:\/\/)?((?:[a-z0-9-]+\.)+(?:com|org|net|io|co|uk|de|eu|us|gov|edu|example)(?:\/[\w\-/]*)?)(?![\w])/iy,
    (match) => [spellAddress(match[1]!.replace(/\/$/, ""))],
  ),
  rule("money, sign first", /([$€£])(\d[\d,]*(?:\.\d+)?)(?:\s(thousand|million|billion)\b)?/iy, (match) =>
    money(match[1]!, match[2]!, match[3]),
  ),
  rule("money, code last", /(\d[\d,]*(?:\.\d{1,2})?)\s?(USD|EUR|GBP|€|£)(?!\w)/y, (match) =>
    money(match[2]!, match[1]!),
  ),
  rule("money, code first", /(USD|EUR|GBP)\s?(\d[\d,]*(?:\.\d{1,2})?)(?!\w)/y, (match) => money(match[1]!, match[2]!)),
  rule("date, ISO", /(\d{4})-(\d{2})-(\d{2})(?![\d-])/y, (match) => numericDate(match[1]!, match[2]!, match[3]!)),
  rule("date, slashed", /(\d{1,2})\/(\d{1,2})\/(\d{4})(?!\d)/y, (match) =>
    numericDate(match[3]!, match[1]!, match[2]!),
  ),
  rule(
    "date, month first",
    new RegExp(`${MONTH}\\s(\\d{1,2})(?:st|nd|rd|th)?(?:,?\\s(\\d{4}))?(?![\\d:])`, "iy"),
    (match) => date(monthName(match[1]!), match[2]!, match[3]),
  ),
  rule(
    "date, day first",
    new RegExp(`(\\d{1,2})(?:st|nd|rd|th)?\\s(?:of\\s)?${MONTH}(?:,?\\s(\\d{4}))?(?![\\w:])`, "iy"),
    (match) => date(monthName(match[2]!), match[1]!, match[3]),
  ),
  rule("time", /(\d{1,2}):(\d{2})(?:\s?([ap])\.?m\b\.?)?(?![\d:])/iy, (match) =>
    clock(Number(match[1]), Number(match[2]), match[3]),
  ),
  rule("hour", /(\d{1,2})\s?([ap])\.?m\b\.?/iy, (match) => clock(Number(match[1]), 0, match[2])),
  rule(
    "phone",
    /\+\d[\d\s().-]{6,18}\d(?!\w)|\(?\d{3}\)?[\s.-]\d{3}[\s.-]\d{4}(?!\w)|\d{3}-\d{4}(?![\w-])/y,
    ([text]) => phone(text),
  ),
  rule("range", /(\d{1,4})\s?[-–]\s?(\d{1,4})(?![\w-])/y, (match, before) =>
    CODE_CONTEXT.test(before) ? undefined : [[...cardinal(Number(match[1])), "to", ...cardinal(Number(match[2]))]],
  ),
  rule("code", /#?(?=[A-Z0-9-]*\d)(?=[A-Z0-9-]*[A-Z])[A-Z0-9]+(?:-[A-Z0-9]+)*(?![a-z])/y, ([text]) => spellCode(text)),
  rule("code, parted", /\d+(?:-\d+)+(?!\w)/y, ([text]) => spellCode(text)),
  rule("ordinal", /(\d[\d,]*)(?:st|nd|rd|th)\b/y, (match) => [ordinal(Number(match[1]!.replaceAll(",", "")))]),
  rule("per cent", /(\d[\d,]*(?:\.\d+)?)\s?%/y, (match) => [[...decimal(match[1]!), "percent"]]),
  rule("measure", /(\d+(?:\.\d+)?)\s?(kg|km|cm|mm|lbs?|oz|ml|mb|gb|min|hrs)\b/iy, (match) => {
    const [one, many] = UNITS[match[2]!.toLowerCase()]!;
    return [[...decimal(match[1]!), match[1] === "1" ? one : many]];
  }),
  rule("number sign", /#\s?(\d+)/y, (match) => [["number"], ...spellCode(match[1]!)]),
  rule("number", /\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?/y, ([text], before) => {
    if (/[.,]/.test(text)) return [decimal(text)];
    if (/^0\d/.test(text) || text.length >= 5 || (text.length > 1 && CODE_CONTEXT.test(before))) return spellCode(text);
    if (text.length === 4 && YEAR_CONTEXT.test(before) && /^(?:19|20)/.test(text)) return [year(Number(text))];
    return [cardinal(Number(text))];
  }),
  rule("abbreviation", /([a-z.]+)\.(?=\s|$)|(?:Mr|Mrs|Ms|Dr|Prof)(?=\s)/iy, (match) => {
    const words = ABBREVIATIONS[(match[1] ?? match[0]).toLowerCase()];
    return words === undefined ? undefined : [words.split(" ")];
  }),
  rule("spelled capitals", /[A-Z]{2,5}(?![\w'’])/y, ([text]) =>
    SPOKEN_ACRONYMS.has(text) ? undefined : [[...text].map(letterName)],
  ),
  rule("single letter", /[B-HJ-Zb-hj-z](?![\w'’])/y, ([text]) => [[letterName(text)]]),
  rule("and", /&/y, () => [["and"]]),
  rule("plus", /\+(?=\s)/y, () => [["plus"]]),
  rule("at", /@(?=\s)/y, () => [["at"]]),
];
