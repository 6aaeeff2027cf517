import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { audibleExtent } from "./ear.ts";
import { MADE_SCENARIOS, makeStimuli } from "./stimuli.ts";
import { CALLER_VOICES, Voices } from "./voices.ts";

const folder = mkdtempSync(join(tmpdir(), "voices-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const voices = new Voices(folder);

for (const scenario of MADE_SCENARIOS) {
  test(`${scenario}: labels lie within the audio, and a seed repeats itself`, () => {
    const made = makeStimuli(voices, scenario, 3, 1);
    assert.equal(made.length, 3);
    for (const stimulus of made) {
      const totalMs = stimulus.audio.length / 8;
      assert.ok(
        stimulus.startMs >= 0 && stimulus.startMs < stimulus.endMs && stimulus.turnEndMs <= totalMs + 1,
        stimulus.id,
      );
      assert.ok(audibleExtent(stimulus.audio).endMs > 0, `${stimulus.id} is silent`);
      assert.ok(stimulus.audio.every((sample) => Math.abs(sample) < 32_768));
    }
    const again = makeStimuli(voices, scenario, 3, 1);
    assert.deepEqual(again, made);
    const other = makeStimuli(voices, scenario, 3, 2);
    assert.notDeepEqual(
      other.map((stimulus) => stimulus.audio),
      made.map((stimulus) => stimulus.audio),
    );
  });
}

test("a pause is silent to the sample and lies where its label says", () => {
  for (const stimulus of makeStimuli(voices, "pause-in-digits", 5, 3)) {
    const pause = stimulus.audio.subarray(Math.ceil(stimulus.startMs * 8), Math.floor(stimulus.endMs * 8));
    assert.ok(pause.length >= 1_600 && pause.every((sample) => sample === 0), stimulus.id);
  }
});

test("every voice of the bench speaks", () => {
  for (const voice of CALLER_VOICES) assert.ok(voices.say(voice, "where is my order").speech.endMs > 500, voice);
});
