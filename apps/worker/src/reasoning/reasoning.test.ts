import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { GuardedCrm, openEmbeddedConnector } from "@sidetone/crm";
import { createLog, Metrics } from "@sidetone/platform";
import fc from "fast-check";
import { Redis } from "ioredis";
import { BridgeFixture } from "../bridge-fixture.ts";
import { CrmRouter } from "../crm-router.ts";
import { crmTools } from "../crm-tools.ts";
import { RedisFixture } from "../redis-fixture.ts";
import { TaskMetrics } from "../task-metrics.ts";
import { TaskWorker } from "../task-worker.ts";
import { ChildTasks } from "./child-tasks.ts";
import { ModelFixture } from "./model-fixture.ts";
import { reasoningTools, summariser } from "./reasoning-tools.ts";
import { SentenceCutter } from "./sentences.ts";

let redis: RedisFixture;
let bridge: BridgeFixture;
let model: ModelFixture;
let worker: TaskWorker;
let children: ChildTasks;
let crm: CrmRouter;
const connect = () => new Redis(redis.url, { maxRetriesPerRequest: null });

before(async () => {
  redis = await RedisFixture.open();
  bridge = new BridgeFixture(redis.url);
  model = await new ModelFixture().listen();
  const options = { path: ":memory:", seed: 1, size: { customers: 50, orders: 400 }, today: () => "2026-11-20" };
  crm = new CrmRouter([new GuardedCrm(openEmbeddedConnector("shop", options))]);
  worker = new TaskWorker({
    connect,
    tools: ({ queues }) => {
      children = new ChildTasks(queues, connect);
      const settings = { url: model.url, model: "test", key: "key", runChild: children.run };
      return { ...crmTools(crm), ...reasoningTools(settings) };
    },
    metrics: new TaskMetrics(new Metrics("test", { defaults: false })),
    log: createLog({ process: "test", level: "silent" }),
  });
  await worker.ready();
});
beforeEach(() => {
  model.requests.length = 0;
});
after(async () => {
  await worker.drain(500);
  await children.close();
  await bridge.close();
  await crm.close();
  await model.close();
  await redis.close();
});

const ask = (question: string, more: Record<string, unknown> = {}) =>
  bridge.task("reason", {
    transcript: [
      { who: "agent", text: "How can I help?" },
      { who: "caller", text: "my card is 4111 1111 1111 1111" },
    ],
    question,
    ...more,
  });
const progressOf = (taskId: string) =>
  bridge.findings
    .filter(({ finding: f }) => f.taskId === taskId && f.outcome === "progress")
    .map((f) => f.finding.output);

test("sentences are sayable findings while the model still writes; secrets never reach it", async () => {
  model.script = () => ({ say: ["We open at ", "nine. On Saturdays", " at ten. ", "Anything else?"], pauseMs: 60 });
  const task = await bridge.delegate(ask("when do you open", { policy: "Never promise a date." }));
  await bridge.until(() => progressOf(task.taskId).length === 1);
  assert.equal(
    bridge.findings.some((f) => f.finding.taskId === task.taskId && f.finding.outcome === "found"),
    false,
  );
  const finding = await bridge.finding(task);
  const sentences = ["We open at nine.", "On Saturdays at ten.", "Anything else?"];
  assert.deepEqual(finding.output, { sentences, refused: false });
  assert.deepEqual(progressOf(task.taskId), sentences);
  const sent = JSON.stringify(model.requests[0]);
  assert.match(sent, /Never promise a date/);
  assert.doesNotMatch(sent, /4111/);
  assert.ok((model.requests[0]?.max_tokens ?? 1e9) <= 300);
});

test("its tool calls are tasks of the call, and only of kinds that the playbook opened", async () => {
  model.script = (_request, n) =>
    n === 1
      ? { call: [{ name: "order-status", arguments: { orderNumber: "47291" } }] }
      : { say: ["It has been shipped."] };
  const task = await bridge.delegate(ask("where is order 47291", { tools: ["order-status", "after-call"] }));
  assert.deepEqual((await bridge.finding(task)).output, { sentences: ["It has been shipped."], refused: false });
  assert.deepEqual(model.requests[0]?.tools?.map((t) => t.function.name).toSorted(), ["order-status", "refuse"]);
  const answer = JSON.stringify(model.requests[1]?.messages.at(-1));
  assert.match(answer, /shipped/);
  const steps = (await bridge.events(task.callId)).flatMap((e) =>
    e.type === "task" && e.kind === "order-status" ? [e.step] : [],
  );
  assert.deepEqual(steps, ["started", "found"]);
  assert.ok(!bridge.findings.some(({ finding: f }) => f.kind === "order-status"), "its finding is not for the caller");
});

test("what policy forbids is refused in a kind sentence", async () => {
  const refusal = { reason: "legal advice", sayInstead: "I can't advise on that, but a colleague can." };
  model.script = () => ({ call: [{ name: "refuse", arguments: refusal }] });
  const task = await bridge.delegate(ask("should I sue them"));
  const finding = await bridge.finding(task);
  assert.deepEqual(finding.output, { sentences: [refusal.sayInstead], refused: true });
  assert.equal(model.requests.length, 1);
});

test("hard limits: steps, sentences, and a caller who no longer wants it", async () => {
  model.script = () => ({ call: [{ name: "order-status", arguments: { orderNumber: "47291" } }] });
  const loops = await bridge.delegate(ask("loop", { tools: ["order-status"] }));
  assert.equal((await bridge.finding(loops)).outcome, "failed");
  assert.equal(model.requests.length, 4);

  model.script = () => ({ say: Array.from({ length: 40 }, (_, n) => `Sentence ${n}. `) });
  const talks = await bridge.delegate(ask("talk"));
  assert.equal(((await bridge.finding(talks)).output as { sentences: string[] }).sentences.length, 6);

  model.script = () => ({ say: Array.from({ length: 200 }, (_, n) => `Word${n} `), pauseMs: 20 });
  const before = model.abandoned;
  const cancelled = await bridge.delegate(ask("slow"));
  while (model.requests.length < 6) await new Promise((resolve) => setImmediate(resolve));
  await bridge.cancel(cancelled);
  while (model.abandoned === before) await new Promise((resolve) => setImmediate(resolve));
});

test("a model that is away or refuses the key is a coded failure", async () => {
  model.script = () => ({ status: 503 });
  const away = await bridge.delegate(ask("hello"));
  assert.equal((await bridge.finding(away)).error?.code, "CONNECTOR_DOWN");
  const summarise = summariser({ url: model.url, model: "test", key: "wrong", runChild: children.run });
  assert.equal(await summarise("caller: hello", AbortSignal.timeout(5_000)), undefined);
  model.script = () => ({ say: ["They asked for hours.\n\n- Send the leaflet.\n", "- Ring back at four."] });
  const good = summariser({ url: model.url, model: "test", key: "key", runChild: children.run });
  assert.deepEqual(await good("caller: hello", AbortSignal.timeout(5_000)), {
    summary: "They asked for hours.",
    followUps: ["Send the leaflet.", "Ring back at four."],
  });
});

test("any cutting of a text into pieces gives the same sentences", () => {
  const text = "It costs 3.50 pounds. Dr. Grey said so! Really? Yes, e.g. today. The end";
  const whole = ["It costs 3.50 pounds.", "Dr. Grey said so!", "Really?", "Yes, e.g. today.", "The end"];
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (sizes) => {
      const cutter = new SentenceCutter();
      const sentences: string[] = [];
      let at = 0;
      for (let n = 0; at < text.length; n++) {
        const size = sizes[n % sizes.length] as number;
        sentences.push(...cutter.push(text.slice(at, at + size)));
        at += size;
      }
      assert.deepEqual([...sentences, ...cutter.end()], whole);
    }),
  );
});
