import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyMeasure, figuresOf } from "./figures.ts";
import { mannerRows } from "./network-manners.ts";

const QUIET = emptyMeasure();

test("figures are over the turns of all calls; an account that runs ahead is as wrong as one that lags", () => {
  const { rows, counts } = figuresOf([
    { ...QUIET, fulfilledMs: [300, 500], ledgerErrorMs: [-20, 0], yields: 2, brokenWords: 1, heardWords: 40 },
    { ...QUIET, fulfilledMs: [400], ledgerErrorMs: [20], yields: 2, heardWords: 60, starvedMs: 40 },
  ]);
  assert.deepEqual(rows[0], { name: "response, expectation fulfilled", n: 3, p50: "400 ms", p95: "490 ms" });
  assert.deepEqual(rows.at(-1), { name: "ledger error at the ear, absolute", n: 3, p50: "20 ms", p95: "20 ms" });
  assert.match(counts.join(" "), /4 yields broke 1 words in their midst \(0\.25 a yield\)/);
  assert.match(counts.join(" "), /0 of 100 words.*40 ms of audio came too late/);
});

test("what was never measured is a dash", () => {
  const { rows, counts } = figuresOf([QUIET]);
  assert.ok(rows.every(({ n, p50, p95 }) => n === 0 && p50 === "-" && p95 === "-"));
  assert.match(counts.join(" "), /\(- a yield\)/);
});

test("a manner tells how often it went as it should, and how soon", () => {
  const rows = mannerRows([
    { name: "yields", calls: 3, good: 2, measured: "to silence", ms: [200, 300, 700] },
    { name: "goes on", calls: 3, good: 3, measured: "-", ms: [] },
  ]);
  assert.deepEqual(rows, ["| yields | 2 of 3 | 300 ms (most 700 ms) | to silence |", "| goes on | 3 of 3 | - | - |"]);
});
