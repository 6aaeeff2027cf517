import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { encodeUlaw, LogMel, MEL_CARRY_SAMPLES, MEL_VALUES_PER_HOP } from "@sidetone/audio";
import ort from "onnxruntime-node";
import { OnnxModel, SHIPPED_WEIGHTS_FOLDER } from "./onnx-model.ts";
import { createHopBatch, createOutputBatch, HOP_SAMPLES, type HopBatch, type OutputBatch } from "./port.ts";

interface Golden {
  readonly hops: number;
  readonly callerPcm: number[];
  readonly agentPcm: number[];
  readonly callerFeatures: number[];
  readonly agentFeatures: number[];
  readonly expectation: number[];
  readonly remaining: number[];
  readonly intent: number[];
  readonly clock: number[];
  readonly outputs: Record<string, number[]>;
}

const golden = JSON.parse(await readFile(join(SHIPPED_WEIGHTS_FOLDER, "golden.json"), "utf8")) as Golden;

const { file: weightsFile } = (
  JSON.parse(await readFile(join(SHIPPED_WEIGHTS_FOLDER, "manifest.json"), "utf8")) as { weights: { file: string } }
).weights;

/** A small deterministic generator, so that a failure can be run again. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The hops of an imagined call: loud and quiet stretches on both channels. */
function callOf(seed: number, hops: number): HopBatch {
  const random = generator(seed);
  const call = createHopBatch(hops);
  const pcm = new Int16Array(HOP_SAMPLES);
  for (let hop = 0; hop < hops; hop++) {
    for (const side of [call.caller, call.agent]) {
      const level = random() < 0.5 ? 30 : 20_000 * random();
      for (let i = 0; i < HOP_SAMPLES; i++) pcm[i] = (random() - 0.5) * level;
      encodeUlaw(pcm, side.subarray(hop * HOP_SAMPLES, (hop + 1) * HOP_SAMPLES));
    }
    call.expectationKind[hop] = Math.floor(random() * 12);
    call.expectationRemaining[hop] = Math.floor(random() * 24);
    call.intent[hop] = Math.floor(random() * 4);
    call.hopIndex[hop] = hop;
    call.agentPlaying[hop] = random() < 0.5 ? 1 : 0;
    call.hopsSinceAgentChange[hop] = Math.floor(random() * hop);
  }
  return call;
}

function putRow(batch: HopBatch, row: number, slot: number, call: HopBatch, hop: number): void {
  batch.slots[row] = slot;
  for (const side of ["caller", "agent"] as const) {
    batch[side].set(call[side].subarray(hop * HOP_SAMPLES, (hop + 1) * HOP_SAMPLES), row * HOP_SAMPLES);
  }
  for (const column of [
    "expectationKind",
    "expectationRemaining",
    "intent",
    "hopIndex",
    "agentPlaying",
    "hopsSinceAgentChange",
  ] as const) {
    batch[column][row] = call[column][hop]!;
  }
}

function rowOf(outputs: OutputBatch, row: number): number[] {
  return [outputs.decision, outputs.projection, outputs.overlap, outputs.voice, outputs.symbols, outputs.wants].flatMap(
    (column) => {
      const width = column.length / outputs.capacity;
      return [...column.subarray(row * width, (row + 1) * width)];
    },
  );
}

describe("features and network against the training's golden tensors", () => {
  it("gives the training's features within 1e-4", () => {
    const mel = new LogMel();
    for (const [pcm, features] of [
      [golden.callerPcm, golden.callerFeatures],
      [golden.agentPcm, golden.agentFeatures],
    ] as const) {
      const samples = Int16Array.from(pcm);
      const carry = new Int16Array(MEL_CARRY_SAMPLES);
      const out = new Float32Array(MEL_VALUES_PER_HOP);
      let worst = 0;
      for (let hop = 0; hop < golden.hops; hop++) {
        mel.processLinear(samples, hop * HOP_SAMPLES, carry, 0, out, 0);
        for (let i = 0; i < out.length; i++) {
          worst = Math.max(worst, Math.abs(out[i]! - features[hop * MEL_VALUES_PER_HOP + i]!));
        }
      }
      assert.ok(worst < 1e-4, `${worst}`);
    }
  });

  it("steps like the training's network", async () => {
    const model = await OnnxModel.load({ capacity: 1 });
    const session = await ort.InferenceSession.create(join(SHIPPED_WEIGHTS_FOLDER, model.manifest.weights.file));
    let state = new Float32Array(model.manifest.stateSize);
    let worst = 0;
    let values = 0;
    let apart = 0;
    const oneHot = (index: number, count: number): Float32Array =>
      Float32Array.from({ length: count }, (_, i) => (i === index ? 1 : 0));
    for (let hop = 0; hop < golden.hops; hop++) {
      const ofHop = (list: readonly number[], width: number): Float32Array =>
        Float32Array.from(list.slice(hop * width, (hop + 1) * width));
      const feeds: Record<string, ort.Tensor> = {
        caller: new ort.Tensor("float32", ofHop(golden.callerFeatures, 160), [1, 4, 40]),
        agent: new ort.Tensor("float32", ofHop(golden.agentFeatures, 160), [1, 4, 40]),
        expectation: new ort.Tensor("float32", oneHot(golden.expectation[hop]!, 12), [1, 12]),
        remaining: new ort.Tensor("float32", ofHop(golden.remaining, 1), [1, 1]),
        intent: new ort.Tensor("float32", oneHot(golden.intent[hop]!, 4), [1, 4]),
        clock: new ort.Tensor("float32", ofHop(golden.clock, 3), [1, 3]),
        state: new ort.Tensor("float32", state, [1, state.length]),
      };
      const made = await session.run(feeds);
      for (const [name, rows] of Object.entries(golden.outputs)) {
        const data = made[name]!.data as Float32Array;
        for (let i = 0; i < data.length; i++) {
          const difference = Math.abs(data[i]! - rows[hop * data.length + i]!);
          worst = Math.max(worst, difference);
          values++;
          if (difference > 1e-2) apart++;
        }
      }
      state = made.nextState!.data as Float32Array<ArrayBuffer>;
    }
    await model.dispose();
    // In 8 bits a difference in the last place of a feature can move an activation by a whole step, and the state remembers it.
    const isInt8 = model.manifest.weights.precision === "int8";
    assert.ok(worst < (isInt8 ? 0.1 : 1e-4), `${worst}`);
    assert.ok(apart < 0.05 * values, `${apart} of ${values} values are apart`);
  });
});

/** Of a snapshot: magic, checksum, and the weights' hash. */
const SNAPSHOT_HEAD_BYTES = 40;

describe("OnnxModel", () => {
  const HOPS = 12;
  const calls = Array.from({ length: 64 }, (_, i) => callOf(i + 1, HOPS));
  let model: OnnxModel;
  before(async () => {
    model = await OnnxModel.load({ capacity: 64 });
  });
  after(() => model.dispose());

  /** Outputs of one call, hop by hop, stepped alone. */
  async function alone(call: HopBatch, from = 0, slot = model.open(1)): Promise<number[][]> {
    const batch = createHopBatch(1);
    const outputs = createOutputBatch(1, model.info);
    const rows: number[][] = [];
    batch.count = 1;
    for (let hop = from; hop < HOPS; hop++) {
      putRow(batch, 0, slot, call, hop);
      await model.step(batch, outputs);
      rows.push(rowOf(outputs, 0));
    }
    model.close(slot);
    return rows;
  }

  it("gives finite probabilities that sum to one", async () => {
    const [first] = await alone(calls[0]!);
    assert.ok(first!.every(Number.isFinite));
    assert.ok(Math.abs(first!.slice(0, 6).reduce((sum, p) => sum + p, 0) - 1) < 1e-6);
    assert.deepEqual(model.buckets.at(-1), 64);
  });

  it("is bit-identical for a call alone and among 63 others, in any order and company", async () => {
    const expected: number[][][] = [];
    for (const call of calls) expected.push(await alone(call));
    const random = generator(42);
    const slots = calls.map(() => model.open(1));
    const outputs = createOutputBatch(64, model.info);
    for (let hop = 0; hop < HOPS; hop++) {
      const order = calls.map((_, i) => i).sort(() => random() - 0.5);
      // Split anywhere, so that every bucket and every padding is met.
      for (let at = 0; at < 64; ) {
        const batch = createHopBatch(64);
        batch.count = Math.min(64 - at, 1 + Math.floor(random() * [3, 10, 40, 64][hop % 4]!));
        for (let row = 0; row < batch.count; row++)
          putRow(batch, row, slots[order[at + row]!]!, calls[order[at + row]!]!, hop);
        await model.step(batch, outputs);
        for (let row = 0; row < batch.count; row++) {
          assert.deepEqual(
            rowOf(outputs, row),
            expected[order[at + row]!]![hop],
            `call ${order[at + row]} at hop ${hop}`,
          );
        }
        at += batch.count;
      }
    }
    for (const slot of slots) model.close(slot);
  });

  it("goes on bit for bit from a snapshot, in another slot and another process's model", async () => {
    const expected = await alone(calls[5]!);
    const batch = createHopBatch(1);
    const outputs = createOutputBatch(1, model.info);
    const slot = model.open(1);
    batch.count = 1;
    for (let hop = 0; hop < 5; hop++) {
      putRow(batch, 0, slot, calls[5]!, hop);
      await model.step(batch, outputs);
    }
    const snapshot = model.snapshot(slot);
    await alone(calls[6]!);
    assert.deepEqual(await alone(calls[5]!, 5, model.restore(snapshot)), expected.slice(5));
    assert.deepEqual(await alone(calls[5]!, 5, slot), expected.slice(5), "taking a snapshot changes nothing");
    const damaged = Uint8Array.from(snapshot);
    damaged[100]! ^= 1;
    assert.throws(() => model.restore(damaged), { code: "MODEL_SNAPSHOT_INVALID" });
    assert.throws(() => model.restore(snapshot.subarray(1)), { code: "MODEL_SNAPSHOT_INVALID" });
    const foreign = Uint8Array.from(snapshot);
    foreign[9]! ^= 1;
    assert.throws(() => model.restore(foreign), { code: "MODEL_SNAPSHOT_INVALID", message: /made by weights/ });
  });

  it("refuses slots and batches that cannot be", async () => {
    const batch = createHopBatch(2);
    const outputs = createOutputBatch(2, model.info);
    batch.count = 1;
    await assert.rejects(model.step(batch, outputs), { code: "MODEL_SLOT_NOT_OPEN" });
    const slot = model.open(1);
    batch.slots.fill(slot);
    batch.count = 2;
    await assert.rejects(model.step(batch, outputs), { code: "MODEL_BATCH_INVALID" });
    model.close(slot);
    assert.throws(() => model.close(slot), { code: "MODEL_SLOT_NOT_OPEN" });
    const small = await OnnxModel.load({ capacity: 1 });
    small.open(1);
    assert.throws(() => small.open(1), { code: "MODEL_NO_FREE_SLOT" });
    await small.dispose();
  });

  const EXTREMES: readonly (readonly [name: string, sample: (i: number) => number])[] = [
    ["silence", () => 0],
    ["full-scale noise", (i) => (Math.imul(i + 1, 2654435761) >>> 16) - 32768],
    ["a constant", () => 32767],
    ["a full-scale square wave", (i) => (i % 40 < 20 ? 32767 : -32768)],
    ["a chord", (i) => 4000 * (Math.sin(i * 0.2) + Math.sin(i * 0.252) + Math.sin(i * 0.3))],
    ["one click a second", (i) => (i % 8000 === 0 ? 32767 : 0)],
  ];
  for (const [name, sample] of EXTREMES) {
    for (const agentPlaying of [0, 1]) {
      it(`stays finite and takes ${name} for no turn while the agent is ${agentPlaying ? "speaking" : "silent"}`, async () => {
        const slot = model.open(1);
        const batch = createHopBatch(1);
        const outputs = createOutputBatch(1, model.info);
        const pcm = new Int16Array(HOP_SAMPLES);
        batch.count = 1;
        batch.slots[0] = slot;
        batch.agentPlaying[0] = agentPlaying;
        batch.intent[0] = agentPlaying ? 0 : 1;
        const { thresholds } = model.info;
        for (let hop = 0; hop < 250; hop++) {
          for (let i = 0; i < HOP_SAMPLES; i++) pcm[i] = sample(hop * HOP_SAMPLES + i);
          encodeUlaw(pcm, batch.caller);
          const voiced = Math.sin(hop / 3) > 0 ? 6000 * agentPlaying : 0;
          for (let i = 0; i < HOP_SAMPLES; i++) pcm[i] = voiced * Math.sin(i / 9);
          encodeUlaw(pcm, batch.agent);
          batch.hopIndex[0] = hop;
          batch.hopsSinceAgentChange[0] = hop;
          await model.step(batch, outputs);
          assert.ok(rowOf(outputs, 0).every(Number.isFinite), `hop ${hop}`);
          if (!model.manifest.trained) continue;
          const [, begin, , , , giveWay] = outputs.decision;
          assert.ok(giveWay! <= thresholds.yield, `yields at hop ${hop}`);
          assert.ok(agentPlaying === 1 || begin! <= thresholds.beginOpen, `begins at hop ${hop}`);
        }
        model.close(slot);
      });
    }
  }

  it("keeps a call's state and memory as they are, however long it lasts", async () => {
    // The same half minute over and over: two minutes of it, or an hour with LONG_CALL_ROUNDS=117.
    const round = calls.length * HOPS;
    const hops = round * Number(process.env.LONG_CALL_ROUNDS ?? 4);
    const slot = model.open(1);
    const batch = createHopBatch(1);
    const outputs = createOutputBatch(1, model.info);
    batch.count = 1;
    const sizes: number[] = [];
    const bytes: number[] = [];
    const norms: number[] = [];
    const columns = [outputs.decision, outputs.voice, outputs.symbols];
    for (let hop = 0; hop < hops; hop++) {
      putRow(batch, 0, slot, calls[Math.floor(hop / HOPS) % calls.length]!, hop % HOPS);
      batch.hopIndex[0] = hop;
      await model.step(batch, outputs);
      if (!columns.every((column) => column.every(Number.isFinite))) assert.fail(`not a number at hop ${hop}`);
      if (hop % round !== round - 1) continue;
      const snapshot = model.snapshot(slot);
      const state = new Float32Array(snapshot.slice(SNAPSHOT_HEAD_BYTES).buffer, 0, model.manifest.stateSize);
      norms.push(Math.hypot(...state));
      sizes.push(snapshot.length);
      bytes.push(process.memoryUsage().arrayBuffers);
    }
    model.close(slot);
    assert.equal(new Set(sizes).size, 1);
    assert.ok(bytes.at(-1)! - bytes[0]! < 4e6, `${bytes}`);
    const [, second = 0] = norms;
    assert.ok(Math.abs(norms.at(-1)! - second) < 0.02 * second, `the state drifts: ${norms}`);
  });
});

describe("a model folder that cannot be right", () => {
  const change = async (folder: string, edit: (manifest: Record<string, unknown>) => void): Promise<void> => {
    const path = join(folder, "manifest.json");
    const manifest = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
    edit(manifest);
    await writeFile(path, JSON.stringify(manifest));
  };
  const FAULTS: readonly (readonly [
    name: string,
    code: string,
    message: RegExp,
    damage: (folder: string) => Promise<void>,
  ])[] = [
    ["no manifest", "MODEL_FILE_MISSING", /manifest\.json/, (folder) => rm(join(folder, "manifest.json"))],
    ["no weights", "MODEL_FILE_MISSING", /onnx/, (folder) => rm(join(folder, weightsFile))],
    ["not JSON", "MODEL_MANIFEST_INVALID", /not JSON/, (folder) => writeFile(join(folder, "manifest.json"), "{")],
    ["another version", "MODEL_MANIFEST_VERSION", /version 2/, (folder) => change(folder, (m) => (m.version = 2))],
    ["another hop", "MODEL_MANIFEST_INVALID", /hopSamples/, (folder) => change(folder, (m) => (m.hopSamples = 640))],
    [
      "other decisions",
      "MODEL_MANIFEST_INVALID",
      /decisions: must be listen, begin/,
      (folder) => change(folder, (m) => (m.decisions as string[]).reverse()),
    ],
    ["truncated weights", "MODEL_WEIGHTS_HASH", /bytes/, (folder) => truncate(join(folder, weightsFile), 1000)],
    [
      "another hash",
      "MODEL_WEIGHTS_HASH",
      /sha256/,
      (folder) => change(folder, (m) => ((m.weights as { sha256: string }).sha256 = "0".repeat(64))),
    ],
    [
      "other shapes than the graph's",
      "MODEL_SHAPE_MISMATCH",
      /state/,
      (folder) =>
        change(folder, (m) => {
          (m.inputs as { state: number[] }).state = [7];
          (m.outputs as { nextState: number[] }).nextState = [7];
          m.stateSize = 7;
        }),
    ],
    [
      "more wants than outputs",
      "MODEL_SHAPE_MISMATCH",
      /outputs\.want/,
      (folder) => change(folder, (m) => (m.wants as string[]).push("more")),
    ],
  ];
  for (const [name, code, message, damage] of FAULTS) {
    it(`${name} -> ${code}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), "model-"));
      await cp(SHIPPED_WEIGHTS_FOLDER, folder, { recursive: true });
      await damage(folder);
      await assert.rejects(OnnxModel.load({ folder }), { code, message });
      await rm(folder, { recursive: true });
    });
  }

  it("weights that are no network -> MODEL_WEIGHTS_UNREADABLE", async () => {
    const folder = await mkdtemp(join(tmpdir(), "model-"));
    await cp(SHIPPED_WEIGHTS_FOLDER, folder, { recursive: true });
    const noise = Buffer.alloc(500, 7);
    await writeFile(join(folder, weightsFile), noise);
    await change(folder, (m) =>
      Object.assign(m.weights as object, { bytes: 500, sha256: createHash("sha256").update(noise).digest("hex") }),
    );
    await assert.rejects(OnnxModel.load({ folder }), { code: "MODEL_WEIGHTS_UNREADABLE" });
    await rm(folder, { recursive: true });
  });
});
