import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { TaskJob } from "@sidetone/protocol";
import { BridgeFixture } from "./bridge-fixture.ts";
import { RedisFixture } from "./redis-fixture.ts";
import { TwilioFixture } from "./twilio-fixture.ts";

/** `SIDETONE_KILLS=100 SIDETONE_KILL_TASKS=200` runs the whole proof; the defaults fit a test run. */
const KILLS = Number(process.env.SIDETONE_KILLS ?? 8);
const TASKS = Number(process.env.SIDETONE_KILL_TASKS ?? 60);
const FIXTURE = fileURLToPath(new URL("./chaos-fixture.ts", import.meta.url));

async function setUp() {
  const folder = mkdtempSync(join(tmpdir(), "sidetone-chaos-"));
  const redis = await RedisFixture.open();
  const bridge = new BridgeFixture(redis.url);
  const carrier = await new TwilioFixture().listen();
  const path = join(folder, "crm.db");
  const workers = new Set<ChildProcess>();
  const spawnWorker = async () => {
    const args = [FIXTURE, redis.url, path, carrier.account.apiBase];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    workers.add(child);
    await once(child.stdout, "data");
    return child;
  };
  const kill = async (child: ChildProcess) => {
    child.kill("SIGKILL");
    await once(child, "exit");
    workers.delete(child);
  };
  const close = async () => {
    for (const child of workers) if (child.exitCode === null && child.signalCode === null) await kill(child);
    await bridge.close();
    await redis.close();
    carrier.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { redis, bridge, carrier, path, spawnWorker, kill, close };
}

/** A deterministic mix over ten calls: lookups, corrected lookups, shop writes, messages. */
function mix(bridge: BridgeFixture, count: number) {
  const lookups: TaskJob[] = [];
  const corrected: TaskJob[] = [];
  const cases: TaskJob[] = [];
  const messages: TaskJob[] = [];
  for (let n = 0; n < count; n++) {
    const more = { callId: `call-${n % 10}`, taskId: `task-${n}` };
    if (n % 4 === 0) lookups.push(bridge.task("order-status", { orderNumber: "47291" }, more));
    else if (n % 4 === 1) corrected.push(bridge.task("order-status", { orderNumber: "47290" }, more));
    else if (n % 4 === 2) cases.push(bridge.task("create-case", { subject: `kill ${n}`, description: "" }, more));
    else
      messages.push(
        bridge.task(
          "send-message",
          { to: `+1503555${String(n).padStart(4, "0")}`, channel: "sms", text: "hello" },
          more,
        ),
      );
  }
  return { lookups, corrected, cases, messages };
}

test("workers killed at random points: nothing lost, no effect doubled, nothing stale spoken", async () => {
  const { bridge, carrier, path, spawnWorker, kill, close } = await setUp();
  try {
    const running = await Promise.all([spawnWorker(), spawnWorker(), spawnWorker()]);
    const tasks = mix(bridge, TASKS);
    const all = [...tasks.lookups, ...tasks.corrected, ...tasks.cases, ...tasks.messages];
    const corrections: TaskJob[] = [];
    const perKill = Math.ceil(all.length / KILLS);
    for (let n = 0; n < KILLS; n++) {
      for (const task of all.slice(n * perKill, (n + 1) * perKill)) {
        await bridge.delegate(task);
        if (!tasks.corrected.includes(task)) continue;
        await bridge.supersede(task, 1);
        corrections.push(await bridge.delegate({ ...task, epoch: 1, input: { orderNumber: "47291" } }));
      }
      // The point in the tasks' lives that the kill meets is random: this wait is the experiment itself.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
      const victim = n % running.length;
      await kill(running[victim] as ChildProcess);
      running[victim] = await spawnWorker();
    }
    const expected = [...tasks.lookups, ...corrections, ...tasks.cases, ...tasks.messages];
    const terminal = (task: TaskJob) =>
      bridge.findings.filter(({ finding: f }) => f.taskId === task.taskId && f.epoch === task.epoch);
    await bridge.until(() => expected.every((task) => terminal(task).length > 0), 90_000);

    for (const task of expected) assert.equal(terminal(task).length, 1, `${task.taskId} was told twice`);
    const lost = expected.filter((task) => terminal(task)[0]?.finding.outcome !== "found");
    assert.deepEqual(lost, []);
    const stale = tasks.corrected.filter((task) => terminal(task).length > 0);
    // A lookup that had ended before it was corrected is no stale one; here all are corrected at once.
    assert.deepEqual(stale, []);

    const db = new DatabaseSync(path, { readOnly: true });
    const subjects = db.prepare("SELECT subject FROM cases WHERE subject LIKE 'kill %'").all();
    db.close();
    assert.equal(subjects.length, tasks.cases.length);
    assert.equal(new Set(subjects.map((row) => row.subject)).size, tasks.cases.length);

    // The carrier knows no idempotency keys: an interrupted text is found in its list, not sent again.
    const sent = carrier.made["Messages.json"].map(({ form }) => form.To);
    assert.equal(sent.length, tasks.messages.length);
    assert.equal(new Set(sent).size, tasks.messages.length);
  } finally {
    await close();
  }
});

test("Redis away for five seconds: tasks resume, each is answered once", async () => {
  const { redis, bridge, path, spawnWorker, close } = await setUp();
  try {
    await spawnWorker();
    const tasks = mix(bridge, 40);
    const before = [...tasks.lookups, ...tasks.cases];
    for (const task of before) await bridge.delegate(task);
    await redis.stop("SIGKILL");
    const during = tasks.corrected.map((task) => bridge.delegate(task));
    await new Promise((resolve) => setTimeout(resolve, Number(process.env.SIDETONE_REDIS_AWAY_MS ?? 5_000)));
    await redis.start();
    await Promise.all(during);
    const expected = [...before, ...tasks.corrected];
    const told = (task: TaskJob) => bridge.findings.filter(({ finding: f }) => f.taskId === task.taskId);
    await bridge.until(() => expected.every((task) => told(task).length > 0), 30_000);
    for (const task of expected) {
      assert.equal(told(task).length, 1);
      assert.equal(told(task)[0]?.finding.outcome, "found");
    }
    const db = new DatabaseSync(path, { readOnly: true });
    const row = db.prepare("SELECT count(*) AS n FROM cases WHERE subject LIKE 'kill %'").get() as { n: number };
    db.close();
    assert.equal(row.n, tasks.cases.length);
  } finally {
    await close();
  }
});

test("a worker told to leave while Redis is away leaves within its bound", async () => {
  const { redis, spawnWorker, close } = await setUp();
  try {
    const child = await spawnWorker();
    await redis.stop("SIGKILL");
    const exited = once(child, "exit");
    const startedMs = performance.now();
    child.kill("SIGTERM");
    const [code] = await exited;
    assert.equal(code, 0);
    assert.ok(performance.now() - startedMs < 8_000);
  } finally {
    await close();
  }
});
