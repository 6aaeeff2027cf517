import type { HeardWord } from "@sidetone/protocol";

/** A heard word (or a pressed key) in the form that all grammars read: lower case, no punctuation, no apostrophes. */
export interface Token {
  text: string;
  startMs: number;
  confidence: number;
  /** True for a key of the telephone. */
  key: boolean;
}

const FOLDED: Record<string, string> = {
  mr: "mister",
  okay: "ok",
  alright: "ok",
  cancelling: "cancel",
  canceling: "cancel",
  cancelled: "cancelled",
  canceled: "cancelled",
  thankyou: "thanks",
  parcels: "parcel",
  wanna: "want",
  gonna: "going",
  gimme: "give",
  lemme: "let",
  colour: "color",
};

/** Lower case, without apostrophes and accents; other punctuation separates. */
export function fold(text: string): string[] {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/['’`]/g, "")
    .replace(/(\d)[,.](?=\d)/g, "$1")
    .replace(/:(?!\d)/g, " ")
    .replace(/[^\p{L}\p{N}@+*#:£$€]+/gu, " ")
    .trim()
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => FOLDED[word] ?? word);
}

/** Words and keys of a turn, merged on the media clock. */
export function tokensOf(words: readonly HeardWord[], keys: readonly { digit: string; atMs: number }[]): Token[] {
  const tokens: Token[] = [];
  for (const word of words) {
    for (const text of fold(word.text)) {
      tokens.push({ text, startMs: word.startMs, confidence: word.confidence, key: false });
    }
  }
  for (const key of keys) tokens.push({ text: key.digit, startMs: key.atMs, confidence: 1, key: true });
  if (keys.length > 0) tokens.sort((a, b) => a.startMs - b.startMs);
  return tokens;
}

/** Tokens of typed text, all certain. */
export const tokensOfText = (text: string): Token[] =>
  fold(text).map((word) => ({ text: word, startMs: 0, confidence: 1, key: false }));

/** Index of `phrase` in `tokens` at or after `from`; -1 where it does not occur. */
export function indexOfPhrase(tokens: readonly Token[], phrase: readonly string[], from = 0): number {
  outer: for (let i = from; i + phrase.length <= tokens.length; i++) {
    for (let k = 0; k < phrase.length; k++) if (tokens[i + k]?.text !== phrase[k]) continue outer;
    return i;
  }
  return -1;
}

export const hasPhrase = (tokens: readonly Token[], phrases: readonly (readonly string[])[]): boolean =>
  phrases.some((phrase) => indexOfPhrase(tokens, phrase) >= 0);

/** Geometric mean: how sure all the words are together, on the scale of one word. */
export function jointConfidence(tokens: readonly Token[]): number {
  if (tokens.length === 0) return 0;
  let sum = 0;
  for (const token of tokens) sum += Math.log(Math.max(token.confidence, 0.001));
  return Math.exp(sum / tokens.length);
}

export const HESITATIONS = new Set("um uh er erm hmm mm mhm uhm ah eh like well so".split(" "));
