import { sayNumber } from "../talking/speakable.ts";
import { choose, say } from "../talking/template.ts";
import { isNumberWord } from "../understanding/numbers.ts";
import { type Draft, line, scopeOf } from "./draft.ts";
import { sayExactly } from "./outbox.ts";
import { tokensOfTurn } from "./turns.ts";

const MURMURS = ["mm-hm", "uh-huh", "right", "okay"];
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
  const { s } = d;
  if (s.turn === null || s.asking?.question.kind !== "slot") return false;
  const { slot } = s.asking.question;
  const spec = d.book.playbook.slots[slot];
  const length = spec?.length ?? 0;
  const partial = s.understood.partials[slot] ?? "";
  if (spec === undefined || length === 0 || partial.length <= length || spec.tooLong === undefined) return false;
  const key = `interjection:${slot}:${s.turn.index}`;
  if (s.heardKeys.includes(key) || s.outbox.some((one) => one.parts.some((part) => part.key === key))) return true;
  const text =
    say(spec.tooLong, scopeOf(d), s.call.seed, key) ??
    line(d, "too-long", key, { name: spec.name, count: sayNumber(length), what: "digits" });
  sayExactly(d, [{ parts: [{ key, text }], act: "interjection", urgency: "urgent", uninterruptible: false }]);
  return true;
}
