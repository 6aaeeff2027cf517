import assert from "node:assert/strict";
import { test } from "node:test";
import { type Expectation, INTENTS, OPEN } from "@sidetone/protocol";
import { isMidNumber, modelExpectation, modelIntent } from "./conditioning.ts";

test("kinds without a length lack 1 until there is an answer", () => {
  const name: Expectation = { kind: "name", length: 0, remaining: 0 };
  const digits: Expectation = { kind: "digits", length: 5, remaining: 3 };
  const rows = [
    [OPEN, "nothing", 0],
    [OPEN, "answer", 0],
    [name, "nothing", 1],
    [name, "answer", 0],
    [digits, "nothing", 3],
    [digits, "answer", 3],
  ] as const;
  for (const [expectation, intent, remaining] of rows) {
    assert.equal(modelExpectation(expectation, intent).remaining, remaining, `${expectation.kind} ${intent}`);
  }
});

test("the model hears of an answer whenever somebody will answer", () => {
  assert.deepEqual(
    INTENTS.map((intent) => modelIntent(intent, false)),
    ["answer", "answer", "filler", "urgent"],
  );
  assert.deepEqual(new Set(INTENTS.map((intent) => modelIntent(intent, true))), new Set(["nothing"]));
});

test("in mid-number is where some but not all of it is there, and nothing is ready", () => {
  const digits = (remaining: number): Expectation => ({ kind: "digits", length: 5, remaining });
  assert.deepEqual(
    [5, 3, 1, 0].map((remaining) => isMidNumber(digits(remaining), "nothing")),
    [false, true, true, false],
  );
  assert.equal(isMidNumber(digits(3), "urgent"), false);
});
