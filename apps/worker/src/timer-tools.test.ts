import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createLog, Metrics } from "@sidetone/platform";
import fastify from "fastify";
import { Redis } from "ioredis";
import { BridgeFixture } from "./bridge-fixture.ts";
import { DeadLetters, serveDeadLetters } from "./dead-letters.ts";
import { noMail } from "./mail.ts";
import { messageTools } from "./message-tools.ts";
import { RedisFixture } from "./redis-fixture.ts";
import { TaskFault } from "./task-fault.ts";
import { TaskMetrics } from "./task-metrics.ts";
import { TaskWorker } from "./task-worker.ts";
import { type Telephone, twilioTelephone } from "./telephone.ts";
import { timerTools } from "./timer-tools.ts";
import type { Tools } from "./tool.ts";
import { TwilioFixture } from "./twilio-fixture.ts";

let redis: RedisFixture;
let bridge: BridgeFixture;
let carrier: TwilioFixture;

before(async () => {
  redis = await RedisFixture.open();
  bridge = new BridgeFixture(redis.url);
  carrier = await new TwilioFixture().listen();
});
after(async () => {
  await bridge.close();
  await redis.close();
  carrier.close();
});

function startWorker(extra: Tools = {}, telephone: Telephone = twilioTelephone(carrier.account)): TaskWorker {
  return new TaskWorker({
    connect: () => new Redis(redis.url, { maxRetriesPerRequest: null }),
    tools: ({ queues }) => ({ ...timerTools(queues.timer, telephone), ...messageTools(telephone, noMail), ...extra }),
    metrics: new TaskMetrics(new Metrics("test", { defaults: false })),
    log: createLog({ process: "test", level: "silent" }),
  });
}

test("a reminder comes when it is due, also when its worker was replaced meanwhile", async () => {
  const first = startWorker();
  await first.ready();
  const task = await bridge.delegate(bridge.task("remind", { inMs: 700, text: "check again" }));
  await first.drain(100);
  assert.equal(bridge.findings.length, 0);
  const second = startWorker();
  const finding = await bridge.finding(task);
  assert.deepEqual(finding.output, { text: "check again" });
  assert.ok(Date.now() - Date.parse(task.delegatedAt) >= 700);
  await second.drain(100);
});

test("a call back is acknowledged at once and placed once at its time", async () => {
  const worker = startWorker();
  const at = new Date(Date.now() + 1_600).toISOString();
  const task = bridge.task("call-back", { to: "+15035550123", at, subject: "your order" }, { outlivesCall: true });
  await bridge.delegate(task);
  const finding = await bridge.finding(task);
  assert.match((finding.output as { reference: string }).reference, /^CB-[0-9A-F]{6}$/);
  const calls = carrier.made["Calls.json"];
  assert.equal(calls.length, 0);
  await bridge.endCall(task.callId);
  while (calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(Date.now() >= Date.parse(at) - 1_000);
  assert.deepEqual(calls[0]?.form, {
    To: "+15035550123",
    From: "+15550000",
    Url: "https://voice.example.com/voice",
    Method: "POST",
  });
  await worker.drain(100);
  assert.equal(calls.length, 1);
});

test("a message is sent once; a number the carrier refuses is a clear no", async () => {
  const worker = startWorker();
  const task = bridge.task("send-message", { to: "+15035550100", channel: "sms", text: "hi" }, { callId: "call-m" });
  await bridge.delegate(task);
  assert.match(((await bridge.finding(task)).output as { reference: string }).reference, /^SM/);
  const wrong = bridge.task("send-message", { to: "nobody", channel: "sms", text: "hi" }, { callId: "call-m" });
  await bridge.delegate(wrong);
  assert.equal((await bridge.finding(wrong)).error?.code, "CARRIER_REFUSED");
  const mail = bridge.task("send-message", { to: "a@example.com", channel: "email", text: "hi" }, { callId: "call-m" });
  await bridge.delegate(mail);
  assert.equal((await bridge.finding(mail)).error?.code, "CONNECTOR_UNSUPPORTED");
  await worker.drain(100);
});

test("a text and a call whose answers were lost are found at the carrier, not made again", async () => {
  const worker = startWorker();
  const text = bridge.task("send-message", { to: "+15035550177", channel: "sms", text: "hi" }, { callId: "call-l" });
  const back = { to: "+15035550178", at: new Date().toISOString(), subject: "it" };
  const call = bridge.task("call-back", back, { callId: "call-l", outlivesCall: true });
  const sent = () => carrier.made["Messages.json"].filter(({ form }) => form.To === "+15035550177");
  carrier.losingAnswers = 1;
  await bridge.delegate(text);
  assert.deepEqual((await bridge.finding(text, 20_000)).output, { reference: sent()[0]?.sid });
  assert.equal(sent().length, 1);
  carrier.losingAnswers = 1;
  await bridge.delegate(call, 1, 200);
  assert.equal((await bridge.finding(call, 20_000)).outcome, "found");
  assert.equal(carrier.made["Calls.json"].filter(({ form }) => form.To === "+15035550178").length, 1);
  // The same words to the same number in another task are another message.
  const more = { taskId: "again", idempotencyKey: "again", delegatedAt: new Date().toISOString() };
  await bridge.finding(await bridge.delegate({ ...text, ...more }));
  assert.equal(sent().length, 2);
  await worker.drain(100);
});

test("a dead letter is listed with its reason, retried over HTTP, and its answer still reaches the call", async () => {
  let mended = false;
  const worker = startWorker({
    invoice: {
      run: async () => {
        if (!mended) throw new TaskFault("CONNECTOR_AUTH", "the key is wrong", false);
        return undefined;
      },
    },
  });
  const server = fastify();
  const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  serveDeadLetters(server, new DeadLetters(worker.queues, connection));
  const task = await bridge.delegate(bridge.task("invoice", { orderNumber: "1" }, { callId: "call-d" }));
  assert.equal((await bridge.finding(task)).outcome, "failed");
  const list = async () => {
    const answer = await server.inject({ url: "/dead-letters?limit=10" });
    return answer.json<{ deadLetters: { id: string; queue: string; reason: string; kind: string }[] }>().deadLetters;
  };
  const find = async () => (await list()).find((l) => l.kind === "invoice");
  while (!(await find())) await new Promise((resolve) => setImmediate(resolve));
  const letter = await find();
  assert.equal(letter?.reason, "CONNECTOR_AUTH: the key is wrong");
  mended = true;
  const url = `/dead-letters/${letter?.queue}/${letter?.id}/retry`;
  assert.equal((await server.inject({ method: "POST", url })).statusCode, 202);
  await bridge.until(() =>
    bridge.findings.some((f) => f.finding.taskId === task.taskId && f.finding.outcome === "not-found"),
  );
  assert.equal(await find(), undefined);
  assert.equal((await server.inject({ method: "POST", url })).statusCode, 409);
  await server.close();
  connection.disconnect();
  await worker.drain(100);
});
