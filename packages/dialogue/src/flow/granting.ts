import type { Request, Thread } from "../state.ts";
import { sayDay, saySpan, sayTime } from "../talking/speakable.ts";
import { localMoment } from "../understanding/moments.ts";
import { delegateNew } from "./delegation.ts";
import { type Draft, line, openThreads, remark, setProgress, speak } from "./draft.ts";
import { offer } from "./hand-over.ts";
import { arrangeMessage } from "./messages.ts";
import { changePace } from "./pace.ts";
import { taskOf, wantOf } from "./situation.ts";

/** Does what the caller asked of the talk itself: to wait, to repeat, to remind, to stop. */
export function grant(d: Draft, request: Request, newThreads: readonly Thread[], answered: boolean): void {
  const andMore = newThreads.length > 0 || answered;
  const { s } = d;
  const key = `${request.kind}:${s.counters.remark}`;
  switch (request.kind) {
    case "repeat":
      if (andMore) return;
      remark(
        d,
        s.lastSaid === ""
          ? { text: line(d, "nothing-to-repeat", key) }
          : { name: "repeat", text: line(d, "repeat", key, { last: s.lastSaid }), resume: false },
      );
      return;
    case "slower":
      // What was too fast is said again; a question that is open is put again in any case.
      changePace(d, "slower");
      remark(d, { name: "slower", text: `${line(d, "slower", key)} ${s.lastSaid}`.trim(), resume: false });
      return;
    case "faster":
      changePace(d, "faster");
      remark(d, { name: "faster", text: line(d, "faster", key) });
      return;
    case "hold-on":
      if (andMore || s.closing) return;
      s.hold = { sinceMs: s.nowMs, checkedIn: false };
      remark(d, { name: "hold", text: line(d, "hold", key), resume: false });
      return;
    case "hush":
      // Whoever stops us has heard enough of that, and has something to say; if nothing comes, we ask soon.
      for (const thread of openThreads(d)) if (isCutOff(d, thread)) setProgress(d, thread.key, { status: "dropped" });
      s.hold = { sinceMs: s.nowMs - d.book.playbook.timers.holdCheckInMs + HUSH_MS, checkedIn: false };
      remark(d, { name: "hush", text: line(d, "hush", key), resume: false });
      return;
    case "back":
      return;
    case "never-mind": {
      if (s.writing !== null) {
        s.writing = null;
        remark(d, { name: "never-mind", text: line(d, "never-mind", key), resume: false });
        return;
      }
      const active = openThreads(d).find((thread) => !newThreads.includes(thread));
      if (active === undefined) return;
      setProgress(d, active.key, { status: "dropped" });
      remark(d, { name: "never-mind", text: line(d, "never-mind", key), resume: false });
      return;
    }
    case "goodbye":
      if (newThreads.length === 0 && request.sure) s.closing = true;
      return;
    case "thanks":
      if (!andMore && s.asking === null && !s.closing && openThreads(d).length === 0)
        remark(d, { name: "welcome", text: line(d, "youre-welcome", key) });
      return;
    case "greeting":
      if (!andMore && s.phase !== "opening") remark(d, { name: "greeting", text: line(d, "greeting", key) });
      return;
    case "are-you-human":
      remark(d, { name: "machine", text: line(d, "are-you-human", key) });
      return;
    case "stop-recording":
      if (s.recording === "on") d.effects.push({ type: "recording", on: false, reason: "the caller asked for it" });
      remark(d, {
        name: "recording",
        text: line(d, s.recording === "on" ? "recording-stopped" : "not-recording", key),
      });
      s.recording = "off";
      if (s.phase === "opening") s.phase = "talking";
      return;
    case "remind":
      remindIn(d, request.inMs, request.text);
      return;
    case "call-back":
      // An offer that was just accepted has been arranged, for the time that was named with it.
      if (!acceptsOffer(d)) arrangeCallBack(d, request.at);
      return;
    case "message":
      // What is wanted along with it is answered first, and an offer that was just accepted has been arranged.
      if (newThreads.length === 0 && !acceptsOffer(d)) arrangeMessage(d, request.by);
      return;
    case "unknown-question": {
      const { fallback } = d.book.playbook;
      if (fallback === "none") return;
      if (fallback === "knowledge")
        delegateNew(d, "fallback", "knowledge", { question: request.text.slice(0, 500) }, 1);
      else {
        const transcript = s.transcript.slice(-40);
        const policy = [...d.book.playbook.policy.rules, ...s.hints].join("\n");
        delegateNew(d, "fallback", "reason", { transcript, question: request.text, policy, tools: [] }, 1);
      }
      return;
    }
    case "dont-have": {
      const failures = (s.slotFailures[request.slot] ?? 0) + 1;
      s.slotFailures[request.slot] = failures;
      const help = d.book.playbook.slots[request.slot]?.help;
      const text = help === undefined ? null : speak(d, help, key);
      if (failures === 1 && text !== null) {
        remark(d, { name: "help", text, resume: false });
        s.hold = { sinceMs: s.nowMs, checkedIn: false };
      } else offer(d, "human");
      return;
    }
    case "not-you":
      return;
    default:
      request satisfies never;
  }
}

const acceptsOffer = (d: Draft): boolean => {
  const { ended } = d.s;
  if (ended?.question?.kind !== "offer") return false;
  const answer = d.s.understood.answers[ended.questionKey];
  return (
    answer === "call-back" ||
    answer === "message" ||
    answer === "email" ||
    (answer === "yes" && ended.question.what !== "human")
  );
};

/** The caller broke off its answer. */
function isCutOff(d: Draft, thread: Thread): boolean {
  const key = d.s.cutOff?.key ?? "";
  const task = taskOf(d, thread);
  return key.startsWith(`static:${thread.key}:`) || (task !== undefined && key.startsWith(`answer:${task.taskId}.`));
}

/** How long we are quiet after "stop". */
const HUSH_MS = 8000;

/** In-call waits run on the media clock; longer ones are a durable task. */
const LONGEST_IN_CALL_WAIT_MS = 20 * 60_000;

function remindIn(d: Draft, inMs: number, text: string): void {
  const { s } = d;
  if (inMs > LONGEST_IN_CALL_WAIT_MS) delegateNew(d, "reminder", "remind", { inMs, text }, 5);
  else s.reminders.push({ atMs: s.nowMs + inMs, key: `remind:${s.counters.remark}`, text });
  if (s.reminders.length > 8) s.reminders.shift();
  remark(d, { name: "remind", text: line(d, "remind", `remind:${inMs}`, { span: saySpan(inMs) }) });
}

export function arrangeCallBack(d: Draft, at: string | null): void {
  const { s } = d;
  const time = at ?? new Date(Date.parse(s.call.startedAt) + s.nowMs + 30 * 60_000).toISOString();
  const moment = localMoment(time, 0, s.call.timeZone);
  const today = localMoment(s.call.startedAt, s.nowMs, s.call.timeZone).date;
  const active = openThreads(d)[0];
  const subject = active === undefined ? "call back" : (wantOf(d, active)?.title ?? active.want);
  delegateNew(d, "call-back", "call-back", { to: s.call.from, at: time, subject }, 5);
  if (active !== undefined) setProgress(d, active.key, { status: "dropped" });
  const when = at === null ? "within the hour" : `${sayDay(moment.date, today)} at ${sayTime(moment.time)}`;
  remark(d, { name: "call-back", text: line(d, "call-back-arranged", "call-back", { when }) });
}
