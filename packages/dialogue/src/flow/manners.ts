import type { Turn } from "../state.ts";
import { MURMURS } from "../talking/lines.ts";
import { sayNumber } from "../talking/speakable.ts";
import { choose, say } from "../talking/template.ts";
import { hearDigits } from "../understanding/digits.ts";
import { isNumberWord } from "../understanding/numbers.ts";
import { indexOfPhrase } from "../understanding/tokens.ts";
import { type Draft, line, scopeOf } from "./draft.ts";
import { sayExactly } from "./outbox.ts";
import { tokensOfTurn } from "./turns.ts";

const BETWEEN_MURMURS_MS = 4000;

/** A murmur at the model's chosen point: never within a number, never twice within four seconds. */
export function murmur(d: Draft): void {
  const { s } = d;
  const { backchannels } = d.book.playbook.persona;
  if (backchannels === false || s.turn === null || s.phase === "taken-over" || s.phase === "ended") return;
  if (s.nowMs - s.lastBackchannelMs < BETWEEN_MURMURS_MS) return;
  const last = tokensOfTurn(s.turn).at(-1);
  if (last === undefined || last.key || isNumberWord(last.text)) return;
  if (s.asking?.question.kind === "slot" && (s.understood.partials[s.asking.question.slot] ?? "") !== "") return;
  s.lastBackchannelMs = s.nowMs;
  d.effects.push({
    type: "backchannel",
    text: choose(backchannels === true ? MURMURS : backchannels, s.call.seed, `murmur:${s.nowMs}`),
  });
}

/** Tells a caller who is off course, while they are still going: politely, early, once a turn. */
export function interject(d: Draft): boolean {
  const { turn } = d.s;
  if (turn === null || turn.ignored) return false;
  const off = tooLong(d) ?? offCourse(d, turn);
  if (off === null) return false;
  const key = `interjection:${off.about}:${turn.index}`;
  if (d.s.heardKeys.includes(key) || d.s.outbox.some((one) => one.parts.some((part) => part.key === key))) return true;
  const text = say(off.variants, scopeOf(d), d.s.call.seed, key);
  if (text === null) return false;
  sayExactly(d, [
    { parts: [{ key, text }], act: "interjection", urgency: "urgent", uninterruptible: false, rate: d.s.pace },
  ]);
  return true;
}

/** More symbols than the slot has: "the order number has five digits". */
function tooLong(d: Draft): { about: string; variants: string | readonly string[] } | null {
  if (d.s.asking?.question.kind !== "slot") return null;
  const { slot } = d.s.asking.question;
  const spec = d.book.playbook.slots[slot];
  const length = spec?.length ?? 0;
  const partial = d.s.understood.partials[slot] ?? "";
  if (spec === undefined || length === 0 || partial.length <= length) return null;
  if (spec.tooLong !== undefined) return { about: slot, variants: spec.tooLong };
  return {
    about: slot,
    variants: line(d, "too-long", slot, { name: spec.name, count: sayNumber(length), what: "digits" }),
  };
}

/** What the playbook itself calls off course: words, or a card number being read out. */
function offCourse(d: Draft, turn: Turn): { about: string; variants: string | readonly string[] } | null {
  const tokens = tokensOfTurn(turn);
  for (const [i, { hear, digits, say: variants }] of d.book.playbook.interjections.entries()) {
    const about = `rule-${i}`;
    if (d.book.interjectionPhrases[i]?.some((phrase) => indexOfPhrase(tokens, phrase) >= 0) === true)
      return { about, variants };
    if (digits !== undefined && hear.length === 0 && hearDigits(tokens, 0, "", true).digits.length >= digits)
      return { about, variants };
  }
  return null;
}
