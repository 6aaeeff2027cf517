import type { Turn, Understood } from "../state.ts";
import { lookUp } from "../talking/template.ts";
import { account, type EndedTurnFacts, failSlot, leaveOpening } from "./accounting.ts";
import { type Draft, line, openThreads, remark, setProgress, speak } from "./draft.ts";
import { arrangeCallBack, grant } from "./granting.ts";
import { handOver } from "./hand-over.ts";
import { arrangeMessage } from "./messages.ts";
import { askAgain, settleAsking } from "./questions.ts";
import { wantOf } from "./situation.ts";
import { agrees } from "./verify.ts";

/** Does what a finished turn calls for. Everything that cannot be taken back happens here, never on a partial hearing. */
export function act(d: Draft, facts: EndedTurnFacts): void {
  const { s } = d;
  const { turn } = facts;
  const newThreads = s.understood.threads.filter((thread) => !turn.base.threads.some((one) => one.key === thread.key));
  if (s.understood.requests.some((request) => request.kind === "not-you")) {
    s.understood = structuredClone(turn.base);
    remark(d, { name: "side-talk", text: line(d, "side-talk", `side:${turn.index}`) });
    return;
  }
  if (newThreads.length > 0) {
    s.closing = false;
    // Who asks for something else before the transfer is still ours.
    const leaving = s.remarks.some((one) => one.afterwards !== undefined);
    if (leaving && newThreads.every((thread) => wantOf(d, thread)?.handOver !== true)) {
      s.handOver = null;
      s.remarks = s.remarks.filter((one) => one.afterwards === undefined);
    }
  }
  if (!s.understood.blank) {
    s.misses = 0;
    s.hold = null;
  }
  const answered = applyAnswer(d, turn);
  for (const request of s.understood.requests) {
    // "Hold on, no, it is ..." asks for no time: what was to be waited for has come with it.
    const hasCome = request.kind === "hold-on" && hasTold(newIn(s.understood, turn.base));
    if (!hasCome && !facts.requestsBefore.includes(request.kind)) grant(d, request, newThreads, answered);
  }
  for (const thread of newThreads) {
    if (wantOf(d, thread)?.handOver === true)
      handOver(d, `the caller asked for ${wantOf(d, thread)?.title ?? thread.want}`);
  }
  checkIdentity(d, turn);
  if (s.phase === "opening" && (newThreads.length > 0 || hasTold(s.understood)))
    leaveOpening(d, "no answer to the question for consent");
  account(d, facts, answered || newThreads.length > 0);
}

const newIn = ({ slots, partials }: Understood, before: Understood): Pick<Understood, "slots" | "partials"> => ({
  slots: Object.fromEntries(Object.entries(slots).filter(([slot, { value }]) => before.slots[slot]?.value !== value)),
  partials: Object.fromEntries(Object.entries(partials).filter(([slot]) => before.partials[slot] === undefined)),
});

const hasTold = ({ slots, partials }: Pick<Understood, "slots" | "partials">): boolean =>
  Object.keys(slots).length + Object.keys(partials).length > 0;

function applyAnswer(d: Draft, turn: Turn): boolean {
  const { s } = d;
  const { question, questionKey } = turn;
  const answer = s.understood.answers[questionKey];
  if (question === null || answer === undefined || answer === turn.base.answers[questionKey]) return false;
  switch (question.kind) {
    case "recording": {
      const { recording } = d.book.playbook.opening;
      if (answer === "unclear") {
        delete s.understood.answers[questionKey];
        return false;
      }
      s.phase = "talking";
      s.recording = answer === "yes" ? "on" : "off";
      d.effects.push({
        type: "recording",
        on: answer === "yes",
        reason: answer === "yes" ? "the caller agreed" : "the caller declined",
      });
      if (recording.mode === "ask")
        remark(d, { name: "consent", text: answer === "yes" ? recording.granted : recording.declined, resume: false });
      return true;
    }
    case "open":
    case "anything-else":
      if (answer === "no" && openThreads(d).length === 0) s.closing = true;
      return true;
    case "confirm-slot": {
      if (answer === "unclear") {
        unclear(d, questionKey);
        return true;
      }
      if (answer === "no" && s.understood.slots[question.slot] === undefined) {
        remark(d, { name: "wrong", text: line(d, "confirm-wrong", questionKey), act: "repair", resume: false });
        delete s.understood.answers[questionKey];
        settleAsking(d);
        failSlot(d, question.slot, "again");
      }
      return true;
    }
    case "go-ahead": {
      if (answer === "unclear") {
        unclear(d, questionKey);
        return true;
      }
      if (answer === "yes") {
        setProgress(d, question.thread, { agreed: question.inputKey });
        remark(d, { name: "going", text: line(d, "going-ahead", questionKey), resume: false });
      } else {
        const corrected = JSON.stringify(s.understood.slots) !== JSON.stringify(turn.base.slots);
        delete s.understood.answers[questionKey];
        if (!corrected) {
          setProgress(d, question.thread, { status: "dropped" });
          remark(d, { name: "not-going", text: line(d, "not-going-ahead", questionKey), resume: false });
        }
      }
      return true;
    }
    case "offer":
      if (answer === "yes" && question.what === "human") handOver(d, "the caller accepted the offer of a person");
      else if (answer === "email") arrangeMessage(d, "email");
      else if (answer === "message" || (answer === "yes" && question.what === "message")) arrangeMessage(d);
      else if (answer === "yes" || answer === "call-back") arrangeCallBack(d, namedTime(d));
      else if (answer === "no")
        remark(d, {
          name: "wait",
          text: line(d, d.s.tasks.some((task) => task.status === "running") ? "will-wait" : "never-mind", questionKey),
          resume: false,
        });
      if (s.asking?.key === questionKey) s.asking = null;
      return true;
    case "offer-want":
      if (answer === "yes") {
        s.understood.threadCount++;
        const key = `${question.want}#${s.understood.threadCount}`;
        s.understood.threads.push({ key, want: question.want, confidence: 1, turn: turn.index });
      } else if (answer === "no")
        remark(d, { name: "never-mind", text: line(d, "never-mind", questionKey), resume: false });
      if (s.asking?.key === questionKey) s.asking = null;
      return true;
    default:
      return true;
  }
}

/** "Sorry, was that a yes or a no?" is asked so often as anything is that was not understood. */
function unclear(d: Draft, questionKey: string): void {
  const { s } = d;
  delete s.understood.answers[questionKey];
  const failures = (s.slotFailures[questionKey] ?? 0) + 1;
  s.slotFailures[questionKey] = failures;
  if (failures >= d.book.playbook.handOver.afterFailures) handOver(d, "an answer was not understood");
  else remark(d, { name: "unclear", text: line(d, "unclear", questionKey), act: "repair" });
}

/** "Yes, at four": when an offer of a call back was accepted for. */
function namedTime(d: Draft): string | null {
  const asked = d.s.understood.requests.find((request) => request.kind === "call-back");
  return asked?.kind === "call-back" ? asked.at : null;
}

/** What the caller told is compared with the record; after enough wrong answers the door stays shut. */
function checkIdentity(d: Draft, turn: Turn): void {
  const { s } = d;
  const policy = d.book.playbook.policy.verification;
  if (policy === undefined) return;
  const said = s.understood.slots[policy.slot];
  const task = s.tasks.findLast((one) => one.purpose === "verify" && one.status === "found");
  if (said === undefined || task === undefined || said.value === turn.base.slots[policy.slot]?.value) return;
  if (agrees(said.value, lookUp([task.output], policy.against)?.value)) {
    s.verification = "passed";
    const passed = policy.passed === undefined ? null : speak(d, policy.passed, "verified");
    if (passed !== null) remark(d, { name: "verified", text: passed, resume: false });
    return;
  }
  s.verifyFailures++;
  delete s.understood.slots[policy.slot];
  if (s.verifyFailures >= policy.attempts) s.verification = "failed";
  else if (s.asking !== null) askAgain(d, "again");
}
