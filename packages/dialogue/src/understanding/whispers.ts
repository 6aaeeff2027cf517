import type { CompiledPlaybook } from "../playbook/compile.ts";
import type { LocalMoment } from "./moments.ts";
import { hearSlot, type Option } from "./slots.ts";
import { fold, hasPhrase, indexOfPhrase, tokensOfText } from "./tokens.ts";
import { scoreWants } from "./wants.ts";

/** What a supervisor's whisper asks of the agent. Everything that is said for it is the playbook's, except `say`. */
export type Whisper =
  /** Said word for word, within the policy of what must never be said. */
  | { kind: "say"; text: string }
  | { kind: "hand-over" }
  | { kind: "verify-first" }
  | { kind: "slower" }
  | { kind: "faster" }
  | { kind: "stop-recording" }
  | { kind: "wrap-up" }
  | { kind: "ask-again" }
  | { kind: "offer"; what: "human" | "call-back" | "message" }
  | { kind: "offer-want"; want: string }
  /** A fact that the caller need not be asked for. */
  | { kind: "slot"; slot: string; value: string }
  /** For whoever takes the call, and the reasoning model; nothing is said for it. */
  | { kind: "note"; text: string };

const phrases = (...texts: string[]): string[][] => texts.map(fold);

const HAND_OVER = phrases(
  "transfer",
  "hand over",
  "hand them over",
  "hand it over",
  "put them through",
  "put through",
  "escalate",
  "to a human",
  "to a colleague",
  "to me",
);
const VERIFY = phrases(
  "verify",
  "verify first",
  "check who",
  "check their identity",
  "check the identity",
  "identify",
  "security check",
  "make sure it is them",
);
const SLOWER = phrases("slower", "slow down", "more slowly", "too fast");
const FASTER = phrases("faster", "speed up", "more quickly", "too slow");
const STOP_RECORDING = phrases("stop recording", "stop the recording", "dont record", "do not record");
const WRAP_UP = phrases("wrap up", "wrap it up", "end the call", "say goodbye", "close the call", "finish the call");
const ASK_AGAIN = phrases("ask again", "ask them again", "repeat the question", "ask it again");
const CALL_BACK = phrases("call back", "callback", "call them back", "ring them back");
const MESSAGE = phrases("send a message", "send them a message", "a text", "text them", "sms", "message");
const OFFER = phrases(
  "offer",
  "suggest",
  "propose",
  "ask if",
  "ask whether",
  "ask about",
  "give them",
  "help them with",
  "start",
);
const NEGATED = phrases("dont", "do not", "never", "not", "no longer", "stop offering");

/** Below this a want is not what was meant. */
const WANT_SCORE = 0.3;

/** What a whisper asks; null where it asks for nothing that the playbook can do. */
export function hearWhisper(
  book: CompiledPlaybook,
  text: string,
  context: { now: LocalMoment; options: Readonly<Record<string, readonly Option[]>> },
): Whisper | null {
  const prefixed = /^\s*(say|note|tell)\s*:\s*([\s\S]+)$/i.exec(text);
  if (prefixed !== null) {
    const rest = (prefixed[2] as string).trim();
    return prefixed[1]?.toLowerCase() === "note" ? { kind: "note", text: rest } : { kind: "say", text: rest };
  }
  const tokens = tokensOfText(text);
  const has = (list: readonly string[][]): boolean => hasPhrase(tokens, list);
  if (has(STOP_RECORDING)) return { kind: "stop-recording" };
  // "Don't offer a refund" is no instruction that can be mistaken for its opposite.
  if (has(NEGATED)) return null;
  if (has(SLOWER)) return { kind: "slower" };
  if (has(FASTER)) return { kind: "faster" };
  if (has(WRAP_UP)) return { kind: "wrap-up" };
  if (has(ASK_AGAIN)) return { kind: "ask-again" };
  const offers = has(OFFER);
  if (has(CALL_BACK)) return { kind: "offer", what: "call-back" };
  if (has(VERIFY)) return book.playbook.policy.verification === undefined ? null : { kind: "verify-first" };
  const fact = hearFact(book, tokens, context);
  if (fact !== null) return fact;
  if (has(HAND_OVER)) return offers ? { kind: "offer", what: "human" } : { kind: "hand-over" };
  if (has(MESSAGE)) return { kind: "offer", what: "message" };
  const [best] = scoreWants(book.wants, tokens);
  if (best === undefined || best.score < WANT_SCORE || !(offers || best.score > 0.6)) return null;
  const want = book.playbook.wants[best.want];
  if (want?.handOver === true) return offers ? { kind: "offer", what: "human" } : { kind: "hand-over" };
  return { kind: "offer-want", want: best.want };
}

/** "The order number is 47291": a slot by its name, and its value. */
function hearFact(
  book: CompiledPlaybook,
  tokens: ReturnType<typeof tokensOfText>,
  { now, options }: { now: LocalMoment; options: Readonly<Record<string, readonly Option[]>> },
): Whisper | null {
  for (const [slot, spec] of Object.entries(book.playbook.slots)) {
    const name = fold(spec.name);
    const at = indexOfPhrase(tokens, name);
    if (at < 0) continue;
    const rest = tokens
      .slice(at + name.length)
      .filter((token, i) => i > 0 || !/^(is|was|should|equals)$/.test(token.text));
    const heard = hearSlot(spec, rest, {
      known: undefined,
      partial: "",
      asked: true,
      now,
      options: options[slot] ?? [],
    });
    if (heard !== null && heard.value !== null) return { kind: "slot", slot, value: heard.value };
  }
  return null;
}
