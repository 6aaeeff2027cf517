import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Finding, TASK_VOID_ALL, taskDurationsKey, taskVoidKey } from "@sidetone/protocol";
import { BridgeFixture } from "./bridge-fixture.ts";
import { RedisFixture } from "./redis-fixture.ts";
import { TaskState } from "./task-state.ts";

let redis: RedisFixture;
let bridge: BridgeFixture;
let state: TaskState;
before(async () => {
  redis = await RedisFixture.open();
  bridge = new BridgeFixture(redis.url);
  state = new TaskState(bridge.redis);
});
after(async () => {
  await bridge.close();
  await redis.close();
});

const found = (outcome: Finding["outcome"], taskId: string, epoch = 0): Finding => ({
  taskId,
  epoch,
  kind: "order-status",
  outcome,
  tookMs: 5,
});
const share = { perCall: 2, perTenant: 3 };

test("what was told is not told again; a failure may still be followed by its answer", async () => {
  const task = bridge.task("order-status", { orderNumber: "1" });
  const table: [Finding["outcome"], number | undefined, string][] = [
    ["progress", 0, "delivered"],
    ["progress", 0, "duplicate"],
    ["progress", 1, "delivered"],
    ["failed", undefined, "delivered"],
    ["failed", undefined, "duplicate"],
    ["timed-out", undefined, "duplicate"],
    ["found", undefined, "delivered"],
    ["found", undefined, "duplicate"],
    ["not-found", undefined, "duplicate"],
    ["failed", undefined, "duplicate"],
  ];
  for (const [outcome, index, expected] of table) {
    assert.equal(await state.deliver(task, found(outcome, task.taskId), index), expected, `${outcome} ${index}`);
  }
  await bridge.until(() => bridge.findings.length === 4);
  assert.equal(await state.begin(task, "lookup", share, 1_000), "delivered");
});

test("an epoch below the void mark neither starts nor speaks; the one that replaced it does", async () => {
  const task = bridge.task("order-status", { orderNumber: "1" });
  const next = { ...task, epoch: 1 };
  await bridge.redis.set(taskVoidKey(task.taskId), 1);
  assert.equal(await state.begin(task, "lookup", share, 1_000), "void");
  assert.equal(await state.deliver(task, found("found", task.taskId)), "stale");
  assert.equal(await state.begin(next, "lookup", share, 1_000), "go");
  assert.equal(await state.deliver(next, found("found", task.taskId, 1)), "delivered");
  await bridge.redis.set(taskVoidKey(task.taskId), TASK_VOID_ALL);
  assert.equal(await state.deliver({ ...task, epoch: 2 }, found("found", task.taskId, 2)), "stale");
});

test("places are leased: as many as the share allows, back at release, and free after a crash", async () => {
  const make = () => bridge.task("order-status", {}, { callId: "call-leases" });
  const [first, second, third] = [make(), make(), make()];
  assert.equal(await state.begin(first, "lookup", share, 150), "go");
  assert.equal(await state.begin(second, "lookup", share, 60_000), "go");
  assert.equal(await state.begin(third, "lookup", share, 60_000), "call-busy");
  assert.equal(await state.begin(first, "lookup", share, 150), "go", "its own lease does not stop a second attempt");
  assert.equal(await state.park(third, "lookup", share, "call-busy", 1), false);
  assert.deepEqual(await state.release(second, "lookup"), [`${third.taskId}-0`]);
  assert.equal(await state.begin(third, "lookup", share, 60_000), "go");
  // The lease of a worker that was killed runs out on the server's clock.
  const untilMs = Date.now() + 2_000;
  let verdict = await state.begin(second, "lookup", share, 60_000);
  while (verdict !== "go" && Date.now() < untilMs) verdict = await state.begin(second, "lookup", share, 60_000);
  assert.equal(verdict, "go");
});

test("events carry the call's media clock, once its start is known", async () => {
  const task = bridge.task("order-status", {}, { callId: "call-clock" });
  await state.report(task, "queued");
  await state.noteStart("call-clock", new Date(Date.now() - 5_000).toISOString());
  await state.report(task, "dropped", "a reason");
  const [before, later] = await bridge.events("call-clock");
  assert.equal(before?.atMs, 0);
  assert.ok((later?.atMs ?? 0) >= 5_000 && (later?.atMs ?? 0) < 8_000);
});

test("durations of answers are kept for estimates, those of failures not", async () => {
  assert.deepEqual(await bridge.redis.lrange(taskDurationsKey("order-status"), 0, -1), ["5", "5"]);
});
