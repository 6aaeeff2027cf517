import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import {
  type ChannelCredentials,
  type Client,
  credentials as grpcCredentials,
  makeGenericClientConstructor,
} from "@grpc/grpc-js";
import { LINEAR_TO_ULAW, ULAW_TO_LINEAR } from "@sidetone/audio";
import { DECISIONS, HOP_SAMPLES, type PodOutput } from "@sidetone/protocol";
import { service as healthService } from "grpc-health-check";
import { LINE_TEST_TONE } from "../line-test/loop.ts";
import { ECHO_AFTER_HOPS } from "../line-test/model.ts";
import { startPod } from "../testing/start-pod.ts";
import { podStatus, TickClient } from "../testing/tick-client.ts";

const failures = (outputs: readonly PodOutput[]): string[] =>
  outputs.flatMap((output) => (output.type === "failed" ? [output.code] : []));

/** A hop of caller speech that no other hop equals: a tone whose level moves. */
function speech(hop: number): Uint8Array {
  return Uint8Array.from({ length: HOP_SAMPLES }, (_, i) => {
    const n = hop * HOP_SAMPLES + i;
    return LINEAR_TO_ULAW[Math.round((6_000 + (n % 977)) * Math.sin(n * 0.31)) & 0xffff]!;
  });
}

describe("a pod over its gRPC service", () => {
  let running: Awaited<ReturnType<typeof startPod>>;
  before(async () => {
    running = await startPod({ capacityCalls: 4 });
  });
  after(() => running.close());

  test("the line test plays its tone and says back to the byte what was said", async () => {
    const client = new TickClient(running.client);
    const call = client.open(1);
    const said = [20, 21, 22, 23, 24];
    for (let hop = 0; hop < 60; hop++) await client.step(() => (said.includes(hop) ? speech(hop) : undefined));
    const heard = Buffer.concat(call.ear.played);
    assert.equal(heard.indexOf(Buffer.from(LINE_TEST_TONE)), HOP_SAMPLES, "the tone plays in the hop after the first");
    const echo = Buffer.concat(said.map(speech));
    const beginHop = 24 + ECHO_AFTER_HOPS;
    // Played from the hop after the decision on, behind one hop of quiet from before the speech.
    assert.equal(heard.indexOf(echo), (beginHop + 2) * HOP_SAMPLES);
    assert.equal(call.decisions[beginHop], DECISIONS.indexOf("begin"));
    assert.deepEqual(
      call.outputs.filter((o) => o.type === "said" || o.type === "finished").map((o) => [o.type, o.utteranceId]),
      [
        ["said", 0],
        ["finished", 0],
        ["said", 1],
        ["finished", 1],
      ],
    );
    client.stream.end();
  });

  test("the line test yields at the first loud hop over its own speech, in the same tick", async () => {
    const client = new TickClient(running.client);
    const call = client.open(1);
    for (let hop = 0; hop < 12; hop++) await client.step(() => (hop === 5 ? speech(hop) : undefined));
    assert.equal(call.decisions[5], DECISIONS.indexOf("yield"));
    assert.equal(call.ear.epoch, 1);
    const after5 = Buffer.concat(call.ear.played.slice(6));
    assert.ok(
      after5.every((byte) => ULAW_TO_LINEAR[byte] === 0),
      "nothing is played after the yield",
    );
    assert.deepEqual(
      call.outputs.map((o) => o.type),
      ["said", "yielded"],
    );
    client.stream.end();
  });

  test("over capacity, a call is refused by code and the others go on", async () => {
    const client = new TickClient(running.client);
    const calls = [1, 2, 3, 4, 5].map((handle) => client.open(handle));
    const reply = await client.step();
    assert.deepEqual(reply.call, [1, 2, 3, 4]);
    assert.deepEqual(failures(calls[4]!.outputs), ["NO_CAPACITY"]);
    const next = await client.step();
    assert.deepEqual(next.call, [1, 2, 3, 4]);
    assert.deepEqual(failures(calls[4]!.outputs), ["NO_CAPACITY"], "said once");
    assert.equal((await podStatus(running.client)).open_calls, 4);
    client.stream.end();
    await once(client.stream, "end");
    assert.equal((await podStatus(running.client)).open_calls, 0, "the stream's end closed its calls");
  });

  test("a handle that was never opened, and one opened twice, are told by code", async () => {
    const client = new TickClient(running.client);
    const call = client.open(9);
    call.inputs.length = 0;
    await client.step();
    assert.deepEqual(failures(call.outputs), ["POD_CALL_UNKNOWN"]);
    client.open(9);
    assert.deepEqual((await client.step()).call, [9]);
    const again = client.open(9);
    assert.deepEqual((await client.step()).call, []);
    assert.deepEqual(failures(again.outputs), ["POD_CALL_DUPLICATE"]);
    client.stream.end();
  });

  test("a model that the pod does not have is refused by code", async () => {
    const client = new TickClient(running.client);
    const call = client.open(3, { playbook: { id: "x", version: 1, model: "interaction", document: {} } });
    await client.step();
    assert.deepEqual(failures(call.outputs), ["MODEL_UNAVAILABLE"]);
    client.stream.end();
  });

  test("columns of different lengths end the stream by code; other streams go on", async () => {
    const bad = new TickClient(running.client);
    const good = new TickClient(running.client);
    good.open(1);
    await good.step();
    await assert.rejects(
      bad.send({ tick: 0, call: [1], hop: [0], caller_audio: Buffer.alloc(7), agent_audio: Buffer.alloc(320) }),
      /INVALID_ARGUMENT.*POD_MESSAGE_INVALID/,
    );
    assert.deepEqual((await good.step()).call, [1]);
    good.stream.end();
  });

  test("a stream that dies mid-call gives its room back", async () => {
    const client = new TickClient(running.client);
    for (let handle = 0; handle < 4; handle++) client.open(handle);
    await client.step();
    client.stream.on("error", () => undefined);
    client.stream.cancel();
    const next = new TickClient(running.client);
    next.open(1);
    let reply = await next.step();
    // The cancellation travels beside the new stream's first tick; whoever comes too early is refused and asks again.
    while (reply.call.length === 0) {
      next.open(1);
      reply = await next.step();
    }
    assert.deepEqual(reply.call, [1]);
    next.stream.end();
  });

  test("two hops of one call in one tick are stepped in order", async () => {
    const client = new TickClient(running.client);
    const call = client.open(1);
    const hops = [speech(0), speech(1)];
    const reply = await client.send({
      tick: 5,
      call: [1, 1],
      hop: [0, 1],
      caller_audio: Buffer.concat(hops),
      agent_audio: Buffer.alloc(2 * HOP_SAMPLES, 0xff),
      heard_epoch: [0, 0],
      heard_samples: [0, 0],
      concealed_samples: [0, 0],
      inputs: call.inputs.map((input) => ({ call: 1, json: JSON.stringify(input) })),
    });
    assert.deepEqual([reply.tick, reply.call, reply.hop], [5, [1, 1], [0, 1]]);
    client.stream.end();
  });

  test("a call moves to another stream with its snapshot", async () => {
    const client = new TickClient(running.client);
    const call = client.open(1);
    for (let hop = 0; hop < 60; hop++) await client.step();
    const snapshot = call.outputs.findLast((o) => o.type === "snapshot");
    assert.ok(snapshot?.type === "snapshot");
    client.stream.end();
    const other = new TickClient(running.client);
    const moved = other.open(1, { resume: { state: snapshot.state } });
    moved.hop = 60;
    const reply = await other.step();
    assert.deepEqual([reply.hop, reply.epoch], [[60], [1]], "a resumed call starts a new epoch");
    assert.deepEqual(failures(moved.outputs), []);
    other.stream.end();
  });

  test("the standard health service is served", async () => {
    const Health = makeGenericClientConstructor(healthService, "Health") as unknown as new (
      address: string,
      channel: ChannelCredentials,
    ) => HealthClient;
    const client = new Health(running.address, grpcCredentials.createInsecure());
    const status = await new Promise((resolve, reject) =>
      client.check({ service: "sidetone.pod.v1.Pod" }, (error, reply) => (error ? reject(error) : resolve(reply))),
    );
    assert.deepEqual(status, { status: "SERVING" });
    client.close();
  });
});

interface HealthClient extends Client {
  check(request: { service: string }, done: (error: Error | null, reply: { status: string }) => void): void;
}

test("a draining pod refuses new calls, keeps the running ones, and is done when the last has ended", async () => {
  const running = await startPod();
  const client = new TickClient(running.client);
  client.open(1);
  await client.step();
  const drained = running.pod.drain(60_000);
  const late = client.open(2);
  assert.deepEqual((await client.step()).call, [1]);
  assert.deepEqual(failures(late.outputs), ["DRAINING"]);
  const status = await podStatus(running.client);
  assert.deepEqual([status.draining, status.ready, status.open_calls], [true, false, 1]);
  client.calls.get(1)!.inputs.push({ type: "closed", reason: "caller hung up" });
  await client.step();
  await drained;
  client.stream.end();
  await running.close();
});
