import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import {
  BRIDGES_HASH,
  type BridgeCommand,
  bridgeInboxStream,
  CALL_EVENTS_STREAM,
  CallEvent,
  callOwnerKey,
  HOP_SAMPLES,
  listenChannel,
  queueName,
  REDIS_PREFIX,
  speakChannel,
  TASK_VOID_ALL,
  TaskJob,
  taskVoidKey,
} from "@sidetone/protocol";
import { LIVE_SUFFIX, TapeReader, TapeWriter } from "@sidetone/store";
import { startRedis, type TestRedis } from "@sidetone/testkit";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { tapePath } from "./calls.ts";
import { type RunningBridge, startBridge } from "./test/start-bridge.ts";
import { TestPod } from "./test/test-pod.ts";

const noise = (from: number, length: number) =>
  Uint8Array.from({ length }, (_, i) => (Math.imul((from + i) ^ 0x5bd1, 0x9e3779b1) >>> 23) % 251);

/** Looks again until `found` is there; bounded by the test's own timeout. */
async function eventually<T>(find: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe("a bridge with Redis", () => {
  let server: TestRedis;
  let redis: Redis;
  let pod: TestPod;
  let running: RunningBridge;
  before(async () => {
    server = await startRedis();
    redis = new Redis(server.url, { maxRetriesPerRequest: null });
    redis.on("error", () => undefined);
    pod = await new TestPod().start();
    running = await startBridge([pod.address], { REDIS_URL: server.url });
  });
  after(async () => {
    await running.close();
    pod.kill();
    redis.disconnect();
    await server.close();
  });
  afterEach(async () => {
    await pod.until(() => pod.inputsOf("closed").length === pod.inputsOf("opened").length);
    pod.script = () => ({});
    pod.hops.length = 0;
    pod.inputs.length = 0;
  });

  const eventsOf = async (callId: string): Promise<CallEvent[]> => {
    const entries = await redis.xrange(CALL_EVENTS_STREAM, "-", "+");
    return entries.map(([, fields]) => CallEvent.parse(JSON.parse(fields[1] ?? ""))).filter((e) => e.callId === callId);
  };
  const ended = (callId: string) =>
    eventually(async () => {
      const events = await eventsOf(callId);
      return events.at(-1)?.type === "ended" ? events : undefined;
    });
  const command = (sent: BridgeCommand) =>
    redis.xadd(bridgeInboxStream("bridge-test"), "*", "json", JSON.stringify(sent));
  const openedCall = async (): Promise<string> => {
    await pod.until(() => pod.inputsOf("opened").length > 0 && pod.hops.length > 3);
    return pod.inputsOf("opened")[0]!.callId;
  };
  const jobs = async (
    cost: "lookup" | "after-call",
  ): Promise<{ id: string | undefined; job: TaskJob; priority: number }[]> => {
    const queue = new Queue(queueName(cost), { connection: redis, prefix: REDIS_PREFIX });
    const found = await queue.getJobs(["waiting", "prioritized", "delayed"]);
    await queue.close();
    return found.map((job) => ({ id: job.id, job: TaskJob.parse(job.data), priority: job.priority }));
  };

  test("tells the whole call as events, in order, and claims it while it lasts", async () => {
    pod.script = ({ hop }) =>
      hop === 6 ? { outputs: [{ type: "slot-filled", slot: "order", value: "1", confirmed: true }] } : {};
    const call = running.place({ steps: [{ do: "pause", ms: 600 }, { do: "press", digits: "3" }, { do: "hang-up" }] });
    const callId = await openedCall();
    assert.equal(await eventually(async () => (await redis.get(callOwnerKey(callId))) ?? undefined), "bridge-test");
    assert.ok(await redis.hget(BRIDGES_HASH, "bridge-test"));
    await call.ended;
    const events = await ended(callId);
    const told = events.map((e) =>
      e.type === "entered" ? `in ${e.input.type}` : e.type === "left" ? `out ${e.output.type}` : e.type,
    );
    assert.deepEqual(
      told.filter((what) => what !== "floor"),
      ["started", "out slot-filled", "in key-pressed", "in closed", "ended"],
    );
    const last = events.at(-1);
    assert.ok(last?.type === "ended" && last.reason === "stopped" && last.figures.durationMs > 500);
    assert.equal((await TapeReader.open(last.tapePath)).header.callId, callId);
    assert.equal(await redis.exists(callOwnerKey(callId)), 0);
    const [afterCall] = (await jobs("after-call")).filter(({ job }) => job.callId === callId);
    assert.deepEqual(afterCall?.job.input, { tapePath: last.tapePath, endReason: "stopped" });
  });

  test("a delegation is one job however often it is made; a correction and a cancel void what came before", async () => {
    const delegate = {
      type: "delegate",
      kind: "order-status",
      input: { orderNumber: "47291" },
      priority: 1,
      outlivesCall: false,
    } as const;
    pod.script = ({ hop, callId }) => {
      const task = { ...delegate, taskId: `${callId}-t1` };
      if (hop === 3 || hop === 4) return { outputs: [{ ...task, epoch: 0 }] };
      if (hop === 5) {
        return {
          outputs: [
            { type: "supersede", taskId: task.taskId, epoch: 1 },
            { ...task, epoch: 1 },
          ],
        };
      }
      if (hop === 6) return { outputs: [{ type: "reprioritise", taskId: task.taskId, priority: 7 }] };
      if (hop === 7) return { outputs: [{ type: "cancel", taskId: `${callId}-t2`, reason: "changed the subject" }] };
      return {};
    };
    const call = running.place({ steps: [{ do: "pause", ms: 900 }, { do: "hang-up" }] });
    const callId = await openedCall();
    await eventually(async () => (await redis.get(taskVoidKey(`${callId}-t2`))) ?? undefined);
    assert.equal(await redis.get(taskVoidKey(`${callId}-t2`)), String(TASK_VOID_ALL));
    assert.equal(await redis.get(taskVoidKey(`${callId}-t1`)), "1");
    const found = (await jobs("lookup")).filter(({ job }) => job.callId === callId);
    assert.deepEqual(found.map(({ id }) => id).sort(), [`${callId}-t1-0`, `${callId}-t1-1`]);
    assert.equal(found.find(({ job }) => job.epoch === 1)?.priority, 7);
    assert.equal(found[0]!.job.bridgeId, "bridge-test");
    await call.ended;
    const steps = (await ended(callId)).flatMap((e) => (e.type === "task" ? [`${e.step} ${e.epoch}`] : []));
    assert.deepEqual(
      steps.filter((step) => step.startsWith("delegated")),
      ["delegated 0", "delegated 0", "delegated 1"],
    );
  });

  test("findings and whispers reach the pod; what is meant for no call, or is the bridge's own, does not", async () => {
    const call = running.place();
    const callId = await openedCall();
    const finding = { taskId: `${callId}-t1`, epoch: 0, kind: "order-status", outcome: "failed", tookMs: 5 } as const;
    await redis.xadd(bridgeInboxStream("bridge-test"), "*", "json", "not json");
    await command({ type: "input", callId: "nobody", input: { type: "finding", finding } });
    await command({ type: "input", callId, input: { type: "closed", reason: "not yours to say" } });
    await command({ type: "input", callId, input: { type: "finding", finding } });
    await command({ type: "input", callId, input: { type: "whispered", text: "offer a refund", by: "ann" } });
    await pod.until(() => pod.inputsOf("whispered").length === 1);
    assert.deepEqual(pod.inputsOf("finding"), [{ type: "finding", finding }]);
    assert.equal(pod.inputsOf("closed").length, 0);
    await command({ type: "end", callId, by: "ann" });
    await call.ended;
    const acts = (await ended(callId)).flatMap((e) => (e.type === "supervised" ? [`${e.act} ${e.by}`] : []));
    assert.deepEqual(acts, ["whisper ann", "end ann"]);
  });

  test("a supervisor listens to both channels, takes over, is heard, and hands back", async () => {
    const agent = noise(5_000, 16_000);
    pod.script = ({ hop }) => (hop === 5 ? { audio: agent } : {});
    const listener = new Redis(server.url);
    const packets: Buffer[] = [];
    listener.on("messageBuffer", (_channel: Buffer, packet: Buffer) => packets.push(packet));
    const said = noise(0, 40_000);
    const call = running.place({ steps: [{ do: "speak", audio: said }] });
    const callId = await openedCall();
    await listener.subscribe(listenChannel(callId));
    await command({ type: "listen", callId, by: "ann", on: true });
    await eventually(async () => (packets.length >= 6 ? true : undefined));
    const hops = packets.flatMap((packet) =>
      Array.from({ length: packet.length / (8 + 2 * HOP_SAMPLES) }, (_, i) =>
        packet.subarray(i * (8 + 2 * HOP_SAMPLES)),
      ),
    );
    const first = Number(hops[0]!.readBigUInt64BE(0));
    assert.deepEqual(
      hops.map((hop) => Number(hop.readBigUInt64BE(0))),
      hops.map((_, i) => first + i),
    );
    const heard = Buffer.concat(hops.map((hop) => hop.subarray(8, 8 + HOP_SAMPLES)));
    assert.ok(Buffer.from(said).includes(heard.subarray(640, 1_280)), "the caller's channel");

    await command({ type: "take-over", callId, by: "ann" });
    await pod.until(() => pod.inputsOf("taken-over").length === 1);
    // The bridge subscribes in the background: said again until it is heard.
    const voice = noise(77_000, 1_600);
    await eventually(async () =>
      (await redis.publish(speakChannel(callId), Buffer.from(voice))) > 0 ? true : undefined,
    );
    await pod.until(() => Buffer.concat(pod.hops.map((hop) => hop.agent)).includes(voice));
    await command({ type: "hand-back", callId, by: "ann", note: "angry about parcel" });
    await pod.until(() => pod.inputsOf("handed-back").length === 1);
    assert.deepEqual(pod.inputsOf("handed-back"), [{ type: "handed-back", by: "ann", note: "angry about parcel" }]);
    call.hangUp();
    await call.ended;
    assert.ok(Buffer.from(call.ear.heard).includes(voice), "the caller heard the supervisor");
    assert.ok(!Buffer.from(call.ear.heard).includes(agent.subarray(14_000)), "the agent was cut off");
    listener.disconnect();
    await ended(callId);
  });
});

test("Redis dies in the midst of a call: the call goes on, and what was to be told is told when it is back", async (t) => {
  const server = await startRedis();
  const pod = await new TestPod().start();
  const running = await startBridge([pod.address], { REDIS_URL: server.url });
  t.after(async () => {
    await running.close();
    pod.kill();
  });
  const said = noise(0, 16_000);
  const call = running.place({ steps: [{ do: "speak", audio: said }, { do: "pause", ms: 200 }, { do: "hang-up" }] });
  await pod.until(() => pod.hops.length > 5);
  await server.close();
  await call.ended;
  assert.ok(Buffer.concat(pod.hops.map((hop) => hop.caller)).includes(said));
  const { callId } = pod.inputsOf("opened")[0]!;
  const again = await startRedis(server.port);
  t.after(() => again.close());
  const redis = new Redis(again.url);
  redis.on("error", () => undefined);
  t.after(() => redis.disconnect());
  await eventually(async () => {
    const entries = await redis.xrange(CALL_EVENTS_STREAM, "-", "+");
    return entries.some(([, fields]) => fields[1]?.includes(callId) && fields[1].includes('"ended"')) || undefined;
  });
  await eventually(
    async () => (await redis.exists(`${REDIS_PREFIX}:${queueName("after-call")}:${callId}-after-0`)) || undefined,
  );
});

test("the tape of a killed bridge is closed at the next start, and its call gets its end and its after-call work", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "orphan-"));
  const server = await startRedis();
  const startedAt = new Date("2026-05-01T10:00:00Z");
  const live = `${tapePath(join(dataDir, "tapes"), "lost-call", startedAt)}${LIVE_SUFFIX}`;
  const writer = new TapeWriter(live, {
    format: "sidetone-tape",
    version: 1,
    callId: "lost-call",
    carrierCallId: "CA1",
    startedAt: startedAt.toISOString(),
    sampleRateHz: 8000,
    hopSamples: 320,
    audio: "mu-law",
    scoreNames: [],
    model: "line-test",
    modelHash: "",
    bridgeId: "bridge-test",
    softwareVersion: "0",
  });
  for (let hop = 0; hop < 10; hop++) writer.putHop(hop, noise(hop, 320), noise(hop, 320), 0, 0, 0);
  await writer.close();

  const running = await startBridge([], { PODS: "127.0.0.1:1", DATA_DIR: dataDir, REDIS_URL: server.url });
  const redis = new Redis(server.url);
  t.after(async () => {
    await running.close();
    redis.disconnect();
    await server.close();
    await rm(dataDir, { recursive: true });
  });
  const event = await eventually(async () => {
    const [entry] = await redis.xrange(CALL_EVENTS_STREAM, "-", "+");
    return entry && CallEvent.parse(JSON.parse(entry[1][1] ?? ""));
  });
  const path = live.slice(0, -LIVE_SUFFIX.length);
  assert.ok(event.type === "ended");
  assert.deepEqual(
    [event.callId, event.reason, event.figures.durationMs, event.tapePath],
    ["lost-call", "bridge-lost", 400, path],
  );
  const tape = await TapeReader.open(path);
  const kinds: string[] = [];
  for await (const record of tape.records()) kinds.push(record.kind === "note" ? record.note.type : record.kind);
  assert.deepEqual(kinds, ["micro-turn", "micro-turn", "end"]);
  await eventually(
    async () => (await redis.exists(`${REDIS_PREFIX}:${queueName("after-call")}:lost-call-after-0`)) || undefined,
  );
});
