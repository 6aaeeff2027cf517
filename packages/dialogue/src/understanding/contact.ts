import parsePhoneNumber, { type CountryCode, isSupportedCountry } from "libphonenumber-js";
import { DIGIT_WORDS, REPEAT_WORDS, readCardinal, readPiece } from "./numbers.ts";
import { HESITATIONS, jointConfidence, type Token } from "./tokens.ts";

/** A telephone number, E.164 once it is a possible one in `country`; else the digits so far. */
export function hearPhone(
  tokens: readonly Token[],
  country: string,
  known: string,
): { value: string | null; digits: string; confidence: number; touched: boolean } {
  const words = tokens.map((token) => token.text);
  let digits = "";
  let plus = false;
  let corrected = false;
  const used: Token[] = [];
  for (let i = 0; i < words.length; ) {
    if (words[i] === "plus" || words[i] === "+") {
      plus = true;
      i++;
      continue;
    }
    if ((words[i] === "no" || words[i] === "sorry") && digits !== "") {
      corrected = true;
      known = digits;
      digits = "";
      i++;
      continue;
    }
    const among = digits !== "";
    const international = /^\+\d+$/.test(words[i] ?? "");
    const piece = international ? { digits: (words[i] as string).slice(1), took: 1 } : readPiece(words, i, among);
    if (international) plus = true;
    if (piece === null) {
      i++;
      continue;
    }
    digits += piece.digits;
    used.push(...tokens.slice(i, i + piece.took));
    i += piece.took;
  }
  if (digits === "") return { value: null, digits: known, confidence: 0, touched: false };
  const joined = corrected
    ? known.slice(0, Math.max(0, known.length - digits.length)) + digits
    : known.replace(/^\+/, "") + digits;
  const region = isSupportedCountry(country) ? (country as CountryCode) : "GB";
  for (const candidate of [joined, digits]) {
    const number = parsePhoneNumber(plus || known.startsWith("+") ? `+${candidate}` : candidate, region);
    // Numbers reserved for fiction are possible but not valid: those need their full length.
    const possible = number?.isPossible() === true && number.nationalNumber.length >= 10;
    if (number !== undefined && (number.isValid() || possible))
      return { value: number.number, digits: candidate, confidence: jointConfidence(used), touched: true };
  }
  return {
    value: null,
    digits: (plus || known.startsWith("+") ? "+" : "") + joined,
    confidence: jointConfidence(used),
    touched: true,
  };
}

const PROVIDERS = /^(gmail|hotmail|outlook|yahoo|icloud|aol|proton|protonmail|btinternet|googlemail|live|example|gmx)$/;

/** An e-mail address: "jo dot smith at example dot com", spelled stretches joined. */
export function hearEmail(tokens: readonly Token[]): { email: string; confidence: number } | null {
  const words = tokens.map((token) => token.text);
  const written = words.find((word) => /^[^@\s]+@[^@\s]+$/.test(word));
  const at = words.findLastIndex((word, i) => word === "at" && i > 0 && i < words.length - 2);
  if (at < 0 && written === undefined) return null;
  if (written !== undefined) {
    const i = words.indexOf(written);
    const tail = words.slice(i + 1).join(".");
    const email = written.includes(".") ? written : tail === "" ? written : `${written}.${tail}`;
    return /@.+\..+/.test(email) ? { email, confidence: jointConfidence(tokens) } : null;
  }
  let from = at;
  const skip = new Set([
    ...HESITATIONS,
    "its",
    "is",
    "email",
    "mail",
    "me",
    "at",
    "by",
    "address",
    "my",
    "the",
    "yes",
    "that",
    "thats",
    "to",
    "send",
    "it",
    "ok",
    "sure",
  ]);
  while (from > 0 && !skip.has(words[from - 1] as string)) from--;
  const local = join(words.slice(from, at));
  let end = at + 1;
  while (end < words.length && !/^(please|thanks|thank|and|ok)$/.test(words[end] as string)) end++;
  let domain = join(words.slice(at + 1, end));
  if (PROVIDERS.test(domain)) domain += ".com";
  if (local === "" || !/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain)) return null;
  return { email: `${local}@${domain}`, confidence: jointConfidence(tokens.slice(from, end)) };
}

function join(words: readonly string[]): string {
  let out = "";
  for (let i = 0; i < words.length; ) {
    const word = words[i] as string;
    const times = REPEAT_WORDS[word];
    const next = words[i + 1];
    if (times !== undefined && next !== undefined && next.length === 1) {
      out += next.repeat(times);
      i += 2;
      continue;
    }
    const number = word in DIGIT_WORDS && word !== "oh" && word !== "o" ? (DIGIT_WORDS[word] as string) : null;
    const cardinal = number === null ? readCardinal(words, i) : null;
    if (cardinal !== null && !/^\d/.test(word)) {
      out += String(cardinal.value);
      i += cardinal.took;
      continue;
    }
    out +=
      number ??
      (
        { dot: ".", point: ".", underscore: "_", dash: "-", hyphen: "-", minus: "-", plus: "+", at: "@" } as Record<
          string,
          string
        >
      )[word] ??
      word;
    i++;
  }
  return out;
}

const STREET =
  /^(street|road|avenue|lane|drive|way|close|court|place|square|terrace|gardens|crescent|hill|row|end|view|walk|park|grove|mews|boulevard|st|rd|ave)$/;
const POSTCODE = /^([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})$/;

/** An address as it was said, numbers as figures, title case; null while it does not look like one. */
export function hearAddress(tokens: readonly Token[], asked: boolean): { address: string; confidence: number } | null {
  let words = tokens.map((token) => token.text);
  const lead = words.findLastIndex((word, i) => (word === "is" || word === "to") && i < words.length - 2 && i < 8);
  if (lead >= 0) words = words.slice(lead + 1);
  words = words.filter((word) => !HESITATIONS.has(word) && !/^(its|yes|ok|please|thanks|sure|new|address)$/.test(word));
  const written: string[] = [];
  for (let i = 0; i < words.length; ) {
    const code = readSpelled(words, i);
    if (code !== null) {
      written.push(code.text);
      i += code.took;
      continue;
    }
    let digits = "";
    while (i < words.length) {
      const piece = readPiece(words, i, false);
      if (piece === null || piece.digits === "") break;
      digits += piece.digits;
      i += piece.took;
    }
    if (digits !== "") written.push(digits);
    else {
      written.push(words[i] as string);
      i++;
    }
  }
  const street = written.findIndex((word) => STREET.test(word));
  const enough = street > 0 && written.some((word) => /\d/.test(word));
  if (!enough || (!asked && written.length > 14)) return null;
  const first = asked
    ? 0
    : Math.max(
        0,
        written.findIndex((word) => /\d/.test(word)),
      );
  const text = written
    .slice(first)
    .map((word, i, all) => {
      const titled =
        word.length === 1 && /[a-z]/.test(word) ? word.toUpperCase() : word.charAt(0).toUpperCase() + word.slice(1);
      return STREET.test(word) && i < all.length - 1 && !STREET.test(all[i + 1] as string) ? `${titled},` : titled;
    })
    .join(" ");
  return { address: text, confidence: jointConfidence(tokens) };
}

/** A spelled postcode: four or more letters and digits in a row that begin with a letter. */
function readSpelled(words: readonly string[], at: number): { text: string; took: number } | null {
  if (!/^[a-z]$/.test(words[at] ?? "")) return null;
  let text = "";
  let i = at;
  for (; i < words.length; i++) {
    const word = words[i] as string;
    const digit = DIGIT_WORDS[word] ?? (/^\d$/.test(word) ? word : undefined);
    if (digit === undefined && !/^[a-z]$/.test(word)) break;
    text += digit ?? word.toUpperCase();
  }
  if (i - at < 4) return null;
  return { text: text.replace(POSTCODE, "$1 $2"), took: i - at };
}

/** An amount in minor units: "forty two pounds fifty", "twelve euros and five cents". */
export function hearMoney(tokens: readonly Token[], asked: boolean): { minor: number; confidence: number } | null {
  const words = tokens.map((token) => token.text.replace(/^[£$€](?=\d)/, ""));
  let best: number | null = null;
  for (let i = 0; i < words.length; i++) {
    const major = readCardinal(words, i);
    if (major === null) continue;
    let next = i + major.took;
    const unit = words[next] ?? "";
    if (/^(pence|p|cents?)$/.test(unit)) {
      best = major.value;
      i = next;
      continue;
    }
    const named = /^(pounds?|quid|euros?|dollars?|bucks|£|\$|€)$/.test(unit);
    if (!named && !asked) {
      i = next - 1;
      continue;
    }
    if (named) next++;
    if (words[next] === "and" || words[next] === "point") next++;
    const minor = readCardinal(words, next);
    const minorTook = minor !== null && minor.value < 100 ? minor.took : 0;
    best = major.value * 100 + (minorTook > 0 ? (minor?.value ?? 0) : 0);
    i = next + minorTook - 1;
  }
  return best === null ? null : { minor: best, confidence: jointConfidence(tokens) };
}
