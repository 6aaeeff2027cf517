import type { Asking, Question, Thread } from "../state.ts";
import { sayDigits, sayEmail, sayList, sayNumber, sayOrdinal, saySpelled } from "../talking/speakable.ts";
import { fill } from "../talking/template.ts";
import { countKnown, HOLE } from "../understanding/misheard-digits.ts";
import { type Draft, isOpen, line, openThreads, scopeOf, speak } from "./draft.ts";
import { foundValues, inputOf, isDoubtful, situationOf, stepOf, wantOf } from "./situation.ts";

/** The question that the talk needs answered now; null when there is nothing to ask. */
export function neededQuestion(d: Draft): { key: string; question: Question } | null {
  const { s } = d;
  if (s.phase === "opening" && d.book.playbook.opening.recording.mode === "ask" && s.recording === "unknown") {
    return { key: "recording", question: { kind: "recording" } };
  }
  if (s.closing || s.handOver !== null) return null;
  const offered = s.asking?.question.kind === "offer" || s.asking?.question.kind === "offer-want" ? s.asking : null;
  if (offered !== null && s.understood.answers[offered.key] === undefined && !isMoot(d, offered.key)) {
    return { key: offered.key, question: offered.question };
  }
  const address = s.writing === null ? undefined : d.book.playbook.longWait.email;
  if (address !== undefined) {
    const value = s.understood.slots[address];
    if (value === undefined) return { key: `slot:${address}:writing`, question: { kind: "slot", slot: address } };
    if (isDoubtful(d, address))
      return {
        key: `confirm:${address}:${value.value}`,
        question: { kind: "confirm-slot", slot: address, value: value.value },
      };
  }
  const active = openThreads(d)[0];
  if (s.understood.ambiguous !== null && active === undefined) {
    const [first, second] = s.understood.ambiguous;
    return { key: `which:${first}:${second}`, question: { kind: "which-want", wants: [first, second] } };
  }
  if (active !== undefined) {
    const situation = situationOf(d, active);
    if (situation.kind === "ask") return { key: situation.key, question: situation.question };
    return null;
  }
  const answered =
    s.understood.threads.filter((thread) => !isOpen(d, thread.key)).length +
    s.tasks.filter((task) => task.purpose === "fallback").length;
  if (s.tasks.some((task) => task.purpose === "fallback" && task.status === "running")) return null;
  if (answered > 0 && s.understood.answers[`else:${answered}`] === undefined)
    return { key: `else:${answered}`, question: { kind: "anything-else" } };
  return { key: `open:${answered}`, question: { kind: "open" } };
}

/** An offer made because a task took long ends with the task. */
function isMoot(d: Draft, key: string): boolean {
  const task = d.s.tasks.find((one) => key.endsWith(`:${one.taskId}`));
  return task !== undefined && task.status !== "running";
}

/** Keeps `asking` in step with what needs to be asked. */
export function settleAsking(d: Draft): void {
  const needed = neededQuestion(d);
  if (needed === null) {
    d.s.asking = null;
    return;
  }
  if (d.s.asking?.key === needed.key) return;
  d.s.asking = { ...needed, heardAtMs: null, begun: false, round: 0, form: "plain" };
}

/** Puts the question again, in a form that fits why. */
export function askAgain(d: Draft, form: Asking["form"]): void {
  const { asking } = d.s;
  if (asking === null) return;
  asking.round++;
  asking.heardAtMs = null;
  asking.begun = false;
  asking.form = form;
}

/** Whether a slot's value can be given on the keypad. */
export function isTypable(d: Draft, slot: string): boolean {
  const spec = d.book.playbook.slots[slot];
  return spec?.keypad === true && (spec.type === "digits" || spec.type === "phone");
}

/** How a slot's value is said back. */
export function sayValue(d: Draft, slot: string, value: string): string {
  const spec = d.book.playbook.slots[slot];
  switch (spec?.type) {
    case "digits":
    case "phone":
      return sayDigits(value);
    case "alphanumeric":
      return saySpelled(value);
    case "email":
      return sayEmail(value);
    case "date":
      return fill("{value|date}", scopeOf(d, [{ value }])) ?? value;
    case "time":
      return fill("{value|time}", scopeOf(d, [{ value }])) ?? value;
    case "money":
      return fill("{value|money}", scopeOf(d, [{ value: Number(value), currency: spec.currency }])) ?? value;
    case "choice":
      return /T\d\d:\d\d/.test(value)
        ? (fill("{value|daytime}", scopeOf(d, [{ value }])) ?? value)
        : (spec.choices?.[value]?.[0] ?? value);
    default:
      return value;
  }
}

const unit = (type: string | undefined, count: number): string =>
  type === "alphanumeric" ? (count === 1 ? "character" : "characters") : count === 1 ? "digit" : "digits";

/** The words of the question in its present form. */
export function questionText(d: Draft, asking: Asking): string {
  const { question, form } = asking;
  const { playbook } = d.book;
  const key = `${asking.key}:${asking.round}`;
  switch (question.kind) {
    case "recording":
      return playbook.opening.recording.mode === "ask" ? playbook.opening.recording.ask : "";
    case "open":
      return speak(d, playbook.opening.question, key) ?? "";
    case "anything-else":
      if (form === "again") return line(d, "anything-more", key);
      return speak(d, playbook.closing.anythingElse, key) ?? "";
    case "which-want":
      return line(d, "which-want", key, {
        first: playbook.wants[question.wants[0]]?.title,
        second: playbook.wants[question.wants[1]]?.title,
      });
    case "confirm-slot":
      return line(d, "confirm-slot", key, { value: sayValue(d, question.slot, question.value) });
    case "go-ahead": {
      const thread = d.s.understood.threads.find((one) => one.key === question.thread);
      const step = thread === undefined ? undefined : stepOf(d, thread);
      const title = thread === undefined ? "" : (wantOf(d, thread)?.title ?? "");
      const asked =
        step?.goAhead === undefined ? null : speak(d, step.goAhead, key, inputOf(d, step), ...foundValues(d));
      return asked ?? line(d, "go-ahead", key, { title });
    }
    case "offer":
      return line(d, `offer-${question.what}`, key);
    case "offer-want":
      return line(d, "offer-want", key, { title: playbook.wants[question.want]?.title ?? "" });
    case "still-there":
      return line(d, "still-there", key);
    case "slot": {
      const spec = playbook.slots[question.slot];
      if (spec === undefined) return "";
      const length = spec.length ?? 0;
      const partial = d.s.understood.partials[question.slot] ?? "";
      const missing = length - countKnown(partial);
      const values = {
        name: spec.name,
        what: unit(spec.type, missing),
        count: sayNumber(Math.max(1, missing)),
        heard: sayDigits(partial),
      };
      const plain = (): string =>
        speak(d, spec.ask, asking.key, ...foundValues(d)) ?? line(d, "ask-slot-again", key, values);
      const hole = partial.indexOf(HOLE);
      if (form === "missing" && hole >= 0) {
        if (missing > 1) return line(d, "ask-slot-again", key, values);
        return line(d, "ask-hole", key, { ...values, which: sayOrdinal(hole + 1) });
      }
      if (form === "missing" && partial !== "") {
        if (length === 0) return line(d, "ask-rest", key, values);
        return line(d, missing === 1 ? "ask-missing-one" : "ask-missing", key, values);
      }
      if (form === "too-many")
        return line(d, "ask-too-many", key, { ...values, count: sayNumber(length), what: unit(spec.type, length) });
      if (form === "keypad") return line(d, "ask-keypad", key, values);
      if (form === "again")
        return (
          (spec.askAgain === undefined ? null : speak(d, spec.askAgain, key)) ?? line(d, "ask-slot-again", key, values)
        );
      return plain();
    }
    default:
      return question satisfies never;
  }
}

/** "First your order, then the return." when several wants came in one breath. */
export function queueText(d: Draft, threads: readonly Thread[]): string | null {
  const first = threads[0];
  if (first === undefined || threads.length < 2) return null;
  const titles = threads.map((thread) => wantOf(d, thread)?.title ?? thread.want);
  return line(d, "first-then", `queue:${first.turn}`, { first: titles[0], others: sayList(titles.slice(1)) });
}
