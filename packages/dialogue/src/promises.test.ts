import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PromisedAnswer } from "@sidetone/protocol";
import { Floor } from "./conversation/floor.ts";
import { validatePlaybook } from "./playbook/parse.ts";
import { loadPlaybook, shippedPlaybookPath } from "./playbook-file.ts";
import { writtenAnswer } from "./written-answer.ts";

const { document: retail } = loadPlaybook(shippedPlaybookPath("retail-order-support"));
const ALWAYS = validatePlaybook({
  ...retail,
  longWait: { ...retail.longWait, afterHangUp: "always" },
  opening: {
    ...retail.opening,
    recording: {
      mode: "ask",
      ask: "May I record this call, and text you the answer if we are cut off?",
      granted: "Thank you.",
      declined: "That's fine.",
    },
  },
}).document;

function asking(
  more: { consent?: string; from?: string; findsAfterMs?: number; playbook?: typeof retail } = {},
): Floor {
  const floor = new Floor({
    playbook: more.playbook ?? ALWAYS,
    ...(more.from === undefined ? {} : { from: more.from }),
    answer: ({ kind, input }) =>
      kind === "order-status"
        ? {
            outcome: "found",
            output: { order: { orderNumber: input.orderNumber, status: "shipped", expectedOn: "2026-03-03" } },
            afterMs: more.findsAfterMs ?? 60_000,
          }
        : null,
  });
  floor.settle();
  floor.caller(more.consent ?? "yes");
  floor.settle();
  floor.caller("where is my order four seven two nine one");
  return floor;
}

const watches = (floor: Floor) =>
  floor.effects("delegate").filter(({ kind, input }) => kind === "send-answer" && input.when === "if-unanswered");

describe("who hangs up before a lookup is done", () => {
  test("is written to, by a task that is there before they do, and outlives the call", () => {
    const floor = asking();
    floor.wait(6_000);
    const [watch, ...others] = watches(floor);
    assert.deepEqual(others, []);
    assert.equal(watch?.outlivesCall, true);
    assert.equal(watch.input.to, "+447700900123");
    assert.deepEqual(watch.input.lookup, { kind: "order-status", input: { orderNumber: "47291" } });
    assert.deepEqual(floor.effects("cancel"), []);
  });

  test("is not, once they have heard the answer", () => {
    const floor = asking({ findsAfterMs: 6_000 });
    floor.wait(12_000);
    assert.match(floor.said(), /has been shipped|is on its way/);
    const [watch] = watches(floor);
    assert.ok(floor.effects("cancel").some(({ taskId }) => taskId === watch?.taskId));
  });

  test("is written to about the order that they corrected it to", () => {
    const floor = asking();
    floor.wait(4_000);
    floor.caller("no nine two");
    floor.wait(6_000);
    const [first, second] = watches(floor);
    assert.ok(floor.effects("cancel").some(({ taskId }) => taskId === first?.taskId));
    assert.deepEqual(second?.input.lookup, { kind: "order-status", input: { orderNumber: "47292" } });
  });

  for (const [why, more] of [
    ["they declined", { consent: "no" }],
    ["their number is hidden", { from: "anonymous" }],
    ["the playbook does not say so", { playbook: retail }],
    ["it took no time", { findsAfterMs: 500 }],
  ] as const) {
    test(`is not, where ${why}`, () => {
      const floor = asking(more);
      floor.wait(6_000);
      assert.deepEqual(watches(floor), []);
    });
  }
});

describe("a promised answer", () => {
  const wordingOf = (floor: Floor) => PromisedAnswer.parse(watches(floor)[0]?.input).wording;

  test("is written in the playbook's words", () => {
    const floor = asking();
    floor.wait(6_000);
    const order = { orderNumber: "47291", status: "shipped", expectedOn: "2026-03-03" };
    assert.match(
      writtenAnswer(wordingOf(floor), "found", { order }),
      /^Harbour and Lane: .*four seven two, nine one .* tomorrow, Tuesday the third\.$/,
    );
    assert.match(writtenAnswer(wordingOf(floor), "not-found", undefined), /couldn't find/);
  });

  test("never says what must never be said, nor a number as long as a card's", () => {
    const floor = asking();
    floor.wait(6_000);
    const wording = wordingOf(floor);
    const saying = (say: string) => ({ ...wording, answers: [{ outcome: "found" as const, say }] });
    assert.doesNotMatch(writtenAnswer(saying("We guarantee it."), "found", {}), /guarantee/);
    assert.doesNotMatch(writtenAnswer(saying("Card {card}."), "found", { card: "4929 1234 5678 9012" }), /5678/);
  });
});
