// Whole calls: a carrier that speaks Media Streams, the bridge, the pod, the worker and a real Redis as processes of
// their own. The caller's words are synthesised speech; the pod knows them (knowing-ears.ts), all else is the real thing.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { judged, LISTEN, OrdersLine } from "./orders-line.ts";

describe("lookups in whole calls", { timeout: 280_000 }, () => {
  let line: OrdersLine;
  before(async () => {
    line = await OrdersLine.open();
  });
  after(() => line?.close());

  test("an order is looked up before its last digit's turn ends, and the finding is spoken in the same answer", async (t) => {
    const { call, log, finish } = line.phone([LISTEN, line.speak("order")]);
    await judged(
      t,
      () => call,
      async () => {
        await log.untilHeard(/has been shipped/);
        await finish();
        const [delegated, ...others] = log.outputs("delegate");
        assert.deepEqual([delegated?.kind, delegated?.input], ["order-status", { orderNumber: "47291" }]);
        assert.deepEqual(others, []);
        const turn = log.outputs("heard").find((heard) => heard.final && heard.words.at(-1)?.text === "one");
        assert.ok(
          turn && delegated!.atMs < turn.atMs,
          `delegated at ${delegated!.atMs}, the turn ended at ${turn?.atMs}`,
        );
        const [finding, ...repeated] = log.inputs("finding");
        assert.ok(finding && repeated.length === 0);
        // On a machine that is late with everything else the lookup may be late too: then, and only then, a filler comes first.
        const isLate = finding.atMs - turn.atMs > 800;
        const after = log.heard().filter(({ fromMs, act }) => fromMs >= turn.atMs && !(isLate && act === "filler"));
        assert.match(after[0]?.text ?? "", /^Order four seven two,? nine one has been shipped/);
        const steps = log.steps().filter((step) => /^order-status/.test(step) && !/queued|delegated/.test(step));
        assert.deepEqual(steps, ["order-status 0 started", "order-status 0 found"]);
      },
    );
  });

  test("a number that is corrected while it is looked up: only the corrected order is ever told", async (t) => {
    line.service.hold("63852");
    const { call, log, finish } = line.phone([
      LISTEN,
      line.speak("mistaken"),
      { do: "pause", ms: 600 },
      line.speak("corrected"),
    ]);
    await judged(
      t,
      () => call,
      async () => {
        await log.untilHeard(/five seven has been shipped/);
        line.service.release("63852");
        await finish();
        assert.ok(line.service.asked.includes("63852"));
        const delegated = log.outputs("delegate");
        assert.deepEqual(delegated[0]?.input, { orderNumber: "63852" });
        assert.deepEqual(delegated.at(-1)?.input, { orderNumber: "63857" });
        // All is one task, whose newer epochs supersede the older: what is found for these comes to nobody's ear.
        assert.equal(new Set(delegated.map(({ taskId }) => taskId)).size, 1);
        for (const { finding, atMs } of log.inputs("finding")) {
          const newest = Math.max(...delegated.filter((one) => one.atMs <= atMs).map(({ epoch }) => epoch));
          assert.equal(finding.epoch, newest, "a finding of a superseded epoch came into the call");
        }
        const answers = log.outputs("said").filter(({ text }) => /has been shipped/.test(text));
        assert.ok(
          answers.every(({ text }) => /five seven has/.test(text)),
          JSON.stringify(answers),
        );
      },
    );
  });

  test("an order that takes six seconds: the talk goes on, and the finding is woven in when it is there", async (t) => {
    line.service.hold("85126");
    const { call, log, finish } = line.phone([
      LISTEN,
      line.speak("slow"),
      { do: "pause", ms: 900 },
      line.speak("hours"),
    ]);
    await judged(
      t,
      () => call,
      async () => {
        await log.until(() => log.steps().includes("order-status 0 started"));
        await Promise.all([new Promise((resolve) => setTimeout(resolve, 6_000)), log.untilHeard(/close at eight/)]);
        line.service.release("85126");
        await log.untilHeard(/has been shipped/);
        await finish();
        const heard = log.heard();
        const hours = heard.find(({ text }) => /close at eight/.test(text));
        const order = heard.find(({ text }) => /has been shipped/.test(text));
        const [finding] = log.inputs("finding");
        assert.ok(hours && order && finding, JSON.stringify(heard));
        assert.ok(hours.toMs <= finding.atMs, "the other question was answered while the order was looked up");
        assert.ok(order.fromMs >= finding.atMs);
        assert.equal(log.outputs("delegate").length, 1);
        assert.equal(heard.filter(({ text }) => /has been shipped/.test(text)).length, 1);
      },
    );
  });
});
