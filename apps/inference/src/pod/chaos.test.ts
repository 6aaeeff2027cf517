import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { loadPlaybook, shippedPlaybookPath } from "@sidetone/dialogue";
import { SHIPPED_WEIGHTS_FOLDER } from "@sidetone/interaction-model";
import { HOP_SAMPLES, type PodInput, type PodOutput, type TickRequest } from "@sidetone/protocol";
import { DEADLY_HOP, FAULTY_HOP } from "../testing/fragile-model.ts";
import { startPod } from "../testing/start-pod.ts";
import { podStatus, TickClient } from "../testing/tick-client.ts";

const failures = (outputs: readonly PodOutput[]): string[] =>
  outputs.flatMap((output) => (output.type === "failed" ? [output.code] : []));
const document = loadPlaybook(shippedPlaybookPath("retail-order-support")).document;
const interaction: Partial<Extract<PodInput, { type: "opened" }>> = {
  playbook: { id: "retail-order-support", version: 1, model: "interaction", document },
};

describe("a pod whose parts break", () => {
  let folder: string;
  let running: Awaited<ReturnType<typeof startPod>>;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "chaos-"));
    running = await startPod({
      modelDir: SHIPPED_WEIGHTS_FOLDER,
      wrapper: new URL("../testing/fragile-model.ts", import.meta.url).href,
      dataDir: folder,
      slots: 8,
      capacityCalls: 8,
    });
  });
  after(async () => {
    await running.close();
    await rm(folder, { recursive: true });
  });

  test("a batch that the network cannot step fails its calls by code; calls on another model go on", async () => {
    const client = new TickClient(running.client);
    const broken = client.open(1, interaction);
    client.open(2);
    await client.step();
    broken.hop = FAULTY_HOP;
    const reply = await client.step();
    assert.deepEqual(reply.call, [2]);
    assert.deepEqual(failures(broken.outputs), ["POD_CALL_FAILED"]);
    client.calls.delete(1);
    assert.deepEqual((await client.step()).call, [2]);
    assert.equal((await podStatus(running.client)).open_calls, 1);
    client.stream.end();
  });

  test("a playbook that is none fails its call by the dialogue's own code", async () => {
    const client = new TickClient(running.client);
    const call = client.open(1, { playbook: { id: "x", version: 1, model: "interaction", document: { id: "x" } } });
    await client.step();
    assert.deepEqual(failures(call.outputs), ["PLAYBOOK_SCHEMA_INVALID"]);
    client.stream.end();
  });

  test("a snapshot that is damaged fails its call by code", async () => {
    const client = new TickClient(running.client);
    const call = client.open(1, { ...interaction, resume: { state: { model: "floor", slot: "AAAA" } } });
    await client.step();
    assert.deepEqual(failures(call.outputs), ["POD_MESSAGE_INVALID"]);
    client.stream.end();
  });

  test("a message that is none is counted and dropped; its call goes on", async () => {
    const client = new TickClient(running.client);
    const call = client.open(1);
    await client.step();
    call.inputs.push({ type: "key-pressed", digit: "no digit" });
    assert.deepEqual((await client.step()).call, [1]);
    assert.deepEqual(failures(call.outputs), []);
    client.stream.end();
  });

  test("a bridge that does not read is cut off by code", async () => {
    const client = new TickClient(running.client);
    client.open(1);
    await client.step();
    client.stream.pause();
    const ended = new Promise<Error>((resolve) => client.stream.on("error", resolve));
    const request: TickRequest = {
      tick: 1,
      call: Array.from({ length: 64 }, () => 1),
      hop: Array.from({ length: 64 }, (_, i) => i),
      caller_audio: Buffer.alloc(64 * HOP_SAMPLES, 0xff),
      agent_audio: Buffer.alloc(64 * HOP_SAMPLES, 0xff),
    };
    // Every question gives the pod time; it gives the bridge up when too many answers wait for it.
    while ((await podStatus(running.client)).open_calls > 0) {
      if (!client.stream.writableNeedDrain) client.stream.write(request);
    }
    client.stream.resume();
    assert.match((await ended).message, /RESOURCE_EXHAUSTED.*POD_STREAM_STALLED/);
  });

  test("a worker that dies tells its calls by code, is replaced, and the pod takes calls again", async () => {
    const client = new TickClient(running.client);
    const call = client.open(1, interaction);
    await client.step();
    call.hop = DEADLY_HOP;
    await client.step();
    assert.deepEqual(failures(call.outputs), ["POD_WORKER_LOST"]);
    assert.equal((await podStatus(running.client)).ready, false);
    await running.pod.whenReady();
    const next = client.open(2, interaction);
    client.calls.delete(1);
    assert.deepEqual((await client.step()).call, [2]);
    assert.deepEqual(failures(next.outputs), []);
    client.stream.end();
  });
});
