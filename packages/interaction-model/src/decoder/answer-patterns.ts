import { DAYS, DIGITS, FIRST_NAMES, LAST_NAMES, LETTERS, MONTHS, ORDINALS, TEENS, TENS } from "./vocabulary.ts";

/** Wordings of each pattern that are made. */
const EXAMPLES = 40;

const LEADS = [
  "",
  "",
  "it's",
  "it is",
  "that's",
  "the number is",
  "my number is",
  "yes it's",
  "order number",
  "my order number is",
  "order",
  "my order is",
];
const WHENS = ["", "on", "for", "it's on", "it's for", "it was", "next", "this", "last", "from", "until"];
const CURRENCIES = [
  ["pounds", "pence"],
  ["dollars", "cents"],
  ["euros", "cents"],
] as const;
const STREETS = ["street", "road", "avenue", "lane", "close", "drive", "place", "square"];
const STREET_NAMES = [
  "high",
  "station",
  "church",
  "park",
  "mill",
  "green",
  "victoria",
  "king",
  "queen",
  "main",
  "oak",
  "bridge",
];
const MAILS = ["gmail", "hotmail", "yahoo", "outlook", "icloud"];

/**
 * Wordings of numbers, dates, times, amounts, names and addresses, drawn from fixed patterns with a fixed generator: they
 * teach the language model what follows what within an answer, whatever the playbook.
 */
export function answerPatterns(): string[] {
  let state = 1;
  const below = (count: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * count);
  };
  const one = (list: readonly string[]): string => list[below(list.length)]!;
  const some = (count: number, list: readonly string[]): string =>
    Array.from({ length: count }, () => one(list)).join(" ");
  const number = (): string => {
    const kind = below(3);
    if (kind === 0) return one(DIGITS.slice(2));
    return kind === 1 ? one(TEENS) : `${one(TENS)} ${below(2) ? one(DIGITS.slice(2)) : ""}`;
  };
  const ordinal = (): string => (below(4) === 0 ? `twenty ${one(ORDINALS.slice(0, 9))}` : one(ORDINALS));
  const patterns: readonly (() => string)[] = [
    () => `${one(LEADS)} ${some(4 + below(5), DIGITS)}`,
    () => `${one(LEADS)} ${some(3, DIGITS)} ${one(["double", "triple"])} ${some(2, DIGITS)}`,
    () => `${one(LEADS)} ${some(2, LETTERS)} ${some(4, DIGITS)}`,
    () => `${one(["", "that's", "it's spelled"])} ${some(4 + below(3), LETTERS)}`,
    () => `${one(WHENS)} ${one(DAYS)} ${below(2) ? `the ${ordinal()}` : ""}`,
    () => `${one(WHENS)} the ${ordinal()} of ${one(MONTHS)}`,
    () => `${one(WHENS)} ${one(DAYS)} the ${ordinal()} of ${one(MONTHS)}`,
    () => `${one(WHENS)} ${one(MONTHS)} ${ordinal()} ${below(2) ? `nineteen ${number()}` : ""}`,
    () =>
      `${one(WHENS)} ${one(["today", "tomorrow", "yesterday", "next week", "last week", "the weekend"])} ${one(["", "morning", "afternoon"])}`,
    () =>
      `${one(["", "at", "about", "around"])} ${one(["half past", "quarter past", "quarter to", ""])} ${number()} ${one(["", "o'clock", "thirty", "fifteen", "in the morning", "in the afternoon", "p m", "a m"])}`,
    () => {
      const [large, small] = CURRENCIES[below(CURRENCIES.length)]!;
      return `${number()} ${large} ${below(2) ? `and ${number()} ${small}` : ""}`;
    },
    () => `${one(["", "my name is", "it's", "this is", "i'm"])} ${one(FIRST_NAMES)} ${one(LAST_NAMES)}`,
    () => `${one(FIRST_NAMES)} dot ${one(LAST_NAMES)} at ${one(MAILS)} dot ${one(["com", "co dot uk", "net", "org"])}`,
    () => `${number()} ${one(STREET_NAMES)} ${one(STREETS)}`,
    () =>
      `the ${one(["first", "second", "third", "last", "other", "blue", "large", "small", "cheaper", "earlier", "later"])} one ${one(["", "please"])}`,
  ];
  return patterns.flatMap((pattern) => Array.from({ length: EXAMPLES }, pattern));
}
