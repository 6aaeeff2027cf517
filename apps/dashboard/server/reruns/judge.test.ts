import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RerunResult, RerunTotals } from "@sidetone/protocol";
import { RegressionBounds } from "@sidetone/store";
import { beyondBounds, regressionsOf, SummaryFold } from "./judge.ts";

const figures = {
  durationMs: 60_000,
  responseLatenciesMs: [400, 500, 600],
  stopLatenciesMs: [],
  yields: 0,
  backchannels: 0,
  cutIns: 0,
  lostHops: 0,
  longestSilenceMs: 0,
};
const task = (kind: string) => ({ kind, input: {}, outcome: "found", onTape: true });
const totals = (more: Partial<RerunTotals> = {}): RerunTotals => ({
  wants: ["return"],
  slots: { "order-number": "47291" },
  tasks: [task("order-status")],
  words: 20,
  decisions: {},
  ends: "stopped",
  figures,
  ...more,
});
const result = (after: Partial<RerunTotals>, said: string[] = []): RerunResult => {
  const side = { atMs: 0, heard: "", unheard: [], wants: [], slots: [], tasks: [], decisions: [], responseMs: null };
  const turn = { ...side, cutIns: 0, ends: null };
  return {
    before: totals(),
    after: totals(after),
    turns: [{ turn: 0, before: { ...turn, said: [] }, after: { ...turn, said }, changed: [] }],
    changed: Object.keys(after).length > 0 ? ["wants"] : [],
    withoutConsent: false,
    forcedTurns: 0,
    unansweredTasks: 0,
    hops: 1,
    tookMs: 1,
    model: "floor",
    modelHash: "0",
  };
};

describe("what got worse in a call", () => {
  for (const [title, after, expected, faults] of [
    ["nothing", {}, undefined, []],
    [
      "more is no regression",
      { wants: ["return", "refund"], slots: { "order-number": "47291", name: "x" } },
      undefined,
      [],
    ],
    ["a want is lost", { wants: [] }, undefined, ["The want return was not recognised."]],
    [
      "a slot is another",
      { slots: { "order-number": "47292" } },
      undefined,
      ["order-number is 47292; it should be 47291."],
    ],
    ["a slot is lost", { slots: {} }, undefined, ["order-number was not filled; it should be 47291."]],
    ["a task is lost", { tasks: [] }, undefined, ["order-status was not delegated."]],
    [
      "one of two equal tasks is there",
      {},
      { tasks: ["order-status", "order-status"] },
      ["order-status was not delegated."],
    ],
    ["it ends in a transfer", { ends: "transfer to +44" }, undefined, ["It ended in a transfer to +44."]],
    ["what is expected counts, not what was", { wants: [] }, { wants: [] }, []],
    ["what is expected is missing", {}, { wants: ["refund"] }, ["The want refund was not recognised."]],
    ["the agent said it", {}, { says: ["on its way!"] }, []],
    ["the agent did not say it", {}, { says: ["sorry"] }, ['The agent did not say "sorry".']],
  ] as const) {
    it(title, () =>
      assert.deepEqual(
        regressionsOf(result(after as Partial<RerunTotals>, ["It is on its way."]), expected as never),
        faults,
      ),
    );
  }
});

describe("whether a re-run is within its bounds", () => {
  /** A call without what it gave could not be run. */
  const of = (...calls: { after?: Partial<RerunTotals>; regressed?: boolean }[]) => {
    const fold = new SummaryFold();
    for (const { after, regressed = false } of calls) {
      const { before, changed, ...ran } = result(after ?? {});
      const regressions = regressed ? ["worse"] : [];
      fold.take(
        after
          ? { before: before.figures, after: ran.after.figures, changed, regressions }
          : { before: null, after: null, changed: [], regressions: [] },
      );
    }
    return fold.summary();
  };
  const slow = { figures: { ...figures, responseLatenciesMs: [700, 800, 900] } };
  for (const [title, summary, bounds, reasons] of [
    ["the same", of({ after: {} }), {}, []],
    ["nothing ran", of({}), {}, ["No call of the set could be run."]],
    [
      "one could not be run",
      of({ after: {} }, {}),
      {},
      ["1 call could not be run; at most 0 may be missing or worse."],
    ],
    ["one regressed", of({ after: {}, regressed: true }, { after: {} }), {}, ["1 call regressed; at most 0 may."]],
    ["one regressed, one may", of({ after: {}, regressed: true }), { regressedCalls: 1 }, []],
    ["slower", of({ after: slow }), {}, ["The median response is 300 ms slower; 150 ms are allowed."]],
    ["slower, as allowed", of({ after: slow }), { slowerMs: 300 }, []],
    [
      "a cut-in more",
      of({ after: { figures: { ...figures, cutIns: 1 } } }),
      {},
      ["There are 1 cut-ins more; 0 are allowed."],
    ],
  ] as const) {
    it(title, () => assert.deepEqual(beyondBounds(summary, RegressionBounds.parse(bounds)), reasons));
  }
});
