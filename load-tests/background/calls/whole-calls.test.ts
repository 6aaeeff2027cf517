// Whole calls: a carrier that speaks Media Streams, the bridge, the pod, the worker and a real Redis as processes of
// their own. The caller's words are synthesised speech; the pod knows them (knowing-ears.ts), all else is the real thing.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ULAW_SILENCE } from "@sidetone/audio";
import { queueName, REDIS_PREFIX, TASKS, type TaskJob, taskJobId } from "@sidetone/protocol";
import { type Call, type CallerStep, startRedis, type TestRedis, tempFolder } from "@sidetone/testkit";
import { Queue, QueueEvents } from "bullmq";
import { type Stack, startStack } from "../../stack.ts";
import { CallLog } from "./call-log.ts";
import { utter, writeKnown } from "./known-speech.ts";
import { OrderService } from "./order-service.ts";

const KNOWING = new URL("./knowing-ears.ts", import.meta.url).href;
const LISTEN: CallerStep = { do: "listen", quietMs: 900, atMostMs: 30_000 };
const SPEECH = {
  order: ["where is my order", 40, "four seven two nine one"],
  mistaken: ["where is my order", 40, "six three eight five two"],
  corrected: ["sorry it's", 40, "six three eight five seven"],
  slow: ["where is my order", 40, "eight five one two six"],
  hours: ["what time do you close"],
  points: ["how many points do i have"],
};
type Line = keyof typeof SPEECH;

describe("lookups in whole calls", { timeout: 280_000 }, () => {
  const redisFolder = tempFolder("kept-redis");
  const said = {} as Record<Line, Uint8Array>;
  let service: OrderService;
  let redis: TestRedis;
  let stack: Stack;
  let callers = 0;
  /** A call without mishaps, to compare with. */
  let undisturbed: Call | undefined;

  before(async () => {
    service = await new OrderService().listen();
    redis = await startRedis(undefined, redisFolder.path);
    const known = [];
    for (const line of Object.keys(SPEECH) as Line[]) {
      const { bytes, known: one } = await utter(SPEECH[line]);
      said[line] = bytes;
      known.push(one);
    }
    const path = join(redisFolder.path, "known.json");
    writeKnown(path, known);
    stack = await startStack({
      redisUrl: redis.url,
      podEnv: { POD_MODEL_WRAPPER: `${KNOWING}?known=${encodeURIComponent(path)}`, POD_CAPACITY: "16" },
      bridgeEnv: { PLAYBOOK: "orders" },
      playbooks: [join(import.meta.dirname, "orders.yaml")],
      worker: true,
      prepare: (dataDir) => writeFileSync(join(dataDir, "connectors.yaml"), service.connectors(dataDir)),
    });
  });
  after(async () => {
    await stack.close();
    await redis.close();
    await service.close();
    redisFolder.remove();
  });

  const speak = (line: Line): CallerStep => ({ do: "speak", audio: said[line], label: line });

  /** Phones in, says what the steps say, and hangs up. */
  const phone = (steps: CallerStep[], more: { from?: string; onStep?: (step: CallerStep) => void } = {}) => {
    const from = more.from ?? `+1500555${String(1_000 + callers++)}`;
    const call = stack.carrier.placeCall({
      from,
      to: "+15005550006",
      voiceUrl: stack.voiceUrl,
      steps: [...steps, { do: "hang-up" }],
      onEvent: (event) => {
        if (event.type === "caller") more.onStep?.(event.step);
      },
    });
    return { call, log: call.ended.then(() => CallLog.of(stack.redisUrl, from)) };
  };

  describe("while the order system answers", { concurrency: true }, () => {
    test("an order is looked up before its last digit's turn ends, and the finding is spoken in the same answer", async () => {
      const { call, log: told } = phone([LISTEN, speak("order"), LISTEN]);
      undisturbed = call;
      const log = await told;
      const [delegated, ...others] = log.outputs("delegate");
      assert.deepEqual([delegated?.kind, delegated?.input], ["order-status", { orderNumber: "47291" }]);
      assert.deepEqual(others, []);
      const turn = log.outputs("heard").find((heard) => heard.final && heard.words.at(-1)?.text === "one");
      assert.ok(
        turn && delegated!.atMs < turn.atMs,
        `delegated at ${delegated!.atMs}, the turn ended at ${turn?.atMs}`,
      );
      const after = log.heard().filter(({ fromMs }) => fromMs >= turn.atMs);
      assert.match(after[0]?.text ?? "", /^Order four seven two,? nine one has been shipped/);
      assert.equal(log.inputs("finding").length, 1);
      const steps = log.steps().filter((step) => /^order-status/.test(step) && !/queued|delegated/.test(step));
      assert.deepEqual(steps, ["order-status 0 started", "order-status 0 found"]);
    });

    test("a number that is corrected while it is looked up: only the corrected order is ever told", async () => {
      service.tookMs["63852"] = 4_000;
      const pause: CallerStep = { do: "pause", ms: 600 };
      const log = await phone([LISTEN, speak("mistaken"), pause, speak("corrected"), LISTEN, LISTEN]).log;
      const delegated = log.outputs("delegate");
      assert.deepEqual(delegated[0]?.input, { orderNumber: "63852" });
      assert.deepEqual(delegated.at(-1)?.input, { orderNumber: "63857" });
      // All is one task, whose newer epochs supersede the older: what is found for these comes to nobody's ear.
      assert.equal(new Set(delegated.map(({ taskId }) => taskId)).size, 1);
      for (const { finding, atMs } of log.inputs("finding")) {
        const newest = Math.max(...delegated.filter((one) => one.atMs <= atMs).map(({ epoch }) => epoch));
        assert.equal(finding.epoch, newest, "a finding of a superseded epoch came into the call");
      }
      assert.equal(service.asked.includes("63852"), true);
      const answers = log.outputs("said").filter(({ text }) => /has been shipped/.test(text));
      assert.ok(
        answers.length > 0 && answers.every(({ text }) => /five seven has/.test(text)),
        JSON.stringify(answers),
      );
      assert.ok(log.heard().some(({ text }) => /five seven has been shipped/.test(text)));
    });

    test("an order that takes six seconds: the talk goes on, and the finding is woven in when it is there", async () => {
      service.tookMs["85126"] = 6_000;
      const log = await phone([LISTEN, speak("slow"), { do: "pause", ms: 900 }, speak("hours"), LISTEN, LISTEN]).log;
      const heard = log.heard();
      const hours = heard.find(({ text }) => /close at eight/.test(text));
      const order = heard.find(({ text }) => /has been shipped/.test(text));
      const [finding] = log.inputs("finding");
      assert.ok(hours && order && finding, JSON.stringify(heard));
      assert.ok(hours.toMs <= finding.atMs, "the other question was answered while the order was looked up");
      assert.ok(order.fromMs >= finding.atMs && order.fromMs >= hours.toMs);
      assert.equal(log.outputs("delegate").length, 1);
      assert.ok(
        !log.outputs("yielded").some(({ heardText }) => /close at eight/.test(heardText)),
        "nothing was cut off",
      );
    });
  });

  test("Redis is gone for five seconds, twice: the audio is untouched, the lookup comes, all is told once", async (t) => {
    let isAway: Promise<void> | undefined;
    const wait: CallerStep = { do: "await-agent", forMs: 1_500, atMostMs: 30_000 };
    const { call, log: told } = phone(
      [wait, LISTEN, speak("order"), { do: "pause", ms: 900 }, speak("hours"), LISTEN, LISTEN],
      {
        onStep: (step) => {
          // In the midst of the opening, and while the order is named.
          if (step.do === "listen" && isAway === undefined) isAway = awayForFiveSeconds();
          if (step.do === "speak" && step.label === "order") isAway = isAway?.then(awayForFiveSeconds);
        },
      },
    );
    await call.ended;
    await isAway;
    const log = await told;
    // Every sample that was said reached the ear, in order; how many came late is the machine's and is told only.
    assert.deepEqual(soundOf(openingOf(call)), soundOf(openingOf(undisturbed!)));
    const late = [undisturbed!, call].map((one) => one.streams[0]?.counts.starvedFrames);
    t.diagnostic(`frames that came late: ${late[0]} with Redis, ${late[1]} without`);
    assert.equal(log.outputs("delegate").length, 1);
    assert.equal(log.inputs("finding").length, 1);
    const heard = log.heard().map(({ text }) => text);
    for (const answer of [/has been shipped/, /close at eight/]) {
      assert.equal(heard.filter((text) => answer.test(text)).length, 1, JSON.stringify(heard));
    }
  });

  test("an order system that is down: its circuit opens, the agent says so, and the other system answers", async (t) => {
    service.isDown = true;
    try {
      for (let n = 0; n < 3; n++) await lookUpElsewhere(`before-${n}`);
      const asked = service.asked.length;
      for (let n = 0; n < 20; n++) await lookUpElsewhere(`open-${n}`);
      assert.equal(service.asked.length, asked, "an open circuit asks nobody");
      const from = "+447700900123";
      const log = await phone([LISTEN, speak("order"), LISTEN, speak("points"), LISTEN], { from }).log;
      assert.ok(service.asked.length <= asked + 1, "after ten seconds one lookup may try whether it is back");
      const findings = log.inputs("finding").map(({ finding }) => finding);
      assert.deepEqual(
        findings.map(({ kind, outcome, error }) => [kind, outcome, error?.code]),
        [
          ["order-status", "failed", "CONNECTOR_DOWN"],
          ["loyalty-balance", "found", undefined],
        ],
      );
      t.diagnostic(findings.map(({ kind, tookMs }) => `${kind} was answered after ${tookMs} ms`).join(", "));
      const heard = log.heard().map(({ text }) => text);
      assert.ok(
        heard.some((text) => /can't get at our orders right now/.test(text)),
        JSON.stringify(heard),
      );
      assert.ok(heard.some((text) => /^You have .+ points/.test(text)));
    } finally {
      service.isDown = false;
    }
  });

  /** A lookup of some other call, to its end. */
  async function lookUpElsewhere(taskId: string): Promise<void> {
    const connection = { url: redis.url, maxRetriesPerRequest: null };
    const queue = new Queue(queueName("lookup"), { connection, prefix: REDIS_PREFIX });
    const events = new QueueEvents(queueName("lookup"), { connection, prefix: REDIS_PREFIX });
    const task: TaskJob = {
      taskId,
      epoch: 0,
      kind: "order-status",
      input: { orderNumber: "47291" },
      callId: taskId,
      tenant: "default",
      bridgeId: "",
      idempotencyKey: taskId,
      outlivesCall: false,
      delegatedAt: new Date().toISOString(),
      call: { from: "+15005550001", to: "+15005550006", playbookId: "orders", playbookVersion: 1 },
    };
    await events.waitUntilReady();
    const { attempts, backoffMs } = TASKS[task.kind];
    const backoff = { type: "exponential", delay: backoffMs };
    const job = await queue.add(task.kind, task, { jobId: taskJobId(taskId, 0), priority: 1, attempts, backoff });
    await assert.rejects(job.waitUntilFinished(events), /CONNECTOR_DOWN/);
    await events.close();
    await queue.close();
  }

  /** Killed, and back after five seconds with all that it had taken. */
  async function awayForFiveSeconds(): Promise<void> {
    await redis.process.stop("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    redis = await startRedis(redis.port, redisFolder.path);
  }
});

/** What the caller heard before they first spoke. */
const openingOf = ({ ear }: Call): Uint8Array => ear.heard.subarray(0, (ear.saidSpurts()[0]?.startMs ?? 0) * 8);

/** Without silence, which lasts as long as the machine and the caller take. */
const soundOf = (audio: Uint8Array): Buffer => Buffer.from(audio.filter((byte) => byte !== ULAW_SILENCE));
