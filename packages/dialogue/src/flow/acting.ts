import type { Question, Request, Thread, Turn, Understood } from "../state.ts";
import { sayDay, sayList, saySpan, sayTime } from "../talking/speakable.ts";
import { lookUp } from "../talking/template.ts";
import { localMoment } from "../understanding/moments.ts";
import { isNumberWord } from "../understanding/numbers.ts";
import type { Token } from "../understanding/tokens.ts";
import { delegateNew } from "./delegation.ts";
import { type Draft, line, openThreads, remark, setProgress, speak } from "./draft.ts";
import { handOver, offer } from "./hand-over.ts";
import { askAgain, neededQuestion, settleAsking } from "./questions.ts";
import { taskOf, wantOf } from "./situation.ts";
import { agrees } from "./verify.ts";

interface EndedTurnFacts {
  turn: Turn;
  tokens: readonly Token[];
  /** The caller spoke while the agent did, or went on after it had begun. */
  overlapped: boolean;
  requestsBefore: readonly string[];
}

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
  for (const request of s.understood.requests)
    if (!facts.requestsBefore.includes(request.kind)) applyRequest(d, request, newThreads, answered);
  for (const thread of newThreads) {
    if (wantOf(d, thread)?.handOver === true)
      handOver(d, `the caller asked for ${wantOf(d, thread)?.title ?? thread.want}`);
  }
  checkIdentity(d, turn);
  if (s.phase === "opening" && (newThreads.length > 0 || hasTold(s.understood)))
    leaveOpening(d, "no answer to the question for consent");
  account(d, facts, answered || newThreads.length > 0);
}

const hasTold = ({ slots, partials }: Understood): boolean =>
  Object.keys(slots).length + Object.keys(partials).length > 0;

/** The caller went on without consenting: nothing is recorded. */
export function leaveOpening(d: Draft, reason: string): void {
  d.s.phase = "talking";
  if (d.s.recording !== "unknown") return;
  d.s.recording = "off";
  d.effects.push({ type: "recording", on: false, reason });
}

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
      if (answer === "no" && s.understood.slots[question.slot] === undefined) {
        remark(d, { name: "wrong", text: line(d, "confirm-wrong", questionKey), act: "repair", resume: false });
        const failures = (s.slotFailures[question.slot] ?? 0) + 1;
        s.slotFailures[question.slot] = failures;
        if (failures >= d.book.playbook.handOver.afterFailures) giveUp(d, question.slot);
      }
      return true;
    }
    case "go-ahead": {
      if (answer === "unclear") {
        delete s.understood.answers[questionKey];
        remark(d, { name: "unclear", text: line(d, "unclear", questionKey), act: "repair" });
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
      else if (answer === "yes") arrangeCallBack(d, null);
      else if (answer === "no")
        remark(d, {
          name: "wait",
          text: line(d, d.s.tasks.some((task) => task.status === "running") ? "will-wait" : "never-mind", questionKey),
          resume: false,
        });
      if (s.asking?.key === questionKey) s.asking = null;
      return true;
    default:
      return true;
  }
}

function applyRequest(d: Draft, request: Request, newThreads: readonly Thread[], answered: boolean): void {
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
      remark(d, { name: "slower", text: `${line(d, "slower", key)} ${s.lastSaid}`.trim(), resume: false });
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
      const active = openThreads(d).find((thread) => !newThreads.includes(thread));
      if (active === undefined) return;
      setProgress(d, active.key, { status: "dropped" });
      remark(d, { name: "never-mind", text: line(d, "never-mind", key), resume: false });
      return;
    }
    case "goodbye":
      if (newThreads.length === 0) s.closing = true;
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
      arrangeCallBack(d, request.at);
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

function arrangeCallBack(d: Draft, at: string | null): void {
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

/** Keeps count of what was not understood, and chooses how to ask again: the part that is missing, the keypad, a person. */
function account(d: Draft, { turn, tokens, overlapped }: EndedTurnFacts, moved: boolean): void {
  const { s } = d;
  const question: Question | null = turn.question;
  if (s.handOver !== null || s.phase === "ended") return;
  const stillAsked =
    question !== null && neededQuestion(d)?.key === turn.questionKey && s.asking?.key === turn.questionKey;
  if (stillAsked && question.kind === "slot") {
    accountSlot(d, turn, tokens, question.slot, moved);
    return;
  }
  if (!s.understood.blank || moved) {
    if (
      stillAsked &&
      s.hold === null &&
      s.remarks.length === 0 &&
      s.asking?.heardAtMs !== null &&
      question.kind !== "open"
    )
      askAgain(d, "resumed");
    return;
  }
  if (overlapped && question === null) return;
  if (question?.kind === "recording") {
    if ((s.asking?.round ?? 0) === 0) askAgain(d, "again");
    else leaveOpening(d, "no clear answer to the question for consent");
    return;
  }
  if (question?.kind === "which-want") {
    const [likeliest] = question.wants;
    s.understood.threadCount++;
    s.understood.threads.push({
      key: `${likeliest}#${s.understood.threadCount}`,
      want: likeliest,
      confidence: 0.4,
      turn: turn.index,
    });
    return;
  }
  if (stillAsked && (question.kind === "go-ahead" || question.kind === "confirm-slot" || question.kind === "offer")) {
    s.misses++;
    if (s.misses >= d.book.playbook.handOver.afterFailures) handOver(d, "an answer was not understood");
    else askAgain(d, "again");
    return;
  }
  if (isMurmur(tokens)) return;
  s.misses++;
  if (s.misses >= d.book.playbook.handOver.afterFailures) {
    remark(d, { name: "trouble", text: line(d, "offer-human-trouble", "trouble"), act: "repair", resume: false });
    handOver(d, "the caller was not understood");
  } else if (s.misses === 1) missed(d, line(d, "not-caught", `miss:${turn.index}`));
  else {
    const titles = Object.values(d.book.playbook.wants)
      .slice(0, 3)
      .map((want) => want.title);
    missed(d, line(d, "not-caught-help", `miss:${turn.index}`, { examples: sayList(titles, "or") }));
  }
}

function missed(d: Draft, text: string): void {
  remark(d, { name: "missed", text, act: "repair", resume: false });
  // The remark asks the open question itself.
  settleAsking(d);
  if (d.s.asking !== null && (d.s.asking.question.kind === "open" || d.s.asking.question.kind === "anything-else"))
    d.s.asking.heardAtMs ??= d.s.nowMs;
}

/** "yeah", "ok", "right" that answer nothing are signs of listening. */
const isMurmur = (tokens: readonly Token[]): boolean =>
  tokens.length <= 3 &&
  tokens.every((token) =>
    /^(yes|yeah|yep|ok|right|sure|mhm|uh|huh|hm|oh|i|see|fine|good|great|no|and)$/.test(token.text),
  );

function accountSlot(d: Draft, turn: Turn, tokens: readonly Token[], slot: string, moved: boolean): void {
  const { s } = d;
  const spec = d.book.playbook.slots[slot];
  const partial = s.understood.partials[slot] ?? "";
  const before = turn.base.partials[slot] ?? "";
  const length = spec?.length ?? 0;
  if (length > 0 && partial.length > length) {
    delete s.understood.partials[slot];
    failSlot(d, slot, "too-many");
    return;
  }
  if (partial !== before && partial !== "") {
    // Something came, if not all: that is progress, and only the rest is asked for.
    askAgain(d, "missing");
    return;
  }
  if (
    s.hold !== null ||
    s.understood.requests.some(
      (request) => request.kind === "thanks" || request.kind === "back" || request.kind === "greeting",
    )
  )
    return;
  if (moved || (!s.understood.blank && s.remarks.length > 0)) return;
  if (s.understood.blank && isMurmur(tokens) && !tokens.some((token) => isNumberWord(token.text))) return;
  if (s.understood.blank) failSlot(d, slot, partial === "" ? "again" : "missing");
  else if (s.asking?.heardAtMs !== null && s.remarks.length === 0) askAgain(d, "resumed");
}

function failSlot(d: Draft, slot: string, form: "again" | "missing" | "too-many"): void {
  const { asking } = d.s;
  const spec = d.book.playbook.slots[slot];
  const failures = (d.s.slotFailures[slot] ?? 0) + 1;
  d.s.slotFailures[slot] = failures;
  if (asking === null) return;
  if (failures >= d.book.playbook.handOver.afterFailures) {
    giveUp(d, slot);
    return;
  }
  const typable = spec?.keypad === true && (spec.type === "digits" || spec.type === "phone");
  askAgain(d, failures >= 2 && typable ? "keypad" : form);
}

function giveUp(d: Draft, slot: string): void {
  remark(d, { name: "trouble", text: line(d, "offer-human-trouble", "trouble"), act: "repair", resume: false });
  handOver(d, `the ${d.book.playbook.slots[slot]?.name ?? slot} was not understood`);
}
