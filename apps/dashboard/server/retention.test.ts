import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createLog } from "@sidetone/platform";
import {
  claimRerunBatch,
  createRerunBatch,
  endRerunBatch,
  findCall,
  openTapeStorage,
  readAudit,
  rerunsOf,
  updateRerun,
  upsertCall,
} from "@sidetone/store";
import { rerunTapePath } from "./reruns/rerunner.ts";
import { Retention } from "./retention.ts";
import { type SignedIn, signIn, startTestDashboard, type TestDashboard, writeTape } from "./test/fixture.ts";

const NOW_MS = Date.parse("2026-05-31T12:00:00.000Z");

describe("how long calls are kept", () => {
  let test: TestDashboard;
  let qa: SignedIn;
  let batchId: string;
  const tapes = new Map<string, string>();

  before(async () => {
    test = await startTestDashboard();
    qa = await signIn(test, "qa");
    const { db } = test.dashboard.context.database;
    for (const [id, endedAt] of [
      ["old", "2026-05-01T10:00:00.000Z"],
      ["young", "2026-05-30T10:00:00.000Z"],
    ] as const) {
      const tapePath = await writeTape(test.dataDir, id, 2_000);
      tapes.set(id, tapePath);
      await upsertCall(db, { id, tapePath, startedAt: endedAt, endedAt });
    }
    // A re-run of both, as the program that runs calls again leaves it.
    batchId = await createRerunBatch(db, { name: "both", against: {}, callIds: ["old", "young"], by: "ann" });
    await claimRerunBatch(db, { by: "test", leaseMs: 60_000 });
    for (const id of ["old", "young"]) {
      const path = await writeTape(test.dataDir, `reruns/${id}`, 2_000);
      const folder = join(test.dataDir, "reruns", batchId);
      await mkdir(folder, { recursive: true });
      await rename(path, rerunTapePath(test.dataDir, batchId, id));
      await updateRerun(db, batchId, id, { state: "done", progress: 1, result: { code: "X", message: "x" } });
    }
    await endRerunBatch(db, batchId, { by: "test", state: "done" });
  });
  after(() => test.close());

  const ask = (url: string) => test.dashboard.app.inject({ url, headers: { ...qa } });
  const sweep = async (retentionDays: number | undefined) => {
    const { database, replays, rerunReplays, config } = test.dashboard.context;
    const log = createLog({ process: "test", level: "silent" });
    const storage = await openTapeStorage({ folder: join(test.dataDir, "tapes") });
    const { dataDir } = config;
    return new Retention({ database, tapes: storage, replays, rerunReplays, dataDir, retentionDays, log }).sweep(
      NOW_MS,
    );
  };
  const rerun = (id: string, file = "replay") => ask(`/api/reruns/${batchId}/calls/${id}/${file}`);

  it("a re-run's tape opens in Replay, and can be heard in part", async () => {
    for (const id of ["old", "young"]) {
      assert.equal((await ask(`/api/calls/${id}/replay`)).statusCode, 200);
      const replay = await rerun(id);
      assert.equal(replay.statusCode, 200, replay.body);
      assert.equal(replay.json().durationMs, 2_000);
      assert.equal((await rerun(id, "replay/columns")).statusCode, 200);
    }
    const sound = await test.dashboard.app.inject({
      url: `/api/reruns/${batchId}/calls/young/audio.wav`,
      headers: { ...qa, range: "bytes=0-99" },
    });
    assert.deepEqual([sound.statusCode, sound.rawPayload.length], [206, 100]);
    const [entry] = await readAudit(test.dashboard.context.database.db, { act: "rerun.audio", limit: 1 });
    assert.deepEqual([entry?.subject, entry?.detail], [batchId, "young"]);
    assert.equal((await rerun("nobody")).statusCode, 404);
  });

  it("without the setting, for ever", async () => {
    assert.equal(await sweep(undefined), 0);
    assert.equal((await ask("/api/calls/old/replay")).statusCode, 200);
  });

  it("with it, an old call goes with its tape, what was derived, and its re-runs' tapes; a young one stays", async () => {
    assert.equal(await sweep(14), 1);
    const { db } = test.dashboard.context.database;
    assert.equal(await findCall(db, "old"), undefined);
    assert.deepEqual(
      [...tapes].map(([id, path]) => [id, existsSync(path)]),
      [
        ["old", false],
        ["young", true],
      ],
    );
    assert.deepEqual(await readdir(join(test.dataDir, "replays")), ["young"]);
    assert.deepEqual(await readdir(join(test.dataDir, "reruns", batchId)), ["young.tape"]);
    assert.deepEqual(await readdir(join(test.dataDir, "rerun-replays")), [encodeURIComponent(`${batchId} young`)]);
    assert.deepEqual(
      (await rerunsOf(db, batchId)).map((row) => row.call_id),
      ["young"],
    );
    assert.equal((await ask("/api/calls/old/replay")).statusCode, 404);
    assert.equal((await rerun("old")).statusCode, 404);
    assert.equal((await rerun("young")).statusCode, 200);
    const [entry] = await readAudit(db, { act: "call.removed-by-retention", limit: 1 });
    assert.equal(entry?.subject, "1 call");
  });

  it("what another dashboard removed leaves nothing here either", async () => {
    const { db } = test.dashboard.context.database;
    await db.deleteFrom("reruns").where("batch_id", "=", batchId).execute();
    assert.equal(await sweep(14), 0);
    assert.equal(existsSync(join(test.dataDir, "reruns", batchId)), false);
    assert.deepEqual(await readdir(join(test.dataDir, "rerun-replays")), []);
  });
});
