import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { SCORES_PER_HOP, type TapeHeader } from "@sidetone/protocol";
import fc from "fast-check";
import { TapeError } from "./tape-errors.ts";
import { MICRO_TURN_RECORD_BYTES, UNDECIDED } from "./tape-format.ts";
import { TapeReader, type TapeRecord } from "./tape-reader.ts";
import { TapeWriter } from "./tape-writer.ts";

let folder: string;
let files = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tape-"));
});
after(() => rm(folder, { recursive: true }));
const freshPath = () => join(folder, "2026", `${files++}.tape`);

const HEADER: TapeHeader = {
  format: "sidetone-tape",
  version: 1,
  callId: "c1",
  carrierCallId: "CA1",
  startedAt: "2026-11-21T03:00:00.000Z",
  sampleRateHz: 8000,
  hopSamples: 320,
  audio: "mu-law",
  scoreNames: [],
  model: "line-test",
  modelHash: "h",
  bridgeId: "b1",
  softwareVersion: "0.1.0",
};

const audio = (seed: number) => Uint8Array.from({ length: 320 }, (_, i) => (seed * 31 + i * 7) & 0xff);
const scores = Buffer.alloc(4 * SCORES_PER_HOP);
for (let i = 0; i < SCORES_PER_HOP; i++) scores.writeFloatLE(i / 8, 4 * i);
const conditioning = Buffer.from([3, 5, 2, 1]);

function putHop(writer: TapeWriter, hop: number, replied = true): void {
  writer.putHop(hop, audio(hop), audio(hop + 1000), 2, hop * 320, hop % 3);
  if (replied) writer.putReply(hop, hop % 6, scores, 0, conditioning, 0, 3, -8);
}

async function all(path: string): Promise<TapeRecord[]> {
  return collect(await TapeReader.open(path));
}
async function collect(reader: TapeReader, fromByte?: number): Promise<TapeRecord[]> {
  const records: TapeRecord[] = [];
  for await (const record of reader.records(fromByte)) records.push(record);
  return records;
}
const turns = (records: TapeRecord[]) => records.flatMap((r) => (r.kind === "micro-turn" ? [r.turn] : []));
const damage = (records: TapeRecord[]) => records.flatMap((r) => (r.kind === "damage" ? [r] : []));

test("what is put on a tape is read back, hop for hop and note for note", async () => {
  const path = freshPath();
  const writer = new TapeWriter(path, HEADER);
  writer.note({ type: "control", hop: 0, what: "started" });
  for (let hop = 0; hop < 12; hop++) putHop(writer, hop);
  writer.note({ type: "end", hop: 12, reason: "stop" });
  await writer.close();

  const reader = await TapeReader.open(path);
  assert.deepEqual(reader.header, HEADER);
  const records = await collect(reader);
  assert.deepEqual(
    records.map((r) => (r.kind === "note" ? r.note.type : r.kind)),
    ["control", "micro-turn", "micro-turn", "end", "micro-turn"],
  );
  const read = turns(records);
  assert.deepEqual(
    read.map((t) => [t.firstHop, t.hops]),
    [
      [0, 5],
      [5, 5],
      [10, 2],
    ],
  );
  for (const turn of read) {
    for (let row = 0; row < turn.hops; row++) {
      const hop = turn.firstHop + row;
      assert.deepEqual(turn.caller.slice(row * 320, row * 320 + 320), audio(hop));
      assert.deepEqual(turn.agent.slice(row * 320, row * 320 + 320), audio(hop + 1000));
      assert.equal(turn.decision[row], hop % 6);
      assert.equal(turn.heardSamples[row], hop * 320);
      assert.equal(turn.heardEpoch[row], 2);
      assert.equal(turn.epoch[row], 3);
      assert.equal(turn.gainDb[row], -8);
      assert.equal(turn.concealedSamples[row], hop % 3);
      assert.deepEqual([...turn.conditioning.slice(row * 4, row * 4 + 4)], [3, 5, 2, 1]);
      assert.equal(turn.scores[row * SCORES_PER_HOP + 5], 5 / 8);
    }
  }
});

test("hops that the pod never answered are kept, undecided, and a jump starts a new micro-turn", async () => {
  const path = freshPath();
  const writer = new TapeWriter(path, HEADER);
  for (const hop of [0, 1, 2, 9, 10, 11, 12, 13, 14]) putHop(writer, hop, hop !== 10 && hop !== 2);
  await writer.close();
  const read = turns(await all(path));
  assert.deepEqual(
    read.map((t) => [t.firstHop, t.hops, [...t.decision.slice(0, t.hops)]]),
    [
      [0, 3, [0, 1, UNDECIDED]],
      [9, 5, [3, UNDECIDED, 5, 0, 1]],
      [14, 1, [2]],
    ],
  );
});

test("replies land a second late, and micro-turns stay in order; what comes later finds its hop written", async () => {
  const path = freshPath();
  const writer = new TapeWriter(path, HEADER);
  const reply = (hop: number) => writer.putReply(hop, 4, scores, 0, conditioning, 0, 1, 0);
  for (let hop = 0; hop < 32; hop++) putHop(writer, hop, false);
  // Six micro-turns are full and one is being filled: the oldest is on the tape, undecided.
  assert.deepEqual([0, 4, 5, 31].map(reply), [false, false, true, true]);
  for (let hop = 5; hop < 32; hop++) assert.ok(reply(hop), `hop ${hop}`);
  await writer.close();
  const read = turns(await all(path));
  assert.deepEqual(
    read.map((t) => t.firstHop),
    [0, 5, 10, 15, 20, 25, 30],
  );
  assert.ok(read[0]!.decision.every((decision) => decision === UNDECIDED));
  assert.ok(read.slice(1).every((t) => t.decision.slice(0, t.hops).every((decision) => decision === 4)));
});

test("withheld audio is silence on the tape, and only while it is withheld", async () => {
  const path = freshPath();
  const writer = new TapeWriter(path, HEADER);
  writer.withheld = true;
  for (let hop = 0; hop < 7; hop++) putHop(writer, hop);
  writer.withheld = false;
  for (let hop = 7; hop < 12; hop++) putHop(writer, hop);
  await writer.close();
  const read = turns(await all(path));
  assert.deepEqual(
    read.map((t) => [t.firstHop, t.hops, t.withheld]),
    [
      [0, 5, true],
      [5, 2, true],
      [7, 5, false],
    ],
  );
  assert.ok(read[1]!.caller.slice(0, 640).every((byte) => byte === 0xff));
  assert.deepEqual(read[2]!.caller.slice(0, 320), audio(7));
});

test("a tape cut at any byte is readable up to the last whole record, and says what was lost", async () => {
  const path = freshPath();
  const writer = new TapeWriter(path, HEADER);
  for (let hop = 0; hop < 25; hop++) putHop(writer, hop);
  await writer.close();
  const whole = await readFile(path);
  const bodyAt = whole.length - 5 * MICRO_TURN_RECORD_BYTES;
  const cut = freshPath().replace("2026", ".");
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: bodyAt, max: whole.length }), async (length) => {
      await writeFile(cut, whole.subarray(0, length));
      const records = await all(cut);
      const expected = Math.floor((length - bodyAt) / MICRO_TURN_RECORD_BYTES);
      assert.equal(turns(records).length, expected);
      const torn = length - bodyAt - expected * MICRO_TURN_RECORD_BYTES;
      assert.deepEqual(
        damage(records).map((d) => [d.bytes, d.tail]),
        torn > 0 ? [[torn, true]] : [],
      );
    }),
    { numRuns: 40 },
  );
});

test("damage in the middle costs the records it touches and is reported", async () => {
  const path = freshPath();
  const writer = new TapeWriter(path, HEADER);
  for (let hop = 0; hop < 25; hop++) putHop(writer, hop);
  await writer.close();
  const bytes = await readFile(path);
  const bodyAt = bytes.length - 5 * MICRO_TURN_RECORD_BYTES;
  bytes.fill(0x55, bodyAt + MICRO_TURN_RECORD_BYTES + 100, bodyAt + MICRO_TURN_RECORD_BYTES + 200);
  await writeFile(path, bytes);
  const records = await all(path);
  assert.deepEqual(
    turns(records).map((t) => t.firstHop),
    [0, 10, 15, 20],
  );
  assert.deepEqual(
    damage(records).map((d) => [d.atByte, d.bytes, d.tail]),
    [[bodyAt + MICRO_TURN_RECORD_BYTES, MICRO_TURN_RECORD_BYTES, false]],
  );
});

test("an index entry leads straight to its micro-turn", async () => {
  const path = freshPath();
  const writer = new TapeWriter(path, HEADER);
  for (let hop = 0; hop < 25; hop++) {
    putHop(writer, hop);
    if (hop === 11) writer.note({ type: "control", hop, what: "between" });
  }
  await writer.close();
  const reader = await TapeReader.open(path);
  const index = await reader.index();
  assert.deepEqual(
    index.map((entry) => entry.firstHop),
    [0, 5, 10, 15, 20],
  );
  const [first] = await collect(reader, index[3]!.atByte);
  assert.ok(first?.kind === "micro-turn" && first.turn.firstHop === 15);
});

test("a writer that is never closed has every answered micro-turn in the file", async () => {
  const path = freshPath();
  const writer = new TapeWriter(path, HEADER);
  for (let hop = 0; hop < 23; hop++) putHop(writer, hop);
  // The file's size is the only sign of a background write; it is polled, bounded by the test's own timeout.
  while ((await stat(path).catch(() => undefined))?.size !== writer.counts.bytes || writer.counts.bytes < 4 * 3000) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(turns(await all(path)).length, 4);
  await writer.close();
});

test("a disk that is not there costs the oldest micro-turns, counted, and no note", async () => {
  const path = freshPath();
  // The file opens on a later turn of the event loop: until then nothing can be written.
  const writer = new TapeWriter(path, HEADER, { pendingMicroTurns: 3 });
  for (let hop = 0; hop < 50; hop++) {
    putHop(writer, hop);
    if (hop % 5 === 0) writer.note({ type: "control", hop, what: "kept" });
  }
  await writer.close();
  const records = await all(path);
  assert.equal(writer.counts.droppedMicroTurns, 7);
  assert.deepEqual(
    turns(records).map((t) => t.firstHop),
    [35, 40, 45],
  );
  assert.equal(records.filter((r) => r.kind === "note").length, 10);
});

test("a tape that cannot be created fails once, loudly, and swallows what follows", async () => {
  const blocked = freshPath().replace("2026", ".");
  await writeFile(blocked, "a file where a folder should be");
  const errors: TapeError[] = [];
  const writer = new TapeWriter(join(blocked, "x.tape"), HEADER, { onFailed: (error) => errors.push(error) });
  for (let hop = 0; hop < 50; hop++) putHop(writer, hop);
  await writer.close();
  for (let hop = 50; hop < 60; hop++) putHop(writer, hop);
  assert.equal(errors.length, 1);
  assert.equal(errors[0]!.code, "TAPE_WRITE_FAILED");
  assert.ok(writer.failed);
});

test("what is no tape is refused by code", async () => {
  const path = freshPath().replace("2026", ".");
  for (const content of ["", "RIFF", "SIDETAPE", `SIDETAPE${"x".repeat(100)}`]) {
    await writeFile(path, content);
    await assert.rejects(TapeReader.open(path), (error) => error instanceof TapeError && error.code === "TAPE_INVALID");
  }
  await assert.rejects(TapeReader.open(`${path}.none`), (error) => error instanceof TapeError);
});

test("a tail that is only truncated mid-note loses that note alone", async () => {
  const path = freshPath();
  const writer = new TapeWriter(path, HEADER);
  for (let hop = 0; hop < 5; hop++) putHop(writer, hop);
  writer.note({ type: "control", hop: 5, what: "last" });
  await writer.close();
  await truncate(path, (await stat(path)).size - 3);
  const records = await all(path);
  assert.deepEqual(
    records.map((r) => r.kind),
    ["micro-turn", "damage"],
  );
});
