import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { LINEAR_TO_ULAW } from "@sidetone/audio";
import { loadPlaybook, shippedPlaybookPath } from "@sidetone/dialogue";
import { SHIPPED_WEIGHTS_FOLDER } from "@sidetone/interaction-model";
import { DECISIONS, HOP_SAMPLES, OVERLAP_KINDS, type TapeHeader } from "@sidetone/protocol";
import { TapeWriter } from "@sidetone/store";
import { startPod } from "./testing/start-pod.ts";
import { podStatus, TickClient } from "./testing/tick-client.ts";
import { shippedModel, verifyTape } from "./verify.ts";

const header = (model: string, modelHash: string): TapeHeader => ({
  format: "sidetone-tape",
  version: 1,
  callId: "call-1",
  carrierCallId: "CA1",
  startedAt: "2026-05-04T10:00:00Z",
  sampleRateHz: 8000,
  hopSamples: 320,
  audio: "mu-law",
  scoreNames: [...DECISIONS, ...OVERLAP_KINDS.map((kind) => `overlap ${kind}`)],
  model,
  modelHash,
  bridgeId: "b",
  softwareVersion: "0",
});

const PLAYBOOK = loadPlaybook(shippedPlaybookPath("retail-order-support")).document;

/** Something between speech and noise, the same in every run. */
const speech = (hop: number): Uint8Array =>
  Uint8Array.from({ length: HOP_SAMPLES }, (_, i) => {
    const n = hop * HOP_SAMPLES + i;
    const level = hop % 40 < 18 ? 5_000 : 20;
    return LINEAR_TO_ULAW[Math.round(level * Math.sin(n * 0.11) * Math.sin(n * 0.0031)) & 0xffff]!;
  });

describe("verify", () => {
  let folder: string;
  let running: Awaited<ReturnType<typeof startPod>>;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "verify-"));
    running = await startPod({ modelDir: SHIPPED_WEIGHTS_FOLDER, dataDir: folder, slots: 8 });
  });
  after(async () => {
    await running.close();
    await rm(folder, { recursive: true });
  });

  /** Places a call of `hops` hops among `others` other calls and keeps its tape; `change` may spoil a caller's hop. */
  async function tape(
    name: string,
    model: "line-test" | "interaction",
    others: number,
    change: (hop: number, audio: Uint8Array) => Uint8Array = (_, audio) => audio,
    withheldHops = 0,
  ): Promise<string> {
    const path = join(folder, name);
    const hash = model === "interaction" ? (await podStatus(running.client)).model_hash : "";
    const writer = new TapeWriter(path, header(model, hash));
    const snapshots = new Set<number>();
    const client = new TickClient(running.client);
    const call = client.open(1, { playbook: { id: "x", version: 1, model, document: PLAYBOOK } });
    for (let other = 0; other < others; other++) {
      client.open(2 + other, { playbook: { id: "x", version: 1, model, document: PLAYBOOK } });
    }
    for (let hop = 0; hop < 130; hop++) {
      const audio = speech(hop);
      const reply = await client.step((c) => (c === call ? audio : speech(hop + 7 * c.handle)));
      const row = reply.call.indexOf(1);
      assert.ok(row >= 0, JSON.stringify(call.outputs.at(-1)));
      writer.withheld = hop < withheldHops;
      for (const output of call.outputs) {
        if (output.type !== "snapshot" || output.hop < withheldHops || snapshots.has(output.hop)) continue;
        snapshots.add(output.hop);
        writer.note({ type: "out", hop, output });
      }
      writer.putHop(hop, change(hop, audio), call.ear.agent, call.ear.epoch, call.ear.heardSamples, 0);
      const scoresAt = row * 19 * 4;
      writer.putReply(
        hop,
        reply.decision[row]!,
        reply.scores,
        scoresAt,
        reply.conditioning,
        row * 4,
        reply.epoch[row]!,
        0,
      );
    }
    client.stream.end();
    await writer.close();
    return path;
  }

  for (const model of ["line-test", "interaction"] as const) {
    test(`a ${model} call that was stepped alone is bit-exact`, async () => {
      const path = await tape(`${model}-alone`, model, 0);
      assert.deepEqual(await verifyTape(path, shippedModel()), { exact: true, hops: 130, skipped: 0 });
    });

    test(`a ${model} call that was stepped among others is bit-exact when stepped alone`, async () => {
      const path = await tape(`${model}-among`, model, 5);
      assert.deepEqual(await verifyTape(path, shippedModel()), { exact: true, hops: 130, skipped: 0 });
    });
  }

  test("a changed sample is found, with the hop where the scores first differ", async () => {
    const path = await tape("changed", "interaction", 0, (hop, audio) => (hop === 50 ? speech(9) : audio));
    const verdict = await verifyTape(path, shippedModel());
    assert.deepEqual([verdict.exact, "hop" in verdict && verdict.hop], [false, 50]);
  });

  test("hops that were not recorded are skipped; from the next snapshot on the rest is bit-exact", async () => {
    for (const model of ["line-test", "interaction"] as const) {
      const path = await tape(`${model}-withheld`, model, 1, undefined, 42);
      const verdict = await verifyTape(path, shippedModel());
      assert.ok(verdict.exact && verdict.hops > 30 && verdict.skipped >= 42, JSON.stringify(verdict));
      assert.equal(verdict.hops + verdict.skipped, 130);
    }
  });

  test("a tape without anything to compare says why", async () => {
    const path = await tape("nothing", "line-test", 0, undefined, 130);
    assert.deepEqual(await verifyTape(path, shippedModel()), {
      exact: undefined,
      skipped: 130,
      reason: "the audio was not recorded",
    });
  });
});
