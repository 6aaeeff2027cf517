/**
 * What a call's audio costs: frames through the assembler, with loss and reordering, hops out, now and then a duck.
 * Run: node --expose-gc packages/audio/bench/hops.bench.ts [frames]
 * Fails when more is allocated in all than a byte for each ten frames.
 */
import v8 from "node:v8";
import { GainRamp, HOP_SAMPLES, HopAssembler, HopKind, Resampler } from "../src/index.ts";

const FRAME_SAMPLES = 160;
const FRAMES_PER_SECOND = 50;
const frames = Number(process.argv[2] ?? 5_000_000);
const collect = globalThis.gc;
if (collect === undefined) throw new Error("Run with --expose-gc.");

const bytes = Uint8Array.from({ length: FRAME_SAMPLES }, (_, i) => (i * 37) & 0x7f);
const hop = new Uint8Array(HOP_SAMPLES);
const assembler = new HopAssembler();
const ramp = new GainRamp();
let chunk = 0;
let hops = 0;

function run(count: number): void {
  for (const end = chunk + count; chunk < end; ) {
    chunk++;
    // Every hundredth frame is lost, every seventh changes places with the one before it.
    if (chunk % 100 === 0) continue;
    const sent = chunk % 7 === 0 ? chunk - 1 : chunk % 7 === 6 ? chunk + 1 : chunk;
    assembler.push(bytes, FRAME_SAMPLES, sent + 1, sent, (sent - 1) * 20);
    for (let kind = assembler.pull(hop); kind !== HopKind.Waiting; kind = assembler.pull(hop, true)) {
      hops++;
      if (hops % 50 === 0) ramp.duck();
      if (hops % 50 === 10) ramp.restore();
      ramp.applyUlaw(hop);
    }
  }
}

// The compiler allocates while it warms up, and positions beyond 2^31 samples (74 hours) become heap numbers.
run(2_000_000);
collect();
// Taking the figure after a collection has a price of its own: a fresh allocation area.
const before = allocatedBytes();
run(1000);
const fixed = allocatedBytes() - before;
collect();
const allocatedBefore = allocatedBytes();
const heapBefore = process.memoryUsage().heapUsed;
const cpuBefore = process.cpuUsage();
run(frames);
const cpu = process.cpuUsage(cpuBefore);
const allocated = allocatedBytes() - allocatedBefore - fixed;
collect();
const heapGrown = process.memoryUsage().heapUsed - heapBefore;
const cpuUs = cpu.user + cpu.system;
const seconds = frames / FRAMES_PER_SECOND;

console.log(`frames ${frames}, hops ${hops}, concealed ${assembler.counts.concealedSamples} samples`);
console.log(`allocated ${allocated} bytes in all, ${(allocated / frames).toFixed(4)} a frame; heap grown ${heapGrown}`);
console.log(
  `cpu ${(cpuUs / seconds).toFixed(1)} us for a call's second: one core carries ${Math.round(seconds / (cpuUs / 1e6))} calls`,
);

for (const [fromHz, toHz] of [
  [8000, 16000],
  [8000, 24000],
  [24000, 8000],
  [48000, 8000],
] as const) {
  const resampler = new Resampler(fromHz, toHz);
  const input = new Int16Array(fromHz / 50).fill(1000);
  const out = new Int16Array(resampler.maxOutSamples(input.length));
  for (let i = 0; i < 200; i++) resampler.process(input, out);
  const before = process.cpuUsage();
  for (let i = 0; i < 1000; i++) resampler.process(input, out);
  const used = process.cpuUsage(before);
  console.log(
    `resample ${fromHz} to ${toHz} Hz: ${((used.user + used.system) / 20).toFixed(0)} us for a call's second`,
  );
}

if (allocated > frames / 10) throw new Error("The road of a frame allocates.");

/** Everything V8 has ever allocated, collected or not; heapUsed alone would hide what a scavenge took away. */
function allocatedBytes(): number {
  return (v8.getHeapStatistics() as v8.HeapInfo & { total_allocated_bytes: number }).total_allocated_bytes;
}
