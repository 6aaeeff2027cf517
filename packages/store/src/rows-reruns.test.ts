import assert from "node:assert/strict";
import { NumberRoute, WEEKDAYS } from "./number-routes.ts";
import { findCall, searchCalls, upsertCall } from "./rows-calls.ts";
import { connectorsMark, listConnectors, removeConnector, saveConnector } from "./rows-connectors.ts";
import { addPlaybookDraft, findPlaybookVersion, publishVersion } from "./rows-playbooks.ts";
import { claimRerunBatch, endRerunBatch, releaseRerunClaim, renewRerunClaim } from "./rows-rerun-claims.ts";
import {
  addToSet,
  cancelRerunBatch,
  createRerunBatch,
  createSet,
  expectOf,
  findRerun,
  findSet,
  latestRerunOf,
  listRerunBatches,
  listSets,
  readGate,
  removeFromSet,
  removeSet,
  renameSet,
  requeueReruns,
  rerunProgress,
  rerunsOf,
  setCalls,
  updateRerun,
  writeGate,
} from "./rows-reruns.ts";
import { readRoutes, replaceRoutes } from "./rows-routes.ts";
import { onEveryDatabase } from "./test/every-database.ts";

onEveryDatabase("sets, re-runs, routes and connectors", (check) => {
  check("keeps picked calls and what is expected of each", async ({ db }) => {
    await upsertCall(db, { id: "c1", route: { id: "r1", label: "Nights" } });
    await upsertCall(db, { id: "c2" });
    const id = await createSet(db, { name: "Returns", kind: "calls", by: "ann" });
    assert.equal(await addToSet(db, id, ["c1", "c2"]), 2);
    await expectOf(db, id, "c1", { wants: ["return"], slots: { "order-number": "47291" } });
    assert.equal(await addToSet(db, id, ["c1"]), 0);
    assert.deepEqual(await setCalls(db, id), [
      { callId: "c1", expected: { wants: ["return"], slots: { "order-number": "47291" } } },
      { callId: "c2", expected: undefined },
    ]);
    assert.equal((await searchCalls(db, { setId: id })).total, 2);
    assert.equal((await findSet(db, id))?.calls, 2);
    assert.equal(await removeFromSet(db, id, "c2"), true);
    assert.equal(await renameSet(db, id, "Refunds"), true);
    assert.equal((await findCall(db, "c1"))?.route_label, "Nights");
    const search = await createSet(db, { name: "Slow", kind: "search", query: { responseOverMs: 800 }, by: "ann" });
    assert.deepEqual((await findSet(db, search))?.query, { responseOverMs: 800 });
    assert.deepEqual(
      (await listSets(db)).map((set) => [set.name, set.calls]),
      [
        ["Refunds", 1],
        ["Slow", 0],
      ],
    );
    assert.equal(await removeSet(db, search), true);
  });

  check("a batch outlives whoever runs it", async ({ db }) => {
    const [set] = await listSets(db);
    const callIds = Array.from({ length: 1200 }, (_, i) => `call${i}`);
    const id = await createRerunBatch(db, {
      name: "v2",
      playbookId: "retail",
      playbookVersion: 2,
      sourceHash: "abc",
      against: { thresholds: { beginOpen: 0.6 } },
      setId: set?.id,
      callIds,
      by: "ann",
    });
    const first = { by: "first", leaseMs: 60_000 };
    assert.equal((await claimRerunBatch(db, first))?.id, id);
    const [result, short] = [{ turns: [1, 2, 3] }, { changed: [] }];
    await updateRerun(db, id, "call0", { state: "done", progress: 1, result, short });
    await updateRerun(db, id, "call1", { state: "running", progress: 0.5 });
    const known = (await rerunProgress(db, [id])).get(id);
    assert.deepEqual(known?.states, { done: 1, running: 1, queued: 1198 });
    assert.ok(Math.abs((known?.progress ?? 0) - 1.5 / 1200) < 1e-9);
    await releaseRerunClaim(db, id, "first");
    assert.equal((await claimRerunBatch(db, { by: "second", leaseMs: 60_000 }))?.state, "running");
    await requeueReruns(db, id);
    assert.equal((await findRerun(db, id, "call1"))?.progress, 0);
    assert.equal((await rerunsOf(db, id)).filter((row) => row.state === "queued").length, 1199);
    const [row] = await rerunsOf(db, id);
    assert.deepEqual([row?.short, row?.result], [JSON.stringify(short), null]);
    assert.equal((await findRerun(db, id, "call0"))?.result, JSON.stringify(result));
    await endRerunBatch(db, id, { by: "first", state: "failed" });
    await endRerunBatch(db, id, { by: "second", state: "done" });
    assert.equal((await latestRerunOf(db, "retail", "abc", set?.id ?? ""))?.id, id);
    assert.equal(await latestRerunOf(db, "retail", "changed", set?.id ?? ""), undefined);
    assert.equal(await claimRerunBatch(db, first), undefined);
    assert.equal(await cancelRerunBatch(db, id), false);
  });

  check(
    "of those who ask for a batch at once, one gets it; of a dead one's batch, the next who asks",
    async ({ db }) => {
      const id = await createRerunBatch(db, { name: "one", against: {}, callIds: ["c1"], by: "ann" });
      const names = ["a", "b", "c", "d"];
      const got = await Promise.all(names.map((by) => claimRerunBatch(db, { by, leaseMs: 60_000 })));
      const holders = names.filter((_, i) => got[i]?.id === id);
      assert.equal(holders.length, 1);
      const by = holders[0] ?? "";
      assert.equal(await renewRerunClaim(db, id, { by: "somebody else", leaseMs: 60_000 }), false);
      // From here on the holder is silent, and its time has run out.
      assert.equal(await renewRerunClaim(db, id, { by, leaseMs: -1 }), true);
      assert.equal((await claimRerunBatch(db, { by: "heir", leaseMs: 60_000 }))?.claimed_by, "heir");
      assert.equal(await renewRerunClaim(db, id, { by, leaseMs: 60_000 }), false);
      await endRerunBatch(db, id, { by: "heir", state: "done" });
    },
  );

  check("a cancelled batch is not finished by whoever was running it", async ({ db }) => {
    const id = await createRerunBatch(db, { name: "x", against: {}, callIds: ["c1"], by: "ann" });
    const claim = { by: "ann's server", leaseMs: 60_000 };
    await claimRerunBatch(db, claim);
    assert.equal(await cancelRerunBatch(db, id), true);
    assert.equal(await renewRerunClaim(db, id, claim), false);
    await updateRerun(db, id, "c1", { state: "done", progress: 1, result: {} });
    await endRerunBatch(db, id, { by: claim.by, state: "done" });
    assert.equal((await listRerunBatches(db, 10)).find((batch) => batch.id === id)?.state, "cancelled");
    assert.equal((await findRerun(db, id, "c1"))?.state, "cancelled");
  });

  check("a gate is set, changed and taken away", async ({ db }) => {
    assert.equal(await readGate(db, "retail"), undefined);
    const bounds = { regressedCalls: 0, slowerMs: 150, moreCutIns: 0 };
    await writeGate(db, "retail", { setId: "s1", bounds, by: "ann" });
    await writeGate(db, "retail", { setId: "s1", bounds: { ...bounds, slowerMs: 90 }, by: "bob" });
    assert.equal((await readGate(db, "retail"))?.bounds.slowerMs, 90);
    await writeGate(db, "retail", undefined);
    assert.equal(await readGate(db, "retail"), undefined);
  });

  check("a draft is published with a reason only", async ({ db }) => {
    const version = await addPlaybookDraft(db, { playbookId: "gated", name: "Gated", source: "x", by: "ann" });
    const publish = { playbookId: "gated", version, by: "ann" };
    assert.equal(await publishVersion(db, publish), false);
    assert.equal(await publishVersion(db, { ...publish, overrideReason: "the line is down" }), true);
    assert.equal((await findPlaybookVersion(db, "gated", version))?.override_reason, "the line is down");
  });

  check("rules keep their order and their ids", async ({ db }) => {
    const rule = (more: Partial<NumberRoute>) =>
      NumberRoute.parse({
        id: "x",
        playbookId: "retail",
        sharePercent: 100,
        days: [...WEEKDAYS],
        fromMinute: 0,
        toMinute: 1440,
        timeZone: "Europe/London",
        ...more,
      });
    const rules = [rule({ id: "b", version: 3, sharePercent: 10, label: "Trial" }), rule({ id: "a", days: ["mon"] })];
    await replaceRoutes(db, "+15550100", rules);
    await replaceRoutes(db, "*", [rule({ id: "any" })]);
    assert.deepEqual(await readRoutes(db), { "*": [rule({ id: "any" })], "+15550100": rules });
    await replaceRoutes(db, "+15550100", []);
    assert.deepEqual(Object.keys(await readRoutes(db)), ["*"]);
  });

  check("a change of connectors shows in their mark", async ({ db }) => {
    const marks = [await connectorsMark(db)];
    const hubspot = {
      name: "hubspot",
      kind: "hubspot",
      config: "kind: hubspot",
      secrets: { TOKEN: "v1.x" },
      enabled: true,
      updatedBy: "ann",
    };
    await saveConnector(db, hubspot);
    marks.push(await connectorsMark(db));
    await saveConnector(db, { ...hubspot, enabled: false });
    marks.push(await connectorsMark(db));
    const [found] = await listConnectors(db);
    assert.deepEqual([found?.enabled, found?.secrets], [false, { TOKEN: "v1.x" }]);
    await removeConnector(db, "hubspot");
    assert.equal(new Set(marks).size, 3);
    assert.equal(await connectorsMark(db), marks[0]);
  });
});
