import type { DialogueEventOf } from "../events.ts";
import type { Task } from "../state.ts";
import { policed } from "../talking/police.ts";
import { sayDigits } from "../talking/speakable.ts";
import { delegateNew } from "./delegation.ts";
import { type Draft, line, openThreads, remark, setProgress, speak } from "./draft.ts";
import { offer } from "./hand-over.ts";
import { answerFor, answerText, taskOf, wantOf } from "./situation.ts";

const LONGEST_TEXT = 1_600;
/** Digits of the caller's number that are said back. */
const SAID_DIGITS = 3;

/** The caller can be sent a text: their number is shown and is one of the telephone network. */
export const isTextable = (d: Draft): boolean =>
  d.book.playbook.longWait.offer !== "call-back" && /^\+\d{7,15}$/.test(d.s.call.from);

/** What is offered when a lookup takes too long: what the playbook wants, where the caller can be reached so. */
export const longWaitOffer = (d: Draft): "call-back" | "message" | "either" =>
  isTextable(d) ? d.book.playbook.longWait.offer : "call-back";

/**
 * The caller would rather be written to: a text goes out now that says what to expect, and the answer follows when the
 * lookup brings it, as long as this call knows of it. The first text stands on its own, for whoever hangs up at once.
 */
export function arrangeMessage(d: Draft): void {
  if (!isTextable(d)) {
    remark(d, { name: "no-message", text: line(d, "cannot-message", "no-message"), resume: false });
    offer(d, "call-back");
    return;
  }
  const active = openThreads(d)[0];
  const task = active === undefined ? undefined : taskOf(d, active);
  const waitsFor = task?.status === "running" ? task : undefined;
  const title = active === undefined ? "your call" : (wantOf(d, active)?.title ?? active.want);
  send(d, speak(d, d.book.playbook.longWait.message, "message", { title }) ?? title);
  if (waitsFor !== undefined) d.s.promised.push(waitsFor.taskId);
  if (active !== undefined) setProgress(d, active.key, { status: "dropped" });
  const digits = sayDigits(d.s.call.from.slice(-SAID_DIGITS));
  remark(d, { name: "message", text: line(d, "message-arranged", "message", { digits }) });
}

/** Answers that were promised in writing and have come are sent, and the caller is told if they are still there. */
export function sendPromised(d: Draft): void {
  const { s } = d;
  if (s.promised.length === 0 || d.preview) return;
  for (const taskId of s.promised) {
    const task = s.tasks.find((one) => one.taskId === taskId);
    if (task?.status === "running") continue;
    s.promised = s.promised.filter((one) => one !== taskId);
    if (task === undefined || task.status !== "found") continue;
    const thread = s.understood.threads.find((one) => one.key === task.thread);
    const text = answerText(d, task, thread === undefined ? null : answerFor(d, thread, task));
    send(d, `${d.book.playbook.persona.company}: ${text}`);
    remark(d, { name: "message-sent", text: line(d, "message-sent", taskId) });
  }
}

/** A text that could not be sent is admitted, and the promise is kept in another way. */
export function messageFailed(d: Draft): void {
  remark(d, {
    name: "message-failed",
    text: line(d, "message-failed", `failed:${d.s.counters.remark}`),
    resume: false,
  });
  offer(d, "call-back");
}

/** Whether a finding says that a text did not go out. */
export const isFailedMessage = (task: Task | undefined): boolean =>
  task?.purpose === "message" && task.status !== "running" && task.status !== "found";

export const refusedMessage = (event: DialogueEventOf<"refused">): boolean => event.what === "send-message";

function send(d: Draft, text: string): void {
  const allowed = policed(d.book.playbook.policy.neverSay, text, () => line(d, "cannot-say", "message"));
  delegateNew(
    d,
    "message",
    "send-message",
    { to: d.s.call.from, channel: "sms", text: allowed.slice(0, LONGEST_TEXT) },
    5,
  );
}
