import type { Effect } from "./effects.ts";
import type { DialogueEvent } from "./events.ts";
import { nextDueMs, timePassed } from "./flow/clock.ts";
import { delegateWhatIsKnown, isOutdated, takeFinding } from "./flow/delegation.ts";
import { type Draft, line, remark } from "./flow/draft.ts";
import { tellExpectation } from "./flow/expecting.ts";
import { transferRefused } from "./flow/hand-over.ts";
import { interject, murmur } from "./flow/manners.ts";
import { messageFailed, messageTold, refusedMessage, writeWhenKnown } from "./flow/messages.ts";
import { agentBegan, agentFinished, agentYielded, planSpeech, sayExactly } from "./flow/outbox.ts";
import { watchLookups } from "./flow/promises.ts";
import { settleAsking } from "./flow/questions.ts";
import { endTurn, keyPressed, overlapTold, questionReachedTurn, turnHeard } from "./flow/turns.ts";
import { takeWhisper } from "./flow/whispers.ts";
import { type CompiledPlaybook, compilePlaybook } from "./playbook/compile.ts";
import type { DialogueState, Understood } from "./state.ts";

/**
 * One step of a call's dialogue: pure, total, and the only way its state changes. The given state is never written to.
 */
export function reduce(state: DialogueState, event: DialogueEvent): { state: DialogueState; effects: Effect[] } {
  const book = compilePlaybook(state.playbook);
  if (event.type === "elapsed" && event.atMs < nextDueMs(state, book)) {
    return { state: { ...state, nowMs: event.atMs }, effects: [] };
  }
  const d = draftOf(state, book);
  d.s.nowMs = Math.max(state.nowMs, event.atMs);
  take(d, event);
  settle(d, state.understood);
  return { state: d.s, effects: d.effects };
}

/** A private copy of the state; the playbook is shared, for nothing writes to it. */
function draftOf(state: DialogueState, book: CompiledPlaybook): Draft {
  const { playbook, ...rest } = state;
  return { s: { ...structuredClone(rest), playbook }, book, effects: [], preview: false };
}

function take(d: Draft, event: DialogueEvent): void {
  switch (event.type) {
    case "opened":
    case "elapsed":
      timePassed(d);
      break;
    case "heard":
      turnHeard(d, event);
      break;
    case "turn-ended":
      if (d.s.turn?.index === event.turn) endTurn(d);
      break;
    case "agent-began":
      if (d.s.turn !== null && d.s.outbox.some((one) => one.id === event.utteranceId && one.act !== "interjection"))
        endTurn(d);
      agentBegan(d, event.utteranceId);
      break;
    case "agent-finished":
      agentFinished(d, event.utteranceId);
      questionReachedTurn(d);
      break;
    case "agent-yielded":
      agentYielded(d, event.utteranceId, event.heardText);
      questionReachedTurn(d);
      break;
    case "overlap":
      overlapTold(d, event.kind);
      break;
    case "backchannel-due":
      murmur(d);
      break;
    case "finding":
      takeFinding(d, event.finding);
      messageTold(
        d,
        d.s.tasks.find((task) => task.taskId === event.finding.taskId),
      );
      break;
    case "whispered":
      takeWhisper(d, event.text, event.by);
      break;
    case "key-pressed":
      keyPressed(d, event.digit);
      break;
    case "taken-over":
      d.s.phase = "taken-over";
      break;
    case "handed-back":
      d.s.phase = "talking";
      d.s.quietSinceMs = d.s.nowMs;
      if (event.note !== undefined) d.s.hints.push(event.note);
      remark(d, { name: "handed-back", text: line(d, "handed-back", "handed-back") });
      break;
    case "refused":
      if (event.what === "transfer") transferRefused(d);
      else if (refusedMessage(event)) messageFailed(d);
      break;
    default:
      event satisfies never;
  }
}

/** Brings tasks, questions, speech and expectation in line with what is now understood. */
function settle(d: Draft, before: Understood): void {
  reportUnderstanding(d, before);
  writeWhenKnown(d);
  delegateWhatIsKnown(d);
  watchLookups(d);
  settleAsking(d);
  stopWhatIsStale(d);
  if (d.s.turn === null) planSpeech(d);
  else planDuringTurn(d);
  // A question may have been put again, and a task may have become unnecessary by what was planned.
  tellExpectation(d);
}

/** How long a caller may be silent within a turn before we are ready to repair. */
const PAUSE_MS = 1500;

/** How long a leave-taking has paused when it counts as over. */
const LEAVE_MS = 600;

/**
 * While the caller speaks, what we would say if they stopped now is kept ready; it replaces itself as they go on. In
 * mid-number, or while nothing was understood yet, nothing is prepared until the pause grows long.
 */
function planDuringTurn(d: Draft): void {
  if (interject(d)) return;
  const { turn, understood, asking } = d.s;
  if (turn === null) return;
  const midway = Object.entries(understood.partials).some(
    ([slot, part]) =>
      part !== turn.base.partials[slot] || (asking?.question.kind === "slot" && asking.question.slot === slot),
  );
  const correcting =
    Object.values(understood.slots).some((value) => value.tentative) && d.s.nowMs - turn.grewAtMs < 300;
  if ((understood.blank || midway || correcting) && d.s.nowMs - turn.grewAtMs < PAUSE_MS) return;
  const { playbook, ...rest } = d.s;
  const preview: Draft = { s: { ...structuredClone(rest), playbook }, book: d.book, effects: [], preview: true };
  preview.s.outbox = [];
  endTurn(preview);
  delegateWhatIsKnown(preview);
  settleAsking(preview);
  planSpeech(preview);
  // Who takes their leave says more than one word of it.
  if (preview.s.closing && !d.s.closing && d.s.nowMs - turn.grewAtMs < LEAVE_MS) return;
  const begun = new Set(
    d.s.outbox.filter((one) => one.beganAtMs !== null).flatMap((one) => one.parts.map((part) => part.key)),
  );
  sayExactly(
    d,
    preview.s.outbox
      .filter((one) => !one.parts.every((part) => begun.has(part.key)))
      .map(({ parts, act, urgency, uninterruptible, rate }) => ({ parts, act, urgency, uninterruptible, rate })),
  );
}

/** An answer that is being spoken while its task was superseded is broken off: nothing stale reaches the ear. */
function stopWhatIsStale(d: Draft): void {
  for (const utterance of d.s.outbox) {
    if (utterance.beganAtMs === null || utterance.uninterruptible) continue;
    const stale = utterance.parts.some((part) => {
      const match = /^answer:(.+)\.(\d+):/.exec(part.key);
      if (match === null) return false;
      const task = d.s.tasks.find((one) => one.taskId === match[1]);
      if (task === undefined) return false;
      return task.epoch !== Number(match[2]) || task.status === "cancelled" || isOutdated(d, task);
    });
    if (stale) d.effects.push({ type: "yield", utteranceId: utterance.id, reason: "what is being said was corrected" });
    else if (d.s.phase === "taken-over")
      d.effects.push({ type: "yield", utteranceId: utterance.id, reason: "taken over" });
  }
}

function reportUnderstanding(d: Draft, before: Understood): void {
  const { understood } = d.s;
  for (const thread of understood.threads) {
    if (!before.threads.some((one) => one.key === thread.key))
      d.effects.push({ type: "want-recognised", want: thread.want, confidence: thread.confidence });
  }
  for (const [slot, { value, confirmed }] of Object.entries(understood.slots)) {
    const known = before.slots[slot];
    if (known?.value !== value || known.confirmed !== confirmed)
      d.effects.push({ type: "slot-filled", slot, value, confirmed });
  }
}
