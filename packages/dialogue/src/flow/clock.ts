import type { CompiledPlaybook } from "../playbook/compile.ts";
import type { DialogueState } from "../state.ts";
import { leaveOpening } from "./accounting.ts";
import { agentSpeaking, type Draft, line, remark } from "./draft.ts";
import { offer } from "./hand-over.ts";
import { longWaitOffer } from "./messages.ts";
import { askAgain, questionText } from "./questions.ts";
import { endTurn } from "./turns.ts";

/** A turn of which nothing more comes is over, whatever the ears say. */
const TURN_ENDS_AFTER_MS = 2400;
/** A turn that only typed: the next key may take a while to find. */
const KEYS_END_AFTER_MS = 4000;

/** What the passing of time alone brings about. */
export function timePassed(d: Draft): void {
  const { s } = d;
  if (s.turn !== null && s.nowMs - s.turn.grewAtMs >= (s.turn.index === -1 ? KEYS_END_AFTER_MS : TURN_ENDS_AFTER_MS))
    endTurn(d);
  if (s.phase === "ended" || s.phase === "taken-over" || s.phase === "transferring") return;
  if (s.turn !== null || agentSpeaking(d)) return;
  holdPassed(d);
  waitPassed(d);
  silencePassed(d);
}

function holdPassed(d: Draft): void {
  const { s } = d;
  const { holdCheckInMs, holdMaxMs } = d.book.playbook.timers;
  if (s.hold === null) return;
  const heldMs = s.nowMs - s.hold.sinceMs;
  if (heldMs >= holdMaxMs) {
    s.hold = null;
    s.quietSinceMs = s.nowMs;
  } else if (heldMs >= holdCheckInMs && !s.hold.checkedIn) {
    s.hold.checkedIn = true;
    remark(d, { name: "hold-check", text: line(d, "hold-check", "hold-check"), resume: false });
  }
}

/** A lookup that takes too long turns into an offer to call back or to write, once. */
function waitPassed(d: Draft): void {
  const { s } = d;
  const { offerAfterMs } = d.book.playbook.timers;
  const slow = s.tasks.find(
    (task) =>
      task.status === "running" &&
      task.purpose === "thread" &&
      task.remarks === 2 &&
      s.nowMs - task.delegatedAtMs >= offerAfterMs,
  );
  if (slow === undefined || s.asking !== null || s.outbox.length > 0 || s.closing) return;
  slow.remarks = 3;
  slow.remarkedAtMs = s.nowMs;
  offer(d, longWaitOffer(d), slow.taskId);
}

/** Humane steps into silence: the question again, a check, a goodbye. */
function silencePassed(d: Draft): void {
  const { s } = d;
  if (s.hold !== null || s.outbox.length > 0 || s.remarks.length > 0 || s.nowMs < s.listenUntilMs) return;
  if (s.tasks.some((task) => task.status === "running" && task.purpose !== "reminder" && task.priority <= 4)) return;
  if (s.reminders.some((reminder) => reminder.atMs > s.nowMs)) return;
  const { silenceMs } = d.book.playbook.timers;
  const wait = silenceMs[Math.min(s.silencePrompts, silenceMs.length - 1)] ?? 0;
  if (s.nowMs - s.quietSinceMs < wait) return;
  const prompt = s.silencePrompts++;
  s.quietSinceMs = s.nowMs;
  const key = `silence:${prompt}`;
  if (s.asking?.question.kind === "anything-else" && s.asking.heardAtMs !== null && prompt >= 1) {
    // Nothing more is wanted: silence is an answer to that.
    s.closing = true;
    return;
  }
  if (prompt >= silenceMs.length - 1) {
    remark(d, { name: "silent-goodbye", text: line(d, "silent-goodbye", key), afterwards: "hang-up", resume: false });
    return;
  }
  if (s.asking === null || s.asking.heardAtMs === null) {
    remark(d, { name: "still-there", text: line(d, "still-there", key), resume: false });
    return;
  }
  if (s.asking.question.kind === "recording") {
    // Silence is no consent, and no reason to keep somebody from what they called for.
    leaveOpening(d, "no answer to the question for consent");
    return;
  }
  if (prompt === 0 && s.asking.question.kind !== "anything-else") {
    askAgain(
      d,
      s.asking.question.kind === "slot" && (d.s.understood.partials[s.asking.question.slot] ?? "") !== ""
        ? "missing"
        : "resumed",
    );
    return;
  }
  if (prompt === 0) remark(d, { name: "still-there", text: line(d, "still-there", key), resume: false });
  else
    remark(d, {
      name: "still-there",
      text: line(d, "still-there-again", key, { question: questionText(d, s.asking) }),
      resume: false,
    });
}

/** Earliest media time at which `elapsed` may change anything; before it, a tick of the clock costs nothing. */
export function nextDueMs(s: DialogueState, book: CompiledPlaybook): number {
  if (s.phase === "ended" || s.phase === "taken-over" || s.phase === "transferring") return Number.POSITIVE_INFINITY;
  const { timers } = book.playbook;
  const due: number[] = [];
  if (s.turn !== null) due.push(s.turn.grewAtMs + 400);
  if (s.listenUntilMs > s.nowMs) due.push(s.listenUntilMs);
  for (const reminder of s.reminders) due.push(reminder.atMs);
  if (s.hold !== null) due.push(s.hold.sinceMs + (s.hold.checkedIn ? timers.holdMaxMs : timers.holdCheckInMs));
  let waiting = false;
  for (const task of s.tasks) {
    if (task.status !== "running") continue;
    waiting = true;
    due.push(task.delegatedAtMs + timers.fillerAfterMs);
  }
  if (!waiting)
    due.push(s.quietSinceMs + (timers.silenceMs[Math.min(s.silencePrompts, timers.silenceMs.length - 1)] ?? 0));
  return Math.min(...due);
}
