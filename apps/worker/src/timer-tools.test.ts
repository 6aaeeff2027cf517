import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { createLog, Metrics } from "@sidetone/platform";
import fastify from "fastify";
import { Redis } from "ioredis";
import { BridgeFixture } from "./bridge-fixture.ts";
import { DeadLetters, serveDeadLetters } from "./dead-letters.ts";
import { messageTools } from "./message-tools.ts";
import { RedisFixture } from "./redis-fixture.ts";
import { TaskFault } from "./task-fault.ts";
import { TaskMetrics } from "./task-metrics.ts";
import { TaskWorker } from "./task-worker.ts";
import { type Telephone, twilioTelephone } from "./telephone.ts";
import { timerTools } from "./timer-tools.ts";
import type { Tools } from "./tool.ts";

const SID = `AC${"0".repeat(32)}`;
let redis: RedisFixture;
let bridge: BridgeFixture;
/** A server that speaks the two resources of Twilio's REST API that we use. */
const requests: { path: string; form: Record<string, string> }[] = [];
const carrier = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  const form = Object.fromEntries(new URLSearchParams(body));
  const authorized = request.headers.authorization === `Basic ${Buffer.from(`${SID}:secret`).toString("base64")}`;
  const path = request.url?.split("/").at(-1) ?? "";
  response.setHeader("content-type", "application/json");
  if (!authorized) {
    response.writeHead(401).end(JSON.stringify({ code: 20003, message: "Authenticate", status: 401 }));
  } else if (!/^\+[1-9]\d{6,14}$/.test(form.To ?? "")) {
    response.writeHead(400).end(JSON.stringify({ code: 21211, message: "Invalid 'To' Phone Number", status: 400 }));
  } else {
    requests.push({ path, form });
    response.writeHead(201).end(JSON.stringify({ sid: `${path === "Calls.json" ? "CA" : "SM"}${requests.length}` }));
  }
});

before(async () => {
  redis = await RedisFixture.open();
  bridge = new BridgeFixture(redis.url);
  carrier.listen(0, "127.0.0.1");
  await once(carrier, "listening");
});
after(async () => {
  await bridge.close();
  await redis.close();
  carrier.close();
});

const account = () => ({
  apiBase: `http://127.0.0.1:${(carrier.address() as { port: number }).port}`,
  accountSid: SID,
  authToken: "secret",
  publicUrl: "https://voice.example.com",
});

function startWorker(extra: Tools = {}, telephone: Telephone = twilioTelephone(account())): TaskWorker {
  return new TaskWorker({
    connect: () => new Redis(redis.url, { maxRetriesPerRequest: null }),
    tools: ({ queues }) => ({ ...timerTools(queues.timer, telephone), ...messageTools(telephone), ...extra }),
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
  assert.equal(requests.length, 0);
  await once(carrier, "request");
  await bridge.endCall(task.callId);
  const calls = () => requests.filter((r) => r.path === "Calls.json");
  while (calls().length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(Date.now() >= Date.parse(at) - 1_000);
  assert.deepEqual(calls()[0]?.form, {
    To: "+15035550123",
    From: "+15550000",
    Url: "https://voice.example.com/voice",
    Method: "POST",
  });
  await worker.drain(100);
  assert.equal(calls().length, 1);
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
