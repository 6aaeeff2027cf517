import type { OverlapKind } from "@sidetone/protocol";
import type { DialogueEventOf } from "../events.ts";
import type { Turn, Understood } from "../state.ts";
import { sayDayTime } from "../talking/speakable.ts";
import { fill, lookUp } from "../talking/template.ts";
import type { Option } from "../understanding/slots.ts";
import { HESITATIONS, type Token, tokensOf } from "../understanding/tokens.ts";
import { understand } from "../understanding/understand.ts";
import { act } from "./acting.ts";
import { agentSpeaking, type Draft, isOpen, nowOf } from "./draft.ts";

/** The hearing of a turn, so far or in full. */
export function turnHeard(d: Draft, event: DialogueEventOf<"heard">): void {
  const { s } = d;
  const ended = s.ended;
  if (ended !== null && event.turn === ended.index && s.turn === null) {
    const texts = event.words.map((word) => word.text);
    if (texts.join(" ") === ended.words.join(" ")) return;
    const goesOn = ended.words.every((word, i) => texts[i] === word);
    if (goesOn) openTurn(d, event.turn, ended.words.length);
    else reopen(d, event.turn);
  }
  if (s.turn !== null && s.turn.index >= 0 && event.turn > s.turn.index) endTurn(d);
  if (s.turn === null && event.words.length > 0) openTurn(d, event.turn, 0);
  const turn = s.turn as Turn | null;
  if (turn === null) return;
  if (turn.index === -1) turn.index = event.turn;
  if (turn.index !== event.turn || event.revision < turn.revision) return;
  const grew =
    JSON.stringify(turn.words.map((word) => word.text)) !== JSON.stringify(event.words.map((word) => word.text));
  turn.revision = event.revision;
  turn.words = event.words;
  if (event.want !== undefined) turn.witness = event.want;
  if (grew) {
    turn.grewAtMs = s.nowMs;
    s.quietSinceMs = s.nowMs;
    s.silencePrompts = 0;
  }
  understandTurn(d);
  if (event.final) endTurn(d);
}

export function keyPressed(d: Draft, digit: string): void {
  const { s } = d;
  if (s.turn === null) openTurn(d, -1, 0);
  const turn = s.turn as Turn;
  turn.keys.push({ digit, atMs: s.nowMs });
  if (turn.keys.length > 64) turn.keys.shift();
  turn.grewAtMs = s.nowMs;
  s.quietSinceMs = s.nowMs;
  s.silencePrompts = 0;
  understandTurn(d);
  // Typed values are certain: the turn is over as soon as the slot is full, or the caller says so with "#".
  const asked = askedSlot(d);
  const full =
    asked !== null &&
    s.understood.slots[asked] !== undefined &&
    s.understood.slots[asked]?.value !== turn.base.slots[asked]?.value;
  const counted = d.book.countedSlots.some((slot) => s.understood.slots[slot]?.value !== turn.base.slots[slot]?.value);
  if (digit === "#" || (turn.index === -1 && (full || counted))) endTurn(d);
}

const askedSlot = (d: Draft): string | null => (d.s.asking?.question.kind === "slot" ? d.s.asking.question.slot : null);

function openTurn(d: Draft, index: number, skip: number): void {
  const { asking } = d.s;
  const answers = asking !== null && (asking.heardAtMs !== null || (asking.begun && asking.question.kind === "slot"));
  d.s.turn = {
    index,
    revision: 0,
    words: [],
    skip,
    keys: [],
    base: structuredClone(d.s.understood),
    question: answers ? asking.question : null,
    questionKey: answers ? asking.key : "",
    sideTalk:
      d.s.lastOverlap !== null &&
      d.s.nowMs - d.s.lastOverlap.atMs < OVERLAP_LASTS_MS &&
      isAside(d.s.lastOverlap.kind) &&
      agentSpeaking(d),
    ignored: false,
    witness: null,
    overlapped: agentSpeaking(d),
    beganAtMs: d.s.nowMs,
    grewAtMs: d.s.nowMs,
  };
}

/** The kind of sound is told on change only: it stands for a while. */
const OVERLAP_LASTS_MS = 3000;
const isAside = (kind: OverlapKind): boolean => kind === "side-talk" || kind === "background";

/** What sort of sound the caller's side makes: words of side talk are not for us. */
export function overlapTold(d: Draft, kind: OverlapKind): void {
  const { s } = d;
  s.lastOverlap = { kind, atMs: s.nowMs };
  if (s.turn === null || (!s.turn.overlapped && !agentSpeaking(d))) return;
  s.turn.sideTalk = isAside(kind);
  understandTurn(d);
}

/** The ears changed their mind about a turn that was acted on already: it is understood anew, from where it began. */
function reopen(d: Draft, index: number): void {
  const ended = d.s.ended;
  if (ended === null) return;
  openTurn(d, index, 0);
  const turn = d.s.turn as Turn;
  turn.base = structuredClone(ended.base);
  turn.question = ended.question;
  turn.questionKey = ended.questionKey;
}

/** A question whose last word came while the caller was already answering counts for that turn. */
export function questionReachedTurn(d: Draft): void {
  const { turn, asking } = d.s;
  if (turn === null || asking?.heardAtMs == null || turn.questionKey === asking.key) return;
  const first = turn.words[turn.skip];
  if (first !== undefined && first.startMs < asking.heardAtMs - ANSWERS_EARLY_MS) return;
  turn.question = asking.question;
  turn.questionKey = asking.key;
  understandTurn(d);
}
/** People answer over the last syllables of a question. */
const ANSWERS_EARLY_MS = 500;

export function tokensOfTurn(turn: Turn): Token[] {
  return tokensOf(turn.words.slice(turn.skip), turn.keys);
}

export function understandTurn(d: Draft): void {
  const { s } = d;
  const { turn } = s;
  if (turn === null) return;
  const before = s.understood;
  const understood = understand(d.book, turn.base, {
    tokens: tokensOfTurn(turn),
    question: turn.question,
    questionKey: turn.questionKey,
    witness: turn.witness,
    now: nowOf(d),
    timeZone: s.call.timeZone,
    turn: turn.index,
    isOpen: (thread) => isOpen(d, thread),
    options: optionsOf(d),
  });
  turn.ignored = turn.sideTalk && !isForUs(understood, turn);
  s.understood = turn.ignored ? structuredClone(turn.base) : understood;
  dropUnsaidThreads(d, before);
}

/** Above this a want was plainly said to us, whatever the sound of it was taken for. */
const FOR_US = 0.75;

/** Side talk can be misjudged: an answer to our question, or a want in so many words, is heard all the same. */
function isForUs(understood: Understood, turn: Turn): boolean {
  if (understood.answers[turn.questionKey] !== turn.base.answers[turn.questionKey]) return true;
  const known = new Set(turn.base.threads.map((thread) => thread.key));
  if (understood.threads.some((thread) => !known.has(thread.key) && thread.confidence >= FOR_US)) return true;
  const slot = turn.question?.kind === "slot" ? turn.question.slot : null;
  if (slot === null) return false;
  return (
    understood.slots[slot]?.value !== turn.base.slots[slot]?.value ||
    understood.partials[slot] !== turn.base.partials[slot]
  );
}

/** Threads that a revised hearing took back leave no progress behind. */
function dropUnsaidThreads(d: Draft, before: Understood): void {
  const kept = new Set(d.s.understood.threads.map((thread) => thread.key));
  for (const thread of before.threads) if (!kept.has(thread.key)) delete d.s.progress[thread.key];
}

/** Alternatives of the playbook's choices: fixed ones, and those that findings brought. */
export function optionsOf(d: Draft): Record<string, Option[]> {
  const options: Record<string, Option[]> = {};
  for (const [name, spec] of Object.entries(d.book.playbook.slots)) {
    if (spec.choices !== undefined)
      options[name] = Object.entries(spec.choices).map(([value, words]) => ({ value, words }));
    if (spec.from === undefined) continue;
    const { from } = spec;
    const task = d.s.tasks.findLast((one) => one.kind === from.task && one.status === "found");
    const list = task === undefined ? undefined : lookUp([task.output], from.list)?.value;
    if (!Array.isArray(list)) continue;
    const scope = { values: [], today: nowOf(d).date };
    options[name] = list.slice(0, 5).map((item: unknown) => {
      const value = String(lookUp([item], from.value)?.value ?? "");
      const label = fill(from.label, { ...scope, values: [item] });
      return { value, words: [label ?? value, ...(/T\d\d:\d\d/.test(value) ? [sayDayTime(value, scope.today)] : [])] };
    });
  }
  return options;
}

/** The turn is over: what it brought is kept, and acted on. */
export function endTurn(d: Draft): void {
  const { s } = d;
  const { turn } = s;
  if (turn === null) return;
  const tokens = tokensOfTurn(turn);
  s.turn = null;
  const spoken = turn.words.slice(turn.skip);
  const requestsBefore = s.ended?.index === turn.index ? s.ended.requests : [];
  s.ended = {
    index: turn.index,
    words: turn.words.map((word) => word.text),
    base: turn.base,
    question: turn.question,
    questionKey: turn.questionKey,
    requests: [...requestsBefore, ...s.understood.requests.map((request) => request.kind)],
  };
  for (const slot of Object.values(s.understood.slots)) slot.tentative = false;
  const text = [...spoken.map((word) => word.text), ...turn.keys.map((key) => key.digit)].join(" ");
  if (text !== "" && !turn.ignored) s.transcript.push({ who: "caller", text });
  if (s.transcript.length > 60) s.transcript.splice(0, s.transcript.length - 60);
  const said = tokens.filter((token) => !HESITATIONS.has(token.text));
  s.listenUntilMs = 0;
  if (!turn.ignored && said.length > 0) {
    act(d, { turn, tokens: said, overlapped: turn.overlapped || turn.skip > 0, requestsBefore });
  }
  s.understood.requests = [];
}
