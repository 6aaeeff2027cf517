import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { LogMel, MEL_CARRY_SAMPLES, MEL_VALUES_PER_HOP } from "@sidetone/audio";
import ort from "onnxruntime-node";
import { Bucket, sizeOf } from "./bucket.ts";
import { ModelError } from "./errors.ts";
import { type Manifest, readModelFolder } from "./manifest.ts";
import {
  DECISION_COUNT,
  EXPECTATION_KINDS,
  HOP_SAMPLES,
  type HopBatch,
  INTENTS,
  type InteractionModel,
  type ModelInfo,
  type OutputBatch,
  OVERLAP_COUNT,
  PROJECTION_COUNT,
  type Slot,
  VOICE_COUNT,
} from "./port.ts";

/** The weights that come with this package. */
export const SHIPPED_WEIGHTS_FOLDER = fileURLToPath(new URL("../weights", import.meta.url));

export interface OnnxModelOptions {
  /** Holds `manifest.json` and the weights; the shipped ones when absent. */
  readonly folder?: string;
  /** Slots; 64 when absent. */
  readonly capacity?: number;
  /** Where the network runs. `cuda` needs an onnxruntime-node with that provider. */
  readonly device?: "cpu" | "cuda";
}

const CLOCK_SCALE = 8;
const LARGEST_REMAINING = 20;
const CLOCKS = 3;
const SNAPSHOT_MAGIC = 0x53494d31;
/** Magic, crc32, and the weights' sha256. */
const SNAPSHOT_HEAD_BYTES = 8 + 32;

/**
 * The trained network behind the port: features, batched steps in preallocated tensors, state per slot.
 *
 * One intra-op thread and fixed batch shapes: a row's arithmetic never depends on its neighbours. `run` of
 * onnxruntime-node holds the calling thread, so a pod keeps this in a worker thread, away from sockets.
 */
export class OnnxModel implements InteractionModel {
  readonly info: ModelInfo;
  readonly manifest: Manifest;
  readonly #session: ort.InferenceSession;
  /** Smallest first; all give the same bits. */
  readonly #buckets: readonly Bucket[];
  readonly #mel = new LogMel();
  readonly #isOpen: Uint8Array;
  /** The step in which a slot was last seen, to tell repeats within a batch. */
  readonly #lastStep: Uint32Array;
  #step = 0;
  readonly #states: Float32Array;
  readonly #callerCarry: Int16Array;
  readonly #agentCarry: Int16Array;
  #isStepping = false;

  private constructor(manifest: Manifest, session: ort.InferenceSession, buckets: readonly Bucket[], capacity: number) {
    this.manifest = manifest;
    this.#session = session;
    this.#buckets = buckets;
    this.#isOpen = new Uint8Array(capacity);
    this.#lastStep = new Uint32Array(capacity);
    this.#states = new Float32Array(capacity * manifest.stateSize);
    this.#callerCarry = new Int16Array(capacity * MEL_CARRY_SAMPLES);
    this.#agentCarry = new Int16Array(capacity * MEL_CARRY_SAMPLES);
    this.info = {
      name: manifest.name,
      version: manifest.weights.sha256,
      symbols: manifest.symbols,
      symbolFramesPerHop: manifest.symbolFramesPerHop,
      wants: manifest.wants,
      thresholds: manifest.thresholds,
      capacity,
    };
  }

  /** Throws what `readModelFolder` throws, `MODEL_WEIGHTS_UNREADABLE` and `MODEL_SHAPE_MISMATCH`. */
  static async load(options: OnnxModelOptions = {}): Promise<OnnxModel> {
    const { manifest, weights } = await readModelFolder(options.folder ?? SHIPPED_WEIGHTS_FOLDER);
    let session: ort.InferenceSession;
    try {
      session = await ort.InferenceSession.create(weights, {
        executionProviders: options.device === "cuda" ? ["cuda", "cpu"] : ["cpu"],
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        executionMode: "sequential",
        graphOptimizationLevel: "all",
      });
    } catch (cause) {
      throw new ModelError("MODEL_WEIGHTS_UNREADABLE", manifest.weights.file, { cause });
    }
    checkShapes(manifest, session);
    const buckets = await agreeingBuckets(manifest, session);
    return new OnnxModel(manifest, session, buckets, options.capacity ?? 64);
  }

  /** Batch shapes in use, smallest first. */
  get buckets(): readonly number[] {
    return this.#buckets.map((bucket) => bucket.rows);
  }

  open(_seed: number): Slot {
    const slot = this.#isOpen.indexOf(0);
    if (slot < 0) throw new ModelError("MODEL_NO_FREE_SLOT", `all ${this.info.capacity} slots are open`);
    this.#isOpen[slot] = 1;
    this.#stateOf(slot).fill(0);
    this.#carryOf(this.#callerCarry, slot).fill(0);
    this.#carryOf(this.#agentCarry, slot).fill(0);
    return slot;
  }

  close(slot: Slot): void {
    this.#assertOpen(slot);
    this.#isOpen[slot] = 0;
  }

  async step(hops: HopBatch, outputs: OutputBatch): Promise<void> {
    this.#check(hops, outputs);
    this.#isStepping = true;
    try {
      const largest = this.#buckets.at(-1)!;
      for (let from = 0; from < hops.count; from += largest.rows) {
        const rows = Math.min(largest.rows, hops.count - from);
        let bucket = largest;
        for (const candidate of this.#buckets) {
          if (candidate.rows < rows) continue;
          bucket = candidate;
          break;
        }
        for (let row = 0; row < rows; row++) this.#load(bucket, row, hops, from + row);
        await bucket.run();
        for (let row = 0; row < rows; row++) this.#store(bucket, row, hops, outputs, from + row);
      }
    } finally {
      this.#isStepping = false;
    }
  }

  snapshot(slot: Slot): Uint8Array {
    this.#assertOpen(slot);
    const parts = [this.#stateOf(slot), this.#carryOf(this.#callerCarry, slot), this.#carryOf(this.#agentCarry, slot)];
    const body = Buffer.concat(parts.map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength)));
    const bytes = new Uint8Array(SNAPSHOT_HEAD_BYTES + body.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, SNAPSHOT_MAGIC);
    view.setUint32(4, crc32(body));
    bytes.set(Buffer.from(this.info.version, "hex"), 8);
    bytes.set(body, SNAPSHOT_HEAD_BYTES);
    return bytes;
  }

  restore(snapshot: Uint8Array): Slot {
    const body = this.#checkedBody(snapshot);
    const slot = this.open(0);
    let at = 0;
    for (const part of [
      this.#stateOf(slot),
      this.#carryOf(this.#callerCarry, slot),
      this.#carryOf(this.#agentCarry, slot),
    ]) {
      new Uint8Array(part.buffer, part.byteOffset, part.byteLength).set(body.subarray(at, at + part.byteLength));
      at += part.byteLength;
    }
    return slot;
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }

  #checkedBody(snapshot: Uint8Array): Uint8Array {
    const fault = (detail: string): never => {
      throw new ModelError("MODEL_SNAPSHOT_INVALID", detail);
    };
    const expected = SNAPSHOT_HEAD_BYTES + 4 * this.manifest.stateSize + 2 * 2 * MEL_CARRY_SAMPLES;
    if (snapshot.length !== expected) fault(`${snapshot.length} bytes where ${expected} belong`);
    const view = new DataView(snapshot.buffer, snapshot.byteOffset, snapshot.byteLength);
    if (view.getUint32(0) !== SNAPSHOT_MAGIC) fault("not a snapshot");
    const version = Buffer.from(snapshot.subarray(8, SNAPSHOT_HEAD_BYTES)).toString("hex");
    if (version !== this.info.version) fault(`made by weights ${version.slice(0, 12)}`);
    const body = snapshot.subarray(SNAPSHOT_HEAD_BYTES);
    if (view.getUint32(4) !== crc32(body)) fault("checksum differs");
    return body;
  }

  #check(hops: HopBatch, outputs: OutputBatch): void {
    if (this.#isStepping) throw new ModelError("MODEL_BATCH_INVALID", "the step before is still running");
    if (hops.count > hops.capacity || hops.count > outputs.capacity) {
      throw new ModelError("MODEL_BATCH_INVALID", `${hops.count} rows`);
    }
    this.#step = (this.#step + 1) >>> 0 || 1;
    for (let row = 0; row < hops.count; row++) {
      const slot = hops.slots[row]!;
      this.#assertOpen(slot);
      if (this.#lastStep[slot] === this.#step) throw new ModelError("MODEL_BATCH_INVALID", `slot ${slot} comes twice`);
      this.#lastStep[slot] = this.#step;
    }
  }

  #assertOpen(slot: Slot): void {
    if (this.#isOpen[slot] !== 1) throw new ModelError("MODEL_SLOT_NOT_OPEN", `slot ${slot}`);
  }

  #stateOf(slot: Slot): Float32Array {
    const size = this.manifest.stateSize;
    return this.#states.subarray(slot * size, (slot + 1) * size);
  }

  #carryOf(carries: Int16Array, slot: Slot): Int16Array {
    return carries.subarray(slot * MEL_CARRY_SAMPLES, (slot + 1) * MEL_CARRY_SAMPLES);
  }

  /** Fills a row of the bucket's inputs from a row of the batch. */
  #load(bucket: Bucket, row: number, hops: HopBatch, from: number): void {
    const slot = hops.slots[from]!;
    const { inputs } = bucket;
    const carryAt = slot * MEL_CARRY_SAMPLES;
    const melAt = row * MEL_VALUES_PER_HOP;
    this.#mel.processUlaw(hops.caller, from * HOP_SAMPLES, this.#callerCarry, carryAt, inputs.caller, melAt);
    this.#mel.processUlaw(hops.agent, from * HOP_SAMPLES, this.#agentCarry, carryAt, inputs.agent, melAt);
    oneHot(inputs.expectation, row * EXPECTATION_KINDS.length, EXPECTATION_KINDS.length, hops.expectationKind[from]!);
    inputs.remaining[row] =
      Math.min(hops.expectationRemaining[from]!, LARGEST_REMAINING) / this.manifest.remainingScale;
    oneHot(inputs.intent, row * INTENTS.length, INTENTS.length, hops.intent[from]!);
    inputs.clock[row * CLOCKS] = Math.log1p(hops.hopIndex[from]!) / CLOCK_SCALE;
    inputs.clock[row * CLOCKS + 1] = hops.agentPlaying[from]!;
    inputs.clock[row * CLOCKS + 2] = Math.log1p(hops.hopsSinceAgentChange[from]!) / CLOCK_SCALE;
    copy(
      this.#states,
      slot * this.manifest.stateSize,
      inputs.state,
      row * this.manifest.stateSize,
      this.manifest.stateSize,
    );
  }

  /** Takes a row of the bucket's outputs into the batch's columns and the slot's state. */
  #store(bucket: Bucket, row: number, hops: HopBatch, outputs: OutputBatch, to: number): void {
    const made = bucket.outputs;
    const size = this.manifest.stateSize;
    copy(made.nextState, row * size, this.#states, hops.slots[to]! * size, size);
    softmax(made.decision, row * DECISION_COUNT, outputs.decision, to * DECISION_COUNT, DECISION_COUNT);
    sigmoid(made.activity, row * PROJECTION_COUNT, outputs.projection, to * PROJECTION_COUNT, PROJECTION_COUNT);
    softmax(made.overlap, row * OVERLAP_COUNT, outputs.overlap, to * OVERLAP_COUNT, OVERLAP_COUNT);
    sigmoid(made.voice, row * VOICE_COUNT, outputs.voice, to * VOICE_COUNT, VOICE_COUNT);
    const wants = this.info.wants.length;
    softmax(made.want, row * wants, outputs.wants, to * wants, wants);
    const symbols = this.info.symbolFramesPerHop * this.info.symbols.length;
    copy(made.symbols, row * symbols, outputs.symbols, to * symbols, symbols);
  }
}

function copy(from: Float32Array, fromAt: number, to: Float32Array, toAt: number, count: number): void {
  for (let i = 0; i < count; i++) to[toAt + i] = from[fromAt + i]!;
}

function oneHot(to: Float32Array, at: number, count: number, index: number): void {
  for (let i = 0; i < count; i++) to[at + i] = i === index ? 1 : 0;
}

function softmax(from: Float32Array, fromAt: number, to: Float32Array, toAt: number, count: number): void {
  let top = -Infinity;
  for (let i = 0; i < count; i++) top = Math.max(top, from[fromAt + i]!);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.exp(from[fromAt + i]! - top);
  for (let i = 0; i < count; i++) to[toAt + i] = Math.exp(from[fromAt + i]! - top) / sum;
}

function sigmoid(from: Float32Array, fromAt: number, to: Float32Array, toAt: number, count: number): void {
  for (let i = 0; i < count; i++) to[toAt + i] = 1 / (1 + Math.exp(-from[fromAt + i]!));
}

/** Every width that the runtime relies on, in the graph as in the manifest. */
function checkShapes(manifest: Manifest, session: ort.InferenceSession): void {
  const sides = [
    ["input", manifest.inputs, session.inputMetadata],
    ["output", manifest.outputs, session.outputMetadata],
  ] as const;
  for (const [side, shapes, graph] of sides) {
    for (const [name, shape] of Object.entries(shapes)) {
      const found = graph.find((tensor) => tensor.name === name);
      if (!found) throw new ModelError("MODEL_SHAPE_MISMATCH", `the network has no ${side} ${name}`);
      const widths = found.isTensor ? found.shape.slice(1) : [];
      const fits =
        widths.length === shape.length && widths.every((width, i) => typeof width === "string" || width === shape[i]);
      if (!fits)
        throw new ModelError("MODEL_SHAPE_MISMATCH", `${side} ${name} is [${widths}], the manifest has [${shape}]`);
    }
  }
  const expected: Record<string, [have: readonly number[], want: number]> = {
    "inputs.caller": [manifest.inputs.caller, MEL_VALUES_PER_HOP],
    "inputs.agent": [manifest.inputs.agent, MEL_VALUES_PER_HOP],
    "inputs.expectation": [manifest.inputs.expectation, EXPECTATION_KINDS.length],
    "inputs.intent": [manifest.inputs.intent, INTENTS.length],
    "inputs.clock": [manifest.inputs.clock, CLOCKS],
    "inputs.state": [manifest.inputs.state, manifest.stateSize],
    "outputs.nextState": [manifest.outputs.nextState, manifest.stateSize],
    "outputs.decision": [manifest.outputs.decision, DECISION_COUNT],
    "outputs.activity": [manifest.outputs.activity, PROJECTION_COUNT],
    "outputs.overlap": [manifest.outputs.overlap, OVERLAP_COUNT],
    "outputs.voice": [manifest.outputs.voice, VOICE_COUNT],
    "outputs.want": [manifest.outputs.want, manifest.wants.length],
    "outputs.symbols": [manifest.outputs.symbols, manifest.symbolFramesPerHop * manifest.symbols.length],
  };
  for (const [name, [have, want]] of Object.entries(expected)) {
    if (sizeOf(have) !== want)
      throw new ModelError("MODEL_SHAPE_MISMATCH", `${name} is [${have}], ${want} values belong there`);
  }
}

/**
 * The batch shapes whose rows come out with the same bits as in the largest one. On some processors a matrix library
 * sums a single row in another order than a block of rows; such a shape would make a call's outcome depend on load, so
 * it is left out and the next larger one takes its place.
 */
async function agreeingBuckets(manifest: Manifest, session: ort.InferenceSession): Promise<Bucket[]> {
  const sizes = [...new Set(manifest.buckets)].sort((a, b) => a - b);
  const buckets = sizes.map((rows) => new Bucket(session, manifest, rows));
  const largest = buckets.at(-1)!;
  const agreeing: Bucket[] = [];
  for (const bucket of [largest, ...buckets.slice(0, -1)]) {
    for (const [name, array] of Object.entries(bucket.inputs)) {
      const width = array.length / bucket.rows;
      for (let i = 0; i < array.length; i++) array[i] = Math.sin(((i % width) + 1) * (1 + name.length));
    }
    await bucket.run();
    const agrees = Object.entries(bucket.outputs).every(([name, array]) => {
      const whole = largest.outputs[name as keyof typeof largest.outputs];
      const width = array.length / bucket.rows;
      return array.every((value, i) => value === whole[i % width]);
    });
    if (agrees && bucket !== largest) agreeing.push(bucket);
    for (const array of Object.values(bucket.inputs)) array.fill(0);
  }
  return [...agreeing, largest];
}
