import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { claimRerunBatch, createRerunBatch, endRerunBatch, readAudit, upsertCall } from "@sidetone/store";
import { sourceHash } from "../reruns/gate.ts";
import { suiteHash } from "../reruns/stored.ts";
import { type SignedIn, signIn, startTestDashboard, type TestDashboard } from "../test/fixture.ts";

const RETAIL = "/api/playbooks/retail-order-support";

describe("what stands between a playbook and its callers", () => {
  let test: TestDashboard;
  let admin: SignedIn;
  let qa: SignedIn;
  let source: string;
  before(async () => {
    test = await startTestDashboard();
    admin = await signIn(test, "admin");
    qa = await signIn(test, "qa");
    source = (await get(`${RETAIL}/versions/1`)).source;
  });
  after(() => test.close());

  const inject = async (method: "GET" | "POST" | "PUT", url: string, payload?: object, as: SignedIn = admin) => {
    const headers = { ...as };
    const answer = await test.dashboard.app.inject({ method, url, headers, ...(payload && { payload }) });
    return { status: answer.statusCode, body: answer.json() };
  };
  const get = async (url: string) => (await inject("GET", url)).body;
  const draft = async (text: string): Promise<number> =>
    (await inject("POST", "/api/playbooks", { id: "retail-order-support", name: "Retail", source: text })).body.version;
  const publish = (version: number, payload?: object) =>
    inject("POST", `${RETAIL}/versions/${version}/publish`, payload);
  const runTests = (version: number) => inject("POST", `${RETAIL}/versions/${version}/test`, {});
  const published = () =>
    JSON.parse(readFileSync(join(test.dataDir, "playbooks", "published", "retail-order-support.json"), "utf8")).version;

  it("its expected conversations", async () => {
    const broken = await draft(`${source}`.replace("< ", "< ").replace(/agent: .*/, "agent: something it never says"));
    assert.equal((await publish(broken)).status, 409);
    const { passed, report } = (await runTests(broken)).body;
    assert.equal(passed, false);
    assert.ok(
      report.some((each: { name: string; passed: boolean }) => /^Conversation: /.test(each.name) && !each.passed),
    );
    assert.equal((await publish(broken)).status, 409);
    const sound = await draft(source);
    assert.equal((await runTests(sound)).body.passed, true);
    assert.deepEqual((await publish(sound)).body, { published: sound });
    assert.equal(published(), sound);
  });

  it("the re-run of a saved set, where one is required", async () => {
    await upsertCall(test.dashboard.context.database.db, { id: "c1" });
    const set = (await inject("POST", "/api/sets", { name: "Returns", callIds: ["c1"] }, qa)).body.id;
    const bounds = { regressedCalls: 0, slowerMs: 100, moreCutIns: 0 };
    assert.equal((await inject("PUT", `${RETAIL}/gate`, { gate: { setId: set, bounds } }, qa)).status, 403);
    assert.equal((await inject("PUT", `${RETAIL}/gate`, { gate: { setId: set, bounds } })).status, 200);
    const version = await draft(`${source}\n# gated\n`);
    await runTests(version);
    const refused = await publish(version);
    assert.equal(refused.status, 409);
    assert.match(refused.body.message, /Re-run of Returns: The set has not been run/);

    const { db } = test.dashboard.context.database;
    const text = (await get(`${RETAIL}/versions/${version}`)).source;
    const id = await createRerunBatch(db, {
      name: "x",
      playbookId: "retail-order-support",
      playbookVersion: version,
      sourceHash: sourceHash(text),
      against: { suite: suiteHash([{ callId: "c1", expected: undefined }]) },
      setId: set,
      callIds: ["c1"],
      by: "ann",
    });
    await claimRerunBatch(db, { by: "test", leaseMs: 60_000 });
    await endRerunBatch(db, id, { by: "test", state: "done" });
    const state = await get(`${RETAIL}/versions/${version}/gate`);
    assert.deepEqual(
      state.checks.map((check: { passed: boolean; detail: string }) => [check.passed, check.detail]),
      [
        [true, "They go as expected."],
        [false, "No call of the set could be run."],
      ],
    );
    await inject("PUT", `/api/sets/${set}/calls/c1/expected`, { expected: { wants: ["return"] } }, qa);
    const after = await get(`${RETAIL}/versions/${version}/gate`);
    assert.equal(after.checks[1].detail, "The set has changed since it was run.");
  });

  it("an admin who says why; that is written down", async () => {
    const versions = (await get(`${RETAIL}/versions`)).versions as { version: number }[];
    const newest = versions[0]?.version ?? 0;
    assert.equal((await publish(newest, { override: { reason: "short" } })).status, 400);
    const reason = "The line plays yesterday's prices; this text mends it.";
    assert.equal((await publish(newest, { override: { reason } })).status, 200);
    assert.equal(published(), newest);
    const [entry] = await readAudit(test.dashboard.context.database.db, { act: "playbook.publish-override", limit: 1 });
    assert.match(entry?.detail ?? "", /yesterday's prices.*Re-run of Returns/);
    assert.equal((await get(`${RETAIL}/versions/${newest}`)).overrideReason, reason);
  });

  it("nothing, on the way back to what callers have met", async () => {
    assert.equal((await publish(1)).status, 200);
    assert.equal(published(), 1);
  });

  it("the same gate, for a version that a number's rule names", async () => {
    const version = await draft(`${source}\n# rolled out\n`);
    const rule = (more: object) => ({
      number: "+15550100",
      rules: [
        {
          label: "Trial",
          playbookId: "retail-order-support",
          version,
          sharePercent: 10,
          days: ["mon", "tue"],
          fromMinute: 540,
          toMinute: 1020,
          timeZone: "Europe/London",
        },
      ],
      ...more,
    });
    const put = (payload: object) => inject("PUT", "/api/numbers/routes", payload);
    const refused = await put(rule({}));
    assert.equal(refused.status, 409);
    assert.match(refused.body.message, /may not meet callers yet/);
    assert.equal((await put(rule({ override: { reason: "A trial with our own staff." } }))).status, 200);
    const file = join(test.dataDir, "playbooks", "versions", `retail-order-support@${version}.json`);
    assert.equal(JSON.parse(readFileSync(file, "utf8")).version, version);
    const numbers = JSON.parse(readFileSync(join(test.dataDir, "playbooks", "numbers.json"), "utf8"));
    assert.equal(numbers["+15550100"][0].sharePercent, 10);
    const routes = (await get("/api/numbers/routes")).numbers;
    assert.match(routes[0].rules[0].reads, /^Trial, mon tue, 09:00-17:00 Europe\/London, 10% of callers/);
    const preview = await inject("POST", "/api/numbers/preview", {
      number: "+15550100",
      rules: [{ ...rule({}).rules[0], sharePercent: 100 }],
      caller: "+447700900123",
      at: "2026-07-06T08:00:00Z",
    });
    assert.equal(preview.body.rule, 0);
    assert.equal((await put({ number: "+15550100", rules: [] })).status, 200);
    assert.equal(existsSync(file), false);
    const bad = { ...rule({}).rules[0], timeZone: "Mars/Olympus" };
    assert.equal((await put({ number: "+15550100", rules: [bad] })).status, 400);
  });
});
