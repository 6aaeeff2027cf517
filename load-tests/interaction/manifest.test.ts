import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { writeUlawWav } from "@sidetone/audio";
import { SidetoneError } from "@sidetone/platform";
import { readManifest } from "./manifest.ts";

const folder = mkdtempSync(join(tmpdir(), "stimuli-"));
after(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "two-seconds.wav"), writeUlawWav(8_000, [new Uint8Array(16_000).fill(0x20)]));
writeFileSync(join(folder, "broken.wav"), "no WAV at all");

const entry = {
  path: "two-seconds.wav",
  words: "where is it",
  speechStartMs: 100,
  speechEndMs: 1_900,
  kind: "smooth-turn",
};
const read = (manifest: unknown) => {
  writeFileSync(join(folder, "manifest.json"), typeof manifest === "string" ? manifest : JSON.stringify(manifest));
  return readManifest(folder);
};

test("a recording becomes a stimulus of its kind", async () => {
  const [turn, talk, digits] = await read({
    stimuli: [
      { ...entry, speaker: "anna" },
      { ...entry, kind: "backchannel" },
      { ...entry, kind: "pause-in-digits", digits: "12345", pauseStartMs: 700, pauseEndMs: 1_200 },
    ],
  });
  assert.equal(turn?.voice, "anna");
  assert.deepEqual([turn?.number, turn?.demand, turn?.startMs, turn?.endMs], ["open", "respond", 100, 1_900]);
  assert.equal(turn?.audio.length, 16_000);
  assert.deepEqual([talk?.number, talk?.demand, talk?.trigger.kind], ["talk", "carry-on", "over-agent"]);
  assert.deepEqual([digits?.number, digits?.startMs, digits?.endMs, digits?.turnEndMs], ["order", 700, 1_200, 1_900]);
  assert.ok((digits?.prelude?.length ?? 0) > 4_000);
});

const refused: { name: string; manifest: unknown; says: RegExp }[] = [
  { name: "text that is no JSON", manifest: "{", says: /is no JSON/ },
  { name: "no entries", manifest: { stimuli: [] }, says: /stimuli: / },
  { name: "an unknown kind", manifest: { stimuli: [{ ...entry, kind: "song" }] }, says: /stimuli\.0\.kind/ },
  { name: "a field too many", manifest: { stimuli: [{ ...entry, loud: true }] }, says: /loud/ },
  { name: "a file that is not there", manifest: { stimuli: [{ ...entry, path: "gone.wav" }] }, says: /no such file/ },
  { name: "a file that is no WAV", manifest: { stimuli: [{ ...entry, path: "broken.wav" }] }, says: /broken\.wav/ },
  { name: "speech behind the end", manifest: { stimuli: [{ ...entry, speechEndMs: 2_500 }] }, says: /end at 2000 ms/ },
  { name: "speech the wrong way round", manifest: { stimuli: [{ ...entry, speechStartMs: 1_950 }] }, says: /before/ },
  {
    name: "a pause without its place",
    manifest: { stimuli: [{ ...entry, kind: "long-story" }] },
    says: /pauseStartMs/,
  },
];
for (const { name, manifest, says } of refused) {
  test(`refused with its place: ${name}`, async () => {
    await assert.rejects(read(manifest), (error) => {
      assert.ok(error instanceof SidetoneError);
      assert.equal(error.code, "STIMULI_INVALID");
      assert.match(error.message, says);
      return true;
    });
  });
}

test("a folder without a manifest is refused", async () => {
  await assert.rejects(readManifest(join(folder, "nowhere")), { code: "STIMULI_INVALID" });
});
