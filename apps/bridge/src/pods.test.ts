import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog, Metrics, realClock } from "@sidetone/platform";
import type { StatusReply } from "@sidetone/protocol";
import { createBridgeMetrics } from "./metrics.ts";
import { Pods } from "./pods.ts";
import { TestPod } from "./test/test-pod.ts";

const log = createLog({ process: "test", level: "silent" });

/** Pods with these statuses, and a bridge's view of them once all have answered. */
async function view(statuses: StatusReply[], options: { resolve?: (host: string) => Promise<string[]> } = {}) {
  const running = await Promise.all(
    statuses.map(async (status, index) => {
      const pod = new TestPod();
      pod.status = { ...pod.status, pod_id: `pod-${index}`, ...status };
      return pod.start();
    }),
  );
  const pods = new Pods({
    clock: realClock,
    log,
    metrics: createBridgeMetrics(new Metrics("test", { defaults: false })),
    addresses: running.map((pod) => pod.address),
    resolveMs: 20,
    statusMs: 20,
    timeoutMs: 1_000,
    ...options,
  });
  await pods.start();
  await answered(pods, running.length);
  return {
    pods,
    running,
    close: () => {
      pods.close();
      for (const pod of running) pod.kill();
    },
  };
}

async function answered(pods: Pods, count: number): Promise<void> {
  const up = () => [...pods.links].filter((link) => link.status).length;
  while (up() < count) await new Promise((resolve) => realClock.after(5, () => resolve(undefined)));
}

const cases: { name: string; statuses: StatusReply[]; model: string; chosen: string | undefined }[] = [
  {
    name: "the least loaded by share of its capacity, not by count",
    statuses: [
      { open_calls: 10, capacity_calls: 20 },
      { open_calls: 30, capacity_calls: 100 },
    ],
    model: "line-test",
    chosen: "pod-1",
  },
  {
    name: "none that drains",
    statuses: [{ draining: true }, { open_calls: 90 }],
    model: "line-test",
    chosen: "pod-1",
  },
  { name: "none that is not ready", statuses: [{ ready: false }], model: "line-test", chosen: undefined },
  { name: "none that is full", statuses: [{ open_calls: 100 }], model: "line-test", chosen: undefined },
  { name: "none whose capacity is nothing", statuses: [{ capacity_calls: 0 }], model: "line-test", chosen: undefined },
  {
    name: "none without the model that the call asks for",
    statuses: [{ model: "line-test" }, { model: "floor", open_calls: 50 }],
    model: "interaction",
    chosen: "pod-1",
  },
];
for (const { name, statuses, model, chosen } of cases) {
  test(`a new call goes to ${name}`, async (t) => {
    const { pods, close } = await view(statuses);
    t.after(close);
    assert.equal(pods.choose(model)?.id, chosen);
  });
}

test("a DNS name is resolved again: what joins takes calls, what left takes no new ones", async (t) => {
  const one = await new TestPod().start();
  t.after(() => one.kill());
  const port = one.address.split(":")[1]!;
  let hosts = ["127.0.0.1"];
  const { pods, close } = await view([], { resolve: async () => hosts });
  t.after(close);
  const byName = new Pods({
    clock: realClock,
    log,
    metrics: createBridgeMetrics(new Metrics("test", { defaults: false })),
    addresses: [`pods.test:${port}`],
    resolveMs: 10,
    statusMs: 10,
    timeoutMs: 1_000,
    resolve: async () => hosts,
  });
  t.after(() => byName.close());
  await byName.start();
  await answered(byName, 1);
  assert.deepEqual(
    [...byName.links].map((link) => link.address),
    [`127.0.0.1:${port}`],
  );
  hosts = ["127.0.0.2"];
  while (![...byName.links].some((link) => link.address.startsWith("127.0.0.2"))) {
    await new Promise((resolve) => realClock.after(5, () => resolve(undefined)));
  }
  assert.deepEqual(
    [...byName.links].map((link) => link.address),
    [`127.0.0.2:${port}`],
  );
  assert.equal(pods.choose("line-test"), undefined);
});

test("a pod that stops answering takes no new calls until it answers again", async (t) => {
  const { pods, running, close } = await view([{}]);
  t.after(close);
  assert.ok(pods.choose("line-test"));
  running[0]!.kill();
  while (pods.choose("line-test")) await new Promise((resolve) => realClock.after(5, () => resolve(undefined)));
  const port = Number(running[0]!.address.split(":")[1]);
  const again = await new TestPod().start(port);
  t.after(() => again.kill());
  while (!pods.choose("line-test")) await new Promise((resolve) => realClock.after(5, () => resolve(undefined)));
});
