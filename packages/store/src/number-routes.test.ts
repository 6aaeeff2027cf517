import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  callerPercentile,
  chooseRoute,
  holdsAt,
  NumberRoute,
  routeLabel,
  WEEKDAYS,
  wallClock,
} from "./number-routes.ts";

const always = { days: [...WEEKDAYS], fromMinute: 0, toMinute: 1440, timeZone: "UTC", sharePercent: 100 };
const route = (id: string, more: Partial<NumberRoute> = {}): NumberRoute =>
  NumberRoute.parse({ ...always, id, playbookId: id, ...more });
const at = (iso: string): number => Date.parse(iso);

describe("a zone's wall clock", () => {
  for (const [iso, zone, day, minute] of [
    ["2026-03-02T08:30:00Z", "UTC", 0, 510],
    // London goes to summer time on 29 March 2026 at 01:00 UTC.
    ["2026-03-29T00:59:00Z", "Europe/London", 6, 59],
    ["2026-03-29T01:00:00Z", "Europe/London", 6, 120],
    // New York falls back on 1 November 2026 at 06:00 UTC: the hour from one to two comes twice.
    ["2026-11-01T05:30:00Z", "America/New_York", 6, 90],
    ["2026-11-01T06:30:00Z", "America/New_York", 6, 90],
    ["2026-03-01T23:30:00Z", "Asia/Kolkata", 0, 300],
    ["2026-06-01T00:00:00Z", "Europe/London", 0, 60],
  ] as const) {
    it(`${iso} in ${zone}`, () => assert.deepEqual(wallClock(at(iso), zone), { day, minute }));
  }
});

describe("a rule's window", () => {
  const office = {
    days: ["mon", "tue", "wed", "thu", "fri"] as NumberRoute["days"],
    fromMinute: 540,
    toMinute: 1020,
    timeZone: "Europe/London",
  };
  const night = { days: ["fri"] as NumberRoute["days"], fromMinute: 1320, toMinute: 360, timeZone: "Europe/London" };
  const lostHour = { days: ["sun"] as NumberRoute["days"], fromMinute: 60, toMinute: 120, timeZone: "Europe/London" };
  for (const [title, window, iso, holds] of [
    ["opens on the minute", office, "2026-03-02T09:00:00Z", true],
    ["is shut a minute before", office, "2026-03-02T08:59:59Z", false],
    ["shuts on the minute", office, "2026-03-02T17:00:00Z", false],
    ["opens an hour earlier by UTC in summer", office, "2026-07-06T08:00:00Z", true],
    ["is shut an hour earlier by UTC in summer", office, "2026-07-06T16:00:00Z", false],
    ["is shut on Sunday", office, "2026-03-01T12:00:00Z", false],
    ["over midnight: Friday evening", night, "2026-03-06T23:00:00Z", true],
    ["over midnight: Saturday morning still belongs to Friday", night, "2026-03-07T05:59:00Z", true],
    ["over midnight: over by six", night, "2026-03-07T06:00:00Z", false],
    ["over midnight: Friday morning belongs to Thursday", night, "2026-03-06T05:00:00Z", false],
    ["over midnight and the change to summer time", { ...night, days: ["sat"] }, "2026-03-29T04:59:00Z", true],
    ["over midnight, an hour shorter then", { ...night, days: ["sat"] }, "2026-03-29T05:00:00Z", false],
    ["an hour that the change skips never holds", lostHour, "2026-03-29T01:00:00Z", false],
    ["an hour that comes twice holds twice", lostHour, "2026-10-25T01:30:00Z", true],
    ["the first time too", lostHour, "2026-10-25T00:30:00Z", true],
  ] as const) {
    it(title, () => assert.equal(holdsAt(route("r", window as Partial<NumberRoute>), at(iso)), holds));
  }
  it("refuses a zone that does not exist", () =>
    assert.equal(NumberRoute.safeParse({ ...route("r"), timeZone: "Mars/Olympus" }).success, false));
});

describe("choosing a rule", () => {
  const call = (caller: string, iso = "2026-03-02T12:00:00Z") => ({ number: "+15550100", caller, atMs: at(iso) });
  const callers = Array.from({ length: 10_000 }, (_, i) => `+4416329${String(i).padStart(5, "0")}`);
  const shareOf = (routes: NumberRoute[], id: string) =>
    callers.filter((caller) => chooseRoute(routes, call(caller))?.id === id).length / callers.length;

  it("gives shares to different callers, and the rest to nobody", () => {
    const routes = [route("ten", { sharePercent: 10 }), route("twenty", { sharePercent: 20 })];
    assert.ok(Math.abs(shareOf(routes, "ten") - 0.1) < 0.01);
    assert.ok(Math.abs(shareOf(routes, "twenty") - 0.2) < 0.015);
  });
  it("keeps everybody that a share had when it grows", () => {
    const of = (sharePercent: number) => [route("new", { sharePercent }), route("old")];
    const had = callers.filter((caller) => chooseRoute(of(10), call(caller))?.id === "new");
    assert.ok(had.every((caller) => chooseRoute(of(35), call(caller))?.id === "new"));
  });
  it("passes over rules that do not hold now", () => {
    const routes = [route("night", { fromMinute: 1320, toMinute: 360 }), route("day")];
    assert.equal(chooseRoute(routes, call("+44"))?.id, "day");
    assert.equal(chooseRoute(routes, call("+44", "2026-03-02T23:00:00Z"))?.id, "night");
  });
  it("has no answer without rules", () => assert.equal(chooseRoute([], call("+44")), undefined));
  it("depends on nothing but number, caller and time", () =>
    fc.assert(
      fc.property(fc.string(), fc.string(), (number, caller) => {
        const standing = callerPercentile(number, caller);
        return standing === callerPercentile(number, caller) && standing >= 0 && standing < 100;
      }),
    ));
  it("does not put the same callers first on every number", () => {
    const first = callers.filter((caller) => callerPercentile("+1", caller) < 10);
    const both = first.filter((caller) => callerPercentile("+2", caller) < 10);
    assert.ok(both.length < first.length / 4, `${both.length} of ${first.length}`);
  });
  it("reads as a sentence", () =>
    assert.equal(
      routeLabel(route("a", { label: "Trial", playbookId: "retail", version: 3, sharePercent: 10, fromMinute: 540 })),
      "Trial, every day, 09:00-24:00 UTC, 10% of callers, retail v3",
    ));
});
