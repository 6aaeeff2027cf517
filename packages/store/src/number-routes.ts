import { createHash } from "node:crypto";
import { z } from "zod";

export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof WEEKDAYS)[number];
export const DAY_MINUTES = 1_440;
/** The number of rules that hold for every number without rules of its own. */
export const ANY_NUMBER = "*";

const isZone = (zone: string): boolean => {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone !== "";
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
};

/** One rule of a number: when it holds, for which share of callers, and who answers. */
export const NumberRoute = z.object({
  id: z.string().min(1).max(80),
  label: z.string().max(120).nullable().default(null),
  playbookId: z.string().min(1).max(60),
  /** One version, whatever is published; null is the published one. */
  version: z.number().int().positive().nullable().default(null),
  sharePercent: z.number().int().min(1).max(100),
  /** The days on which the window begins. */
  days: z.array(z.enum(WEEKDAYS)).min(1),
  /** Minutes since midnight on the wall clock of the zone. A window that ends where it begins, or before, ends on the day after. */
  fromMinute: z
    .number()
    .int()
    .min(0)
    .max(DAY_MINUTES - 1),
  toMinute: z.number().int().min(1).max(DAY_MINUTES),
  timeZone: z.string().refine(isZone, "is no IANA time zone"),
});
export type NumberRoute = z.infer<typeof NumberRoute>;

/** How the dashboard publishes numbers: rules in order, or a playbook alone. */
export const NumberRoutes = z.record(z.string(), z.union([z.string(), z.array(NumberRoute)]));
export type NumberRoutes = z.infer<typeof NumberRoutes>;

export interface RoutedCall {
  number: string;
  /** The caller's number; of a caller who withholds it, something that is the call's own. */
  caller: string;
  atMs: number;
}

const clocks = new Map<string, Intl.DateTimeFormat>();
const WEEKDAY_OF: Record<string, number> = { Mon: 0, Tue: 1, Wed: 2, Thu: 3, Fri: 4, Sat: 5, Sun: 6 };

/** Day of the week (Monday is 0) and minute of the day on a zone's wall clock, daylight saving included. */
export function wallClock(atMs: number, timeZone: string): { day: number; minute: number } {
  let clock = clocks.get(timeZone);
  if (!clock) {
    clock = new Intl.DateTimeFormat("en-US", {
      timeZone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    clocks.set(timeZone, clock);
  }
  let [day, hour, minute] = [0, 0, 0];
  for (const { type, value } of clock.formatToParts(atMs)) {
    if (type === "weekday") day = WEEKDAY_OF[value] ?? 0;
    else if (type === "hour") hour = Number(value);
    else if (type === "minute") minute = Number(value);
  }
  return { day, minute: hour * 60 + minute };
}

/** Whether a moment lies in the rule's window. A window over midnight belongs to the day on which it begins. */
export function holdsAt(route: NumberRoute, atMs: number): boolean {
  const { day, minute } = wallClock(atMs, route.timeZone);
  const isOn = (index: number) => route.days.includes(WEEKDAYS[(index + 7) % 7] as Weekday);
  const { fromMinute, toMinute } = route;
  if (fromMinute < toMinute) return isOn(day) && minute >= fromMinute && minute < toMinute;
  return (isOn(day) && minute >= fromMinute) || (isOn(day - 1) && minute < toMinute);
}

/** Where a caller stands between 0 and 100, the same for every call to the number. */
export function callerPercentile(number: string, caller: string): number {
  const digest = createHash("sha256").update(`${number}\n${caller}`).digest();
  return (digest.readUInt32BE(0) / 2 ** 32) * 100;
}

/**
 * The first rule that holds now and whose share covers the caller. Shares add up among the rules that hold, so that 10%
 * and 20% are different callers, and a share that grows keeps those it had. None when nobody's share covers them.
 */
export function chooseRoute(routes: readonly NumberRoute[], call: RoutedCall): NumberRoute | undefined {
  const standing = callerPercentile(call.number, call.caller);
  let covered = 0;
  for (const route of routes) {
    if (!holdsAt(route, call.atMs)) continue;
    covered += route.sharePercent;
    if (standing < covered) return route;
  }
  return undefined;
}

const clockTime = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

/** How a rule reads in a call's record. */
export function routeLabel(route: NumberRoute): string {
  const whole = route.fromMinute === 0 && route.toMinute === DAY_MINUTES;
  const parts = [
    route.label ?? undefined,
    route.days.length === 7 ? "every day" : route.days.join(" "),
    whole ? undefined : `${clockTime(route.fromMinute)}-${clockTime(route.toMinute)} ${route.timeZone}`,
    route.sharePercent < 100 ? `${route.sharePercent}% of callers` : undefined,
    `${route.playbookId}${route.version === null ? "" : ` v${route.version}`}`,
  ];
  return parts.filter((part) => part !== undefined).join(", ");
}
