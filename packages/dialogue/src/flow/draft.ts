import type { Effect } from "../effects.ts";
import type { CompiledPlaybook } from "../playbook/compile.ts";
import { WEEKDAYS } from "../playbook/schema.ts";
import type { DialogueState, Progress, Remark, Thread } from "../state.ts";
import { BUILT_IN_LINES, type LineName } from "../talking/lines.ts";
import { choose, type Scope, say } from "../talking/template.ts";
import { type LocalMoment, localMoment } from "../understanding/moments.ts";

/** A state under change within one `reduce`: a private copy that the steps write to, and the effects so far. */
export interface Draft {
  s: DialogueState;
  book: CompiledPlaybook;
  effects: Effect[];
  /** What would be said if the turn ended now: nothing irreversible may leave. */
  preview: boolean;
  clock?: { minute: number; moment: LocalMoment };
}

const MINUTE_MS = 60_000;

/** The wall clock of the call; worked out once a minute of it, for calendars are slow. */
export function nowOf(d: Draft): LocalMoment {
  const { startedAt, timeZone } = d.s.call;
  const instant = Date.parse(startedAt) + d.s.nowMs;
  const minute = instant - (instant % MINUTE_MS);
  if (d.clock?.minute !== minute)
    d.clock = { minute, moment: localMoment(new Date(minute).toISOString(), 0, timeZone) };
  return d.clock.moment;
}

/** Values that a template may name: extra ones first, then slots, then what is known of the call. */
export function scopeOf(d: Draft, extra: readonly unknown[] = []): Scope {
  const { playbook } = d.book;
  const now = nowOf(d);
  const slots = Object.fromEntries(Object.entries(d.s.understood.slots).map(([name, slot]) => [name, slot.value]));
  const week = playbook.hours?.week;
  return {
    values: [
      ...extra,
      slots,
      {
        company: playbook.persona.company,
        persona: playbook.persona,
        caller: { phone: d.s.call.from },
        ...(week === undefined
          ? {}
          : {
              hours: {
                ...week,
                today: week[WEEKDAYS[now.weekday] ?? "monday"],
                tomorrow: week[WEEKDAYS[(now.weekday + 1) % 7] ?? "monday"],
              },
            }),
      },
    ],
    today: now.date,
  };
}

/** A line of the playbook, or the built-in one of that name. `key` makes the choice of variant repeatable. */
export function line(d: Draft, name: LineName, key: string, ...extra: unknown[]): string {
  const variants = d.book.playbook.lines[name] ?? BUILT_IN_LINES[name];
  return say(variants, scopeOf(d, extra), d.s.call.seed, key) ?? choose(BUILT_IN_LINES[name], 0, name);
}

/** One of the variants, filled; null where none can be. */
export const speak = (
  d: Draft,
  variants: string | readonly string[],
  key: string,
  ...extra: unknown[]
): string | null => say(variants, scopeOf(d, extra), d.s.call.seed, key);

export function remark(
  d: Draft,
  fields: {
    name?: string;
    text: string;
    act?: Remark["act"];
    urgency?: Remark["urgency"];
    afterwards?: Remark["afterwards"];
    resume?: boolean;
  },
): void {
  const key = `remark:${fields.name ?? ""}:${d.s.counters.remark++}`;
  d.s.remarks.push({
    key,
    text: fields.text,
    act: fields.act ?? "line",
    urgency: fields.urgency ?? "answer",
    resume: fields.resume ?? true,
    ...(fields.afterwards === undefined ? {} : { afterwards: fields.afterwards }),
  });
  // Remarks are answers to turns; more than a few unsaid ones have lost their moment.
  if (d.s.remarks.length > 6) d.s.remarks.shift();
}

export const NO_PROGRESS: Progress = { status: "open", step: 0, agreed: "", notFound: 0, answeredFor: {} };

export function progressOf(d: Draft, thread: string): Progress {
  const progress = d.s.progress[thread] ?? NO_PROGRESS;
  return progress.status === "answered" && wasCorrected(d, thread, progress)
    ? { ...progress, status: "open" }
    : progress;
}

/** "No, nine two" after the answer: the latest thread is open again, for the value that was meant. */
function wasCorrected(d: Draft, thread: string, { answeredFor }: Progress): boolean {
  const { threads, slots } = d.s.understood;
  if (threads.at(-1)?.key !== thread) return false;
  return Object.entries(answeredFor).some(([slot, value]) => slots[slot] !== undefined && slots[slot].value !== value);
}

export function setProgress(d: Draft, thread: string, change: Partial<Progress>): void {
  d.s.progress[thread] = { ...progressOf(d, thread), ...change };
}

export const isOpen = (d: Draft, thread: string): boolean => progressOf(d, thread).status === "open";

/** Open threads, the one that is being talked about first: ready answers, then the newest subject, in the order spoken. */
export function openThreads(d: Draft): Thread[] {
  const open = d.s.understood.threads.filter((thread) => isOpen(d, thread.key));
  const rank = (thread: Thread): number => (d.book.playbook.wants[thread.want]?.say === undefined ? 1 : 0);
  return open
    .map((thread, order) => ({ thread, order }))
    .sort((a, b) => rank(a.thread) - rank(b.thread) || b.thread.turn - a.thread.turn || a.order - b.order)
    .map(({ thread }) => thread);
}

export const agentSpeaking = (d: Draft): boolean => d.s.outbox.some((utterance) => utterance.beganAtMs !== null);

/** Canonical JSON of a task's input: equal inputs have equal keys. */
export const inputKeyOf = (input: Record<string, unknown>): string =>
  JSON.stringify(Object.fromEntries(Object.entries(input).sort(([a], [b]) => (a < b ? -1 : 1))));

export const countWords = (text: string): number => text.split(/\s+/).filter((word) => word !== "").length;
