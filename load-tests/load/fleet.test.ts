import assert from "node:assert/strict";
import { test } from "node:test";
import { costsOf, lineThrough, needsOf } from "./fleet.ts";
import { bucketsOf, quantileBound, sumOf } from "./metrics-text.ts";
import { aloneP95Ms, brokenPromises, type ProcessCost, type StepFigures } from "./promises.ts";

const certain = (value: number) => ({ value, low: value, high: value, n: 50 });
const cost = (cores: number, mib: number): ProcessCost => ({
  cores,
  rssBytes: mib * 2 ** 20,
  readBytesPerS: 0,
  writtenBytesPerS: 0,
  threads: 1,
  openFiles: 1,
});
const step = (calls: number, more: Partial<StepFigures> = {}): StepFigures => ({
  calls,
  seconds: 20,
  open: calls,
  responseP50Ms: certain(300),
  responseP95Ms: certain(500),
  answersMs: Array.from({ length: 50 }, () => 500),
  lookupP50Ms: certain(900),
  lookupP95Ms: certain(1_800),
  unanswered: 0,
  tickLatenessP99Ms: 5,
  podReplyP99Ms: 20,
  taskWaitP95Ms: 50,
  droppedHops: 0,
  concealedHops: 0,
  missedTicks: 0,
  starvedShare: 0,
  endedEarly: 0,
  refused: 0,
  callersBeatP99Ms: 1,
  processes: {
    bridge: { ...cost(0.05 + calls * 0.002, 200 + calls * 0.5), readBytesPerS: calls * 10_000 },
    pod: cost(0.1 + calls * 0.005, 300 + calls * 0.1),
    worker: cost(0.01, 190),
    redis: cost(0.005, 12),
  },
  redisCommandsPerCallSecond: 10 + 60 / calls,
  redisBytesPerCallSecond: 1_000,
  ...more,
});

test("a line takes what a process needs anyway from what a call adds", () => {
  const line = lineThrough([
    [1, 10.5],
    [10, 15],
    [100, 60],
  ]);
  assert.ok(Math.abs(line.fixed - 10) < 1e-9 && Math.abs(line.perCall - 0.5) < 1e-9);
  assert.throws(() => lineThrough([[1, 1]]), { code: "NOT_FOUND" });
});

test("a fleet has as many processes as keep each below its share of a core", () => {
  const needs = needsOf(costsOf([step(1), step(10), step(100)]), 100_000);
  // 200.05 cores of bridges at 60% are 334 processes; 500.1 of pods are 834.
  assert.deepEqual([needs.bridges, needs.podCores, needs.workerCores, needs.redisShards], [334, 834, 1, 1]);
  assert.ok(Math.abs(needs.redisCommandsPerS - 1_000_000) < 1);
  assert.ok(Math.abs(needs.bridgeBitsPerS - 8e9) < 1);
});

test("no fleet is made of a run in which calls cost nothing", () => {
  const flat = step(1).processes;
  const run = [step(1), step(10, { processes: flat }), step(100, { processes: flat })];
  assert.throws(() => costsOf(run), { code: "REQUEST_INVALID", message: /the bridge and the pod/ });
});

const breaks: { name: string; step: Partial<StepFigures>; says: RegExp | undefined }[] = [
  { name: "nothing", step: {}, says: undefined },
  { name: "late ticks", step: { tickLatenessP99Ms: 15 }, says: /^tick lateness: .*15 ms/ },
  { name: "a slow pod", step: { podReplyP99Ms: 80 }, says: /^pod's reply/ },
  { name: "a lost hop", step: { droppedHops: 1 }, says: /^lost hops: 1 dropped/ },
  { name: "a long queue", step: { taskWaitP95Ms: 1_000 }, says: /^queue wait/ },
  { name: "a call that is gone", step: { open: 9 }, says: /^calls: 9 of 10/ },
  { name: "slower answers", step: { responseP95Ms: certain(560) }, says: /^response latency: p95 560 ms against 500/ },
  {
    name: "answers that are slower by chance",
    step: { responseP95Ms: { ...certain(560), low: 480 } },
    says: undefined,
  },
  { name: "answers slower within bounds", step: { responseP95Ms: certain(545) }, says: undefined },
];
for (const { name, step: more, says } of breaks) {
  test(`promises broken by ${name}`, () => {
    const broken = brokenPromises(step(10, more), aloneP95Ms([step(1), step(5), step(10, more)]));
    assert.equal(broken.length, says ? 1 : 0, broken.join("; "));
    if (says) assert.match(broken[0] ?? "", says);
  });
}

test("one call's p95 is told from all steps with at most five", () => {
  const [one, five, ten] = [step(1, { answersMs: [100] }), step(5, { answersMs: [300, 300] }), step(10)];
  assert.equal(aloneP95Ms([one, five, ten])?.value, 300);
  assert.equal(aloneP95Ms([ten]), undefined);
});

test("metrics are read from Prometheus text", () => {
  const text = (fast: number, slow: number) => `# HELP x_ms X
x_ms_bucket{process="a",le="5"} ${fast}
x_ms_bucket{process="a",le="10"} ${fast + slow}
x_ms_bucket{process="a",le="+Inf"} ${fast + slow}
calls_total{reason="a"} 2
calls_total{reason="b"} 3
plain 7
`;
  assert.equal(sumOf(text(1, 1), "calls_total"), 5);
  assert.equal(sumOf(text(1, 1), "plain"), 7);
  const [before, after] = [bucketsOf(text(10, 0), "x_ms"), bucketsOf(text(105, 5), "x_ms")];
  assert.equal(quantileBound(before, after, 0.9), 5);
  assert.equal(quantileBound(before, after, 0.99), 10);
  assert.equal(quantileBound(after, after, 0.99), undefined);
});
