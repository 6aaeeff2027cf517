import { TASKS } from "@sidetone/protocol";
import type { DialogueEventOf } from "../events.ts";
import type { Task, Thread } from "../state.ts";
import { policed } from "../talking/police.ts";
import { sayDigits } from "../talking/speakable.ts";
import { delegateNew } from "./delegation.ts";
import { type Draft, isOpen, line, openThreads, progressOf, remark, setProgress, speak } from "./draft.ts";
import { offer } from "./hand-over.ts";
import { promiseAnswer } from "./promises.ts";
import { type Channel, canText, channelFor, isReachable, mailAddress } from "./reach.ts";
import { taskOf, wantOf } from "./situation.ts";

const LONGEST_TEXT = 1_600;
/** Digits of the caller's number that are said back. */
const SAID_DIGITS = 3;

/** What is offered when a lookup takes too long: what the playbook wants, where the caller can be reached so. */
export const longWaitOffer = (d: Draft): "call-back" | "message" | "either" =>
  isReachable(d) ? d.book.playbook.longWait.offer : "call-back";

/**
 * The caller would rather be written to: a message goes out now that says what to expect, and the answer is promised to
 * follow. The first one stands on its own, for whoever hangs up at once. An address that is not known is asked for.
 */
export function arrangeMessage(d: Draft, wanted: Channel | null = null): void {
  const channel = channelFor(d, wanted);
  if (channel === null) {
    remark(d, { name: "no-message", text: line(d, "cannot-message", "no-message"), resume: false });
    offer(d, "call-back");
    return;
  }
  const active = openThreads(d)[0] ?? latestAnswered(d);
  if (channel === "email" && mailAddress(d) === null) d.s.writing = { thread: active?.key ?? "" };
  else write(d, channel, active);
}

/** "Can you text me that?": what the caller heard last that a lookup brought. */
const latestAnswered = (d: Draft): Thread | undefined =>
  d.s.understood.threads.findLast(
    (thread) => progressOf(d, thread.key).status === "answered" && taskOf(d, thread)?.status === "found",
  );

/** The address that was asked for is known: what waited for it is sent. */
export function writeWhenKnown(d: Draft): void {
  const { writing } = d.s;
  if (writing === null || d.preview || d.s.turn !== null || mailAddress(d) === null) return;
  d.s.writing = null;
  write(
    d,
    "email",
    d.s.understood.threads.find((thread) => thread.key === writing.thread),
  );
}

/** The address cannot be understood: a text, where that is possible, or a call. */
export function writeOtherwise(d: Draft): void {
  const { writing } = d.s;
  if (writing === null) return;
  d.s.writing = null;
  d.s.asking = null;
  const thread = d.s.understood.threads.find((one) => one.key === writing.thread);
  if (canText(d)) write(d, "sms", thread);
  else offer(d, "call-back");
}

const MAILED = ["mail-sent", "mail-arranged"] as const;
const TEXTED = ["text-sent", "message-arranged"] as const;

function write(d: Draft, channel: Channel, thread: Thread | undefined): void {
  const to = channel === "sms" ? d.s.call.from : mailAddress(d);
  if (to === null) return;
  const task = thread === undefined ? undefined : taskOf(d, thread);
  const title = thread === undefined ? "your call" : (wantOf(d, thread)?.title ?? thread.want);
  const isKnown = task?.status === "found" && !TASKS[task.kind].sideEffect;
  if (!isKnown) send(d, channel, to, speak(d, d.book.playbook.longWait.message, "message", { title }) ?? title);
  const isComing = task?.status === "running" && !TASKS[task.kind].sideEffect;
  if (thread !== undefined && task !== undefined && (isKnown || isComing))
    promiseAnswer(d, thread, task, { channel, to }, "at-once");
  if (thread !== undefined && isOpen(d, thread.key)) setProgress(d, thread.key, { status: "dropped" });
  const values = { digits: sayDigits(d.s.call.from.slice(-SAID_DIGITS)) };
  const [known, coming] = channel === "email" ? MAILED : TEXTED;
  remark(d, { name: "message", text: line(d, isKnown ? known : coming, "message", values) });
}

/** Who was told a moment ago that it is being sent need not be told that it was. */
const JUST_TOLD_MS = 5_000;

/** What became of a message: a promise that was kept is told, one that could not be sent is kept in another way. */
export function messageTold(d: Draft, task: Task | undefined): void {
  if (task?.purpose !== "message" || task.status === "running" || task.status === "cancelled") return;
  if (task.status !== "found") messageFailed(d);
  else if (task.kind === "send-answer" && task.settledAtMs - task.delegatedAtMs > JUST_TOLD_MS)
    remark(d, { name: "message-sent", text: line(d, "message-sent", task.taskId) });
}

/** A message that could not be sent is admitted, and the promise is kept in another way. */
export function messageFailed(d: Draft): void {
  remark(d, {
    name: "message-failed",
    text: line(d, "message-failed", `failed:${d.s.counters.remark}`),
    resume: false,
  });
  offer(d, "call-back");
}

export const refusedMessage = (event: DialogueEventOf<"refused">): boolean => event.what === "send-message";

function send(d: Draft, channel: Channel, to: string, text: string): void {
  const allowed = policed(d.book.playbook.policy.neverSay, text, () => line(d, "cannot-say", "message"));
  delegateNew(d, "message", "send-message", { to, channel, text: allowed.slice(0, LONGEST_TEXT) }, 5);
}
