import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { SHIPPED_PLAYBOOKS } from "@sidetone/dialogue";
import { createLog } from "@sidetone/platform";
import {
  cancelRerunBatch,
  claimRerunBatch,
  createRerunBatch,
  type Database,
  fileBytes,
  findPlaybookVersion,
  findRerun,
  findRerunBatch,
  openDatabase,
  rerunProgress,
  rerunsOf,
  upsertCall,
} from "@sidetone/store";
import { tempFolder } from "@sidetone/testkit";
import { seedShipped } from "../playbooks/published.ts";
import { writeTape } from "../test/fixture.ts";
import { sourceHash } from "./gate.ts";
import { Rerunner, rerunTapePath } from "./rerunner.ts";
import { outcomeOf, summarise } from "./stored.ts";

const RETAIL = SHIPPED_PLAYBOOKS[0];

describe("re-runs in the background", { timeout: 600_000 }, () => {
  const folder = tempFolder("reruns");
  let database: Database;
  let source: string;
  const ids = ["c1", "c2", "c3"];

  before(async () => {
    mkdirSync(folder.path, { recursive: true });
    database = openDatabase("sqlite::memory:", "unused");
    await database.migrate();
    await seedShipped(database);
    source = (await findPlaybookVersion(database.db, RETAIL, 1))?.source ?? "";
    for (const id of ids) await upsertCall(database.db, { id, tapePath: await writeTape(folder.path, id, 20_000) });
    await upsertCall(database.db, { id: "no-tape" });
  });
  after(async () => {
    await database.close();
    folder.remove();
  });

  /** Tapes that were fetched to be run: one a call that is run. */
  const fetched: string[] = [];
  /** What a store far away does before it hands a tape over. */
  let fetching = async (): Promise<void> => undefined;
  const open = (leaseMs?: number) =>
    new Rerunner({
      database,
      dataDir: folder.path,
      tapeBytes: async (path) => {
        fetched.push(path);
        await fetching();
        return fileBytes(path);
      },
      log: createLog({ process: "test", level: "silent" }),
      ...(leaseMs && { leaseMs }),
    });
  const order = (callIds: string[], hash = sourceHash(source)) =>
    createRerunBatch(database.db, {
      name: "test",
      playbookId: RETAIL,
      playbookVersion: 1,
      sourceHash: hash,
      against: {},
      callIds,
      by: "ann",
    });
  /** Looks until it is so; the program that runs calls again takes its own time. */
  const until = async (isSo: () => Promise<boolean>) => {
    while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  const stateOf = async (id: string) => (await findRerunBatch(database.db, id))?.state;
  const isOver = (id: string) => until(async () => !["queued", "running"].includes((await stateOf(id)) ?? ""));

  it("go on after a stop with what was left, and count what cannot be run", async () => {
    const id = await order([...ids, "no-tape"]);
    const first = open();
    first.wake();
    await until(async () => (await rerunsOf(database.db, id)).some((row) => row.state === "failed"));
    await first.close();
    assert.equal(await stateOf(id), "running");
    const second = open();
    second.wake();
    await isOver(id);
    await second.close();
    assert.equal(await stateOf(id), "done");
    const { summary, calls } = await summarise(database.db, id);
    assert.deepEqual([summary.calls, summary.ran, summary.failed], [4, 3, 1]);
    assert.equal(calls.find((call) => call.callId === "no-tape")?.fault, "The call has no tape.");
    for (const callId of ids) {
      const outcome = outcomeOf((await findRerun(database.db, id, callId)) ?? { result: null });
      assert.ok(outcome && "result" in outcome && outcome.result.hops > 250, callId);
      assert.ok((await stat(rerunTapePath(folder.path, id, callId))).size > 0);
    }
  });

  it("are not run against a text that was changed meanwhile", async () => {
    const id = await order(ids, sourceHash("another text"));
    const rerunner = open();
    rerunner.wake();
    await isOver(id);
    await rerunner.close();
    const batch = await findRerunBatch(database.db, id);
    assert.deepEqual([batch?.state, /was changed/.test(batch?.fault ?? "")], ["failed", true]);
  });

  it("stop when they are cancelled, and the next one runs", async () => {
    const cancelled = await order(ids);
    const next = await order(["no-tape"]);
    const rerunner = open();
    rerunner.wake();
    await until(async () => (await stateOf(cancelled)) === "running");
    await cancelRerunBatch(database.db, cancelled);
    rerunner.cancel(cancelled);
    await isOver(next);
    await rerunner.close();
    assert.deepEqual([await stateOf(cancelled), await stateOf(next)], ["cancelled", "done"]);
  });

  it("stop when they are cancelled while their tapes are still being fetched", async () => {
    const cancelled = await order(ids);
    const rerunner = open();
    fetching = async () => {
      fetching = async () => undefined;
      await cancelRerunBatch(database.db, cancelled);
      rerunner.cancel(cancelled);
      // The store takes its time: the program is gone before the tape is there.
      const children = `/proc/self/task/${process.pid}/children`;
      await until(async () => readFileSync(children, "utf8").trim() === "");
    };
    rerunner.wake();
    await until(async () => (await stateOf(cancelled)) === "cancelled");
    const next = await order(["no-tape"]);
    rerunner.wake();
    await isOver(next);
    await rerunner.close();
    assert.deepEqual([await stateOf(cancelled), await stateOf(next)], ["cancelled", "done"]);
  });

  it("are run by one of two dashboards on one database, each call once", async () => {
    const batches = [await order(ids), await order(["no-tape", "c1"])];
    const both = [open(), open()];
    fetched.length = 0;
    for (const rerunner of both) rerunner.start();
    for (const id of batches) await isOver(id);
    for (const rerunner of both) await rerunner.close();
    assert.equal(fetched.length, 4);
    assert.deepEqual(await Promise.all(batches.map(stateOf)), ["done", "done"]);
  });

  it("go on elsewhere when the dashboard that ran them has died without a word", async () => {
    const id = await order(ids);
    assert.equal((await claimRerunBatch(database.db, { by: "dead", leaseMs: 1_500 }))?.id, id);
    const heir = open(500);
    heir.start();
    await isOver(id);
    await heir.close();
    assert.equal(await stateOf(id), "done");
  });

  it("stop where another dashboard cancels them", async () => {
    const id = await order(ids);
    const rerunner = open(300);
    rerunner.start();
    await until(async () => (await stateOf(id)) === "running");
    // Nobody tells the one that runs it.
    await cancelRerunBatch(database.db, id);
    const next = await order(["no-tape"]);
    await isOver(next);
    await rerunner.close();
    assert.equal(await stateOf(id), "cancelled");
  });

  it("run by hundreds: progress moves, a stop ends them, and the rest can be run by another", async () => {
    const tape = await writeTape(folder.path, "short", 2_000);
    const many = Array.from({ length: 300 }, (_, i) => `many${i}`);
    for (const id of many) await upsertCall(database.db, { id, tapePath: tape });
    const id = await order(many);
    const rerunner = open();
    rerunner.start();
    const states = async () => (await rerunProgress(database.db, [id])).get(id)?.states ?? {};
    await until(async () => ((await states()).done ?? 0) >= 100);
    assert.equal(await stateOf(id), "running");
    await cancelRerunBatch(database.db, id);
    rerunner.cancel(id);
    const { done = 0, cancelled = 0 } = await states();
    assert.equal(done + cancelled, 300);
    const whole = await order(many);
    rerunner.wake();
    await isOver(whole);
    await rerunner.close();
    assert.equal((await states()).done, done, "nothing of a cancelled batch runs on");
    const { summary } = await summarise(database.db, whole);
    assert.deepEqual([summary.calls, summary.ran, summary.failed], [300, 300, 0]);
  });
});
