import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fixedLinesOf, loadPlaybook, SHIPPED_PLAYBOOKS, shippedPlaybookPath } from "@sidetone/dialogue";
import { NativeEngine } from "@sidetone/speech";
import { warmed } from "./voices.ts";

const engine = new NativeEngine({ library: "espeak", voice: "en-us", timeoutMs: 60_000 });
before(() => engine.start());
after(() => engine.close());

for (const id of SHIPPED_PLAYBOOKS) {
  test(`every fixed line of ${id} begins from memory once it was warmed`, async () => {
    const lines = fixedLinesOf(loadPlaybook(shippedPlaybookPath(id)).document);
    assert.ok(lines.length > 2);
    assert.deepEqual(await warmed(engine, "en-us", lines), {
      lines: lines.length,
      fromMemory: lines.length,
      failed: 0,
    });
  });
}
