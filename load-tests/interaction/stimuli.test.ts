import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { audibleExtent } from "./ear.ts";
import type { Scenario } from "./judge.ts";
import { MADE_SCENARIOS, makeStimuli, type Stimulus } from "./stimuli.ts";
import { CALLER_VOICES, Voices } from "./voices.ts";

const folder = mkdtempSync(join(tmpdir(), "voices-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const voices = new Voices(folder);
/** What is judged there are keys, silence, or the agent's own voice. */
const SILENT: readonly Scenario[] = ["key-presses", "silent-caller", "echo"];
const SILENT_TWINS: readonly Scenario[] = [
  "key-presses",
  "echo",
  "backchannel",
  "talking-to-others",
  "background-speech",
  "vocal-tic",
  "background-noise",
];

for (const scenario of MADE_SCENARIOS) {
  test(`${scenario}: labels lie within the audio, and a seed repeats itself`, () => {
    const made = makeStimuli(voices, scenario, 3, 1);
    const hard = made.filter((stimulus) => !stimulus.isTwin);
    assert.equal(hard.length, 3);
    // A smooth turn has no difficulty to leave out.
    assert.equal(made.length - hard.length, scenario === "smooth-turn" ? 0 : 3);
    for (const stimulus of made) {
      const totalMs = stimulus.audio.length / 8;
      assert.ok(
        stimulus.startMs >= 0 && stimulus.startMs < stimulus.endMs && stimulus.turnEndMs <= totalMs + 1,
        stimulus.id,
      );
      const isHeard = audibleExtent(stimulus.audio).endMs > 0;
      assert.equal(isHeard, !(stimulus.id.endsWith("-twin") ? SILENT_TWINS : SILENT).includes(scenario), stimulus.id);
      assert.ok(stimulus.audio.every((sample) => Math.abs(sample) < 32_768));
    }
    const again = makeStimuli(voices, scenario, 3, 1);
    assert.deepEqual(again, made);
    const other = makeStimuli(voices, scenario, 3, 2);
    const parts = (some: readonly Stimulus[]) =>
      some.map(({ audio, keys, faults, echo }) => [audio, keys, faults, echo]);
    if (scenario !== "silent-caller") assert.notDeepEqual(parts(other), parts(made));
  });
}

test("a pause is silent to the sample and lies where its label says", () => {
  for (const stimulus of makeStimuli(voices, "pause-in-digits", 5, 3)) {
    if (stimulus.isTwin) continue;
    const pause = stimulus.audio.subarray(Math.ceil(stimulus.startMs * 8), Math.floor(stimulus.endMs * 8));
    assert.ok(pause.length >= 1_600 && pause.every((sample) => sample === 0), stimulus.id);
  }
});

test("every voice of the bench speaks", () => {
  for (const voice of CALLER_VOICES) assert.ok(voices.say(voice, "where is my order").speech.endMs > 500, voice);
});

test("a twin differs from its stimulus in the difficulty alone", () => {
  const pair = (scenario: Scenario) => {
    const [hard, twin] = makeStimuli(voices, scenario, 1, 4);
    assert.ok(hard && twin && !hard.isTwin && twin.isTwin);
    return { hard, twin };
  };
  const lost = pair("packet-loss");
  assert.ok((lost.hard.faults?.lossRate ?? 0) > 0);
  assert.equal(lost.twin.faults, undefined);
  assert.deepEqual(lost.twin.audio, lost.hard.audio);
  const paused = pair("pause-in-turn");
  assert.equal(paused.twin.words, paused.hard.words);
  assert.equal(paused.twin.demand, "respond");
  assert.ok(paused.twin.audio.length < paused.hard.audio.length);
  const corrected = pair("self-correction");
  assert.equal(corrected.twin.digits, corrected.hard.digits);
  assert.ok(corrected.hard.words.length > corrected.twin.words.length);
  const over = pair("interruption-middle");
  assert.deepEqual(over.twin.audio, over.hard.audio);
  assert.deepEqual([over.hard.trigger.kind, over.twin.trigger.kind], ["over-agent", "after-agent"]);
});
