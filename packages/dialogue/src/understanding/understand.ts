import type { CompiledPlaybook } from "../playbook/compile.ts";
import type { Question, Thread, Understood } from "../state.ts";
import type { LocalMoment } from "./moments.ts";
import { hearRequests, unknownQuestion } from "./requests.ts";
import { hearSlot, type Option } from "./slots.ts";
import { fold, HESITATIONS, hasPhrase, indexOfPhrase, jointConfidence, type Token } from "./tokens.ts";
import { hearWants, scoreWants, type WantScore } from "./wants.ts";
import { hearNearYesNo, hearYesNo } from "./yes-no.ts";

export interface Hearing {
  tokens: readonly Token[];
  /** Question that the caller was answering, if one was heard. */
  question: Question | null;
  questionKey: string;
  /** What the network takes the want to be; decides only where the words leave it open. */
  witness: string | null;
  now: LocalMoment;
  timeZone: string;
  /** Index of the turn. */
  turn: number;
  /** Threads that are neither answered nor dropped. */
  isOpen: (thread: string) => boolean;
  /** Alternatives of choices, by slot. */
  options: Readonly<Record<string, readonly Option[]>>;
}

/** At or above this joint confidence a value needs no confirmation. */
export const SURE = 0.6;

/** Understanding after a turn: what was known before, and what the turn's words (so far) add, change and ask. */
export function understand(book: CompiledPlaybook, base: Understood, hearing: Hearing): Understood {
  const after: Understood = {
    threads: base.threads.map((thread) => ({ ...thread })),
    slots: { ...base.slots },
    partials: { ...base.partials },
    answers: { ...base.answers },
    requests: [],
    blank: true,
    ambiguous: null,
    threadCount: base.threadCount,
  };
  const { tokens } = hearing;
  const words = tokens.filter((token) => !HESITATIONS.has(token.text));
  if (words.length === 0) return after;
  after.requests = hearRequests(tokens, hearing.now, hearing.timeZone);
  if (after.requests.some((request) => request.kind === "not-you")) return { ...after, blank: false };
  if (hearing.question?.kind === "slot" && isRefusal(tokens)) {
    after.requests.push({ kind: "dont-have", slot: hearing.question.slot });
  }
  const answered = hearAnswer(after, hearing);
  const aside = after.requests.some((request) => !SOCIAL.has(request.kind));
  const wants = hearTurnWants(book, hearing, answered, aside);
  for (const want of wants.wants) addThread(after, want, hearing);
  if (wants.wants.length === 0) after.ambiguous = wants.ambiguous;
  const slotted = hearSlots(book, after, base, hearing);
  const asked = after.requests.length > 0;
  after.blank = !(answered || slotted || asked || wants.wants.length > 0 || after.ambiguous !== null);
  if (after.blank || (onlySmallTalk(after) && !answered && !slotted && wants.wants.length === 0)) {
    // Where nobody could answer it, it is a turn that was not understood: it is asked about, never met with silence.
    const isAnswerable = book.playbook.fallback !== "none" && jointConfidence(tokens) >= 0.5;
    const text = isAnswerable ? unknownQuestion(tokens) : null;
    if (text !== null) {
      after.requests.push({ kind: "unknown-question", text });
      after.blank = false;
    }
  }
  return after;
}

const onlySmallTalk = (after: Understood): boolean =>
  after.requests.every((request) => request.kind === "greeting" || request.kind === "thanks") &&
  after.ambiguous === null;

function addThread(after: Understood, { want, score }: WantScore, hearing: Hearing): void {
  if (after.threads.some((thread) => thread.want === want && hearing.isOpen(thread.key))) return;
  after.threadCount++;
  const thread: Thread = { key: `${want}#${after.threadCount}`, want, confidence: score, turn: hearing.turn };
  after.threads.push(thread);
  // Old threads are history; a few are kept for the summary.
  const oldest = after.threads.findIndex((one) => !hearing.isOpen(one.key));
  if (after.threads.length > 16 && oldest >= 0) after.threads.splice(oldest, 1);
}

/** Fills `answers` where the question wants a yes, a no, or one of two wants. True when the turn did answer. */
function hearAnswer(after: Understood, hearing: Hearing): boolean {
  const { question, questionKey, tokens } = hearing;
  if (question === null) return false;
  switch (question.kind) {
    case "slot":
      return false;
    case "open": {
      // "Nothing, thanks" after something was done is an answer; at the start of a call it is none.
      const heard = after.threads.length > 0 ? hearYesNo(tokens) : null;
      if (heard?.answer !== "no" || heard.rest > 1) return false;
      after.answers[questionKey] = "no";
      return true;
    }
    case "which-want":
      return false;
    case "offer": {
      // Which of the two may be said outright; a bare yes takes what was named first.
      const chosen = question.what === "human" ? null : hearWay(tokens);
      if (chosen !== null) {
        after.answers[questionKey] = chosen;
        return true;
      }
      return hearPlainAnswer(after, hearing);
    }
    case "recording":
    case "anything-else":
    case "confirm-slot":
    case "go-ahead":
    case "offer-want":
    case "still-there":
      return hearPlainAnswer(after, hearing);
    default:
      return question satisfies never;
  }
}

const WAYS = {
  email: ["email", "e mail", "mail"],
  message: ["message", "text", "text me", "sms", "write"],
  "call-back": ["call", "call back", "ring", "phone"],
} as const;

/** How the caller would rather be reached: by the way that is named first and not declined. */
function hearWay(tokens: readonly Token[]): keyof typeof WAYS | null {
  const said = (way: keyof typeof WAYS): number => {
    const places = WAYS[way].map((text) => indexOfPhrase(tokens, fold(text))).filter((at) => at >= 0);
    return places.length === 0 ? -1 : Math.min(...places);
  };
  const declined = (at: number): boolean => /^(no|not|dont|never)$/.test(tokens[at - 1]?.text ?? "");
  const ways = (["email", "message", "call-back"] as const)
    .map((way) => ({ way, at: said(way) }))
    .filter(({ at }) => at >= 0 && !declined(at))
    .sort((a, b) => a.at - b.at);
  return ways[0]?.way ?? null;
}

function hearPlainAnswer(after: Understood, { question, questionKey, tokens }: Hearing): boolean {
  if (question === null) return false;
  const heard = hearYesNo(tokens) ?? hearNearYesNo(tokens);
  if (heard === null) return false;
  // "I don't have my order" contains a no but answers nothing; short turns answer.
  if (heard.rest > 4 && question.kind !== "confirm-slot" && !startsWithAnswer(tokens)) return false;
  // "Thank you, good..." takes its leave; it does not want something else.
  const leaves = question.kind === "anything-else" && after.requests.some((request) => request.kind === "goodbye");
  if (leaves && heard.answer === "yes") return false;
  // Nothing that matters hangs on an answer that was hardly heard.
  after.answers[questionKey] = WEIGHTY.has(question.kind) && heard.confidence < CLEAR ? "unclear" : heard.answer;
  return true;
}

const WEIGHTY = new Set<Question["kind"]>(["recording", "confirm-slot", "go-ahead"]);
const CLEAR = 0.5;

const startsWithAnswer = (tokens: readonly Token[]): boolean => {
  const first = tokens.find((token) => !HESITATIONS.has(token.text))?.text ?? "";
  return /^(yes|yeah|yep|yup|no|nope|nah|sure|ok)$/.test(first);
};

/** Requests that are made beside a want, not instead of one. */
const SOCIAL = new Set(["greeting", "thanks", "goodbye", "back", "never-mind"]);

/** Slots in whose answers other wants' words occur by accident. */
const WORDY = new Set(["name", "address", "email"]);

function hearTurnWants(
  book: CompiledPlaybook,
  hearing: Hearing,
  answered: boolean,
  aside: boolean,
): { wants: WantScore[]; ambiguous: [string, string] | null } {
  const { question, tokens } = hearing;
  if (question?.kind === "which-want") {
    const ranked = scoreWants(book.wants, tokens).filter(
      (one) => question.wants.includes(one.want) && one.score > 0.15,
    );
    const first = ranked[0];
    if (first !== undefined && first.score - (ranked[1]?.score ?? 0) > 0.03)
      return { wants: [{ ...first, score: Math.max(first.score, 0.6) }], ambiguous: null };
    const yes = hearYesNo(tokens)?.answer;
    const chosen =
      tokens.some((token) => token.text === "first" || token.text === "former") || yes === "yes"
        ? question.wants[0]
        : tokens.some((token) => token.text === "second" || token.text === "latter")
          ? question.wants[1]
          : null;
    if (chosen !== null) return { wants: [{ want: chosen, score: 0.6 }], ambiguous: null };
  }
  const asked = question?.kind === "slot" ? book.playbook.slots[question.slot] : undefined;
  // "It's order four seven two...": the name of what was asked for is no want.
  const named = new Set(asked === undefined ? [] : fold(asked.name));
  const telling = named.size === 0 ? tokens : tokens.filter((token) => !named.has(token.text));
  const heard = hearWants(book.wants, tokens);
  const still = named.size === 0 ? heard : hearWants(book.wants, telling);
  const floor =
    aside || (asked !== undefined && WORDY.has(asked.type))
      ? 0.75
      : asked !== undefined
        ? 0.6
        : answered && !startsNewSentence(tokens)
          ? 0.7
          : jointConfidence(tokens) < 0.4
            ? 0.6
            : 0;
  const certain = heard.wants.filter(
    (one) => one.score >= floor && still.wants.some((other) => other.want === one.want),
  );
  const seconded =
    certain.length === 0 && asked === undefined && !answered && !aside ? secondWitness(book, hearing) : null;
  if (seconded !== null) return { wants: [seconded], ambiguous: null };
  return {
    wants: certain,
    ambiguous: question?.kind === "slot" || answered ? null : heard.ambiguous,
  };
}

/** A want that the words only hint at counts when the network heard the same one. */
const HINT = 0.22;

function secondWitness(book: CompiledPlaybook, { witness, tokens }: Hearing): WantScore | null {
  if (witness === null || book.playbook.wants[witness] === undefined) return null;
  const scores = scoreWants(book.wants, tokens);
  const own = scores.find((one) => one.want === witness);
  const best = scores[0];
  if (own === undefined || own.score < HINT || (best !== undefined && best.score - own.score > 0.2)) return null;
  return { want: witness, score: Math.max(own.score, 0.5) };
}

/** An answer with something behind it: "no, but I'd like to return a lamp". */
const startsNewSentence = (tokens: readonly Token[]): boolean => tokens.length >= 5;

function hearSlots(book: CompiledPlaybook, after: Understood, base: Understood, hearing: Hearing): boolean {
  const { question, tokens } = hearing;
  const askedSlot = question?.kind === "slot" || question?.kind === "confirm-slot" ? question.slot : null;
  const relevant = new Set<string>();
  if (askedSlot !== null) relevant.add(askedSlot);
  for (const thread of after.threads)
    if (hearing.isOpen(thread.key)) for (const slot of book.slotsOfWant[thread.want] ?? []) relevant.add(slot);
  for (const slot of Object.keys(base.slots)) relevant.add(slot);
  for (const slot of Object.keys(base.partials)) relevant.add(slot);
  // So is where the caller wants to be written to.
  const address = book.playbook.longWait.email;
  if (address !== undefined) relevant.add(address);
  // Counted slots are recognisable by themselves, whatever is being talked about.
  for (const slot of book.countedSlots) relevant.add(slot);
  let any = false;
  let answeredAsked = false;
  const corrects = tokens.some((token) => /^(no|not|sorry|actually|instead|rather|wait)$/.test(token.text));
  const countedTaken = new Set<string>();
  const ordered = [...relevant].sort((a, b) => Number(b === askedSlot) - Number(a === askedSlot));
  for (const slot of ordered) {
    const spec = book.playbook.slots[slot];
    if (spec === undefined) continue;
    if (hasPhrase(tokens, book.againPhrases[slot] ?? []) && after.slots[slot] !== undefined) {
      delete after.slots[slot];
      delete after.partials[slot];
      any = true;
    }
    const counted = spec.type === "digits" || spec.type === "alphanumeric" || spec.type === "phone";
    if (counted && countedTaken.size > 0 && slot !== askedSlot) continue;
    const asked = slot === askedSlot;
    // An answer to what was asked changes nothing else that is known, unless it says that it corrects.
    if (!asked && answeredAsked && !counted && base.slots[slot] !== undefined && !corrects) continue;
    // A thing said only in answer to another question is not offered to slots that take any words.
    if (!asked && WORDY.has(spec.type) && askedSlot !== null && spec.type !== "email") continue;
    const heard = hearSlot(spec, tokens, {
      known: after.slots[slot],
      partial: after.partials[slot] ?? "",
      asked,
      now: hearing.now,
      options: hearing.options[slot] ?? [],
    });
    if (heard === null) continue;
    if (asked && isRefusal(tokens) && !counted) continue;
    if (asked && spec.type === "name" && after.threads.length > base.threads.length) continue;
    any = true;
    if (asked) answeredAsked = true;
    if (counted) countedTaken.add(slot);
    if (heard.value === null) {
      if (heard.partial !== "") after.partials[slot] = heard.partial;
      continue;
    }
    delete after.partials[slot];
    const before = after.slots[slot];
    const keys = tokens.some((token) => token.key);
    const sameAsBefore = before?.value === heard.value;
    after.slots[slot] = {
      value: heard.value,
      confidence: sameAsBefore ? Math.max(before?.confidence ?? 0, heard.confidence) : heard.confidence,
      confirmed: keys || (sameAsBefore && (before?.confirmed === true || (asked && base.slots[slot] !== undefined))),
      source: keys ? "keys" : "voice",
      tentative: heard.tentative,
    };
  }
  // A bare "no" to "is that right?" leaves the value wrong, and nothing in its place.
  if (question?.kind === "confirm-slot" && after.answers[hearing.questionKey] !== undefined) {
    const value = after.slots[question.slot];
    if (after.answers[hearing.questionKey] === "no" && value?.value === question.value)
      delete after.slots[question.slot];
    if (after.answers[hearing.questionKey] === "yes" && value?.value === question.value)
      after.slots[question.slot] = { ...value, confirmed: true };
  }
  return any;
}

const isRefusal = (tokens: readonly Token[]): boolean =>
  [
    "i dont know",
    "i dont have",
    "i havent got",
    "no idea",
    "not sure",
    "i cant find",
    "i lost it",
    "dont remember",
  ].some((text) => indexOfPhrase(tokens, text.split(" ")) >= 0);
