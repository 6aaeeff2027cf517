import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { upsertCall } from "@sidetone/store";
import { type SignedIn, signIn, startTestDashboard, type TestDashboard } from "../test/fixture.ts";

const RANGE = "from=2026-05-01T00:00:00Z&to=2026-05-02T00:00:00Z";
/** Known calls; the last two lie outside the day that is asked for, or in another playbook. */
const CALLS = [
  { id: "a", at: "10:00", outcome: "contained", want: "order-status", responses: [200, 400], stops: [100], cutIns: 0 },
  { id: "b", at: "10:30", outcome: "contained", want: "order-status", responses: [900], stops: [], cutIns: 2 },
  { id: "c", at: "12:00", outcome: "transferred", want: "refund", responses: [300], stops: [150, 250], cutIns: 0 },
  {
    id: "d",
    at: "13:00",
    outcome: "contained",
    want: undefined,
    responses: [1_200],
    stops: [],
    cutIns: 0,
    uncovered: 1,
  },
  { id: "e", at: "14:00", outcome: "contained", want: undefined, responses: [], stops: [], cutIns: 0, uncovered: 2 },
] as const;
const SAID: Record<string, string> = { d: "do you sell bicycles", e: "I want a bicycles catalogue please" };

let test: TestDashboard;
let qa: SignedIn;
before(async () => {
  test = await startTestDashboard();
  qa = await signIn(test, "qa");
  const { db } = test.dashboard.context.database;
  for (const call of CALLS) {
    const text = SAID[call.id];
    await upsertCall(
      db,
      {
        id: call.id,
        playbookId: "retail",
        startedAt: `2026-05-01T${call.at}:00.000Z`,
        outcome: call.outcome,
        ...(call.want && { topWant: call.want }),
        ...(call.outcome === "transferred" && { transferReason: "asked for a person" }),
        uncovered: "uncovered" in call ? call.uncovered : 0,
        longestLookupMs: 500,
        figures: {
          durationMs: 60_000,
          responseLatenciesMs: [...call.responses],
          stopLatenciesMs: [...call.stops],
          yields: call.stops.length,
          backchannels: 1,
          cutIns: call.cutIns,
          lostHops: 0,
          longestSilenceMs: 1_000,
        },
      },
      text ? { turns: [{ who: "caller", startMs: 0, endMs: 900, text }], marks: [] } : undefined,
    );
  }
  await upsertCall(db, { id: "later", startedAt: "2026-05-03T10:00:00.000Z", durationMs: 1_000, outcome: "contained" });
});
after(() => test.close());

const get = async (url: string, who: SignedIn = qa) => {
  const answer = await test.dashboard.app.inject({ url, headers: { ...who } });
  assert.equal(answer.statusCode, 200, answer.body);
  return answer.json();
};

describe("analytics of five known calls", () => {
  it("counts what is there", async () => {
    const found = await get(`/api/analytics?${RANGE}`);
    const { calls, contained, transferred, cutIns, callsWithCutIn, yields, slowCalls, uncoveredCalls } = found;
    assert.deepEqual(
      { calls, contained, transferred, cutIns, callsWithCutIn, yields, slowCalls, uncoveredCalls },
      {
        calls: 5,
        contained: 4,
        transferred: 1,
        cutIns: 2,
        callsWithCutIn: 1,
        yields: 3,
        slowCalls: 2,
        uncoveredCalls: 2,
      },
    );
    assert.equal(found.response.p50, 400);
    assert.equal(found.stop.p50, 150);
    assert.deepEqual(found.wants, [
      { name: "order-status", calls: 2 },
      { name: "refund", calls: 1 },
    ]);
    assert.deepEqual(found.transferReasons, [{ name: "asked for a person", calls: 1 }]);
    const histogram = found.histogram.filter((bin: { responses: number }) => bin.responses > 0);
    assert.deepEqual(
      histogram.map((bin: { overMs: number; responses: number }) => [bin.overMs, bin.responses]),
      [
        [0, 1],
        [200, 1],
        [300, 1],
        [800, 1],
        [1_000, 1],
      ],
    );
    assert.deepEqual(
      found.series.map((each: { at: string; calls: number }) => [each.at, each.calls]),
      [
        ["2026-05-01T10:00:00.000Z", 2],
        ["2026-05-01T12:00:00.000Z", 1],
        ["2026-05-01T13:00:00.000Z", 1],
        ["2026-05-01T14:00:00.000Z", 1],
      ],
    );
  });

  it("names what no playbook covers, to those who may read it", async () => {
    const { uncoveredTerms } = await get(`/api/analytics?${RANGE}`);
    assert.deepEqual(uncoveredTerms[0], { name: "bicycles", calls: 2 });
    const viewer = await signIn(test, "viewer");
    assert.deepEqual((await get(`/api/analytics?${RANGE}`, viewer)).uncoveredTerms, []);
  });

  const day = "startedFrom=2026-05-01T00:00:00Z&startedTo=2026-05-02T00:00:00Z";
  for (const [figure, search, ids] of [
    ["calls", "", ["a", "b", "c", "d", "e"]],
    ["contained", "&outcome=contained", ["a", "b", "d", "e"]],
    ["transferred", "&outcome=transferred", ["c"]],
    ["slow", "&responseOverMs=800", ["b", "d"]],
    ["cut-ins", "&cutInsAtLeast=1", ["b"]],
    ["gave way", "&yieldsAtLeast=1", ["a", "c"]],
    ["uncovered", "&uncovered=true", ["d", "e"]],
    ["what no playbook covers", "&uncovered=true&text=bicycles", ["d", "e"]],
    ["a want", "&want=refund", ["c"]],
    ["a transfer's reason", "&transferReason=asked+for+a+person", ["c"]],
  ] as const) {
    it(`opens the calls behind: ${figure}`, async () => {
      const found = await get(`/api/calls?${day}${search}`);
      assert.deepEqual(found.calls.map((call: { id: string }) => call.id).sort(), [...ids]);
      assert.equal(found.total, ids.length);
    });
  }
});
