import type { Break, SpokenWord } from "./pronounce.ts";

/** What one engine request speaks. */
export interface Clause {
  readonly words: readonly SpokenWord[];
  /** The words for the engine, with commas and a final stop. */
  readonly text: string;
  /** Silence between this clause and the next, in samples at 8 kHz; 0 for the last. */
  readonly pauseSamples: number;
}

const PAUSE_MS: Record<Break, number> = { none: 0, group: 140, comma: 140, stop: 300 };
/** Clauses of fewer words are joined to the next at a comma, because a voice needs some words for its melody. */
const LEAST_WORDS = 3;
/** Longer clauses are parted before a conjunction, so that a cancelled line wastes little. */
const LONG_WORDS = 12;
const CONJUNCTIONS = new Set([
  "and",
  "but",
  "or",
  "because",
  "which",
  "so",
  "while",
  "if",
  "when",
  "that",
  "until",
  "unless",
]);

/** Parts words into clauses: at stops, at commas where both sides are long enough, and long runs before conjunctions. */
export function splitClauses(words: readonly SpokenWord[]): Clause[] {
  const clauses: Clause[] = [];
  let start = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const length = i + 1 - start;
    const rest = words.length - (i + 1);
    const parted =
      rest === 0 ||
      word.breakAfter === "stop" ||
      (word.breakAfter === "comma" && length >= (clauses.length === 0 ? 1 : LEAST_WORDS) && rest >= LEAST_WORDS) ||
      (length >= LONG_WORDS &&
        rest >= LEAST_WORDS &&
        word.breakAfter === "none" &&
        CONJUNCTIONS.has(words[i + 1]!.say));
    if (!parted) continue;
    clauses.push(clauseOf(words.slice(start, i + 1), rest === 0));
    start = i + 1;
  }
  return clauses;
}

/** What is left of a clause after its first `saidWords` words; undefined when nothing is. */
export function rejoinClause(clause: Clause, saidWords: number): Clause | undefined {
  const words = clause.words.slice(saidWords);
  if (words.length === 0) return undefined;
  return { ...clauseOf(words, clause.text.endsWith(".")), pauseSamples: clause.pauseSamples };
}

function clauseOf(words: readonly SpokenWord[], isLast: boolean): Clause {
  const tokens = words.map((word, index) => {
    const inner = index < words.length - 1;
    if (inner) return word.breakAfter === "none" ? word.say : `${word.say},`;
    return word.breakAfter === "stop" || isLast ? `${word.say}.` : `${word.say},`;
  });
  const pauseMs = isLast ? 0 : PAUSE_MS[words.at(-1)!.breakAfter];
  return { words, text: tokens.join(" "), pauseSamples: pauseMs * 8 };
}
