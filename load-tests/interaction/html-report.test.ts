import assert from "node:assert/strict";
import { test } from "node:test";
import { patienceCurve } from "./curve.ts";
import { figuresOf } from "./figures.ts";
import { htmlReport } from "./html-report.ts";
import type { Measured } from "./measure.ts";
import { markdownReport, type Reports, type RunFacts, whereOthersWin } from "./report.ts";

const one = (id: string, more: Partial<Measured>): Measured => ({
  id,
  scenario: "smooth-turn",
  demand: "respond",
  right: true,
  void: false,
  latencyMs: undefined,
  isTwin: false,
  voice: "en-us+f4",
  noise: "none",
  number: "open",
  callSid: `CA${id}`,
  startMs: 1_000,
  endMs: 2_000,
  turnEndMs: 3_000,
  ...more,
});
const pause = (id: string, latencyMs?: number): Measured =>
  one(id, { scenario: "pause-in-turn", demand: "wait", latencyMs, right: latencyMs === undefined });

const facts: RunFacts = {
  command: "npm run bench:interaction",
  commit: "abc",
  machine: "one",
  startedAt: "2026-01-01T00:00:00.000Z",
  endedAt: "2026-01-01T00:10:00.000Z",
  seed: 1,
  perScenario: 2,
  stimuli: "made",
};
const judged = {
  sidetone: [one("a", { latencyMs: 400 }), pause("b", 300), pause("c", 800), pause("d")],
  "timer-600": [
    one("a", { latencyMs: 300 }),
    one("b", { right: false, recording: "failures/timer-600/b.wav", tape: "failures/timer-600/b.tape", voice: "<b>" }),
  ],
};
const told = { model: "model", clock: "virtual", concurrency: 1, perScenario: 4, tookS: 1 } as const;
const reports: Reports = Object.fromEntries(
  Object.entries(judged).map(([name, measured]) => [
    name,
    { ...told, calls: measured.length, figures: figuresOf(measured), curve: patienceCurve(measured) },
  ]),
);

test("waiting longer costs latency and spares the pauses that are over by then", () => {
  const points = new Map(patienceCurve(judged.sidetone).map((point) => [point.extraMs, point]));
  // Pauses last a second; taken after 300 and 800 ms, one is never taken.
  const shares = [0, 150, 200, 600, 800].map((extraMs) => points.get(extraMs)?.cutIns.toFixed(2));
  assert.deepEqual(shares, ["0.67", "0.67", "0.33", "0.33", "0.00"]);
  assert.equal(points.get(200)?.latencyP50Ms, 600);
});

test("the page stands alone, and links the recording of every failure", () => {
  const page = htmlReport(facts, reports, judged);
  assert.doesNotMatch(page, /<script|<link|@import|url\(|src="http|href="http/);
  assert.match(page, /href="failures\/timer-600\/b\.wav"/);
  assert.match(page, /href="failures\/timer-600\/b\.tape"/);
  assert.doesNotMatch(page, /<b>(?!<)/, "what callers are called is text");
  assert.match(page, /color-scheme:light dark/);
});

test("somebody who is better is named", () => {
  const wins = whereOthersWin(reports);
  assert.deepEqual(
    wins.filter(({ row }) => row.startsWith("response latency L_R p50")).map(({ winner }) => winner),
    ["timer-600"],
  );
  assert.match(markdownReport(facts, reports), /## Where others win\n\n\| figure/);
});
