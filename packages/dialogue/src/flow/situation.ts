import { TASKS } from "@sidetone/protocol";
import type { Answer, Step, Want } from "../playbook/schema.ts";
import type { Question, Task, Thread } from "../state.ts";
import { fill } from "../talking/template.ts";
import { SURE } from "../understanding/understand.ts";
import { fittingAnswer } from "../written-answer.ts";
import { type Draft, inputKeyOf, line, progressOf, scopeOf, speak } from "./draft.ts";
import { mustVerify, verificationOf } from "./verify.ts";

/** Where a thread stands: what it needs next, or what can be said about it. */
export type Situation =
  | { kind: "static"; text: string }
  | { kind: "hand-over" }
  | { kind: "ask"; question: Question; key: string }
  | { kind: "wait"; task: Task }
  | { kind: "start" }
  | { kind: "answer"; task: Task; answer: Answer | null }
  | { kind: "locked" }
  | { kind: "done" };

export const wantOf = (d: Draft, thread: Thread): Want | undefined => d.book.playbook.wants[thread.want];

export const stepOf = (d: Draft, thread: Thread): Step | undefined =>
  wantOf(d, thread)?.steps[progressOf(d, thread.key).step];

/** The input of a step's task, with whatever of it is known by now. */
export function inputOf(d: Draft, step: Step): Record<string, unknown> {
  const scope = scopeOf(d, foundValues(d));
  const input: Record<string, unknown> = {};
  for (const [name, template] of Object.entries(step.task?.input ?? {})) {
    const value = typeof template === "string" ? fill(template, scope) : template;
    if (value !== null && value !== "") input[name] = value;
  }
  return input;
}

/** What earlier findings of the call brought, newest first, for templates. */
export const foundValues = (d: Draft): unknown[] =>
  d.s.tasks
    .filter((task) => task.status === "found")
    .map((task) => task.output)
    .reverse();

export function taskOf(d: Draft, thread: Thread): Task | undefined {
  const { step } = progressOf(d, thread.key);
  return d.s.tasks.findLast(
    (task) =>
      task.purpose === "thread" && task.thread === thread.key && task.step === step && task.status !== "cancelled",
  );
}

export function situationOf(d: Draft, thread: Thread): Situation {
  const want = wantOf(d, thread);
  if (want === undefined) return { kind: "done" };
  if (want.handOver) return { kind: "hand-over" };
  const step = stepOf(d, thread);
  if (step === undefined) {
    const text = want.say === undefined ? null : speak(d, want.say, thread.key, ...foundValues(d));
    return progressOf(d, thread.key).step === 0 && text !== null ? { kind: "static", text } : { kind: "done" };
  }
  const verification = mustVerify(d, thread) ? verificationOf(d) : { kind: "passed" as const };
  for (const slot of step.slots) {
    if (d.s.understood.slots[slot] === undefined)
      return { kind: "ask", question: { kind: "slot", slot }, key: `slot:${slot}:${thread.key}` };
  }
  for (const slot of step.slots) {
    const confirm = confirmationOf(d, slot);
    if (confirm !== null) return confirm;
  }
  if (verification.kind === "ask")
    return {
      kind: "ask",
      question: { kind: "slot", slot: verification.slot },
      key: `slot:${verification.slot}:verify`,
    };
  if (verification.kind === "wait") return verification;
  if (verification.kind === "start") return { kind: "start" };
  if (verification.kind === "failed") return { kind: "locked" };
  if (step.task === undefined) return { kind: "done" };
  const task = taskOf(d, thread);
  const key = inputKeyOf(inputOf(d, step));
  if (
    TASKS[step.task.kind].sideEffect &&
    step.goAhead !== undefined &&
    progressOf(d, thread.key).agreed !== key &&
    task?.inputKey !== key
  ) {
    return {
      kind: "ask",
      question: { kind: "go-ahead", thread: thread.key, inputKey: key },
      key: `go-ahead:${thread.key}:${key}`,
    };
  }
  if (task === undefined || task.inputKey !== key) return { kind: "start" };
  if (task.status === "running") return { kind: "wait", task };
  return { kind: "answer", task, answer: answerOf(d, step, task) };
}

/** The slot's value has to be confirmed before anything is done with it. */
export function isDoubtful(d: Draft, slot: string): boolean {
  const value = d.s.understood.slots[slot];
  const spec = d.book.playbook.slots[slot];
  if (value === undefined || spec === undefined || value.confirmed || value.tentative) return false;
  return spec.confirm === "always" || (spec.confirm === "when-unsure" && value.confidence < SURE);
}

function confirmationOf(d: Draft, slot: string): Situation | null {
  const value = d.s.understood.slots[slot];
  if (value === undefined || !isDoubtful(d, slot)) return null;
  return {
    kind: "ask",
    question: { kind: "confirm-slot", slot, value: value.value },
    key: `confirm:${slot}:${value.value}`,
  };
}

/** The answer whose outcome and conditions fit the finding; null when the playbook has none. */
function answerOf(d: Draft, step: Step, task: Task): Answer | null {
  const outcome = task.status === "found" ? "found" : task.status === "not-found" ? "not-found" : "failed";
  return fittingAnswer(step.answers, outcome, scopeOf(d, [task.output]), d.s.call.seed);
}

/** The answer that a thread's finding calls for. */
export function answerFor(d: Draft, thread: Thread, task: Task): Answer | null {
  const step = stepOf(d, thread);
  return step === undefined ? null : answerOf(d, step, task);
}

/** The text of an answer, cut into sentences: what is heard of it is never said again. */
export function answerText(d: Draft, task: Task, answer: Answer | null): string {
  const key = `${task.taskId}.${task.epoch}`;
  if (answer !== null) {
    const text = speak(d, answer.say, key, task.output);
    if (text !== null) return text;
  }
  const output = task.output as { answer?: unknown; sentences?: unknown; text?: unknown } | undefined;
  if (task.status === "found") {
    if (typeof output?.answer === "string") return output.answer;
    if (Array.isArray(output?.sentences)) return output.sentences.join(" ");
    if (typeof output?.text === "string") return output.text;
    return line(d, "nothing-to-say", key);
  }
  if (task.purpose === "fallback") return line(d, "dont-know", key);
  return line(d, task.status === "not-found" ? "not-found" : "failed", key);
}

export const sentencesOf = (text: string): string[] =>
  text
    .match(/[^.!?]+(?:[.!?]+|$)(?=\s|$)/g)
    ?.map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== "") ?? [text];
