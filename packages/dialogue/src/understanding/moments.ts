import { casual, type ParsedComponents } from "chrono-node";
import { DIGIT_WORDS, ORDINAL_WORDS, readCardinal, TEEN_WORDS, TENS_WORDS } from "./numbers.ts";

/** A wall-clock moment in some zone, as a calendar shows it. */
export interface LocalMoment {
  /** yyyy-mm-dd */
  date: string;
  /** HH:MM */
  time: string;
  weekday: number;
}

/** `nowMs` of the media clock, on the calendar of the call's zone. */
export function localMoment(startedAt: string, nowMs: number, timeZone: string): LocalMoment {
  const instant = new Date(Date.parse(startedAt) + nowMs);
  const parts = Object.fromEntries(
    formatterOf(timeZone)
      .formatToParts(instant)
      .map((part) => [part.type, part.value]),
  );
  const date = `${parts.year}-${parts.month}-${parts.day}`;
  return { date, time: `${parts.hour}:${parts.minute}`, weekday: weekdayOf(date) };
}

const formatters = new Map<string, Intl.DateTimeFormat>();
function formatterOf(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat("en-GB", {
      timeZone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}

/** 0 is Monday. */
export const weekdayOf = (date: string): number => (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;

export const addDays = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

export const daysBetween = (from: string, to: string): number =>
  Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);

/** The instant (ISO, UTC) at which clocks in `timeZone` show this date and time. */
export function instantOf(date: string, time: string, timeZone: string): string {
  const guess = Date.parse(`${date}T${time}:00Z`);
  const shown = localMoment(new Date(guess).toISOString(), 0, timeZone);
  const offset = Date.parse(`${shown.date}T${shown.time}:00Z`) - guess;
  return new Date(guess - offset).toISOString();
}

/** Words of hours and minutes written as chrono reads them: "half past two" -> "2:30", "ten thirty" -> "10:30". */
export function writeNumbers(words: readonly string[]): string {
  const out: string[] = [];
  for (let i = 0; i < words.length; ) {
    const word = words[i] as string;
    const clock = readClock(words, i);
    if (clock !== null) {
      out.push(clock.text);
      i += clock.took;
      continue;
    }
    const tens = TENS_WORDS[word];
    const ordinal = ORDINAL_WORDS[words[i + 1] ?? ""];
    if (tens !== undefined && ordinal !== undefined && ordinal < 10) {
      out.push(`${tens + ordinal}${suffix(tens + ordinal)}`);
      i += 2;
      continue;
    }
    const own = ORDINAL_WORDS[word];
    if (own !== undefined && word !== "second") {
      out.push(`${own}${suffix(own)}`);
      i++;
      continue;
    }
    if (word === "second" && (words[i - 1] === "the" || words[i + 1] === "of" || MONTHS.test(words[i - 1] ?? ""))) {
      out.push("2nd");
      i++;
      continue;
    }
    const year = readYear(words, i);
    if (year !== null) {
      out.push(String(year.value));
      i += year.took;
      continue;
    }
    const cardinal = readCardinal(words, i);
    if (cardinal !== null) {
      out.push(String(cardinal.value));
      i += cardinal.took;
      continue;
    }
    out.push(word);
    i++;
  }
  return out.join(" ").replace(/\bthe (\d+(?:st|nd|rd|th))\b/g, "$1");
}

const MONTHS = /^(january|february|march|april|may|june|july|august|september|october|november|december)$/;
const suffix = (n: number): string =>
  n % 100 >= 11 && n % 100 <= 13 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");

/** "nineteen eighty four", "twenty twenty six", "nineteen oh five". */
function readYear(words: readonly string[], at: number): { value: number; took: number } | null {
  const century = words[at] === "nineteen" ? 1900 : words[at] === "twenty" ? 2000 : null;
  if (century === null) return null;
  if (words[at + 1] === "oh" && DIGIT_WORDS[words[at + 2] ?? ""] !== undefined) {
    return { value: century + Number(DIGIT_WORDS[words[at + 2] as string]), took: 3 };
  }
  const rest = readCardinal(words, at + 1);
  if (rest === null || rest.value < 10 || rest.value > 99 || rest.scaled) return null;
  return { value: century + rest.value, took: 1 + rest.took };
}

const hourOf = (word: string | undefined): number | undefined => {
  if (word === undefined) return undefined;
  const value = /^\d{1,2}$/.test(word)
    ? Number(word)
    : word === "oh"
      ? undefined
      : DIGIT_WORDS[word] !== undefined
        ? Number(DIGIT_WORDS[word])
        : TEEN_WORDS[word];
  return value !== undefined && value >= 1 && value <= 12 ? value : undefined;
};

function readClock(words: readonly string[], at: number): { text: string; took: number } | null {
  const word = words[at] as string;
  const after = (index: number): { text: string; took: number } => {
    const half = words[index];
    if (half === "am" || half === "pm") return { text: half, took: 1 };
    if (half === "a" && words[index + 1] === "m") return { text: "am", took: 2 };
    if (half === "p" && words[index + 1] === "m") return { text: "pm", took: 2 };
    if (half === "in" && words[index + 1] === "the") {
      if (words[index + 2] === "morning") return { text: "am", took: 3 };
      if (words[index + 2] === "afternoon" || words[index + 2] === "evening") return { text: "pm", took: 3 };
    }
    if (half === "tonight" || (half === "at" && words[index + 1] === "night"))
      return { text: "pm", took: half === "at" ? 2 : 0 };
    return { text: "", took: 0 };
  };
  const write = (hour: number, minute: number, took: number): { text: string; took: number } => {
    const half = after(at + took);
    const clock = `${hour}:${String(minute).padStart(2, "0")}`;
    const text = half.text === "" ? `${clock} ${hour < 8 ? "pm" : hour === 12 ? "pm" : "am"}` : `${clock} ${half.text}`;
    return { text, took: took + half.took };
  };
  const minutes = word === "half" ? 30 : word === "quarter" ? 15 : undefined;
  if (minutes !== undefined) {
    const link = words[at + 1];
    const hour = hourOf(link === "past" || link === "to" || link === "after" ? words[at + 2] : link);
    if (hour === undefined) return null;
    if (link === "to") return write(hour === 1 ? 12 : hour - 1, 60 - minutes, 3);
    return write(hour, minutes, link === "past" || link === "after" ? 3 : 2);
  }
  const count = readCardinal(words, at);
  if (count !== null && (words[at + count.took] === "past" || words[at + count.took] === "to") && count.value <= 29) {
    const hour = hourOf(words[at + count.took + 1]);
    if (hour !== undefined && (count.value % 5 === 0 || count.value < 30)) {
      const past = words[at + count.took] === "past";
      return write(past ? hour : hour === 1 ? 12 : hour - 1, past ? count.value : 60 - count.value, count.took + 2);
    }
  }
  const hour = hourOf(word);
  if (hour === undefined) return /^\d{1,2}:\d\d$/.test(word) ? { text: word, took: 1 } : null;
  const next = words[at + 1];
  if (next === "oclock") return write(hour, 0, 2);
  if (next === "oh" || next === "o") {
    const unit = DIGIT_WORDS[words[at + 2] ?? ""];
    if (unit !== undefined) return write(hour, Number(unit), 3);
  }
  const minute = readCardinal(words, at + 1);
  if (
    minute !== null &&
    !minute.scaled &&
    minute.value >= 10 &&
    minute.value <= 59 &&
    !MONTHS.test(words[at + 1 + minute.took] ?? "") &&
    words[at + 1 + minute.took] !== "minutes"
  ) {
    return write(hour, minute.value, 1 + minute.took);
  }
  if (after(at + 1).text !== "") return write(hour, 0, 1);
  if (
    /^(at|around|about|by|after|before|maybe|say|until)$/.test(words[at - 1] ?? "") &&
    !/^(minutes?|hours?|days?|weeks?|months?|of|people)$/.test(next ?? "")
  )
    return write(hour, 0, 1);
  return null;
}

export interface MomentHeard {
  /** yyyy-mm-dd, where a day was said. */
  date: string | null;
  /** HH:MM, where a time was said. */
  time: string | null;
  /** "morning", "afternoon" or "evening" where only that was said. */
  partOfDay: string | null;
  /** Milliseconds from now, where a span was said ("in four minutes"). */
  inMs: number | null;
}

/** Reads a date, time or span relative to `now`. The latest mention wins, so that corrections correct. */
export function hearMoment(words: readonly string[], now: LocalMoment): MomentHeard {
  const text = writeNumbers(words)
    .replace(/\b(the )?day after tomorrow\b/g, "in 2 days")
    .replace(/\bnoon\b/g, "12:00 pm")
    .replace(/\bmidday\b/g, "12:00 pm")
    .replace(/\bmidnight\b/g, "11:59 pm");
  const reference = new Date(
    Date.UTC(
      Number(now.date.slice(0, 4)),
      Number(now.date.slice(5, 7)) - 1,
      Number(now.date.slice(8, 10)),
      Number(now.time.slice(0, 2)),
      Number(now.time.slice(3, 5)),
    ),
  );
  const results = casual.parse(text, { instant: reference, timezone: 0 }, { forwardDate: true });
  const heard: MomentHeard = { date: null, time: null, partOfDay: null, inMs: null };
  for (const result of results) {
    const start = result.start;
    if (
      start.isCertain("day") ||
      start.isCertain("weekday") ||
      (start.isCertain("month") && start.isCertain("day")) ||
      /today|tomorrow|tonight|day|week/.test(result.text)
    ) {
      heard.date = dateOf(start);
    }
    if (start.isCertain("hour") && /\d|noon|midday/.test(result.text) && !/\bin (a |an |\d)/.test(result.text))
      heard.time = `${two(start.get("hour"))}:${two(start.get("minute"))}`;
    if (/\b(minutes?|hours?|seconds?)\b/.test(result.text)) heard.inMs = start.date().getTime() - reference.getTime();
  }
  const part = /\b(morning|afternoon|evening)\b/.exec(text)?.[1];
  if (part !== undefined && heard.time === null) heard.partOfDay = part;
  // A bare ordinal ("the third", "on the twenty first") is a day of this month or the next.
  const bare = /\b(\d{1,2})(?:st|nd|rd|th)\b/.exec(text);
  if (heard.date === null && bare !== null) {
    const day = Number(bare[1]);
    let candidate = `${now.date.slice(0, 8)}${two(day)}`;
    if (candidate < now.date) candidate = nextMonth(now.date, day);
    if (day >= 1 && day <= 31) heard.date = candidate;
  }
  return heard;
}

function nextMonth(date: string, day: number): string {
  const year = Number(date.slice(0, 4));
  const month = Number(date.slice(5, 7));
  return month === 12 ? `${year + 1}-01-${two(day)}` : `${year}-${two(month + 1)}-${two(day)}`;
}
const two = (n: number | null): string => String(n ?? 0).padStart(2, "0");
const dateOf = (start: ParsedComponents): string =>
  `${start.get("year")}-${two(start.get("month"))}-${two(start.get("day"))}`;
