import {
  sayDate,
  sayDay,
  sayDayTime,
  sayDigits,
  sayEmail,
  sayHours,
  sayList,
  sayMoney,
  sayNumber,
  saySpan,
  saySpelled,
  sayTime,
} from "./speakable.ts";

/** Where a template's values come from; the first that has the path wins. */
export interface Scope {
  values: readonly unknown[];
  /** yyyy-mm-dd in the call's zone. */
  today: string;
}

/**
 * Ways of speaking a value: `{order.totalCents|money}`. Each gets the value, the scope and the object the value was
 * found in; null means that it cannot be spoken so.
 */
const FILTERS: Record<string, (value: unknown, scope: Scope, parent: unknown) => string | null> = {
  digits: (value) => text(value, sayDigits),
  spell: (value) => text(value, saySpelled),
  money: (value, _scope, parent) => {
    const minor = typeof value === "string" ? Number(value) : value;
    return typeof minor === "number" && Number.isFinite(minor) ? sayMoney(minor, currencyOf(parent)) : null;
  },
  number: (value) => (Number.isFinite(Number(value)) ? sayNumber(Number(value)) : null),
  date: (value, scope) => text(value, (date) => (isDate(date) ? sayDate(date.slice(0, 10), scope.today) : null)),
  day: (value, scope) => text(value, (date) => (isDate(date) ? sayDay(date.slice(0, 10), scope.today) : null)),
  time: (value) =>
    text(value, (time) =>
      /^\d\d:\d\d$/.test(time)
        ? sayTime(time)
        : /T\d\d:\d\d/.test(time)
          ? sayTime(time.slice(11, 16))
          : `in the ${time}`,
    ),
  daytime: (value, scope) => text(value, (at) => (/T\d\d:\d\d/.test(at) ? sayDayTime(at, scope.today) : null)),
  /** Opening hours; null on a closed day, so that a bracket with `closed` can speak instead. */
  open: (value) => text(value, (hours) => (hours === "closed" ? null : sayHours(hours))),
  closed: (value) => (value === "closed" ? "closed" : null),
  email: (value) => text(value, sayEmail),
  span: (value) => (typeof value === "number" ? saySpan(value) : null),
  lower: (value) => text(value, (word) => word.toLowerCase()),
  words: (value) => text(value, (word) => word.replace(/[-_]/g, " ")),
  items: (value) =>
    Array.isArray(value)
      ? sayList(
          value.map((item) => {
            const { name, quantity } = item as { name?: unknown; quantity?: unknown };
            const called = typeof name === "string" ? name : String(item);
            return typeof quantity === "number" && quantity > 1 ? `${sayNumber(quantity)} ${called}` : called;
          }),
        )
      : null,
  times: (value, scope) =>
    Array.isArray(value)
      ? sayList(
          value
            .slice(0, 3)
            .map((one) => sayDayTime(String((one as { startsAt?: unknown }).startsAt ?? one), scope.today)),
          "or",
        )
      : null,
};
export const FILTER_NAMES = Object.keys(FILTERS);

const text = (value: unknown, say: (value: string) => string | null): string | null =>
  typeof value === "string" && value !== "" ? say(value) : typeof value === "number" ? say(String(value)) : null;
const isDate = (value: string): boolean => /^\d{4}-\d\d-\d\d/.test(value);
const currencyOf = (parent: unknown): string => {
  const currency = (parent as { currency?: unknown } | null)?.currency;
  return typeof currency === "string" ? currency : "GBP";
};

/** Value at a dotted path, and the object that holds it. Slot names may contain hyphens, never dots. */
export function lookUp(values: readonly unknown[], path: string): { value: unknown; parent: unknown } | null {
  for (const root of values) {
    let value: unknown = root;
    let parent: unknown = null;
    for (const key of path.split(".")) {
      parent = value;
      value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
      if (value === undefined) break;
    }
    if (value !== undefined && value !== null && value !== "") return { value, parent };
  }
  return null;
}

const FIELD = /\{([^{}|]+)((?:\|[a-z]+)*)\}/g;

/** Paths and filters that a template uses, for checking it before it takes calls. */
export function fieldsOf(template: string): { path: string; filters: string[] }[] {
  return [...template.matchAll(FIELD)].map((match) => ({
    path: (match[1] as string).trim(),
    filters: (match[2] ?? "").split("|").filter((filter) => filter !== ""),
  }));
}

/** Whether every brace and bracket of a template is closed. */
export function isWellFormed(template: string): boolean {
  const bare = template.replace(FIELD, "");
  return !/[{}]/.test(bare) && bare.split("[").length === bare.split("]").length && !/\[[^\]]*\[/.test(bare);
}

/**
 * Fills a template. A part in [brackets] is left out when one of its values is missing; a missing value elsewhere makes
 * the whole template unusable (null).
 */
export function fill(template: string, scope: Scope): string | null {
  let lost = false;
  const kept = template.replace(/\[([^[\]]*)\]/g, (_, part: string) => fillFields(part, scope) ?? "");
  const filled = fillFields(kept, scope);
  if (filled === null) lost = true;
  return lost
    ? null
    : (filled as string)
        .replace(/\s+/g, " ")
        .replace(/ ([.,?!])/g, "$1")
        .trim();
}

function fillFields(template: string, scope: Scope): string | null {
  let missing = false;
  const filled = template.replace(FIELD, (_, path: string, filters: string) => {
    const found = lookUp(scope.values, path.trim());
    if (found === null) {
      missing = true;
      return "";
    }
    let value: unknown = found.value;
    for (const name of filters.split("|").filter((filter) => filter !== "")) {
      value = FILTERS[name]?.(value, scope, found.parent) ?? null;
      if (value === null) {
        missing = true;
        return "";
      }
    }
    if (typeof value === "object") {
      missing = true;
      return "";
    }
    return String(value);
  });
  return missing ? null : filled;
}

/** Deterministic choice: the same seed and key always choose the same variant. */
export function choose<T>(options: readonly T[], seed: number, key: string): T {
  let hash = seed >>> 0;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 2654435761) >>> 0;
  hash = (hash ^ (hash >>> 15)) >>> 0;
  return options[hash % options.length] as T;
}

/** Fills one of the variants: the chosen one, or the next that can be filled. */
export function say(variants: string | readonly string[], scope: Scope, seed: number, key: string): string | null {
  const all = typeof variants === "string" ? [variants] : variants;
  const first = all.indexOf(choose(all, seed, key));
  for (let i = 0; i < all.length; i++) {
    const filled = fill(all[(first + i) % all.length] as string, scope);
    if (filled !== null) return filled;
  }
  return null;
}
