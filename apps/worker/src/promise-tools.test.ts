import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, beforeEach, describe, test } from "node:test";
import { createLog, Metrics } from "@sidetone/platform";
import type { TaskJob } from "@sidetone/protocol";
import { Redis } from "ioredis";
import { SMTPServer } from "smtp-server";
import { BridgeFixture } from "./bridge-fixture.ts";
import { type Mail, smtpMail } from "./mail.ts";
import { promiseTools } from "./promise-tools.ts";
import { RedisFixture } from "./redis-fixture.ts";
import { TaskFault } from "./task-fault.ts";
import { TaskMetrics } from "./task-metrics.ts";
import { TaskWorker } from "./task-worker.ts";
import { twilioTelephone } from "./telephone.ts";
import { TwilioFixture } from "./twilio-fixture.ts";

const TO = "+15035550100";

/** A mail server that takes everything. */
const mails: { to: string; raw: string }[] = [];
const mailServer = new SMTPServer({
  authOptional: true,
  disabledCommands: ["STARTTLS"],
  onData: (stream, session, done) =>
    void text(stream).then((raw) => {
      mails.push({ to: session.envelope.rcptTo.map(({ address }) => address).join(), raw });
      done();
    }),
});

let mail: Mail;
let redis: RedisFixture;
let connection: Redis;
let bridge: BridgeFixture;
let carrier: TwilioFixture;
let worker: TaskWorker;
/** How often orders were looked up, and how often that still goes wrong. */
let lookups = 0;
let failing = 0;
let calls = 0;

before(async () => {
  redis = await RedisFixture.open();
  connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  bridge = new BridgeFixture(redis.url);
  carrier = await new TwilioFixture().listen();
  mailServer.listen(0, "127.0.0.1");
  await once(mailServer.server, "listening");
  const { port } = mailServer.server.address() as AddressInfo;
  mail = smtpMail({ url: `smtp://127.0.0.1:${port}`, from: "service@example.com", subject: "Your call" });
  worker = new TaskWorker({
    connect: () => new Redis(redis.url, { maxRetriesPerRequest: null }),
    tools: () =>
      promiseTools({
        redis: connection,
        telephone: twilioTelephone(carrier.account),
        mail,
        lookups: {
          "order-status": {
            run: async ({ orderNumber }) => {
              lookups++;
              if (failing-- > 0) throw new TaskFault("CONNECTOR_DOWN", "the shop is away", true);
              if (orderNumber === "00000") return undefined;
              return { order: { orderNumber, status: "shipped" } } as never;
            },
          },
        },
      }),
    metrics: new TaskMetrics(new Metrics("test", { defaults: false })),
    log: createLog({ process: "test", level: "silent" }),
  });
  await worker.ready();
});
after(async () => {
  await worker.drain(100);
  await bridge.close();
  connection.disconnect();
  await redis.close();
  carrier.close();
  mail.close();
  await new Promise<void>((resolve) => mailServer.close(() => resolve()));
});
beforeEach(() => {
  carrier.made["Messages.json"].splice(0);
  lookups = 0;
  failing = 0;
});

const sent = (): string[] => carrier.made["Messages.json"].map(({ form }) => `${form.To}: ${form.Body}`);

/** The bridge is told nothing of what comes after its call. */
async function untilSent(): Promise<void> {
  while (sent().length === 0) await new Promise((resolve) => setImmediate(resolve));
}

function promise(
  when: "at-once" | "if-unanswered",
  orderNumber = "47291",
  say = "Order {order-number} is {order.status}.",
) {
  const input = {
    to: TO,
    channel: "sms",
    when,
    lookup: { kind: "order-status", input: { orderNumber } },
    wording: {
      company: "Harbour and Lane",
      answers: [{ outcome: "found", say }],
      values: [{ "order-number": orderNumber, card: "4929 1234 5678 9012" }],
      today: "2026-03-02",
      seed: 1,
      neverSay: [],
    },
  };
  return bridge.task("send-answer", input, { callId: `call-p${calls++}`, outlivesCall: true });
}

describe("an answer that was promised", () => {
  test("is looked up, worded and sent, whatever becomes of the call", async () => {
    const task = promise("at-once");
    await bridge.endCall(task.callId);
    await bridge.delegate(task);
    await untilSent();
    assert.deepEqual(sent(), [`${TO}: Harbour and Lane: Order 47291 is shipped.`]);
  });

  test("is sent when the shop is back", async () => {
    failing = 2;
    const task = await bridge.delegate(promise("at-once"), 1, 20);
    await bridge.finding(task, 20_000);
    assert.equal(lookups, 3);
    assert.equal(sent().length, 1);
  });

  test("is sent once, also where the carrier's answer was lost", async () => {
    carrier.losingAnswers = 1;
    const task = await bridge.delegate(promise("at-once"), 1, 20);
    await bridge.finding(task, 20_000);
    assert.equal(sent().length, 1);
    // The same job again, as after a crash: the message is known by its key.
    const again = await bridge.delegate({ ...task, taskId: `${task.taskId}-again` });
    await bridge.finding(again, 20_000);
    assert.equal(sent().length, 1);
  });

  test("says so where nothing is found, and never what has to be masked", async () => {
    await bridge.finding(await bridge.delegate(promise("at-once", "00000")));
    assert.match(sent()[0] ?? "", /couldn't find/);
    await bridge.finding(await bridge.delegate(promise("at-once", "47291", "Card {card}.")));
    assert.doesNotMatch(sent()[1] ?? "", /5678/);
  });

  test("goes by e-mail to who gave an address", async () => {
    const task = promise("at-once");
    Object.assign(task.input as object, { to: "jo@example.com", channel: "email" });
    await bridge.finding(await bridge.delegate(task));
    assert.deepEqual([mails.length, mails[0]?.to, sent()], [1, "jo@example.com", []]);
    assert.match(mails[0]?.raw ?? "", /Order 47291 is shipped\./);
  });

  test("is no way to change anything", async () => {
    const task = promise("at-once");
    (task.input as { lookup: { kind: string } }).lookup.kind = "cancel-order";
    assert.equal((await bridge.finding(await bridge.delegate(task))).error?.code, "CONNECTOR_UNSUPPORTED");
    assert.deepEqual(sent(), []);
  });
});

describe("an answer for who hangs up before it is there", () => {
  const waits = async (task: TaskJob): Promise<void> => {
    await bridge.delegate(task);
    while ((await delayedTimers()) === 0) await new Promise((resolve) => setImmediate(resolve));
  };
  const delayedTimers = async (): Promise<number> => worker.queues.timer.getDelayedCount();

  test("waits for the end of the call, and is sent then", async () => {
    const task = promise("if-unanswered");
    await waits(task);
    assert.deepEqual([lookups, sent()], [0, []]);
    await bridge.endCall(task.callId);
    await untilSent();
    assert.deepEqual(sent(), [`${TO}: Harbour and Lane: Order 47291 is shipped.`]);
  });

  test("is never sent to who has heard it", async () => {
    const task = promise("if-unanswered");
    await waits(task);
    await bridge.cancel(task);
    await bridge.endCall(task.callId);
    while ((await delayedTimers()) > 0) await new Promise((resolve) => setImmediate(resolve));
    while ((await worker.queues.timer.getActiveCount()) > 0) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([lookups, sent()], [0, []]);
  });
});
