import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type CallRecord, upsertCall } from "@sidetone/store";
import { type SignedIn, signIn, startTestDashboard, type TestDashboard, writeTape } from "../test/fixture.ts";

const CRITERIA = [
  { id: "greeted", question: "Greeted", weight: 1, required: true, autoFail: false },
  { id: "identity", question: "Checked who calls", weight: 3, required: true, autoFail: true },
  { id: "extra", question: "Offered more", weight: 2, required: false, autoFail: false },
  {
    id: "quiet",
    question: "No dead air",
    weight: 2,
    required: false,
    autoFail: false,
    auto: { figure: "longest_silence_ms", atMost: 1_000 },
  },
];
const FIGURES = {
  durationMs: 20_000,
  responseLatenciesMs: [600],
  stopLatenciesMs: [],
  yields: 0,
  backchannels: 0,
  cutIns: 0,
  lostHops: 0,
  longestSilenceMs: 1_400,
};

describe("scores, and how far those who give them agree", () => {
  let test: TestDashboard;
  let admin: SignedIn;
  let supervisor: SignedIn;
  let qa: SignedIn;
  let scorecardId: string;
  before(async () => {
    test = await startTestDashboard();
    [admin, supervisor, qa] = [await signIn(test, "admin"), await signIn(test, "supervisor"), await signIn(test, "qa")];
    const { db } = test.dashboard.context.database;
    const startedAt = new Date().toISOString();
    const tapePath = await writeTape(test.dataDir, "taped", 20_000);
    await upsertCall(db, { id: "taped", tapePath, startedAt, outcome: "contained", figures: FIGURES });
    const others: Record<string, Partial<CallRecord>> = {
      cut: { figures: { ...FIGURES, cutIns: 1 } },
      moved: { figures: FIGURES, outcome: "transferred" },
      slow: { figures: { ...FIGURES, responseLatenciesMs: [2_400] } },
    };
    for (const [id, more] of Object.entries(others)) await upsertCall(db, { id, startedAt, ...more });
    const document = { criteria: CRITERIA };
    const saved = await ask("PUT", "/api/scorecards", { name: "Service", document }, admin);
    scorecardId = saved.json().id;
  });
  after(() => test.close());

  const ask = (method: "GET" | "PUT" | "POST", url: string, payload?: object, as: SignedIn = qa) =>
    test.dashboard.app.inject({ method, url, headers: { ...as }, ...(payload && { payload }) });
  const score = (callId: string, met: Record<string, number>, as: SignedIn = qa) => {
    const answers = Object.entries(met).map(([criterionId, value]) => ({ criterionId, met: value, atMs: 4_000 }));
    return ask("PUT", `/api/calls/${callId}/scores`, { scorecardId, scorecardVersion: 1, answers }, as);
  };
  const scoresOf = async (callId: string) => (await ask("GET", `/api/calls/${callId}/scores`)).json().scores;

  for (const [title, met, expected] of [
    ["weights", { greeted: 0, identity: 1 }, { total: 75, failed: false }],
    ["half met", { greeted: 0.5, identity: 1, extra: 0 }, { total: 58.3, failed: false }],
    ["what fails a call fails it", { greeted: 1, identity: 0, extra: 1 }, { total: 0, failed: true }],
  ] as const) {
    it(`adds up: ${title}`, async () => assert.deepEqual((await score("taped", met)).json(), expected));
  }

  it("wants an answer to what is required", async () => {
    const answer = await score("taped", { greeted: 1 });
    assert.equal(answer.statusCode, 400);
    assert.match(answer.json().message, /"Checked who calls" needs an answer/);
  });

  it("scores by rule, with the moment that shows it, beside the scores of people", async () => {
    const answer = await ask("POST", "/api/calls/taped/scores/auto", { scorecardId });
    assert.deepEqual(answer.json(), { total: 0, failed: false });
    const all = await scoresOf("taped");
    assert.deepEqual(all.map((each: { scorerKind: string }) => each.scorerKind).sort(), ["auto", "human"]);
    const [byRule] = all.filter((each: { scorerKind: string }) => each.scorerKind === "auto");
    const [quiet] = byRule.answers;
    assert.deepEqual([quiet.criterionId, quiet.met, quiet.note], ["quiet", 0, "longest_silence_ms is 1400"]);
    // On that tape nobody talks from 8.6 to 10 s.
    assert.equal(quiet.atMs, 8_600);
  });

  it("tells how far two agree, by Cohen's kappa", async () => {
    // Twelve answers: both yes six times, both no three times, apart three times.
    const pairs = [
      ["taped", { greeted: 1, identity: 1, extra: 1 }, { greeted: 1, identity: 1, extra: 1 }],
      ["cut", { greeted: 1, identity: 1, extra: 1 }, { greeted: 1, identity: 1, extra: 1 }],
      ["moved", { greeted: 0, identity: 0, extra: 0 }, { greeted: 0, identity: 0, extra: 0 }],
      ["slow", { greeted: 1, identity: 0, extra: 1 }, { greeted: 0, identity: 1, extra: 0 }],
    ] as const;
    for (const [id, one, other] of pairs) {
      await score(id, one, qa);
      await score(id, other, supervisor);
    }
    const answer = await ask("GET", `/api/scoring/calibration?scorecardId=${scorecardId}`);
    const pair = answer.json().pairs.find((each: { a: string }) => each.a === "qa@example.com");
    // Observed 9/12; by chance (8/12)(7/12) + (4/12)(5/12) = 76/144.
    assert.deepEqual([pair.b, pair.calls, pair.items, pair.agreement], ["supervisor@example.com", 4, 12, 0.75]);
    assert.ok(Math.abs(pair.kappa - (0.75 - 76 / 144) / (1 - 76 / 144)) < 1e-9, pair.kappa);
  });

  it("a dispute is opened by whoever disagrees and decided by a supervisor", async () => {
    const [{ id }] = await scoresOf("slow");
    const dispute = (state: string, as: SignedIn) =>
      ask("POST", `/api/scores/${id}/dispute`, { text: "Please listen again at 0:04.", state }, as);
    assert.equal((await dispute("open", qa)).statusCode, 200);
    assert.equal((await dispute("upheld", qa)).statusCode, 403);
    assert.equal((await dispute("upheld", supervisor)).statusCode, 200);
    const [{ dispute: text, disputeState }] = await scoresOf("slow");
    assert.deepEqual([text, disputeState], ["Please listen again at 0:04.", "upheld"]);
  });

  it("picks by the sampling rules what nobody has scored", async () => {
    const { db } = test.dashboard.context.database;
    await db.updateTable("calls").set({ human_score: null }).execute();
    const why = async (rules: object) => {
      await ask("PUT", "/api/scoring/sampling", rules, admin);
      const { calls } = (await ask("GET", "/api/scoring/queue")).json();
      return Object.fromEntries(calls.map((call: { id: string; why: string }) => [call.id, call.why]));
    };
    const none = { percent: 0, everyCutIn: false, everyTransfer: false, responseOverMs: null };
    assert.deepEqual(await why(none), {});
    assert.deepEqual(await why({ ...none, everyCutIn: true, everyTransfer: true, responseOverMs: 1_500 }), {
      cut: "cut in",
      moved: "transferred",
      slow: "slow response",
    });
    assert.equal(Object.keys(await why({ ...none, percent: 100 })).length, 4);
  });

  it("hands every score out as JSON and CSV, without a cell that a spreadsheet would run", async () => {
    const answers = [
      { criterionId: "greeted", met: 1 },
      { criterionId: "identity", met: 1 },
    ];
    const note = '=HYPERLINK("http://evil.example")';
    await ask("PUT", "/api/calls/taped/scores", { scorecardId, scorecardVersion: 1, answers, note });
    const { scores } = (await ask("GET", "/api/scoring/export?format=json")).json();
    assert.equal(scores.length, 9);
    const { body, headers } = await ask("GET", "/api/scoring/export?format=csv");
    assert.match(String(headers["content-disposition"]), /sidetone-scores\.csv/);
    const lines = body.trim().split("\r\n");
    assert.equal(lines.length, 10);
    assert.match(lines[0] ?? "", /^call,startedAt,playbook,scorecard/);
    assert.ok(body.includes(`"'=HYPERLINK(""http://evil.example"")"`));
  });
});
