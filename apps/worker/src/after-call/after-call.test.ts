import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { GuardedCrm, openEmbeddedConnector } from "@sidetone/crm";
import { createLog, Metrics } from "@sidetone/platform";
import type { PodInput, PodOutput, TapeHeader, TaskJob } from "@sidetone/protocol";
import {
  type Database,
  findCall,
  marksOf,
  openDatabase,
  openTapeStorage,
  scoresOf,
  type TapeStorage,
  TapeWriter,
  turnsOf,
} from "@sidetone/store";
import { Redis } from "ioredis";
import { BridgeFixture } from "../bridge-fixture.ts";
import { CrmRouter } from "../crm-router.ts";
import { RedisFixture } from "../redis-fixture.ts";
import { TaskMetrics } from "../task-metrics.ts";
import { TaskWorker } from "../task-worker.ts";
import { afterCallTools } from "./after-call-tools.ts";

const folder = mkdtempSync(join(tmpdir(), "sidetone-after-call-"));
let redis: RedisFixture;
let bridge: BridgeFixture;
let database: Database;
before(async () => {
  redis = await RedisFixture.open();
  bridge = new BridgeFixture(redis.url);
  database = openDatabase(undefined, folder);
  await database.migrate();
});
after(async () => {
  await bridge.close();
  await redis.close();
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

const header = (callId: string): TapeHeader => ({
  format: "sidetone-tape",
  version: 1,
  callId,
  carrierCallId: "CA1",
  startedAt: "2026-11-20T10:00:00.000Z",
  sampleRateHz: 8000,
  hopSamples: 320,
  audio: "mu-law",
  scoreNames: [],
  model: "interaction",
  modelHash: "hash",
  bridgeId: "bridge-test",
  softwareVersion: "0",
});
const opened: PodInput = {
  type: "opened",
  callId: "c",
  from: "+447700900123",
  to: "+441632960000",
  direction: "inbound",
  startedAt: "2026-11-20T10:00:00.000Z",
  timeZone: "Europe/London",
  seed: 1,
  playbook: { id: "retail", version: 3, model: "interaction", document: {} },
  taskMediansMs: {},
};
const heard = (turn: number, startMs: number, text: string): PodOutput => ({
  type: "heard",
  turn,
  revision: 0,
  final: true,
  words: text
    .split(" ")
    .map((word, n) => ({ text: word, startMs: startMs + n * 200, endMs: startMs + n * 200 + 150, confidence: 1 })),
});
const say = (utteranceId: number, text: string, act: "line" | "answer" = "line"): PodOutput => ({
  type: "said",
  utteranceId,
  epoch: utteranceId,
  startSamples: 0,
  text,
  act,
  uninterruptible: false,
});

type Note = { hop: number; in: PodInput } | { hop: number; out: PodOutput };

async function writeTape(callId: string, notes: Note[], endHop: number): Promise<string> {
  const path = join(folder, `${callId}.tape`);
  const tape = new TapeWriter(path, header(callId));
  for (const note of notes) {
    if ("in" in note) tape.note({ type: "in", hop: note.hop, input: note.in });
    else tape.note({ type: "out", hop: note.hop, output: note.out });
  }
  tape.note({ type: "end", hop: endHop, reason: "caller-hung-up" });
  await tape.close();
  return path;
}

const order = { orderNumber: "47291", customerId: "cust-10000", status: "shipped" };
const story = (consents: boolean): Note[] => [
  { hop: 0, in: opened },
  { hop: 2, out: say(1, "Hello. May I record this call?") },
  { hop: 60, out: { type: "finished", utteranceId: 1 } },
  { hop: 80, out: { type: "recording", on: consents, reason: "asked" } },
  { hop: 120, out: heard(1, 4_000, "where is my order four seven two nine one") },
  { hop: 122, out: { type: "want-recognised", want: "order-status", confidence: 0.9 } },
  { hop: 123, out: { type: "slot-filled", slot: "order-number", value: "47291", confirmed: false } },
  {
    hop: 124,
    out: {
      type: "delegate",
      taskId: "t1",
      epoch: 0,
      kind: "order-status",
      input: { orderNumber: "47291" },
      priority: 1,
      outlivesCall: false,
    },
  },
  {
    hop: 134,
    in: {
      type: "finding",
      finding: { taskId: "t1", epoch: 0, kind: "order-status", outcome: "found", output: { order }, tookMs: 380 },
    },
  },
  { hop: 140, out: say(2, "Your order is on its way and should be with you tomorrow.", "answer") },
  {
    hop: 170,
    out: {
      type: "yielded",
      utteranceId: 2,
      heardThroughWord: 10,
      heardText: "Your order is on its way and should be with you",
      unheardText: "tomorrow.",
    },
  },
  { hop: 190, out: heard(2, 7_600, "my card is 4111 1111 1111 1111") },
];

const figures = {
  durationMs: 8_000,
  responseLatenciesMs: [400, 500],
  stopLatenciesMs: [120],
  yields: 1,
  backchannels: 0,
  cutIns: 0,
  lostHops: 0,
  longestSilenceMs: 900,
};

async function runAfterCall(
  callId: string,
  tapePath: string,
  crm: CrmRouter,
  more: { run?: number; tapes?: TapeStorage } = {},
): Promise<void> {
  const { run = 1, tapes = await openTapeStorage({ folder }) } = more;
  const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  const worker = new TaskWorker({
    connect: () => new Redis(redis.url, { maxRetriesPerRequest: null }),
    tools: () => afterCallTools({ database, crm, redis: connection, tapes }),
    metrics: new TaskMetrics(new Metrics("test", { defaults: false })),
    log: createLog({ process: "test", level: "silent" }),
  });
  await worker.ready();
  await worker.state.noteEnd(callId, figures);
  const task: TaskJob = bridge.task(
    "after-call",
    { tapePath, endReason: "caller-hung-up" },
    { callId, taskId: `${callId}-after-${run}`, bridgeId: "", outlivesCall: true },
  );
  await bridge.delegate(task, 10);
  const told = async () =>
    (await bridge.events(callId)).find((e) => e.type === "task" && e.taskId === task.taskId && e.step === "found");
  const untilMs = Date.now() + 15_000;
  while (!(await told())) {
    assert.ok(Date.now() < untilMs, JSON.stringify((await worker.queues["after-call"].getFailed())[0]?.failedReason));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await worker.drain(1_000);
  connection.disconnect();
}

test("after the call: row, masked transcript, marks, score and one note in the CRM, also when run twice", async () => {
  const path = join(folder, "crm.db");
  const options = { path, seed: 1, size: { customers: 50, orders: 400 }, today: () => "2026-11-20" };
  const shop = openEmbeddedConnector("shop", options);
  const crm = new CrmRouter([new GuardedCrm(shop)]);
  const tape = await writeTape("call-a", story(true), 210);
  await runAfterCall("call-a", tape, crm);
  await runAfterCall("call-a", tape, crm, { run: 2 });

  const row = await findCall(database.db, "call-a");
  assert.equal(row?.outcome, "contained");
  assert.equal(row?.disposition, "order-status: answered");
  assert.equal(
    row?.summary,
    "The caller asked about order status. They gave order number 47291. Order status: shipped.",
  );
  assert.equal(row?.playbook_version, 3);
  assert.equal(row?.longest_lookup_ms, 400);
  assert.equal(row?.response_max_ms, 500);
  const turns = await turnsOf(database.db, "call-a");
  assert.deepEqual(
    turns.map((turn) => [turn.who, turn.text, turn.unheard]),
    [
      ["agent", "Hello. May I record this call?", null],
      ["caller", "where is my order four seven two nine one", null],
      ["agent", "Your order is on its way and should be with you", "tomorrow."],
      ["caller", "my card is [masked]", null],
    ],
  );
  const kinds = (await marksOf(database.db, "call-a")).map((mark) => mark.kind);
  assert.deepEqual(kinds.toSorted(), ["lookup", "slot", "want", "yield"]);
  const scores = await scoresOf(database.db, "call-a");
  assert.equal(scores.length, 1);
  assert.equal(scores[0]?.total, 100);
  const { DatabaseSync } = await import("node:sqlite");
  const db = new DatabaseSync(path, { readOnly: true });
  const notes = db.prepare("SELECT customer_id, text FROM notes").all();
  db.close();
  assert.equal(notes.length, 1);
  assert.equal(notes[0]?.customer_id, "cust-10000");
  await crm.close();
});

test("without consent nothing of what was said is kept", async () => {
  const options = { path: ":memory:", seed: 1, size: { customers: 50, orders: 400 }, today: () => "2026-11-20" };
  const crm = new CrmRouter([new GuardedCrm(openEmbeddedConnector("shop", options))]);
  await runAfterCall("call-b", await writeTape("call-b", story(false), 210), crm);
  assert.deepEqual(await turnsOf(database.db, "call-b"), []);
  const row = await findCall(database.db, "call-b");
  assert.equal(row?.recorded, 0);
  assert.doesNotMatch(row?.summary ?? "", /47291/);
  await crm.close();
});

test("a tape that lies in an object store is read from there; a store that is away is asked again", async (t) => {
  const objects = new Map<string, Buffer>();
  let refusals = 2;
  const store = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = new URL(request.url ?? "/", "http://store").pathname;
    const isSigned = /^AWS4-HMAC-SHA256 Credential=/.test(request.headers.authorization ?? "");
    if (!isSigned) return void response.writeHead(403).end();
    if (request.method === "PUT") {
      objects.set(path, Buffer.concat(chunks));
      return void response.writeHead(200, { etag: '"1"' }).end();
    }
    if (refusals-- > 0) return void response.writeHead(503).end();
    const object = objects.get(path);
    if (!object) return void response.writeHead(404).end();
    response.writeHead(200, { "content-length": object.length }).end(request.method === "GET" ? object : undefined);
  }).listen(0, "127.0.0.1");
  await once(store, "listening");
  t.after(() => store.close());
  process.env.AWS_ACCESS_KEY_ID = "key-of-the-test";
  process.env.AWS_SECRET_ACCESS_KEY = "secret-of-the-test";
  const endpoint = `http://127.0.0.1:${(store.address() as AddressInfo).port}`;
  const tapes = await openTapeStorage({ folder, storageUrl: `s3://tapes/calls?endpoint=${endpoint}` });
  const kept = await tapes.keep(await writeTape("call-s3", story(true), 210));
  assert.match(kept, /^s3:\/\/tapes\/calls\//);
  const options = { path: ":memory:", seed: 1, size: { customers: 50, orders: 400 }, today: () => "2026-11-20" };
  const crm = new CrmRouter([new GuardedCrm(openEmbeddedConnector("shop", options))]);
  await runAfterCall("call-s3", kept, crm, { tapes });
  const row = await findCall(database.db, "call-s3");
  assert.equal(row?.disposition, "order-status: answered");
  assert.equal(row?.tape_path, kept);
  await crm.close();
});
