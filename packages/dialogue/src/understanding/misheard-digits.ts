import { DIGIT_HOMOPHONES, DIGIT_WORDS } from "./numbers.ts";
import { HESITATIONS, type Token } from "./tokens.ts";

/** Common words that a poor line makes of digits: a guess that has to be confirmed, and only where a digit is missing. */
const NEAR_DIGITS: Record<string, string> = {
  hero: "0",
  when: "1",
  want: "1",
  wine: "1",
  do: "2",
  true: "2",
  who: "2",
  tree: "3",
  free: "3",
  floor: "4",
  door: "4",
  fine: "5",
  hive: "5",
  sick: "6",
  since: "6",
  mix: "6",
  heaven: "7",
  even: "7",
  hate: "8",
  late: "8",
  hey: "8",
  mine: "9",
  line: "9",
  nice: "9",
};
/** What a guessed digit is worth: too little to be taken without asking. */
const GUESSED = 0.3;
/** Stands for a digit that was said and not understood. */
export const HOLE = "?";

/** Digits that are known of a partial string; holes are not. */
export const countKnown = (partial: string): number => partial.replaceAll(HOLE, "").length;

const isDigit = (token: Token | undefined): boolean => token !== undefined && (token.text in DIGIT_WORDS || token.key);

/** Readings of a turn that lacks `missing` digits, likeliest first: words that sound like digits, then holes. */
export function readingsWithMore(tokens: readonly Token[], missing: number): Token[][] {
  const said = tokens.filter((token) => !HESITATIONS.has(token.text));
  const onlyNumbers = said.every((token) => isDigit(token) || token.text in NEAR_DIGITS);
  const readings: Token[][] = [];
  for (const words of [DIGIT_HOMOPHONES, NEAR_DIGITS]) {
    const at = said.flatMap((token, i) =>
      token.text in words && !token.key && (isDigit(said[i - 1]) || isDigit(said[i + 1]) || onlyNumbers) ? [i] : [],
    );
    if (at.length !== missing) continue;
    const guessed = words === NEAR_DIGITS;
    readings.push(
      said.map((token, i) =>
        at.includes(i)
          ? {
              ...token,
              text: words[token.text] as string,
              confidence: guessed ? Math.min(token.confidence, GUESSED) : token.confidence,
            }
          : token,
      ),
    );
  }
  const strays = said.flatMap((token, i) =>
    !isDigit(token) && !LINKS.has(token.text) && isDigit(said[i - 1]) && isDigit(said[i + 1]) ? [i] : [],
  );
  if (strays.length === missing)
    readings.push(said.map((token, i) => (strays.includes(i) ? { ...token, text: HOLE } : token)));
  return readings;
}

/** Words between two digits that stand for none. */
const LINKS = new Set(
  "and then dash hyphen space slash point no not sorry i mean meant said wait actually is the double triple treble hundred thousand".split(
    " ",
  ),
);

/** Readings of a turn that has one digit too many: "oh, four seven...", or one of a pair that was heard twice. */
export function readingsWithLess(tokens: readonly Token[]): Token[][] {
  const said = tokens.filter((token) => !HESITATIONS.has(token.text));
  const first = said.findIndex(isDigit);
  const readings: Token[][] = [];
  if (first >= 0 && /^oh?$/.test(said[first]?.text ?? "")) readings.push(said.filter((_, i) => i !== first));
  const pairs = said.flatMap((token, i) =>
    isDigit(token) && !token.key && said[i + 1]?.key === false && said[i + 1]?.text === token.text ? [i] : [],
  );
  const [pair] = pairs;
  if (pairs.length === 1 && pair !== undefined)
    readings.push(
      said.flatMap((token, i) =>
        i === pair ? [] : i === pair + 1 ? [{ ...token, confidence: Math.min(token.confidence, GUESSED) }] : [token],
      ),
    );
  return readings;
}

/** Puts what was asked for into the holes; null where it does not fit them. */
export function fillHoles(partial: string, digits: string): string | null {
  const holes = partial.length - countKnown(partial);
  if (holes === 0 || digits.length !== holes) return null;
  let next = 0;
  return partial.replaceAll(HOLE, () => digits[next++] as string);
}
