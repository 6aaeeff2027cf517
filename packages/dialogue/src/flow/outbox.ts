import type { Part, Utterance } from "../state.ts";
import { policed } from "../talking/police.ts";
import { countWords, type Draft, line } from "./draft.ts";
import { partHeard } from "./heard.ts";
import { type Need, needsOf } from "./needs.ts";

/** Makes what waits to be said the same as what needs to be said. */
export function planSpeech(d: Draft): void {
  const speaking = new Set(
    d.s.outbox.filter((one) => one.beganAtMs !== null).flatMap((one) => one.parts.map((part) => part.key)),
  );
  const all = d.s.nowMs < d.s.listenUntilMs ? [] : needsOf(d);
  const needs = all.filter((one, i) => {
    // "So, back to your order." leads to what follows it; once that is being said, it leads nowhere.
    const said = one.part.key.startsWith("switch:") ? all[i + 1] : one;
    return said === undefined || !speaking.has(said.part.key);
  });
  sayExactly(d, compose(d, needs));
}

type Plan = Omit<Utterance, "id" | "beganAtMs">;

/** Groups needs into utterances: one breath each, ended by a question. */
function compose(d: Draft, needs: readonly Need[]): Plan[] {
  const plans: Plan[] = [];
  let open: Plan | null = null;
  for (const one of needs) {
    const part: Part = {
      ...one.part,
      text: policed(d.book.playbook.policy.neverSay, resumed(d, one), () => line(d, "cannot-say", one.part.key)),
    };
    const fits: boolean =
      open !== null &&
      open.uninterruptible === one.uninterruptible &&
      open.urgency === one.urgency &&
      (open.act === "filler") === (one.act === "filler");
    if (open === null || !fits) {
      open = {
        parts: [],
        act: one.act,
        urgency: one.urgency,
        uninterruptible: one.uninterruptible,
        rate: d.s.pace,
      };
      plans.push(open);
    }
    open.parts.push(part);
    if (open.act !== one.act && open.act === "line") open.act = one.act;
    if (part.question !== undefined) open = null;
  }
  return plans;
}

/** How far back a clause may begin for the sentence to go on from it. */
const CLAUSE_REACH_WORDS = 6;

/**
 * A sentence that was cut off goes on from the clause in which the caller stopped hearing; where there is none near, the
 * sentence is said again, and introduced as such. A question is simply put again.
 */
function resumed(d: Draft, { part }: Need): string {
  const { cutOff } = d.s;
  if (cutOff === null || cutOff.key !== part.key || cutOff.restText === "" || part.question !== undefined)
    return part.text;
  const words = part.text.split(/\s+/);
  const heardWords = words.length - countWords(cutOff.restText);
  if (heardWords <= 0) return part.text;
  let from = heardWords;
  while (from > 0 && heardWords - from < CLAUSE_REACH_WORDS && !/[,;:]$/.test(words[from - 1] as string)) from--;
  const atClause = from > 0 && /[,;:]$/.test(words[from - 1] as string);
  const rest = (atClause ? words.slice(from) : words).join(" ");
  return line(d, "as-i-was-saying", part.key, {
    rest: atClause || /^(I|I'm|I'll|I've)\b/.test(rest) ? rest : rest.charAt(0).toLowerCase() + rest.slice(1),
  });
}

/** A line is on its way for less than a second before it is heard: few can be dropped meanwhile. */
const MOST_DROPPED = 8;

/** Drops what is no longer wanted of the unsaid, and says what is new; what stays the same is left alone. */
export function sayExactly(d: Draft, plans: readonly Plan[]): void {
  const begun = d.s.outbox.filter((one) => one.beganAtMs !== null);
  const unsaid = d.s.outbox.filter((one) => one.beganAtMs === null);
  let same = 0;
  while (
    same < unsaid.length &&
    same < plans.length &&
    signature(unsaid[same] as Utterance) === signature(plans[same] as Plan)
  )
    same++;
  const dropped = unsaid.slice(same);
  d.s.dropped = [...d.s.dropped, ...dropped].slice(-MOST_DROPPED);
  if (dropped.length > 0) d.effects.push({ type: "drop-unsaid", utteranceIds: dropped.map((one) => one.id) });
  const added = plans
    .slice(same)
    .map((plan): Utterance => ({ id: d.s.counters.utterance++, beganAtMs: null, ...plan }));
  for (const one of added) {
    const resumes = one.parts.some((part) => part.key === d.s.cutOff?.key) ? d.s.cutOff?.utteranceId : undefined;
    d.effects.push({
      type: "say",
      utteranceId: one.id,
      text: textOf(one),
      act: one.act,
      uninterruptible: one.uninterruptible,
      urgency: one.urgency,
      replaceable: !one.uninterruptible,
      ...(one.rate === 1 ? {} : { rate: one.rate }),
      ...(resumes === undefined ? {} : { resumes }),
    });
  }
  d.s.outbox = [...begun, ...unsaid.slice(0, same), ...added];
}

const signature = (plan: Plan | Utterance): string =>
  JSON.stringify([
    plan.act,
    plan.urgency,
    plan.uninterruptible,
    plan.rate,
    plan.parts.map((part) => [part.key, part.text]),
  ]);

export const textOf = (utterance: { parts: readonly Part[] }): string =>
  utterance.parts.map((part) => part.text).join(" ");

export function agentBegan(d: Draft, utteranceId: number): void {
  takeBack(d, utteranceId);
  const utterance = d.s.outbox.find((one) => one.id === utteranceId);
  if (utterance === undefined) return;
  utterance.beganAtMs = d.s.nowMs;
  d.s.quietSinceMs = d.s.nowMs;
  const { asking } = d.s;
  if (asking !== null && utterance.parts.some((part) => part.key === `ask:${asking.key}:${asking.round}`))
    asking.begun = true;
}

/** What was dropped too late is heard all the same: it counts as said, and is not said again. */
function takeBack(d: Draft, utteranceId: number): void {
  const utterance = d.s.dropped.find((one) => one.id === utteranceId);
  if (utterance === undefined) return;
  d.s.dropped = d.s.dropped.filter((one) => one !== utterance);
  const begun = d.s.outbox.filter((one) => one.beganAtMs !== null);
  const unsaid = d.s.outbox.filter((one) => one.beganAtMs === null);
  d.s.outbox = [...begun, utterance, ...unsaid];
}

/** The caller heard all of it. */
export function agentFinished(d: Draft, utteranceId: number): void {
  const utterance = d.s.outbox.find((one) => one.id === utteranceId);
  if (utterance === undefined) return;
  d.s.outbox = d.s.outbox.filter((one) => one !== utterance);
  d.s.quietSinceMs = d.s.nowMs;
  remember(d, textOf(utterance));
  for (const part of utterance.parts) partHeard(d, part);
}

const LAST_SAID_MOST = 600;

/** Exactly what reached the ear goes into the transcript, and is what "say that again" means. */
function remember(d: Draft, text: string): void {
  d.s.transcript.push({ who: "agent", text });
  const turn = d.s.ended?.index ?? -1;
  d.s.lastSaid = (d.s.lastSaidAfter === turn ? `${d.s.lastSaid} ${text}` : text).trim().slice(-LAST_SAID_MOST);
  d.s.lastSaidAfter = turn;
}

/** How long an interrupter has to begin before the agent goes on by itself. */
const LISTEN_MS = 1600;

/** The caller heard the first words only: exactly those count. */
export function agentYielded(d: Draft, utteranceId: number, heardText: string): void {
  const utterance = d.s.outbox.find((one) => one.id === utteranceId);
  if (utterance === undefined) return;
  d.s.outbox = d.s.outbox.filter((one) => one !== utterance);
  d.s.quietSinceMs = d.s.nowMs;
  d.s.listenUntilMs = d.s.nowMs + LISTEN_MS;
  let heardWords = countWords(heardText);
  if (heardWords > 0) remember(d, heardText);
  d.s.cutOff = null;
  for (const part of utterance.parts) {
    const words = part.text.split(/\s+/).filter((word) => word !== "");
    if (heardWords >= words.length) partHeard(d, part);
    else if (d.s.cutOff === null)
      d.s.cutOff = { utteranceId, key: part.key, restText: words.slice(Math.max(0, heardWords)).join(" ") };
    heardWords = Math.max(0, heardWords - words.length);
  }
}
