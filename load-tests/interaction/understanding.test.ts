import assert from "node:assert/strict";
import { test } from "node:test";
import { isRightFinding, normalWords, spokenDigits, wordErrors } from "./understanding.ts";

const errors: { reference: string; heard: string; count: number }[] = [
  { reference: "where is my order", heard: "where is my order", count: 0 },
  { reference: "where is my order", heard: "where my order", count: 1 },
  { reference: "where is my order", heard: "where is his order please", count: 2 },
  { reference: "where is my order", heard: "", count: 4 },
  { reference: "", heard: "yes", count: 1 },
];
for (const { reference, heard, count } of errors) {
  test(`"${heard}" for "${reference}": ${count} wrong words`, () => {
    assert.equal(wordErrors(normalWords(reference), normalWords(heard)), count);
  });
}

test("digits count the same spelled out and written", () => {
  assert.deepEqual(normalWords("Order 1 2 3."), ["order", "one", "two", "three"]);
  assert.equal(spokenDigits("Your order one 2, three is on its way."), "123");
});

const findings: { answers: string[]; digits: string; right: boolean }[] = [
  { answers: ["Your order 1 2 3 4 5 is delayed."], digits: "12345", right: true },
  { answers: ["Your order 1 2 3 4 6 is delayed.", "Your order 1 2 3 4 5 is delayed."], digits: "12345", right: true },
  { answers: ["Your order 1 2 3 4 5 is delayed.", "Your order 1 2 3 4 6 is delayed."], digits: "12345", right: false },
  { answers: ["Let me look."], digits: "12345", right: false },
  { answers: [], digits: "12345", right: false },
];
for (const { answers, digits, right } of findings) {
  test(`the finding for ${digits} in [${answers.join(" ")}]: ${right}`, () => {
    assert.equal(isRightFinding(answers, digits), right);
  });
}
