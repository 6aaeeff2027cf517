import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { TaskJob } from "@sidetone/protocol";
import { Redis } from "ioredis";
import { runOnce } from "./effects.ts";
import { RedisFixture } from "./redis-fixture.ts";
import { TaskFault } from "./task-fault.ts";

let server: RedisFixture;
let redis: Redis;
before(async () => {
  server = await RedisFixture.open();
  redis = new Redis(server.url);
});
after(async () => {
  redis.disconnect();
  await server.close();
});

const taskOf = (idempotencyKey: string) => ({ idempotencyKey }) as TaskJob;
const lost = () => Promise.reject(new TaskFault("CONNECTOR_DOWN", "no answer", true, { uncertain: true }));
const refused = () => Promise.reject(new TaskFault("CONNECTOR_REFUSED", "no", false));

test("an effect is done once, and answers the same ever after", async () => {
  let times = 0;
  const work = async () => ++times;
  assert.equal(await runOnce(redis, taskOf("once"), false, work), 1);
  assert.equal(await runOnce(redis, taskOf("once"), false, work), 1);
});

test("after a clear no the next attempt starts afresh", async () => {
  await assert.rejects(runOnce(redis, taskOf("no"), false, refused));
  assert.equal(await runOnce(redis, taskOf("no"), false, async (repeated) => repeated), false);
});

test("after a lost answer, who can tell what was done is asked again and told so; for others a person must look", async () => {
  await assert.rejects(runOnce(redis, taskOf("lost"), true, lost));
  assert.equal(await runOnce(redis, taskOf("lost"), true, async (repeated) => repeated), true);
  await assert.rejects(runOnce(redis, taskOf("unknown"), false, lost));
  const again = runOnce(redis, taskOf("unknown"), false, async () => assert.fail("it was repeated"));
  await assert.rejects(again, (error) => error instanceof TaskFault && error.code === "TASK_UNCERTAIN");
});
