/**
 * What one hop costs, features and decoding included: batches of 1, 16 and 64 calls on one thread. Half of the calls
 * hear speech (symbols as sure as a trained network's), half hear a quiet line. Calls per core are by processor time, so
 * that a busy machine does not lower them. Prints a table. `--weights DIR`: another model than the shipped one; `--check`:
 * exits with 1 when a target is missed (p99 2 ms for one call, 12 ms for 64).
 */
import { parseArgs } from "node:util";
import { Decoder, Grammar } from "../src/index.ts";
import { OnnxModel } from "../src/onnx-model.ts";
import { createHopBatch, createOutputBatch, HOP_SAMPLES } from "../src/port.ts";

const WARM_UP = 50;
const HOPS = 500;
const TARGET_P99_MS: Readonly<Record<number, number>> = { 1: 2, 64: 12 };
const HOP_MS = 40;

const { values } = parseArgs({ options: { weights: { type: "string" }, check: { type: "boolean", default: false } } });
const model = await OnnxModel.load({ capacity: 64, ...(values.weights && { folder: values.weights }) });
const { symbols, symbolFramesPerHop } = model.info;
const grammar = new Grammar({
  symbols,
  phrases: ["where is my order", "i want to return my shoes", "can i cancel my order please", "when do you open"],
});

/** A sentence as sharp symbols, over and over, in place of what untrained weights would give. */
function spoken(): Float32Array {
  const frames = [..."_ _w_h_e_r_e_ _i_s_ _m_y_ _o_r_d_e_r___ _f_o_u_r_ _s_e_v_e_n_ _t_w_o______"];
  const out = new Float32Array(frames.length * symbols.length).fill(Math.log(0.1 / symbols.length));
  for (const [at, frame] of frames.entries()) {
    const symbol = frame === "_" ? 0 : symbols.indexOf(frame);
    out[at * symbols.length + symbol] = Math.log(0.9);
    if (frame === "_" && frames[at - 1] === "_") out[at * symbols.length] = Math.log(0.999);
  }
  return out;
}
const sentence = spoken();
const sentenceHops = Math.floor(sentence.length / symbols.length / symbolFramesPerHop);

const quantile = (ascending: readonly number[], share: number): number =>
  ascending[Math.floor(share * (ascending.length - 1))]!;
let missed = false;
console.log(
  "| calls | p50 ms | p99 ms | network and features p50 ms | decoding p50 ms | processor time, mean ms | calls per core |\n|---|---|---|---|---|---|---|",
);
for (const calls of [1, 16, 64]) {
  const slots = Array.from({ length: calls }, () => model.open(1));
  const decoders = slots.map(() => new Decoder(grammar));
  const batch = createHopBatch(calls);
  const outputs = createOutputBatch(calls, model.info);
  batch.count = calls;
  batch.slots.set(slots);
  const stepMs: number[] = [];
  const decodeMs: number[] = [];
  const wholeMs: number[] = [];
  let from = process.threadCpuUsage();
  for (let hop = 0; hop < WARM_UP + HOPS; hop++) {
    if (hop === WARM_UP) from = process.threadCpuUsage();
    for (let i = 0; i < calls * HOP_SAMPLES; i++) batch.caller[i] = Math.imul(i + hop, 2654435761) >>> 25;
    batch.hopIndex.fill(hop);
    const startMs = performance.now();
    await model.step(batch, outputs);
    const steppedMs = performance.now();
    for (const [row, decoder] of decoders.entries()) {
      const width = symbolFramesPerHop * symbols.length;
      if (row % 2 === 0) decoder.hear(sentence, ((hop + row) % sentenceHops) * width, hop * HOP_MS);
      else decoder.hear(sentence, (sentenceHops - 1) * width, hop * HOP_MS);
      if ((hop + row) % (4 * sentenceHops) === 0) decoder.endTurn();
    }
    const endMs = performance.now();
    if (hop < WARM_UP) continue;
    stepMs.push(steppedMs - startMs);
    decodeMs.push(endMs - steppedMs);
    wholeMs.push(endMs - startMs);
  }
  const used = process.threadCpuUsage(from);
  const cpuMs = (used.user + used.system) / 1000 / HOPS;
  for (const slot of slots) model.close(slot);
  for (const list of [stepMs, decodeMs, wholeMs]) list.sort((a, b) => a - b);
  const p50 = quantile(wholeMs, 0.5);
  const p99 = quantile(wholeMs, 0.99);
  const cells = [p50, p99, quantile(stepMs, 0.5), quantile(decodeMs, 0.5), cpuMs].map((ms) => ms.toFixed(2));
  console.log(`| ${calls} | ${cells.join(" | ")} | ${Math.floor((calls * HOP_MS) / cpuMs)} |`);
  missed ||= p99 > (TARGET_P99_MS[calls] ?? Infinity);
}
await model.dispose();
if (values.check && missed) process.exitCode = 1;
