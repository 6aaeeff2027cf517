import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { tempFolder } from "@sidetone/testkit";
import { startContender } from "./contenders.ts";
import type { Scenario } from "./judge.ts";
import { type Judged, runStimuli } from "./run-stimuli.ts";
import { makeStimuli } from "./stimuli.ts";
import { readTapes } from "./understanding.ts";
import { Voices } from "./voices.ts";

const VERIFY = join(import.meta.dirname, "..", "..", "apps", "inference", "src", "verify.ts");

/** What a call came to, without what names it. */
const outcome = ({ id, right, void: isVoid, latencyMs, startMs }: Judged) => ({
  id,
  right,
  isVoid,
  latencyMs,
  startMs,
});

test("the same stimuli give the same calls on a virtual clock, and the model decides on them as it does on their tapes", async () => {
  const folder = tempFolder("virtual");
  const contender = await startContender("sidetone", 4, "virtual");
  try {
    const voices = new Voices(folder.path);
    const scenarios: Scenario[] = ["smooth-turn", "interruption-early", "pause-in-digits"];
    const stimuli = scenarios.flatMap((scenario) => makeStimuli(voices, scenario, 1, 7).slice(0, 1));
    const once = async () => {
      const judged = await contender.drive(() => runStimuli(contender.line, stimuli, 4, () => undefined));
      return judged.toSorted((a, b) => a.id.localeCompare(b.id));
    };
    // A line that is spoken for the first time is made first, and heard a hop later.
    await once();
    const first = await once();
    const second = await once();
    assert.deepEqual(second.map(outcome), first.map(outcome));
    assert.equal(first.length, stimuli.length);
    assert.ok(first.every((judged) => !judged.void));
    assert.deepEqual(contender.line.carrier.notices, []);
    const tapes = await readTapes(contender.dataDir ?? "");
    const recorded = [...first, ...second].filter(({ number }) => number === "open" || number === "order");
    const paths = recorded.map(({ callSid }) => tapes.get(callSid)?.tapePath ?? "no tape");
    // A tape can be followed from its first snapshot after consent on; not every short call has one.
    const { stdout } = spawnSync(process.execPath, [VERIFY, ...paths], { encoding: "utf8" });
    assert.doesNotMatch(stdout, /first differs/);
    assert.ok((stdout.match(/bit-exact over \d{2,} hops/g)?.length ?? 0) >= first.length / 2, stdout);
  } finally {
    await contender.close();
    folder.remove();
  }
});
