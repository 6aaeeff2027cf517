import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadPlaybook, shippedPlaybookPath } from "../playbook-file.ts";
import { tokensOfText } from "./tokens.ts";
import { compileWants, hearWants } from "./wants.ts";

const { document } = loadPlaybook(shippedPlaybookPath("retail-order-support"));
const index = compileWants(document);
const heard = (text: string): string[] => hearWants(index, tokensOfText(text)).wants.map((one) => one.want);

describe("wants in words that no example has", () => {
  for (const [said, ...wants] of [
    ["hi there um could you check where my order has got to", "order-status"],
    ["my package never came", "delivery"],
    ["these shoes are too small i'd like to send them back", "return"],
    ["you people owe me money i want it back", "refund"],
    ["please cancel my order for the kettle", "cancel"],
    ["i've moved and need to update my address", "change-address"],
    ["could you e-mail me a receipt for the lamp", "invoice"],
    ["are your shops open on easter monday", "store-hours"],
    ["what's my points balance", "loyalty"],
    ["the lamp arrived damaged and i want to complain", "complaint"],
    ["let me speak to one of your colleagues", "human"],
    ["where is my order and what time do you close", "order-status", "store-hours"],
    ["i want to return the lamp and also i need an invoice", "return", "invoice"],
  ] as const) {
    test(said, () => assert.deepEqual(heard(said), wants));
  }
});

describe("what nobody asked us for", () => {
  for (const said of [
    "can you turn that down",
    "what did you want for dinner",
    "and now the weather for the weekend",
    "the keys are in the kitchen",
    "he shoots and it is a goal",
    "i'll be there in a minute",
    "have you fed the cat",
  ]) {
    test(said, () => assert.deepEqual(heard(said), []));
  }
});

test("every example finds its own want or says that it is torn", () => {
  const wrong: string[] = [];
  for (const [name, want] of Object.entries(document.wants)) {
    for (const example of want.examples) {
      const { wants, ambiguous } = hearWants(index, tokensOfText(example.replace(/\{[^}]*\}/g, "the lamp")));
      if (wants[0]?.want !== name && ambiguous?.includes(name) !== true)
        wrong.push(`${name}: ${example} -> ${wants[0]?.want ?? "nothing"}`);
    }
  }
  assert.deepEqual(wrong, []);
});
