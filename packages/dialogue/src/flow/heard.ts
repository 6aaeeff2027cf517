import { TASKS } from "@sidetone/protocol";
import type { Part, Task } from "../state.ts";
import { type Draft, progressOf, setProgress } from "./draft.ts";
import { handOver, offer, transferNow } from "./hand-over.ts";
import { askAgain, isTypable, settleAsking } from "./questions.ts";
import { answerFor, stepOf, taskOf } from "./situation.ts";

const KEPT_KEYS = 160;

/** A part of an utterance was heard to its last word: what it was for is done. */
export function partHeard(d: Draft, part: Part): void {
  const { s } = d;
  const { key } = part;
  s.heardKeys.push(key);
  if (s.heardKeys.length > KEPT_KEYS) s.heardKeys.splice(0, s.heardKeys.length - KEPT_KEYS);
  if (s.cutOff?.key === key) s.cutOff = null;
  const [kind, ...rest] = key.split(":");
  switch (kind) {
    case "ask":
      if (s.asking !== null && key === `ask:${s.asking.key}:${s.asking.round}`) s.asking.heardAtMs = s.nowMs;
      break;
    case "remark": {
      const one = s.remarks.find((other) => other.key === key);
      s.remarks = s.remarks.filter((other) => other !== one);
      if (one?.afterwards === "hang-up") hangUp(d, "the agent said goodbye");
      if (one?.afterwards === "transfer") transferNow(d);
      break;
    }
    case "remind":
      s.reminders = s.reminders.filter((one) => one.key !== key);
      break;
    case "waiting": {
      const task = s.tasks.find((one) => key.startsWith(`waiting:${one.taskId}.${one.epoch}:`));
      if (task !== undefined) {
        task.remarks++;
        task.remarkedAtMs = s.nowMs;
      }
      break;
    }
    case "static":
      if (rest.at(-1) === "end") setProgress(d, rest[0] as string, { status: "answered" });
      break;
    case "locked":
      setProgress(d, rest[0] as string, { status: "dropped" });
      offer(d, "human");
      break;
    case "answer": {
      const task = s.tasks.find((one) => key.startsWith(`answer:${one.taskId}.${one.epoch}:`));
      if (task !== undefined && rest.at(-1) === "end") answered(d, task);
      break;
    }
    case "opening":
      if (rest[0] === "recording") {
        s.recording = "on";
        d.effects.push({ type: "recording", on: true, reason: "announced" });
      }
      if (rest[0] === "disclosure" && d.book.playbook.opening.recording.mode !== "ask") s.phase = "talking";
      break;
    case "closing":
      if (rest[0] === "goodbye") hangUp(d, "the talk was finished");
      break;
    default:
      break;
  }
}

/** The answer was heard to its end: the thread goes on to its next step, or is done. */
function answered(d: Draft, task: Task): void {
  const thread = d.s.understood.threads.find((one) => one.key === task.thread);
  if (thread === undefined || taskOf(d, thread) !== task) return;
  const step = stepOf(d, thread);
  const progress = progressOf(d, thread.key);
  const next = answerFor(d, thread, task)?.next ?? (task.status === "not-found" ? "ask-again" : "done");
  if (next === "hand-over") {
    setProgress(d, thread.key, { status: "answered" });
    handOver(d, `${thread.want}: ${task.status}`);
    return;
  }
  if (next === "ask-again" && step !== undefined) {
    const notFound = progress.notFound + 1;
    if (notFound >= d.book.playbook.handOver.afterFailures) {
      setProgress(d, thread.key, { status: "answered" });
      handOver(d, `${thread.want}: not found ${notFound} times`);
      return;
    }
    setProgress(d, thread.key, { notFound });
    for (const slot of step.slots) forget(d, slot);
    task.status = "cancelled";
    // It may well have been misheard: it is asked for in a form that is harder to mishear.
    settleAsking(d);
    const asked = d.s.asking?.question;
    if (asked?.kind === "slot") askAgain(d, notFound >= 2 && isTypable(d, asked.slot) ? "keypad" : "again");
    return;
  }
  const steps = d.book.playbook.wants[thread.want]?.steps.length ?? 0;
  if (progress.step + 1 < steps && task.status === "found") setProgress(d, thread.key, { step: progress.step + 1 });
  else setProgress(d, thread.key, { status: "answered", answeredFor: answeredFor(d, task, step?.slots ?? []) });
}

/** A lookup can be repeated for a corrected value; what changed the world cannot. */
function answeredFor(d: Draft, task: Task, slots: readonly string[]): Record<string, string> {
  if (TASKS[task.kind].sideEffect) return {};
  return Object.fromEntries(slots.map((slot) => [slot, d.s.understood.slots[slot]?.value ?? ""]));
}

/** Takes a value out of the understanding, also of the turn that is still open. */
export function forget(d: Draft, slot: string): void {
  delete d.s.understood.slots[slot];
  delete d.s.understood.partials[slot];
  if (d.s.turn !== null) {
    delete d.s.turn.base.slots[slot];
    delete d.s.turn.base.partials[slot];
  }
}

export function hangUp(d: Draft, reason: string): void {
  d.s.phase = "ended";
  d.effects.push({ type: "hang-up", reason });
}
