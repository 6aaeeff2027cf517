import { daysBetween, weekdayOf } from "../understanding/moments.ts";

/** Values as a person would say them on the telephone. All pure; dates are yyyy-mm-dd, times HH:MM. */

const UNITS =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const ORDINALS =
  "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth".split(
    " ",
  );
const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

export function sayNumber(n: number): string {
  if (n < 0) return `minus ${sayNumber(-n)}`;
  if (!Number.isInteger(n)) return String(n);
  if (n < 20) return UNITS[n] as string;
  if (n < 100) return `${TENS[Math.floor(n / 10)]}${n % 10 === 0 ? "" : `-${UNITS[n % 10]}`}`;
  if (n < 1000) return `${UNITS[Math.floor(n / 100)]} hundred${n % 100 === 0 ? "" : ` and ${sayNumber(n % 100)}`}`;
  if (n < 1_000_000) {
    const rest = n % 1000;
    return `${sayNumber(Math.floor(n / 1000))} thousand${rest === 0 ? "" : rest < 100 ? ` and ${sayNumber(rest)}` : ` ${sayNumber(rest)}`}`;
  }
  return String(n);
}

export const sayOrdinal = (n: number): string =>
  n < 20
    ? (ORDINALS[n] as string)
    : n % 10 === 0
      ? `${(TENS[n / 10] as string).replace(/y$/, "ie")}th`
      : `${TENS[Math.floor(n / 10)]}-${ORDINALS[n % 10]}`;

/** Digits one by one, in groups that can be remembered: 47291 is "four seven two, nine one". */
export function sayDigits(digits: string): string {
  const symbols = [...digits.replace(/[^0-9A-Za-z+]/g, "")];
  const sizes = groupSizes(symbols.length);
  const groups: string[] = [];
  let at = 0;
  for (const size of sizes) {
    groups.push(
      symbols
        .slice(at, at + size)
        .map((symbol) =>
          symbol === "+" ? "plus" : /\d/.test(symbol) ? (UNITS[Number(symbol)] as string) : symbol.toUpperCase(),
        )
        .join(" "),
    );
    at += size;
  }
  return groups.join(", ");
}

function groupSizes(length: number): number[] {
  if (length <= 4) return [length];
  const sizes: number[] = [];
  let rest = length;
  while (rest > 4) {
    sizes.push(3);
    rest -= 3;
  }
  if (rest > 0) sizes.push(rest);
  return sizes;
}

const CURRENCIES: Record<string, [string, string, string, string]> = {
  GBP: ["pound", "pounds", "penny", "pence"],
  EUR: ["euro", "euros", "cent", "cents"],
  USD: ["dollar", "dollars", "cent", "cents"],
};

export function sayMoney(minor: number, currency: string): string {
  const [one, many, oneMinor, manyMinor] = CURRENCIES[currency] ?? [currency, currency, "cent", "cents"];
  const major = Math.floor(Math.abs(minor) / 100);
  const rest = Math.abs(minor) % 100;
  if (major === 0) return `${sayNumber(rest)} ${rest === 1 ? oneMinor : manyMinor}`;
  const head = `${sayNumber(major)} ${major === 1 ? one : many}`;
  return rest === 0 ? head : `${head} ${sayNumber(rest)}`;
}

/** "Tuesday the third of March". The year is said when it is not this one. */
export function sayDate(date: string, today: string): string {
  const day = Number(date.slice(8, 10));
  const month = MONTHS[Number(date.slice(5, 7)) - 1] as string;
  const year =
    date.slice(0, 4) === today.slice(0, 4) || Math.abs(daysBetween(today, date)) < 120
      ? ""
      : ` ${sayYear(Number(date.slice(0, 4)))}`;
  return `${WEEKDAYS[weekdayOf(date)]} the ${sayOrdinal(day)} of ${month}${year}`;
}

export const sayYear = (year: number): string =>
  year >= 2000 && year < 2010
    ? `two thousand${year === 2000 ? "" : ` and ${sayNumber(year - 2000)}`}`
    : `${sayNumber(Math.floor(year / 100))} ${sayNumber(year % 100)}`;

/** The shortest name of a day that cannot be mistaken: "today", "tomorrow, Tuesday the third", "on Friday the sixth". */
export function sayDay(date: string, today: string): string {
  const days = daysBetween(today, date);
  const named = `${WEEKDAYS[weekdayOf(date)]} the ${sayOrdinal(Number(date.slice(8, 10)))}`;
  if (days === 0) return "today";
  if (days === 1) return `tomorrow, ${named}`;
  if (days === -1) return `yesterday, ${named}`;
  if (days > 1 && days < 7 && date.slice(0, 7) === today.slice(0, 7)) return `on ${named}`;
  if (days > -7 && days < 0) return `on ${named}`;
  return `on ${sayDate(date, today)}`;
}

/** "half past two" is left to people; a machine is clearer with "two thirty in the afternoon". */
export function sayTime(time: string, withPart = true): string {
  const hour = Number(time.slice(0, 2));
  const minute = Number(time.slice(3, 5));
  if (hour === 12 && minute === 0) return "noon";
  if (hour === 0 && minute === 0) return "midnight";
  const clock = `${sayNumber(hour % 12 === 0 ? 12 : hour % 12)}${minute === 0 ? "" : minute < 10 ? ` oh ${sayNumber(minute)}` : ` ${sayNumber(minute)}`}`;
  if (!withPart) return clock;
  return `${clock} ${hour < 12 ? "in the morning" : hour < 17 ? "in the afternoon" : "in the evening"}`;
}

/** "08:00-18:00" is "eight in the morning to six in the evening". */
export const sayHours = (hours: string): string => {
  const [from, to] = hours.split("-") as [string, string];
  return `${sayTime(from)} to ${sayTime(to)}`;
};

/** A local date and time out of an ISO string with or without a zone; spoken as a day and a time. */
export function sayDayTime(at: string, today: string): string {
  return `${sayDay(at.slice(0, 10), today).replace(/^on /, "")} at ${sayTime(at.slice(11, 16))}`;
}

export function sayList(items: readonly string[], link = "and"): string {
  if (items.length <= 1) return items[0] ?? "";
  return `${items.slice(0, -1).join(", ")} ${link} ${items.at(-1)}`;
}

/** "about eight seconds", "about a minute": never more exact than it can be. */
export function saySpan(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 2) return "a second";
  if (seconds < 20) return `${sayNumber(seconds)} seconds`;
  if (seconds < 50) return `${sayNumber(Math.round(seconds / 10) * 10)} seconds`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return minutes <= 1 ? "a minute" : `${sayNumber(minutes)} minutes`;
  const hours = Math.round(minutes / 60);
  if (hours < 48) return hours === 1 ? "an hour" : `${sayNumber(hours)} hours`;
  return `${sayNumber(Math.round(hours / 24))} days`;
}

export const sayEmail = (email: string): string =>
  email.replace("@", " at ").replaceAll(".", " dot ").replaceAll("_", " underscore ").replaceAll("-", " dash ");

export const saySpelled = (text: string): string =>
  [...text.toUpperCase()].filter((symbol) => symbol !== " ").join(", ");
