import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ulawLevelDbfs, writeWav } from "@sidetone/audio";
import { findSpurts } from "./ear.ts";
import { fromWav, speak } from "./speech.ts";

describe("speak", () => {
  it("speaks at a telephone's loudness, the same each time", async () => {
    const bytes = await speak("where is my order");
    assert.ok(bytes.length > 8000 * 0.6 && bytes.length < 8000 * 4, `${bytes.length} samples`);
    assert.ok(Math.abs(ulawLevelDbfs(bytes) + 22) < 1);
    assert.deepEqual(await speak("where is my order"), bytes);
  });

  it("keeps the pauses that the text asks for", async () => {
    const whole = await speak("four seven [pause 900] two nine");
    const [first, second] = [await speak("four seven"), await speak("two nine")];
    assert.equal(whole.length, first.length + 7200 + second.length);
    assert.equal(findSpurts(whole, { joinMs: 700 }).length, 2);
  });
});

describe("fromWav", () => {
  it("takes a recording to 8 kHz mu-law", () => {
    const tone = Int16Array.from({ length: 16000 }, (_, i) => Math.round(8000 * Math.sin(i / 10)));
    const bytes = fromWav(writeWav({ sampleRateHz: 16000, channels: [tone, new Int16Array(16000)] }));
    assert.equal(bytes.length, 8000);
    assert.ok(Math.abs(ulawLevelDbfs(bytes, 800, 6400) + 15.3) < 0.3);
  });
});
