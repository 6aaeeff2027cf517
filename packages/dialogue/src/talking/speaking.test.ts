import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { policed } from "./police.ts";
import { sayDay, sayDigits, sayMoney, sayNumber, saySpan, sayTime } from "./speakable.ts";
import { fill, say } from "./template.ts";

const scope = {
  today: "2026-03-02",
  values: [
    {
      order: {
        totalCents: 4250,
        currency: "GBP",
        expectedOn: "2026-03-03",
        items: [
          { name: "lamp", quantity: 2 },
          { name: "rug", quantity: 1 },
        ],
      },
      "order-number": "47291",
    },
  ],
};

describe("values as they are said", () => {
  for (const [said, wanted] of [
    [sayNumber(0), "zero"],
    [sayNumber(47), "forty-seven"],
    [sayNumber(1205), "one thousand two hundred and five"],
    [sayDigits("47291"), "four seven two, nine one"],
    [sayDigits("4729"), "four seven two nine"],
    [sayDigits("+447700900123"), "plus four four, seven seven zero, zero nine zero, zero one two three"],
    [sayMoney(4250, "GBP"), "forty-two pounds fifty"],
    [sayMoney(100, "GBP"), "one pound"],
    [sayMoney(5, "EUR"), "five cents"],
    [sayDay("2026-03-02", "2026-03-02"), "today"],
    [sayDay("2026-03-03", "2026-03-02"), "tomorrow, Tuesday the third"],
    [sayDay("2026-03-01", "2026-03-02"), "yesterday, Sunday the first"],
    [sayDay("2026-03-06", "2026-03-02"), "on Friday the sixth"],
    [sayDay("2026-05-21", "2026-03-02"), "on Thursday the twenty-first of May"],
    [sayDay("2027-05-21", "2026-03-02"), "on Friday the twenty-first of May twenty twenty-seven"],
    [sayTime("09:05"), "nine oh five in the morning"],
    [sayTime("14:30"), "two thirty in the afternoon"],
    [sayTime("12:00"), "noon"],
    [saySpan(8_000), "eight seconds"],
    [saySpan(60_000), "a minute"],
    [saySpan(240_000), "four minutes"],
  ] as const) {
    test(wanted, () => assert.equal(said, wanted));
  }
});

describe("templates", () => {
  for (const [template, wanted] of [
    [
      "Order {order-number|digits} is {order.totalCents|money}.",
      "Order four seven two, nine one is forty-two pounds fifty.",
    ],
    ["It comes {order.expectedOn|day}.", "It comes tomorrow, Tuesday the third."],
    ["On its way.[ It comes {order.missing|day}.]", "On its way."],
    ["{order.items|items}", "two lamp and rug"],
    ["It comes {order.missing|day}.", null],
    ["{order}", null],
  ] as const) {
    test(template, () => assert.equal(fill(template, scope), wanted));
  }

  test("the same seed and key choose the same variant; a variant that cannot be filled is passed over", () => {
    const variants = ["One {missing}.", "Two.", "Three."];
    for (let seed = 0; seed < 50; seed++) {
      const said = say(variants, scope, seed, "key");
      assert.equal(said, say(variants, scope, seed, "key"));
      assert.ok(said === "Two." || said === "Three.");
    }
    assert.equal(new Set(Array.from({ length: 50 }, (_, seed) => say(variants, scope, seed, "key"))).size, 2);
  });
});

describe("what must never be said", () => {
  for (const [text, wanted] of [
    ["We guarantee it.", "no"],
    ["Your card 4929 1234 5678 9012 is fine.", "Your card a number that I can't say is fine."],
    ["Order 47291 is fine.", "Order 47291 is fine."],
  ] as const) {
    test(text, () =>
      assert.equal(
        policed(["guarantee"], text, () => "no"),
        wanted,
      ),
    );
  }
});
