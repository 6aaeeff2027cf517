// The protocol and the model may not import each other, yet indices of one are bytes and rows of the other: they must
// name the same things in the same order.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as model from "@sidetone/interaction-model";
import * as protocol from "@sidetone/protocol";

const vocabularies: { name: string; ofModel: readonly unknown[]; ofProtocol: readonly unknown[] }[] = [
  { name: "decisions", ofModel: model.DECISIONS, ofProtocol: protocol.DECISIONS },
  { name: "overlap kinds", ofModel: model.OVERLAP_KINDS, ofProtocol: protocol.OVERLAP_KINDS },
  { name: "expectations", ofModel: model.EXPECTATION_KINDS, ofProtocol: protocol.EXPECTATION_KINDS },
  { name: "intents", ofModel: model.INTENTS, ofProtocol: protocol.INTENTS },
  { name: "projection bins", ofModel: model.PROJECTION_BIN_ENDS_MS, ofProtocol: protocol.PROJECTION_BINS_MS },
];

for (const { name, ofModel, ofProtocol } of vocabularies) {
  test(`the model's ${name} are the protocol's, in the same order`, () =>
    assert.deepEqual([...ofModel], [...ofProtocol]));
}
