import type { Slot } from "../playbook/schema.ts";
import type { SlotValue } from "../state.ts";
import { hearAddress, hearEmail, hearMoney, hearPhone } from "./contact.ts";
import { hearDigits } from "./digits.ts";
import { hearCode, hearName } from "./letters.ts";
import { HOLE } from "./misheard-digits.ts";
import { hearMoment, type LocalMoment } from "./moments.ts";
import { ORDINAL_WORDS } from "./numbers.ts";
import { fold, indexOfPhrase, jointConfidence, type Token } from "./tokens.ts";
import { hearYesNo } from "./yes-no.ts";

/** One alternative of a choice. */
export interface Option {
  value: string;
  /** Ways of saying it. */
  words: string[];
}

export interface SlotContext {
  known: SlotValue | undefined;
  partial: string;
  /** The caller was just asked for it. */
  asked: boolean;
  now: LocalMoment;
  options: readonly Option[];
}

export interface SlotHearing {
  value: string | null;
  /** Symbols so far, for counted slots that are not complete. */
  partial: string;
  confidence: number;
  /** More of it may follow at once: a correction under way. */
  tentative: boolean;
}

/** What the turn says about a slot; null where it says nothing. */
export function hearSlot(spec: Slot, tokens: readonly Token[], context: SlotContext): SlotHearing | null {
  switch (spec.type) {
    case "digits":
      return hearDigitSlot(spec, tokens, context);
    case "alphanumeric": {
      if (!context.asked) return null;
      const heard = hearCode(tokens, spec.length ?? 0, context.known?.value ?? context.partial);
      if (!heard.touched) return null;
      const complete = spec.length === undefined ? heard.code.length >= 2 : heard.code.length === spec.length;
      return {
        value: complete ? heard.code : null,
        partial: complete ? "" : heard.code,
        confidence: heard.confidence,
        tentative: spec.length === undefined,
      };
    }
    case "phone": {
      if (!context.asked && !/\b(number|phone|mobile|reach)\b/.test(tokens.map((token) => token.text).join(" ")))
        return null;
      const heard = hearPhone(tokens, spec.country, context.partial);
      if (!heard.touched || (heard.value === null && !context.asked)) return null;
      return {
        value: heard.value,
        partial: heard.value === null ? heard.digits : "",
        confidence: heard.confidence,
        tentative: false,
      };
    }
    case "yes-no": {
      if (!context.asked) return null;
      const heard = hearYesNo(tokens);
      return heard === null || heard.answer === "unclear" ? null : sure(heard.answer, heard.confidence);
    }
    case "name": {
      const heard = hearName(tokens, context.asked);
      return heard === null
        ? null
        : {
            value: heard.name,
            partial: "",
            confidence: heard.spelled ? Math.max(heard.confidence, 0.9) : heard.confidence,
            tentative: true,
          };
    }
    case "date": {
      const heard = hearMoment(
        tokens.map((token) => token.text),
        context.now,
      );
      return heard.date === null || heard.inMs !== null
        ? null
        : { ...sure(heard.date, jointConfidence(tokens)), tentative: true };
    }
    case "time": {
      const words = tokens.map((token) => token.text);
      const heard = hearMoment(context.asked && !words.includes("at") ? ["at", ...words] : words, context.now);
      const value = heard.time ?? (context.asked ? heard.partOfDay : null);
      return value === null ? null : { ...sure(value, jointConfidence(tokens)), tentative: true };
    }
    case "money": {
      const heard = hearMoney(tokens, context.asked);
      return heard === null ? null : { ...sure(String(heard.minor), heard.confidence), tentative: true };
    }
    case "email": {
      const heard = hearEmail(tokens);
      return heard === null ? null : { ...sure(heard.email, heard.confidence), tentative: true };
    }
    case "address": {
      const heard = hearAddress(tokens, context.asked);
      return heard === null ? null : { ...sure(heard.address, heard.confidence), tentative: true };
    }
    case "choice":
      return hearChoice(spec, tokens, context);
    default:
      return spec.type satisfies never;
  }
}

const sure = (value: string, confidence: number): SlotHearing => ({ value, partial: "", confidence, tentative: false });

function hearDigitSlot(spec: Slot, tokens: readonly Token[], context: SlotContext): SlotHearing | null {
  const length = spec.length ?? 0;
  // Keys typed anew are the whole value, whatever was mumbled before them.
  const keys = tokens.filter((token) => token.key && /^\d$/.test(token.text));
  if (keys.length >= length && length > 0)
    return sure(
      keys
        .slice(-length)
        .map((key) => key.text)
        .join(""),
      1,
    );
  const known = context.known?.value ?? context.partial;
  const heard = hearDigits(tokens, length, known, context.asked);
  if (!heard.touched) return null;
  const isNew = heard.digits !== known;
  if (context.known !== undefined && !context.asked && !heard.corrected && !endsFull(tokens, length)) return null;
  if (heard.digits.includes(HOLE))
    return { value: null, partial: heard.digits, confidence: heard.confidence, tentative: heard.tentative };
  if (length === 0 || heard.digits.length === length) {
    return isNew || context.known === undefined || context.asked
      ? { ...sure(heard.digits, heard.confidence), tentative: heard.tentative || length === 0 }
      : null;
  }
  if (context.known !== undefined && !context.asked) return null;
  if (!context.asked && (heard.digits.length < 2 || heard.digits.length > length + 2)) return null;
  return { value: null, partial: heard.digits, confidence: heard.confidence, tentative: heard.tentative };
}

/** Whether the turn, taken alone, holds a full string. */
const endsFull = (tokens: readonly Token[], length: number): boolean =>
  hearDigits(tokens, length, "", false).digits.length === length;

const ORDINAL_CHOICES: Record<string, number> = {
  ...ORDINAL_WORDS,
  last: -1,
  latter: -1,
  former: 1,
  earlier: 1,
  earliest: 1,
  later: -1,
  latest: -1,
  one: 0,
};

function hearChoice(spec: Slot, tokens: readonly Token[], context: SlotContext): SlotHearing | null {
  const options = context.options;
  if (options.length === 0) return null;
  let best: { value: string; at: number; size: number } | null = null;
  for (const option of options) {
    for (const words of option.words) {
      const phrase = fold(words);
      const at = indexOfPhrase(tokens, phrase);
      if (at >= 0 && (best === null || phrase.length > best.size || (phrase.length === best.size && at > best.at)))
        best = { value: option.value, at, size: phrase.length };
    }
  }
  if (best !== null) return sure(best.value, jointConfidence(tokens.slice(best.at, best.at + best.size)));
  if (!context.asked) return null;
  const words = tokens.map((token) => token.text);
  if (spec.from !== undefined) {
    const moment = hearMoment(words.includes("at") ? words : ["at", ...words], context.now);
    const matches = options.filter(
      ({ value }) =>
        (moment.time === null || value.includes(`T${moment.time}`)) &&
        (moment.date === null || value.startsWith(moment.date)) &&
        (moment.partOfDay === null || partOf(value) === moment.partOfDay),
    );
    if ((moment.time !== null || moment.date !== null || moment.partOfDay !== null) && matches.length === 1) {
      return sure((matches[0] as Option).value, jointConfidence(tokens));
    }
    if (moment.time !== null) return null;
  }
  for (const token of tokens) {
    const ordinal = ORDINAL_CHOICES[token.text];
    if (ordinal === undefined || ordinal === 0) continue;
    const option = ordinal < 0 ? options.at(-1) : options[ordinal - 1];
    if (option !== undefined) return sure(option.value, token.confidence);
  }
  if (options.length === 1) {
    const yes = hearYesNo(tokens);
    if (yes?.answer === "yes") return sure((options[0] as Option).value, yes.confidence);
  }
  return null;
}

function partOf(startsAt: string): string {
  const hour = Number(/T(\d\d)/.exec(startsAt)?.[1] ?? 0);
  return hour < 12 ? "morning" : hour < 17 ? "afternoon" : "evening";
}
