// Whole calls whose answers come too late for the ear: they are written, once, and only to who has not heard them.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { judged, LISTEN, OrdersLine } from "./orders-line.ts";

const inWriting = (yaml: string): string => {
  const told = yaml.replace(
    "announce: This call is recorded.",
    "announce: This call is recorded, and if we are cut off I may text you the answer.",
  );
  return `${told}\nlongWait:\n  offer: message\n  afterHangUp: always\n`;
};

describe("answers in writing, in whole calls", { timeout: 280_000 }, () => {
  let line: OrdersLine;
  before(async () => {
    line = await OrdersLine.open(inWriting);
  });
  after(() => line?.close());

  test("who hangs up before the lookup is done is sent its answer, once", async (t) => {
    line.service.hold("47291");
    const { call, log, finish } = line.phone([LISTEN, line.speak("order")]);
    await judged(
      t,
      () => call,
      async () => {
        await log.until(() => log.outputs("delegate").some(({ kind }) => kind === "send-answer"));
        await finish();
        assert.deepEqual(line.stack.carrier.messages, [], "nothing is written while the call may still bring it");
        line.service.release("47291");
        await log.until(() => log.steps().includes("send-answer 0 found"));
        const messages = line.stack.carrier.messages.splice(0);
        assert.deepEqual(
          messages.map(({ to, body }) => [to, body]),
          [[call.from, "Harbour and Lane: Order four seven two, nine one has been shipped."]],
        );
      },
    );
  });

  test("who has heard the answer is sent none", async (t) => {
    line.service.hold("85126");
    const { call, log, finish } = line.phone([LISTEN, line.speak("slow")]);
    await judged(
      t,
      () => call,
      async () => {
        await log.until(() => log.outputs("delegate").some(({ kind }) => kind === "send-answer"));
        line.service.release("85126");
        await log.untilHeard(/has been shipped/);
        await log.untilHeard(/anything else/);
        const [watch] = log.outputs("delegate").filter(({ kind }) => kind === "send-answer");
        assert.ok(log.outputs("cancel").some(({ taskId }) => taskId === watch?.taskId));
        await finish();
        await log.until(() => log.steps().includes("send-answer 0 dropped"));
        assert.deepEqual(line.stack.carrier.messages, []);
      },
    );
  });
});
