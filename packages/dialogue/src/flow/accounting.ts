import type { Question, Turn } from "../state.ts";
import { sayList } from "../talking/speakable.ts";
import { isNumberWord } from "../understanding/numbers.ts";
import type { Token } from "../understanding/tokens.ts";
import { type Draft, line, remark } from "./draft.ts";
import { handOver } from "./hand-over.ts";
import { writeOtherwise } from "./messages.ts";
import { askAgain, isTypable, neededQuestion, settleAsking } from "./questions.ts";

export interface EndedTurnFacts {
  turn: Turn;
  tokens: readonly Token[];
  /** The caller spoke while the agent did, or went on after it had begun. */
  overlapped: boolean;
  requestsBefore: readonly string[];
}

/** The caller went on without consenting: nothing is recorded. */
export function leaveOpening(d: Draft, reason: string): void {
  d.s.phase = "talking";
  if (d.s.recording !== "unknown") return;
  d.s.recording = "off";
  d.effects.push({ type: "recording", on: false, reason });
}

/** Keeps count of what was not understood, and chooses how to ask again: the part that is missing, the keypad, a person. */
export function account(d: Draft, { turn, tokens, overlapped }: EndedTurnFacts, moved: boolean): void {
  const { s } = d;
  const question: Question | null = turn.question;
  if (s.handOver !== null || s.phase === "ended") return;
  const stillAsked =
    question !== null && neededQuestion(d)?.key === turn.questionKey && s.asking?.key === turn.questionKey;
  if (stillAsked && question.kind === "slot") {
    accountSlot(d, turn, tokens, question.slot, moved);
    return;
  }
  if (stillAsked && question.kind === "anything-else" && !moved && !s.closing && endsTheTalk(d)) {
    // Thanks, or half a goodbye: asked about once, and taken for the end when no more than that comes again.
    if (s.asking?.form === "again") s.closing = true;
    else askAgain(d, "again");
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
  if (
    stillAsked &&
    (question.kind === "go-ahead" ||
      question.kind === "confirm-slot" ||
      question.kind === "offer" ||
      question.kind === "offer-want")
  ) {
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

/** The turn brought nothing but thanks and goodbyes, none of them plain enough to hang up on. */
const endsTheTalk = (d: Draft): boolean =>
  d.s.understood.requests.length > 0 &&
  d.s.understood.requests.every((request) => request.kind === "thanks" || request.kind === "goodbye");

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
    /^(yes|yeah|yep|ok|right|sure|mhm|uh|huh|hm|oh|a|i|see|fine|good|great|no|and)$/.test(token.text),
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

/** One more failure with a slot: asked in another form, then the keypad, then a person. */
export function failSlot(d: Draft, slot: string, form: "again" | "missing" | "too-many"): void {
  const { asking } = d.s;
  const failures = (d.s.slotFailures[slot] ?? 0) + 1;
  d.s.slotFailures[slot] = failures;
  if (asking === null) return;
  if (failures >= 2 && d.s.writing !== null && slot === d.book.playbook.longWait.email) {
    writeOtherwise(d);
    return;
  }
  if (failures >= d.book.playbook.handOver.afterFailures) {
    giveUp(d, slot);
    return;
  }
  askAgain(d, failures >= 2 && isTypable(d, slot) ? "keypad" : form);
}

function giveUp(d: Draft, slot: string): void {
  remark(d, { name: "trouble", text: line(d, "offer-human-trouble", "trouble"), act: "repair", resume: false });
  handOver(d, `the ${d.book.playbook.slots[slot]?.name ?? slot} was not understood`);
}
