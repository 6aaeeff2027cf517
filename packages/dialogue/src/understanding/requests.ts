import type { Request } from "../state.ts";
import { hearGoodbye } from "./goodbyes.ts";
import { hearMoment, instantOf, type LocalMoment } from "./moments.ts";
import { fold, HESITATIONS, hasPhrase, type Token } from "./tokens.ts";

const phrases = (...texts: string[]): string[][] => texts.map(fold);

const REPEAT = phrases(
  "say that again",
  "repeat that",
  "could you repeat",
  "can you repeat",
  "what did you say",
  "pardon",
  "come again",
  "one more time",
  "sorry what was that",
  "say again",
  "i didnt catch that",
  "i didnt hear",
  "what was that",
  "once more",
  "repeat please",
  "i missed that",
  "speak up",
);
const SLOWER = phrases("slower", "more slowly", "slow down", "too fast");
const FASTER = phrases("faster", "more quickly", "speed up", "too slow", "at normal speed");
const HOLD_ON = phrases(
  "hold on",
  "hang on",
  "one moment",
  "one second",
  "just a minute",
  "just a moment",
  "just a second",
  "just a sec",
  "wait a second",
  "wait a minute",
  "wait a moment",
  "give me a second",
  "give me a minute",
  "give me a moment",
  "bear with me",
  "let me find it",
  "let me check",
  "let me look",
  "let me have a look",
  "one sec",
  "let me get it",
  "hold the line",
);
const BACK = phrases(
  "im back",
  "ok im back",
  "here it is",
  "found it",
  "ive got it",
  "i have it",
  "got it now",
  "sorry about that",
  "hello again",
  "right im here",
  "ok im here",
  "im here",
  "im still here",
  "yes im here",
);
const NEVER_MIND = phrases(
  "never mind",
  "nevermind",
  "forget it",
  "forget about it",
  "doesnt matter",
  "does not matter",
  "dont worry about it",
  "leave it",
  "drop it",
  "no matter",
  "scratch that",
  "dont bother",
  "changed my mind about that",
);
const THANKS = phrases("thanks", "thank you", "cheers", "much appreciated", "brilliant thanks", "thats great thanks");
const GREETING = phrases("hello", "hi", "hey", "good morning", "good afternoon", "good evening", "hi there");
const NOT_YOU = phrases(
  "not you",
  "i wasnt talking to you",
  "i was talking to my",
  "i was speaking to my",
  "i wasnt speaking to you",
  "talking to someone else",
  "talking to my son",
  "talking to my wife",
  "talking to my husband",
  "sorry not you",
);
const HUMAN = phrases(
  "are you a robot",
  "are you human",
  "are you a machine",
  "are you a person",
  "are you real",
  "am i talking to a robot",
  "am i talking to a machine",
  "am i speaking to a machine",
  "are you an ai",
  "is this a robot",
  "is this a machine",
  "are you a real person",
  "is this a recording",
  "are you a computer",
);
const STOP_RECORDING = phrases(
  "stop recording",
  "dont record",
  "do not record",
  "turn off the recording",
  "i dont want to be recorded",
  "i do not want to be recorded",
  "no recording",
);
const REMIND = phrases("remind me", "give me a reminder", "check again", "ask me again", "let me know when");
const CALL_BACK = phrases(
  "call me back",
  "ring me back",
  "phone me back",
  "give me a call back",
  "call back later",
  "could you call me",
  "can you call me",
  "give me a ring",
);

const MAIL = phrases(
  "email me",
  "e mail me",
  "mail me",
  "email it",
  "e mail it",
  "send me an email",
  "send me an e mail",
  "send it by email",
  "send it by e mail",
  "by email please",
  "send it to my email",
  "send an email",
);
const TEXT = phrases(
  "text me",
  "send me a text",
  "send it by text",
  "send me an sms",
  "a text please",
  "by text please",
);
const MESSAGE = phrases("send me a message", "message me", "write to me");

/** Everything the turn asks of the talk itself. */
export function hearRequests(tokens: readonly Token[], now: LocalMoment, timeZone: string): Request[] {
  const words = tokens.filter((token) => !HESITATIONS.has(token.text) && !token.key).map((token) => token.text);
  const requests: Request[] = [];
  if (words.length === 0) return requests;
  const has = (list: readonly string[][]): boolean => hasPhrase(tokens, list);
  if (has(NOT_YOU)) return [{ kind: "not-you" }];
  if (has(STOP_RECORDING)) requests.push({ kind: "stop-recording" });
  if (has(REMIND)) {
    const moment = hearMoment(words, now);
    const inMs = moment.inMs ?? untilMs(moment.time, now);
    if (inMs !== null && inMs > 0) {
      const bare = words
        .join(" ")
        .replace(
          /\b(?:in (?:a |an |half an? |\w+ )?(?:\w+ )?(?:minutes?|hours?|seconds?)|at [\w ]*?(?= (?:to|about|that) |$))/,
          "",
        );
      const about = /\b(?:to|about|that) (.+)$/.exec(bare)?.[1]?.trim() ?? "";
      requests.push({ kind: "remind", inMs, text: about });
      return requests;
    }
  }
  if (has(CALL_BACK)) {
    const moment = hearMoment(words, now);
    const at =
      moment.time === null
        ? moment.inMs === null
          ? null
          : "in"
        : instantOf(moment.date ?? now.date, moment.time, timeZone);
    if (at === "in" && moment.inMs !== null) {
      const start = Date.parse(instantOf(now.date, now.time, timeZone));
      requests.push({ kind: "call-back", at: new Date(start + moment.inMs).toISOString() });
    } else requests.push({ kind: "call-back", at });
  }
  if (words.length <= 14) {
    const by = has(MAIL) ? "email" : has(TEXT) ? "sms" : null;
    if (by !== null || has(MESSAGE)) requests.push({ kind: "message", by });
  }
  if (has(HUMAN)) requests.push({ kind: "are-you-human" });
  if (has(NEVER_MIND)) requests.push({ kind: "never-mind" });
  else if (has(HOLD_ON) && words.length <= 14) requests.push({ kind: "hold-on" });
  if (/^(?:(?:ok|no|hey|please) )*(?:stop|wait|shush|quiet)(?: (?:stop|wait|please|it))*$/.test(words.join(" ")))
    requests.push({ kind: "hush" });
  if (has(REPEAT) || /^(sorry|what|excuse me|pardon me|huh)$/.test(words.join(" "))) requests.push({ kind: "repeat" });
  if (has(SLOWER) && words.length <= 10) requests.push({ kind: "slower" });
  else if (has(FASTER) && words.length <= 10) requests.push({ kind: "faster" });
  if (has(BACK)) requests.push({ kind: "back" });
  const goodbye = hearGoodbye(tokens);
  if (goodbye !== null) requests.push({ kind: "goodbye", sure: goodbye === "sure" });
  if (has(THANKS)) requests.push({ kind: "thanks" });
  if (words.length <= 4 && has(GREETING)) requests.push({ kind: "greeting" });
  return requests;
}

function untilMs(time: string | null, now: LocalMoment): number | null {
  if (time === null) return null;
  const minutes = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
  return ((((minutes(time) - minutes(now.time)) % 720) + 720) % 720) * 60_000;
}

const QUESTION_STARTS =
  /^(what|whats|when|where|who|which|why|how|do|does|did|is|are|can|could|will|would|should|have|has|may)$/;

/** A question in words that no want covers, for knowledge; null where it is no question. */
export function unknownQuestion(tokens: readonly Token[]): string | null {
  const words = tokens.filter((token) => !token.key && !HESITATIONS.has(token.text)).map((token) => token.text);
  const start = words.findIndex((word) => QUESTION_STARTS.test(word));
  const asks = start >= 0 && start <= 5 && words.length - start >= 4;
  const tells = /\b(tell me|know|wonder|question|explain|information)\b/.test(words.join(" ")) && words.length >= 5;
  if (!asks && !tells) return null;
  return words.slice(asks && !tells ? start : 0).join(" ");
}
