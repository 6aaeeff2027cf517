// Whole calls while something is away: Redis, or the order system.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ULAW_SILENCE } from "@sidetone/audio";
import { queueName, REDIS_PREFIX, TASKS, type TaskJob, taskJobId } from "@sidetone/protocol";
import type { Call, CallerStep } from "@sidetone/testkit";
import { Queue, QueueEvents } from "bullmq";
import { judged, LISTEN, OrdersLine } from "./orders-line.ts";

describe("whole calls while something is away", { timeout: 280_000 }, () => {
  let line: OrdersLine;
  before(async () => {
    line = await OrdersLine.open();
  });
  after(() => line?.close());

  test("Redis is gone for five seconds, twice: the audio is untouched, the lookup comes, all is told once", async (t) => {
    const undisturbed = line.phone([LISTEN, line.speak("hours")]);
    let isAway: Promise<void> | undefined;
    await judged(
      t,
      () => undisturbed.call,
      async () => {
        await undisturbed.log.untilHeard(/close at eight/);
        await undisturbed.finish();
        const wait: CallerStep = { do: "await-agent", forMs: 1_500, atMostMs: 30_000 };
        const steps: CallerStep[] = [wait, LISTEN, line.speak("order"), { do: "pause", ms: 900 }, line.speak("hours")];
        const { call, log, finish } = line.phone(steps, {
          onStep: (step) => {
            // In the midst of the opening, and while the order is named.
            if (step.do === "listen" && isAway === undefined) isAway = line.withoutRedis();
            if (step.do === "speak" && step.label === "order") isAway = isAway?.then(() => line.withoutRedis());
          },
        });
        await log.untilHeard(/has been shipped/);
        await log.untilHeard(/close at eight/);
        // Whatever would be said twice, would be said now.
        await log.untilHeard(/anything else/);
        await finish();
        await isAway;
        // Every sample that was said reached the ear, in order; how many came late is the machine's and is told only.
        assert.deepEqual(soundOf(openingOf(call)), soundOf(openingOf(undisturbed.call)));
        const late = [undisturbed.call, call].map((one) => one.streams[0]?.counts.starvedFrames);
        t.diagnostic(`frames that came late: ${late[0]} with Redis, ${late[1]} without`);
        assert.equal(log.outputs("delegate").length, 1);
        assert.equal(log.inputs("finding").length, 1);
        const heard = log.heard().map(({ text }) => text);
        for (const answer of [/has been shipped/, /close at eight/]) {
          assert.equal(heard.filter((text) => answer.test(text)).length, 1, JSON.stringify(heard));
        }
      },
    );
    await isAway;
  });

  test("an order system that is down: its circuit opens, the agent says so, and the other system answers", async (t) => {
    let phoned: Call | undefined;
    await judged(
      t,
      () => phoned,
      async () => {
        line.service.isDown = true;
        for (let n = 0; n < 3; n++) await lookUpElsewhere(`before-${n}`);
        const asked = line.service.asked.length;
        for (let n = 0; n < 5; n++) await lookUpElsewhere(`open-${n}`);
        // After ten seconds one lookup may try whether it is back.
        assert.ok(line.service.asked.length <= asked + 1, "an open circuit asks nobody");
        const from = "+447700900123";
        const { call, log, finish } = line.phone([LISTEN, line.speak("order"), LISTEN, line.speak("points")], { from });
        phoned = call;
        await log.untilHeard(/can't get at our orders right now/);
        await log.untilHeard(/^You have .+ points/);
        await finish();
        line.service.isDown = false;
        const findings = log.inputs("finding").map(({ finding }) => finding);
        assert.deepEqual(
          findings.map(({ kind, outcome, error }) => [kind, outcome, error?.code]),
          [
            ["order-status", "failed", "CONNECTOR_DOWN"],
            ["loyalty-balance", "found", undefined],
          ],
        );
        t.diagnostic(findings.map(({ kind, tookMs }) => `${kind} was answered after ${tookMs} ms`).join(", "));
      },
    );
  });

  /** A lookup of some other call, to its end. */
  async function lookUpElsewhere(taskId: string): Promise<void> {
    const connection = { url: line.redis.url, maxRetriesPerRequest: null };
    const queue = new Queue(queueName("lookup"), { connection, prefix: REDIS_PREFIX });
    const events = new QueueEvents(queueName("lookup"), { connection, prefix: REDIS_PREFIX });
    const task: TaskJob = {
      taskId,
      epoch: 0,
      kind: "order-status",
      input: { orderNumber: "47291" },
      callId: taskId,
      tenant: "default",
      bridgeId: "",
      idempotencyKey: taskId,
      outlivesCall: false,
      delegatedAt: new Date().toISOString(),
      call: { from: "+15005550001", to: "+15005550006", playbookId: "orders", playbookVersion: 1 },
    };
    await events.waitUntilReady();
    const { attempts, backoffMs } = TASKS[task.kind];
    const backoff = { type: "exponential", delay: backoffMs };
    const job = await queue.add(task.kind, task, { jobId: taskJobId(taskId, 0), priority: 1, attempts, backoff });
    try {
      await assert.rejects(job.waitUntilFinished(events, 30_000), /CONNECTOR_DOWN/);
    } finally {
      await events.close();
      await queue.close();
    }
  }
});

/** What the caller heard before they first spoke. */
const openingOf = ({ ear }: Call): Uint8Array => ear.heard.subarray(0, (ear.saidSpurts()[0]?.startMs ?? 0) * 8);

/** Without silence, which lasts as long as the machine and the caller take. */
const soundOf = (audio: Uint8Array): Buffer => Buffer.from(audio.filter((byte) => byte !== ULAW_SILENCE));
