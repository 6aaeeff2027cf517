import assert from "node:assert/strict";
import { appendFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { upsertCall } from "@sidetone/store";
import { type SignedIn, signIn, startTestDashboard, type TestDashboard, writeTape } from "../test/fixture.ts";
import { COLUMNS_HEAD_BYTES } from "./columns-format.ts";
import { heardAtMs } from "./replay-model.ts";

let test: TestDashboard;
let qa: SignedIn;
let viewer: SignedIn;
before(async () => {
  test = await startTestDashboard();
  [qa, viewer] = [await signIn(test, "qa"), await signIn(test, "viewer")];
  const tapePath = await writeTape(test.dataDir, "short", 30_000);
  await upsertCall(test.dashboard.context.database.db, {
    id: "short",
    tapePath,
    startedAt: "2026-05-01T10:00:00.000Z",
  });
});
after(() => test.close());

const get = (url: string, headers: object) => test.dashboard.app.inject({ url, headers: { ...headers } });

describe("a replay", () => {
  it("puts words where they were heard, and strikes what was not", async () => {
    const replay = (await get("/api/calls/short/replay", qa)).json();
    assert.equal(replay.durationMs, 30_000);
    assert.equal(replay.complete, true);
    const answer = replay.lines.find((line: { who: string }) => line.who === "agent");
    const words = answer.words as { text: string; startMs: number; heard: boolean }[];
    // The agent's channel begins with hop 75; the second word lies 500 ms into the utterance.
    assert.ok(Math.abs((words[1]?.startMs ?? 0) - 3_500) <= 40, String(words[1]?.startMs));
    assert.deepEqual(
      words.filter((word) => !word.heard).map((word) => word.text),
      ["you", "tomorrow"],
    );
    // The second answer was planned long after the first one's last sample: it begins when it is heard, not before.
    const second = replay.lines.filter((line: { who: string }) => line.who === "agent")[1];
    assert.ok(Math.abs(second.startMs - 13_000) <= 40, String(second.startMs));
  });

  it("draws both channels and who had the floor", async () => {
    const answer = await get("/api/calls/short/replay/columns", qa);
    const { gunzipSync } = await import("node:zlib");
    const bytes = gunzipSync(answer.rawPayload);
    const hops = bytes.readUInt32LE(8);
    assert.equal(hops, 750);
    const floorAt = COLUMNS_HEAD_BYTES + 4 * 2 * hops + hops;
    assert.deepEqual(
      [bytes[floorAt + 30], bytes[floorAt + 65], bytes[floorAt + 100], bytes[floorAt + 195]],
      [1, 0, 2, 3],
    );
  });

  for (const [title, range, status, from, length] of [
    ["all of it", undefined, 200, 0, 44 + 750 * 320 * 4],
    ["its head", "bytes=0-43", 206, 0, 44],
    ["an odd stretch", "bytes=45-1000", 206, 45, 956],
    ["its end", "bytes=-7", 206, 44 + 750 * 320 * 4 - 7, 7],
    ["nothing after its end", "bytes=99999999-", 416, 0, 0],
  ] as const) {
    it(`gives ${title} of the audio`, async () => {
      const url = "/api/calls/short/audio.wav";
      const whole = (await get(url, qa)).rawPayload;
      const answer = await get(url, { ...qa, ...(range && { range }) });
      assert.equal(answer.statusCode, status);
      if (status === 416) return;
      assert.deepEqual(answer.rawPayload, whole.subarray(from, from + length));
    });
  }

  it("gives a viewer no audio and no words that count", async () => {
    assert.equal((await get("/api/calls/short/audio.wav", viewer)).statusCode, 403);
    assert.equal((await get("/api/calls?text=order", viewer)).statusCode, 403);
    const replay = (await get("/api/calls/short/replay", viewer)).json();
    assert.ok(!replay.from.includes("960011"));
  });

  it("refuses a tape outside the data folder", async () => {
    const { db } = test.dashboard.context.database;
    await upsertCall(db, { id: "outside", tapePath: "../../../etc/passwd" });
    assert.equal((await get("/api/calls/outside/replay", qa)).statusCode, 404);
  });

  it("derives once, and again when the tape has grown", async () => {
    const { replays } = test.dashboard.context;
    const tapePath = await writeTape(test.dataDir, "grown", 4_000);
    const first = await replays.open("grown", tapePath);
    const derivedAtMs = (await stat(first.folder)).mtimeMs;
    await replays.open("grown", tapePath);
    assert.equal((await stat(first.folder)).mtimeMs, derivedAtMs);
    // As a bridge does that was killed in the middle of a record and closed the tape at its next start.
    await appendFile(tapePath, Buffer.alloc(10));
    const second = await replays.open("grown", tapePath);
    assert.equal(second.meta.tapeBytes, first.meta.tapeBytes + 10);
    assert.equal((await replays.model(second)).damagedBytes, 10);
  });

  it("derives anew what was removed to keep the folder small", async () => {
    const { replays } = test.dashboard.context;
    const tapePath = await writeTape(test.dataDir, "trimmed", 4_000);
    const { folder } = await replays.open("trimmed", tapePath);
    await rm(folder, { recursive: true });
    const again = await replays.open("trimmed", tapePath);
    assert.equal((await replays.model(again)).hops, 100);
  });

  it("answers with a code when the file is no tape", async () => {
    const tapePath = join(test.dataDir, "tapes", "broken.tape");
    await writeFile(tapePath, "no tape at all");
    await upsertCall(test.dashboard.context.database.db, { id: "broken", tapePath });
    const answer = await get("/api/calls/broken/replay", qa);
    assert.equal(answer.json().code, "TAPE_INVALID");
  });
});

describe("the agent's clock", () => {
  const heard = { hops: [10, 11, 20], samples: [320, 640, 960] };
  for (const [sample, ms] of [
    [1, 400.125],
    [320, 440],
    [321, 440.125],
    [641, 800.125],
    [961, undefined],
  ] as const) {
    it(`sample ${sample} was heard at ${ms}`, () => assert.equal(heardAtMs(heard, sample), ms));
  }
});
