import assert from "node:assert/strict";
import { test } from "node:test";
import { Floor } from "../conversation/floor.ts";
import { loadPlaybook, shippedPlaybookPath } from "../playbook-file.ts";

const { document: playbook } = loadPlaybook(shippedPlaybookPath("retail-order-support"));

const cases = [
  { turn: "hold on no it is four seven two nine three", waits: false },
  { turn: "hold on please", waits: true },
];
for (const { turn, waits } of cases) {
  test(`"${turn}" after a number ${waits ? "asks for time" : "corrects it and asks for no time"}`, () => {
    const floor = new Floor({ playbook });
    floor.settle();
    floor.caller("yes");
    floor.settle();
    floor.caller("where is my order four seven two nine one");
    floor.settle(300);
    floor.caller(turn);
    floor.settle(2_000);
    assert.equal(floor.state.hold !== null, waits);
    const looked = floor.effects("delegate").map((task) => (task.input as { orderNumber: string }).orderNumber);
    assert.equal(looked.at(-1), waits ? "47291" : "47293");
  });
}
