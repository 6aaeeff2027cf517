import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createApiToken,
  createInvite,
  findApiToken,
  findInvite,
  readAudit,
  useInvite,
  writeAudit,
} from "./rows-access.ts";
import { findCall, marksOf, searchCalls, turnsOf, upsertCall } from "./rows-calls.ts";
import { addPlaybookDraft, markTested, publishedVersion, publishVersion, saveDraft } from "./rows-playbooks.ts";
import { cohensKappa, saveScore, saveScorecard, scoresOf, totalOf } from "./rows-scores.ts";
import { onEveryDatabase } from "./test/every-database.ts";

const figures = {
  durationMs: 60_000,
  responseLatenciesMs: [300, 900],
  stopLatenciesMs: [80],
  yields: 1,
  backchannels: 2,
  cutIns: 1,
  lostHops: 0,
  longestSilenceMs: 1200,
};

onEveryDatabase("rows", (check) => {
  check("migrates twice without a change", (database) => database.migrate());

  check("upserts a call, and leaves alone what a later write does not name", async ({ db }) => {
    await upsertCall(db, {
      id: "c1",
      from: "+441632960001",
      to: "+15550100",
      playbookId: "retail",
      playbookVersion: 3,
    });
    const index = {
      turns: [
        { who: "caller", startMs: 0, endMs: 900, text: "Where's my order, it is 100% late" },
        { who: "agent", startMs: 1200, endMs: 4000, text: "It left the depot", unheard: "this morning" },
      ],
      marks: [{ atMs: 1200, kind: "response", value: 300 }],
    } as const;
    await upsertCall(db, { id: "c1", outcome: "contained", figures, startedAt: "2026-05-01T10:00:00.000Z" }, index);
    await upsertCall(db, { id: "c1", outcome: "contained", figures }, index);
    const call = await findCall(db, "c1");
    assert.equal(call?.from_number, "+441632960001");
    assert.equal(call?.playbook_version, 3);
    assert.equal(call?.response_max_ms, 900);
    assert.equal(call?.response_p50_ms, 600);
    assert.equal((await turnsOf(db, "c1")).length, 2);
    assert.equal((await marksOf(db, "c1"))[0]?.value, 300);
    await upsertCall(
      db,
      { id: "c2", startedAt: "2026-05-02T10:00:00.000Z", to: "+15550199" },
      {
        turns: [{ who: "caller", startMs: 0, endMs: 1, text: "I want to talk to a person" }],
        marks: [],
      },
    );
  });

  for (const [title, search, ids] of [
    ["everything, newest first", {}, ["c2", "c1"]],
    ["a word", { text: "ORDER" }, ["c1"]],
    ["a beginning of the last word", { text: "my ord" }, ["c1"]],
    ["only the last word may be a beginning", { text: "ord my" }, []],
    ["a phrase", { text: '"talk to a person"' }, ["c2"]],
    ["a phrase with a LIKE wildcard in it", { text: '"100% late"' }, ["c1"]],
    ["a wildcard that is not in the text", { text: '"1_0% late"' }, []],
    ["what was planned but unheard is not found", { text: "morning" }, []],
    ["digits the number lacks", { number: "0163 2960" }, []],
    ["part of a number with a space", { number: "163 296" }, ["c1"]],
    ["a slow response", { responseOverMs: 800 }, ["c1"]],
    ["no slower than itself", { responseOverMs: 900 }, []],
    ["a cut-in", { cutInsAtLeast: 1 }, ["c1"]],
    ["a time", { startedFrom: "2026-05-02T00:00:00.000Z" }, ["c2"]],
    ["a playbook", { playbookId: "retail" }, ["c1"]],
    ["a mark", { markKind: "response" }, ["c1"]],
    ["quotes and a semicolon", { text: `'; drop table calls; --` }, []],
  ] as const) {
    check(`finds by ${title}`, async (database) => {
      const page = await searchCalls(database.db, search);
      assert.deepEqual(
        page.calls.map((call) => call.id),
        ids,
      );
      assert.equal(page.total, ids.length);
    });
  }

  check("pages without losing or repeating a call", async (database) => {
    const first = await searchCalls(database.db, { limit: 1 });
    const second = await searchCalls(database.db, { limit: 1, cursor: first.next });
    assert.deepEqual(
      [...first.calls, ...second.calls].map((call) => call.id),
      ["c2", "c1"],
    );
    assert.equal(second.next, undefined);
  });

  check("takes a playbook from draft over tested to published, and back", async ({ db }) => {
    const draft = { playbookId: "retail", name: "Retail", source: "one", by: "ann" };
    assert.equal(await addPlaybookDraft(db, draft), 1);
    assert.equal(await publishVersion(db, { playbookId: "retail", version: 1, by: "ann" }), false);
    const tested = { playbookId: "retail", version: 1, source: "one", passed: true, report: {} };
    assert.equal(await markTested(db, { ...tested, source: "other" }), false);
    assert.equal(await markTested(db, tested), true);
    assert.equal(await publishVersion(db, { playbookId: "retail", version: 1, by: "ann" }), true);
    assert.equal(await saveDraft(db, { playbookId: "retail", version: 1, name: "Retail", source: "x" }), false);
    assert.equal(await addPlaybookDraft(db, { ...draft, source: "two" }), 2);
    await markTested(db, { ...tested, version: 2, source: "two" });
    await publishVersion(db, { playbookId: "retail", version: 2, by: "ann" });
    assert.equal((await publishedVersion(db, "retail"))?.version, 2);
    await publishVersion(db, { playbookId: "retail", version: 1, by: "ann" });
    assert.equal((await publishedVersion(db, "retail"))?.version, 1);
  });

  check("keeps one score a scorer, and the call's mean", async ({ db }) => {
    const document = {
      criteria: [
        { id: "greeted", question: "Greeted?", weight: 1, required: true, autoFail: false },
        { id: "disclosed", question: "Said it is an AI?", weight: 3, required: true, autoFail: true },
      ],
    };
    const card = await saveScorecard(db, { name: "Basics", document, active: true, by: "ann" });
    const score = {
      callId: "c1",
      scorecardId: card.id,
      scorecardVersion: card.version,
      scorerKind: "human",
      failed: false,
      answers: [],
    } as const;
    await saveScore(db, { ...score, scorer: "bob", total: 10 });
    await saveScore(db, { ...score, scorer: "bob", total: 60 });
    await saveScore(db, { ...score, scorer: "eve", total: 80 });
    assert.equal((await scoresOf(db, "c1")).length, 2);
    assert.equal((await findCall(db, "c1"))?.human_score, 70);
  });

  check("lets an invite be used once, and a token until it is revoked", async ({ db }) => {
    const secret = await createInvite(db, { role: "admin", kind: "first-admin", lifetimeMs: 60_000 });
    assert.equal((await findInvite(db, secret))?.role, "admin");
    assert.deepEqual(await Promise.all([useInvite(db, secret), useInvite(db, secret)]).then((won) => won.toSorted()), [
      false,
      true,
    ]);
    assert.equal(await findInvite(db, secret), undefined);
    const stale = await createInvite(db, { role: "qa", kind: "join", lifetimeMs: -1 });
    assert.equal(await findInvite(db, stale), undefined);
    const token = await createApiToken(db, { name: "ci", role: "qa", createdBy: "ann" });
    assert.equal((await findApiToken(db, token.secret))?.id, token.id);
    assert.equal(await findApiToken(db, `${token.secret}x`), undefined);
  });

  check("audits newest first", async (database) => {
    await writeAudit(database.db, { actor: "ann", actorKind: "user", act: "call.whisper", subject: "c1" });
    const [entry] = await readAudit(database.db, { limit: 1 });
    assert.equal(entry?.act, "call.whisper");
  });
});

describe("scoring", () => {
  const card = {
    criteria: [
      { id: "a", question: "A?", weight: 1, required: true, autoFail: false },
      { id: "b", question: "B?", weight: 3, required: false, autoFail: true },
    ],
  };
  for (const [title, answers, expected] of [
    [
      "weighs",
      [
        { criterionId: "a", met: 0 },
        { criterionId: "b", met: 1 },
      ],
      { total: 75, failed: false },
    ],
    ["leaves out what does not apply", [{ criterionId: "a", met: 0.5 }], { total: 50, failed: false }],
    [
      "fails on an auto-fail",
      [
        { criterionId: "a", met: 1 },
        { criterionId: "b", met: 0.9 },
      ],
      { total: 0, failed: true },
    ],
  ] as const) {
    it(title, () => assert.deepEqual(totalOf(card, answers), expected));
  }
  it("wants required answers", () => assert.throws(() => totalOf(card, []), /A\?/));
  it("knows its criteria", () => assert.throws(() => totalOf(card, [{ criterionId: "z", met: 1 }]), /"z"/));
  for (const [title, pairs, kappa] of [
    [
      "full agreement",
      [
        ["y", "y"],
        ["n", "n"],
      ],
      1,
    ],
    [
      "chance",
      [
        ["y", "y"],
        ["y", "n"],
        ["n", "y"],
        ["n", "n"],
      ],
      0,
    ],
    [
      "worse than chance",
      [
        ["y", "n"],
        ["n", "y"],
      ],
      -1,
    ],
    ["nothing", [], undefined],
  ] as const) {
    it(`Cohen's kappa: ${title}`, () => assert.equal(cohensKappa(pairs), kappa));
  }
});
