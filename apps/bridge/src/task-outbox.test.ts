import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog, Metrics } from "@sidetone/platform";
import { queueName, REDIS_PREFIX, taskJobId } from "@sidetone/protocol";
import { withRedis } from "@sidetone/testkit";
import { Worker } from "bullmq";
import { Redis } from "ioredis";
import { createBridgeMetrics } from "./metrics.ts";
import { type TaskCall, TaskOutbox, type TaskOutput } from "./task-outbox.ts";

const call: TaskCall = {
  callId: "call-1",
  from: "+15005550001",
  to: "+15005550006",
  playbook: { id: "retail", version: 1, model: "interaction", document: {} },
};
const delegate = (taskId: string, priority: number): TaskOutput => ({
  type: "delegate",
  taskId,
  epoch: 0,
  kind: "order-status",
  input: { orderNumber: "47291" },
  priority,
  outlivesCall: false,
});

/** Regression: a task that waited for its share, or for a retry, kept its old priority; those are delayed jobs. */
test("a task that is delayed takes its new priority when it comes back", () =>
  withRedis(async (server) => {
    const redis = new Redis(server.url, { maxRetriesPerRequest: null });
    const outbox = new TaskOutbox({
      redis,
      metrics: createBridgeMetrics(new Metrics("test", { defaults: false })),
      log: createLog({ process: "test", level: "silent" }),
      bridgeId: "bridge-test",
      wallMs: Date.now,
      event: () => undefined,
    });
    // Takes jobs by hand, so that each state is reached without a race.
    const worker = new Worker(queueName("lookup"), null, {
      connection: redis,
      prefix: REDIS_PREFIX,
      autorun: false,
    });
    outbox.put(call, 0, delegate("parked", 5));
    await outbox.settled();
    const parked = await worker.getNextJob("token");
    assert.equal(parked?.id, taskJobId("parked", 0));
    await parked.moveToDelayed(Date.now() + 60_000, "token");
    outbox.put(call, 40, delegate("first", 3));
    outbox.put(call, 40, delegate("last", 4));
    outbox.put(call, 80, { type: "reprioritise", taskId: "parked", priority: 1 });
    outbox.put(call, 80, { type: "reprioritise", taskId: "gone", priority: 1 });
    await outbox.settled();
    await parked.promote();
    const order: (string | undefined)[] = [];
    for (let n = 0; n < 3; n++) order.push((await worker.getNextJob("token"))?.id);
    assert.deepEqual(order, ["parked-0", "first-0", "last-0"]);
    await worker.close(true);
    await outbox.close(1_000);
    redis.disconnect();
  }));
