import { type Expectation, type Intent, OPEN } from "@sidetone/protocol";
import type { Question, SlotValue, Turn } from "../state.ts";
import { countKnown } from "../understanding/misheard-digits.ts";
import type { Draft } from "./draft.ts";

/** Tells the model what the caller is expected to say, and whether we have something to say; on change only. */
export function tellExpectation(d: Draft): void {
  const expectation = expectationOf(d);
  const intent = intentOf(d, expectation);
  if (JSON.stringify(expectation) === JSON.stringify(d.s.expectation) && intent === d.s.intent) return;
  d.s.expectation = expectation;
  d.s.intent = intent;
  d.effects.push({ type: "expect", expectation, intent });
}

function expectationOf(d: Draft): Expectation {
  const { asking, turn, understood } = d.s;
  // A turn keeps the expectation it began with until the next question was begun.
  const asked =
    asking !== null && (asking.begun || asking.heardAtMs !== null) ? asking.question : (turn?.question ?? null);
  // Who began to give a number unasked is expected to finish it.
  const begun = turn === null || asked?.kind === "slot" ? undefined : Object.keys(understood.partials)[0];
  const question: Question | null = begun === undefined ? asked : { kind: "slot", slot: begun };
  if (question === null || (turn !== null && begun === undefined && isElsewhere(d, turn))) return OPEN;
  switch (question.kind) {
    case "open":
    case "anything-else":
      return OPEN;
    case "which-want":
      return {
        kind: "choice",
        length: 0,
        remaining: 0,
        choices: question.wants.map((want) => d.book.playbook.wants[want]?.title ?? want),
      };
    case "offer":
      if (question.what === "either")
        return { kind: "choice", length: 0, remaining: 0, choices: ["call me back", "send me a message"] };
      return { kind: "yes-no", length: 0, remaining: 0 };
    case "recording":
    case "confirm-slot":
    case "go-ahead":
    case "offer-want":
    case "still-there":
      return { kind: "yes-no", length: 0, remaining: 0 };
    case "slot": {
      const spec = d.book.playbook.slots[question.slot];
      if (spec === undefined) return OPEN;
      const length = spec.length ?? 0;
      const value = understood.slots[question.slot];
      const remaining =
        length === 0
          ? 0
          : value !== undefined
            ? Number(isBeingCorrected(d, value))
            : Math.max(0, length - countKnown(understood.partials[question.slot] ?? ""));
      const choices =
        spec.type === "choice"
          ? Object.values(spec.choices ?? {})
              .map((words) => words[0] ?? "")
              .slice(0, 32)
          : undefined;
      return {
        kind: spec.type,
        length,
        remaining,
        ...(choices === undefined || choices.length === 0 ? {} : { choices }),
      };
    }
    default:
      return question satisfies never;
  }
}

/** Who corrects the last digits is let finish: what they become is not settled before a breath's pause. */
const CORRECTION_SETTLES_MS = 800;

const isBeingCorrected = (d: Draft, value: SlotValue): boolean =>
  value.tentative && d.s.turn !== null && d.s.nowMs - d.s.turn.grewAtMs < CORRECTION_SETTLES_MS;

/**
 * The turn brought something, and nothing of what was asked: whatever ends it, it is not the answer that would. Without
 * this, "where is my order" would count as a yes-no question fulfilled, and be cut into.
 */
function isElsewhere(d: Draft, turn: Turn): boolean {
  const { understood } = d.s;
  const { question, questionKey, base } = turn;
  if (question === null || understood.blank || turn.ignored) return false;
  if (understood.answers[questionKey] !== base.answers[questionKey]) return false;
  if (question.kind !== "slot" && question.kind !== "confirm-slot") return question.kind !== "which-want";
  const { slot } = question;
  return understood.slots[slot]?.value === base.slots[slot]?.value && understood.partials[slot] === base.partials[slot];
}

function intentOf(d: Draft, expectation: Expectation): Intent {
  const unsaid = d.s.outbox.filter((one) => one.beganAtMs === null);
  if (unsaid.length === 0) return "nothing";
  if (unsaid.some((one) => one.urgency === "urgent")) return "urgent";
  // Whoever is in the middle of a number is let finish, whatever we have to tell.
  if (
    d.s.turn !== null &&
    expectation.remaining > 0 &&
    expectation.remaining < expectation.length &&
    d.s.nowMs - d.s.turn.grewAtMs < 1800
  )
    return "nothing";
  return unsaid.some((one) => one.urgency === "answer") ? "answer" : "filler";
}
