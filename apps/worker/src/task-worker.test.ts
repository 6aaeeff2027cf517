import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  type Connector,
  CrmError,
  GuardedCrm,
  KNOWN_CUSTOMER_PHONE,
  KNOWN_ORDER_NUMBER,
  openEmbeddedConnector,
} from "@sidetone/crm";
import { createLog, Metrics } from "@sidetone/platform";
import type { Finding, TaskJob } from "@sidetone/protocol";
import { Redis } from "ioredis";
import { BridgeFixture } from "./bridge-fixture.ts";
import { CrmRouter } from "./crm-router.ts";
import { crmTools } from "./crm-tools.ts";
import { RedisFixture } from "./redis-fixture.ts";
import { TaskFault } from "./task-fault.ts";
import { TaskMetrics } from "./task-metrics.ts";
import { TaskWorker, type TaskWorkerOptions } from "./task-worker.ts";
import type { Tools } from "./tool.ts";

const log = createLog({ process: "worker-test", level: "silent" });
let redis: RedisFixture;
let bridge: BridgeFixture;
const open: TaskWorker[] = [];

before(async () => {
  redis = await RedisFixture.open();
  bridge = new BridgeFixture(redis.url);
});
after(async () => {
  await bridge.close();
  await redis.close();
});

/** A worker with these tools; it is gone when `use` has ended. */
async function withWorker(tools: Tools, use: () => Promise<void>, options: Partial<TaskWorkerOptions> = {}) {
  const worker = new TaskWorker({
    connect: () => new Redis(redis.url, { maxRetriesPerRequest: null }),
    tools: () => tools,
    metrics: new TaskMetrics(new Metrics("test", { defaults: false })),
    log,
    ...options,
  });
  open.push(worker);
  await worker.ready();
  try {
    await use();
  } finally {
    await worker.drain(1_000);
  }
}

const steps = async (task: TaskJob): Promise<string[]> =>
  (await bridge.events(task.callId)).flatMap((e) =>
    e.type === "task" && e.taskId === task.taskId && e.epoch === task.epoch ? [e.step] : [],
  );
const countOf = (task: TaskJob): number =>
  bridge.findings.filter(({ finding: f }) => f.taskId === task.taskId && f.epoch === task.epoch).length;
/** A promise and its resolver: how a test decides when a tool goes on. */
const gate = () => Promise.withResolvers<void>();

test("order-status from the embedded shop reaches the bridge's inbox and the call's events", async () => {
  const options = { path: ":memory:", seed: 1, size: { customers: 50, orders: 400 }, today: () => "2026-11-20" };
  const crm = new CrmRouter([new GuardedCrm(openEmbeddedConnector("shop", options))]);
  await withWorker(crmTools(crm), async () => {
    const task = await bridge.delegate(bridge.task("order-status", { orderNumber: KNOWN_ORDER_NUMBER }));
    const finding = await bridge.finding(task);
    assert.equal(finding.outcome, "found");
    const { order } = finding.output as { order: { status: string; expectedOn: string } };
    assert.equal(order.status, "shipped");
    assert.equal(order.expectedOn, "2026-11-21");
    assert.deepEqual(await steps(task), ["started", "found"]);
    const none = await bridge.delegate(bridge.task("order-status", { orderNumber: "00000" }));
    assert.equal((await bridge.finding(none)).outcome, "not-found");
  });
  await crm.close();
});

const orderOf = (orderNumber: string) => ({
  order: {
    orderNumber,
    customerId: "c",
    status: "shipped" as const,
    placedOn: "2026-11-18",
    items: [],
    totalCents: 0,
    currency: "USD",
  },
});

test("a corrected number supersedes the first lookup, also while it runs: only the second answer arrives", async () => {
  const started = gate();
  const release = gate();
  const tools: Tools = {
    "order-status": {
      run: async ({ orderNumber }) => {
        if (orderNumber === "11111") {
          started.resolve();
          // It ignores its signal and answers late, as a tool may.
          await release.promise;
        }
        return orderOf(orderNumber);
      },
    },
  };
  await withWorker(tools, async () => {
    const first = await bridge.delegate(bridge.task("order-status", { orderNumber: "11111" }));
    await started.promise;
    await bridge.supersede(first, 1);
    const second = await bridge.delegate({ ...first, epoch: 1, input: { orderNumber: "22222" } });
    assert.deepEqual((await bridge.finding(second)).output, orderOf("22222"));
    release.resolve();
  });
  const spoken = bridge.findings.filter(({ finding: f }) => f.output !== undefined).map(({ finding: f }) => f.output);
  assert.ok(!spoken.some((output) => JSON.stringify(output).includes("11111")));
});

test("what was cancelled before it started never runs; what the call's end leaves without a purpose neither", async () => {
  let runs = 0;
  const tools: Tools = {
    "order-status": {
      run: async ({ orderNumber }) => {
        runs++;
        return orderOf(orderNumber);
      },
    },
  };
  const cancelled = bridge.task("order-status", { orderNumber: "1" }, { callId: "call-c" });
  await bridge.cancel(cancelled);
  await bridge.delegate(cancelled);
  await withWorker(tools, async () => {
    const other = await bridge.delegate(bridge.task("order-status", { orderNumber: "2" }));
    await bridge.finding(other);
    await bridge.until(() => runs === 1);
    assert.deepEqual(await steps(cancelled), ["dropped"]);
    assert.equal(countOf(cancelled), 0);
  });
});

test("a caller who hangs up stops what only served the talk and keeps what must finish", async () => {
  const started = new Set<string>();
  const stopped: string[] = [];
  const finish = gate();
  const tools: Tools = {
    "order-status": {
      run: async ({ orderNumber }, { signal }) => {
        started.add(orderNumber);
        signal.addEventListener("abort", () => stopped.push(orderNumber));
        await finish.promise;
        return orderOf(orderNumber);
      },
    },
  };
  await withWorker(tools, async () => {
    const callId = "call-hangs-up";
    const talk = await bridge.delegate(bridge.task("order-status", { orderNumber: "talk" }, { callId }));
    const promised = bridge.task("order-status", { orderNumber: "promised" }, { callId, outlivesCall: true });
    await bridge.delegate(promised);
    while (started.size < 2) await new Promise((resolve) => setImmediate(resolve));
    await bridge.endCall(callId);
    while (stopped.length === 0) await new Promise((resolve) => setImmediate(resolve));
    finish.resolve();
    while (!(await steps(promised)).includes("found")) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(stopped, ["talk"]);
    assert.ok((await steps(talk)).includes("cancelled"));
    assert.equal(countOf(talk) + countOf(promised), 0, "nobody is on the line to be told");
  });
});

test("attempts: a passing fault is tried again, a lasting one becomes a dead letter with its reason", async () => {
  let runs = 0;
  const tools: Tools = {
    "order-status": {
      run: async ({ orderNumber }) => {
        runs++;
        if (orderNumber === "passing" && runs === 1) throw new TaskFault("CONNECTOR_DOWN", "away", true);
        if (orderNumber === "lasting") throw new TaskFault("CONNECTOR_AUTH", "the key is wrong", false);
        if (orderNumber === "shipped") throw new TaskFault("CONNECTOR_REFUSED", "too late", false, { expected: true });
        return orderOf(orderNumber);
      },
    },
  };
  await withWorker(tools, async () => {
    const passing = await bridge.delegate(bridge.task("order-status", { orderNumber: "passing" }));
    assert.equal((await bridge.finding(passing)).outcome, "found");
    assert.equal(runs, 2);
    const lasting = await bridge.delegate(bridge.task("order-status", { orderNumber: "lasting" }));
    const failed: Finding = await bridge.finding(lasting);
    assert.equal(failed.outcome, "failed");
    assert.deepEqual(failed.error, { code: "CONNECTOR_AUTH", message: "the key is wrong", retryable: false });
    const worker = open.at(-1) as TaskWorker;
    const letter = async () => (await worker.queues.lookup.getFailed())[0];
    while (!(await letter())) await new Promise((resolve) => setImmediate(resolve));
    assert.match((await letter())?.failedReason ?? "", /^CONNECTOR_AUTH: the key is wrong/);
    const refused = await bridge.delegate(bridge.task("order-status", { orderNumber: "shipped" }));
    assert.equal((await bridge.finding(refused)).error?.code, "CONNECTOR_REFUSED");
    assert.equal((await worker.queues.lookup.getFailed()).length, 1, "an answer is no dead letter");
  });
});

test("a dead connector fails in milliseconds, its neighbours go on, and what was promised waits for it", async () => {
  let asked = 0;
  const dead: Connector = {
    name: "dead",
    kind: "test",
    operations: {
      getOrder: async () => {
        asked++;
        throw new CrmError("CONNECTOR_DOWN", "connection refused");
      },
      requestRefund: async () => {
        throw new CrmError("CONNECTOR_DOWN", "connection refused");
      },
    },
    idempotent: new Set(["requestRefund"]),
    check: async () => "",
    close: async () => undefined,
  };
  const options = { path: ":memory:", seed: 1, size: { customers: 50, orders: 400 }, today: () => "2026-11-20" };
  const shop = openEmbeddedConnector("shop", options);
  const crm = new CrmRouter([new GuardedCrm(dead, { failures: 3 }), new GuardedCrm(shop)]);
  await withWorker(crmTools(crm), async () => {
    const ask = () => bridge.delegate(bridge.task("order-status", { orderNumber: KNOWN_ORDER_NUMBER }));
    for (let n = 0; n < 2; n++) assert.equal((await bridge.finding(await ask())).error?.code, "CONNECTOR_DOWN");
    assert.equal(crm.for("getOrder").circuit, "open");
    const reached = asked;
    const failed = await bridge.finding(await ask());
    assert.equal(failed.error?.code, "CONNECTOR_DOWN");
    assert.ok(failed.tookMs < 150, `an open circuit took ${failed.tookMs} ms`);
    assert.equal(asked, reached);
    const other = await bridge.delegate(bridge.task("find-customer", { phone: KNOWN_CUSTOMER_PHONE }));
    assert.equal((await bridge.finding(other)).outcome, "found");
    const input = { orderNumber: KNOWN_ORDER_NUMBER };
    const promised = await bridge.delegate(bridge.task("request-refund", input, { outlivesCall: true }));
    const { queues } = open.at(-1) as TaskWorker;
    const state = async () => (await queues.write.getJob(`${promised.taskId}-0`))?.getState();
    while ((await state()) !== "delayed") await new Promise((resolve) => setImmediate(resolve));
    assert.equal(countOf(promised), 0);
  });
  await crm.close();
});

test("the same delegation twice is one answer", async () => {
  let runs = 0;
  const tools: Tools = {
    "order-status": {
      run: async ({ orderNumber }) => {
        runs++;
        return orderOf(orderNumber);
      },
    },
  };
  await withWorker(tools, async () => {
    const task = bridge.task("order-status", { orderNumber: "5" });
    await Promise.all([bridge.delegate(task), bridge.delegate(task)]);
    await bridge.finding(task);
    await bridge.delegate(task);
    const last = await bridge.delegate(bridge.task("order-status", { orderNumber: "6" }));
    await bridge.finding(last);
    assert.equal(countOf(task), 1);
    assert.equal(runs, 2);
  });
});

test("a burst from one call does not make another call wait", async () => {
  const order: string[] = [];
  const hold = gate();
  const tools: Tools = {
    "order-status": {
      run: async ({ orderNumber }) => {
        order.push(orderNumber);
        if (orderNumber.startsWith("burst")) await hold.promise;
        return orderOf(orderNumber);
      },
    },
  };
  await withWorker(
    tools,
    async () => {
      const burst = Array.from({ length: 60 }, (_, n) =>
        bridge.task("order-status", { orderNumber: `burst-${n}` }, { callId: "call-burst" }),
      );
      for (const task of burst) await bridge.delegate(task);
      const single = await bridge.delegate(
        bridge.task("order-status", { orderNumber: "single" }, { callId: "call-single" }),
      );
      await bridge.finding(single);
      assert.equal(order.filter((o) => o.startsWith("burst")).length, 2, "the burst holds its share and no more");
      hold.resolve();
      const done = () => burst.every((task) => countOf(task) === 1);
      await bridge.until(done);
      assert.equal(order.length, 61);
    },
    { concurrency: { lookup: 8 }, shares: { lookup: { perCall: 2, perTenant: 6 } } },
  );
});

test("a tenant's flood leaves room for another tenant, and fills the house when it is alone", async () => {
  let running = 0;
  let most = 0;
  let hold = gate();
  const tools: Tools = {
    "order-status": {
      run: async ({ orderNumber }) => {
        running++;
        most = Math.max(most, running);
        if (orderNumber === "flood") await hold.promise;
        running--;
        return orderOf(orderNumber);
      },
    },
  };
  const flood = (count: number) =>
    Array.from({ length: count }, (_, n) => {
      const more = { callId: `flood-${n}-${Math.random()}`, tenant: "loud" };
      return bridge.delegate(bridge.task("order-status", { orderNumber: "flood" }, more));
    });
  await withWorker(
    tools,
    async () => {
      const quiet = () => bridge.task("order-status", { orderNumber: "quiet" }, { callId: "quiet", tenant: "quiet" });
      const first = await bridge.delegate(quiet());
      await bridge.finding(first);
      most = 0;
      const tasks = await Promise.all(flood(30));
      await bridge.finding(await bridge.delegate(quiet()));
      assert.ok(most <= 4 + 1, `the loud tenant ran ${most} at once`);
      hold.resolve();
      await bridge.until(() => tasks.every((task) => countOf(task) === 1));
      // Ten seconds later nobody else has been there.
      await bridge.redis.del("sidetone:fair:lookup:tenants");
      hold = gate();
      most = 0;
      const more = await Promise.all(flood(8));
      while (most < 6) await new Promise((resolve) => setImmediate(resolve));
      hold.resolve();
      await bridge.until(() => more.every((task) => countOf(task) === 1));
    },
    { concurrency: { lookup: 6 }, shares: { lookup: { perCall: 2, perTenant: 4 } } },
  );
});

test("draining lets a short task finish, and hands a long one to the next worker without using an attempt", async () => {
  const started = gate();
  const never = gate();
  let first = true;
  const tools: Tools = {
    "order-status": {
      run: async ({ orderNumber }) => {
        if (first) {
          first = false;
          started.resolve();
          await never.promise;
        }
        return orderOf(orderNumber);
      },
    },
  };
  let task = bridge.task("order-status", { orderNumber: "7" });
  await withWorker(tools, async () => {
    task = await bridge.delegate(task);
    await started.promise;
    await (open.at(-1) as TaskWorker).drain(50);
  });
  assert.equal(countOf(task), 0);
  await withWorker(tools, async () => {
    assert.equal((await bridge.finding(task)).outcome, "found");
  });
});
