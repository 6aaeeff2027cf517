import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { maskSecrets } from "./masking.ts";

test("secrets go, whatever way they are said; what the call needs stays", () => {
  const table: [said: string, kept: string][] = [
    ["my card is 4111 1111 1111 1111 okay", "my card is [masked] okay"],
    ["it's four one one one, one one one one, one one one one, one one one one", "it's [masked]"],
    ["four double one one triple one four two seven nine double three", "[masked]"],
    ["the security code is 1 2 3", "the security code is [masked]"],
    ["my pin is four two seven nine thanks", "my pin is [masked] thanks"],
    ["sort code 12-34-56 account number 12345678", "sort code [masked] account number [masked]"],
    ["mail me at grace.carter@example.com please", "mail me at [masked] please"],
    ["where is my order 4 7 2 9 1", "where is my order 4 7 2 9 1"],
    ["order four seven two nine one", "order four seven two nine one"],
    ["call me on 07700 900123 at four", "call me on 07700 900123 at four"],
    ["on the twenty first of november", "on the twenty first of november"],
    ["I bought two chairs and one table in 2025", "I bought two chairs and one table in 2025"],
  ];
  for (const [said, kept] of table) assert.equal(maskSecrets(said), kept);
});

test("no run of twelve digits and more is left, however it is spaced; masking twice changes nothing", () => {
  const digit = fc.constantFrom(..."0123456789".split(""));
  const gap = fc.constantFrom("", " ", "-", ", ");
  const pair = fc.tuple(digit, gap);
  fc.assert(
    fc.property(fc.array(pair, { minLength: 13, maxLength: 24 }), fc.string(), (pairs, tail) => {
      const spoken = pairs.map(([d, g]) => d + g).join("");
      const once = maskSecrets(`it is ${spoken}. ${tail.replace(/\d/g, "")}`);
      assert.doesNotMatch(once, /(?:\d[\s,-]*){12,}/);
      assert.equal(maskSecrets(once), once);
    }),
  );
});
