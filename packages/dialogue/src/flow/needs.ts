import { TASKS } from "@sidetone/protocol";
import type { SpokenAct, Urgency } from "../effects.ts";
import type { Part, Task, Thread } from "../state.ts";
import { saySpan } from "../talking/speakable.ts";
import { agentSpeaking, type Draft, isOpen, line, nowOf, openThreads, progressOf, speak } from "./draft.ts";
import { askAgain, questionText, queueText } from "./questions.ts";
import { answerText, sentencesOf, situationOf, wantOf } from "./situation.ts";

/** Something that has to be said. Its key is never said again once it was heard. */
export interface Need {
  part: Part;
  act: SpokenAct;
  urgency: Urgency;
  uninterruptible: boolean;
  /** An open question is put again after it. */
  resume: boolean;
}

const need = (key: string, text: string, more: Partial<Need> = {}): Need => ({
  part: { key, text },
  act: "line",
  urgency: "answer",
  uninterruptible: false,
  resume: false,
  ...more,
});

/** All that should be said now, in order, the first question last. */
export function needsOf(d: Draft): Need[] {
  const { s } = d;
  if (s.phase === "ended" || s.phase === "taken-over" || s.phase === "transferring") return [];
  const heard = new Set(s.heardKeys);
  const needs: Need[] = openingNeeds(d);
  for (const { key, text, act, urgency, resume } of s.remarks) needs.push(need(key, text, { act, urgency, resume }));
  if (s.handOver === null && s.phase !== "opening") {
    for (const reminder of s.reminders) {
      if (reminder.atMs <= s.nowMs)
        needs.push(
          need(
            reminder.key,
            line(d, "reminder", reminder.key, { about: reminder.text === "" ? " now" : ` to ${reminder.text}` }),
            { resume: true },
          ),
        );
    }
    needs.push(...threadNeeds(d));
    if (s.closing) needs.push(...closingNeeds(d));
  }
  const unheard = needs.filter((one) => !heard.has(one.part.key) && one.part.text !== "");
  // A caller who asked us to wait is not there to be told anything.
  if (s.hold !== null) return unheard.filter((one) => /^(remark|opening|remind):/.test(one.part.key));
  const question = questionNeed(
    d,
    unheard.some((one) => one.resume),
  );
  return question === null ? unheard : [...unheard, question];
}

function openingNeeds(d: Draft): Need[] {
  const { opening, hours } = d.book.playbook;
  const needs = [
    need("opening:greeting", speak(d, opening.greeting, "greeting") ?? "", { uninterruptible: true }),
    need("opening:disclosure", speak(d, opening.disclosure, "disclosure") ?? opening.disclosure, {
      uninterruptible: true,
    }),
  ];
  if (opening.recording.mode === "announce")
    needs.push(need("opening:recording", opening.recording.announce, { uninterruptible: true }));
  if (hours?.closed !== undefined && !isWithinHours(d))
    needs.push(need("opening:closed", speak(d, hours.closed, "closed") ?? ""));
  return needs;
}

export function isWithinHours(d: Draft): boolean {
  const week = d.book.playbook.hours?.week;
  if (week === undefined) return true;
  const now = nowOf(d);
  const today = Object.values(week)[now.weekday] ?? "closed";
  if (today === "closed") return false;
  const [from, to] = today.split("-") as [string, string];
  return now.time >= from && now.time < to;
}

/** Answers that are ready, of whatever thread; then what the present thread needs. */
function threadNeeds(d: Draft): Need[] {
  const needs: Need[] = [];
  const threads = openThreads(d);
  const active = threads[0];
  for (const task of d.s.tasks) {
    if (task.purpose === "fallback" && task.status !== "running" && task.status !== "cancelled")
      needs.push(...answerNeeds(`answer:${task.taskId}.${task.epoch}`, answerText(d, task, null)));
  }
  const newest = threads.filter((thread) => thread.turn === active?.turn);
  const queue = queueText(d, newest);
  if (queue !== null && active !== undefined) needs.push(need(`queue:${active.turn}`, queue));
  for (const thread of threads) {
    const situation = situationOf(d, thread);
    if (situation.kind === "static") needs.push(...answerNeeds(`static:${thread.key}`, situation.text));
    // What was announced for later waits for its turn, as long as the earlier want is being asked about.
    const later = thread !== active && thread.turn === active?.turn && situationOf(d, active).kind === "ask";
    if (situation.kind === "answer" && !later) {
      needs.push(...switchNeeds(d, thread, threads));
      needs.push(
        ...answerNeeds(
          `answer:${situation.task.taskId}.${situation.task.epoch}`,
          answerText(d, situation.task, situation.answer),
        ),
      );
    }
    if (situation.kind === "locked" && thread === active) {
      const failed = d.book.playbook.policy.verification?.failed;
      needs.push(
        need(`locked:${thread.key}`, failed === undefined ? "" : (speak(d, failed, thread.key) ?? ""), {
          act: "answer",
        }),
      );
    }
    if (situation.kind === "wait" && thread === active) needs.push(...waitingNeeds(d, situation.task));
    if (situation.kind === "ask" && thread === active) {
      needs.push(...switchNeeds(d, thread, threads));
      const acknowledge = wantOf(d, thread)?.acknowledge;
      const key = `acknowledge:${thread.key}`;
      if (
        queue === null &&
        progressOf(d, thread.key).step === 0 &&
        (situation.question.kind === "slot" || acknowledge !== undefined)
      ) {
        needs.push(
          need(
            key,
            (acknowledge === undefined ? null : speak(d, acknowledge, key)) ??
              (wasAnswered(d) ? "" : line(d, "acknowledge", key)),
          ),
        );
      }
    }
  }
  const fallback = d.s.tasks.find((task) => task.purpose === "fallback" && task.status === "running");
  if (active === undefined && fallback !== undefined) needs.push(...waitingNeeds(d, fallback));
  return needs;
}

/** "Now, your return.": said when a queued want comes up after another was answered. */
function switchNeeds(d: Draft, thread: Thread, open: readonly Thread[]): Need[] {
  const { threads } = d.s.understood;
  const at = threads.indexOf(thread);
  const before = threads.filter(
    (other, i) =>
      other !== thread &&
      !isOpen(d, other.key) &&
      progressOf(d, other.key).status === "answered" &&
      (i < at ? other.turn === thread.turn : true) &&
      other.turn >= thread.turn,
  );
  const title = wantOf(d, thread)?.title;
  const latest = before.at(-1);
  if (latest === undefined || title === undefined || open.length === 0) return [];
  const returning = latest.turn > thread.turn;
  const key = `switch:${latest.key}:${thread.key}`;
  return [need(key, line(d, returning ? "back-to" : "now-next", key, { title }))];
}

const wasAnswered = (d: Draft): boolean =>
  Object.values(d.s.progress).some((progress) => progress.status === "answered");

/** One need a sentence, so that what was heard of an answer is not said twice. */
function answerNeeds(key: string, text: string): Need[] {
  const sentences = sentencesOf(text);
  return sentences.map((sentence, i) =>
    need(`${key}:${i}${i === sentences.length - 1 ? ":end" : ""}`, sentence, { act: "answer", resume: true }),
  );
}

/** What is said while the caller waits: true, seldom, and only into real silence. */
function waitingNeeds(d: Draft, task: Task): Need[] {
  const { s } = d;
  const { timers } = d.book.playbook;
  const { meanwhile } = TASKS[task.kind];
  if (s.turn !== null || s.outbox.some((utterance) => utterance.beganAtMs !== null && utterance.act !== "filler"))
    return [];
  const waitedMs = s.nowMs - task.delegatedAtMs;
  const quietMs = s.nowMs - s.quietSinceMs;
  const key = `waiting:${task.taskId}.${task.epoch}:`;
  const filler = { act: "filler", urgency: "filler" } as const;
  if (task.remarks === 0)
    return waitedMs >= timers.fillerAfterMs && quietMs >= Math.min(timers.fillerAfterMs, 800)
      ? [need(`${key}0`, line(d, "filler", key, { meanwhile }), filler)]
      : [];
  const medianMs = s.call.taskMediansMs[task.kind];
  if (task.remarks === 1) {
    if (waitedMs < timers.estimateAfterMs || quietMs < 1200) return [];
    if (medianMs !== undefined && waitedMs < medianMs - 1500)
      return [need(`${key}1`, line(d, "estimate", key, { span: saySpan(medianMs) }), filler)];
    return [
      need(
        `${key}1`,
        line(d, medianMs !== undefined && waitedMs > medianMs ? "longer-than-usual" : "still-working", key, {
          meanwhile,
        }),
        filler,
      ),
    ];
  }
  if (
    task.remarks >= 3 &&
    waitedMs >= timers.offerAfterMs &&
    s.nowMs - task.remarkedAtMs >= 10_000 &&
    s.asking === null
  ) {
    return [need(`${key}${task.remarks}`, line(d, "still-working", `${key}${task.remarks}`, { meanwhile }), filler)];
  }
  return [];
}

function closingNeeds(d: Draft): Need[] {
  const { playbook } = d.book;
  const done = d.s.understood.threads
    .filter((thread) => progressOf(d, thread.key).status === "answered")
    .map((thread) => {
      const summary = wantOf(d, thread)?.summary;
      return summary === undefined ? null : speak(d, summary, thread.key, ...outputsOf(d, thread));
    })
    .filter((text): text is string => text !== null && text !== "");
  const unique = [...new Set(done)];
  const needs: Need[] = [];
  if (unique.length > 0)
    needs.push(need(`closing:summary:${unique.length}`, line(d, "summary", "summary", { list: unique.join("; ") })));
  needs.push(
    need("closing:goodbye", speak(d, playbook.closing.goodbye, "goodbye") ?? line(d, "goodbye-short", "goodbye")),
  );
  return needs;
}

const outputsOf = (d: Draft, thread: Thread): unknown[] =>
  d.s.tasks
    .filter((task) => task.thread === thread.key && task.status === "found")
    .map((task) => task.output)
    .reverse();

function questionNeed(d: Draft, resume: boolean): Need | null {
  const { s } = d;
  if (s.hold !== null || s.asking === null) return null;
  if (s.closing || s.handOver !== null || s.remarks.some((one) => one.afterwards !== undefined)) return null;
  if (s.asking.heardAtMs !== null) {
    if (!resume || agentSpeaking(d)) return null;
    askAgain(d, s.asking.form === "plain" ? "resumed" : s.asking.form);
  }
  // The first "how can I help" is not for a caller who has said it already.
  if (s.asking.question.kind === "open" && s.turn !== null && !s.understood.blank) return null;
  const act = s.asking.form === "plain" || s.asking.form === "resumed" ? "line" : "repair";
  const one = need(`ask:${s.asking.key}:${s.asking.round}`, questionText(d, s.asking), { act });
  one.part.question = s.asking.question;
  return one;
}
