import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { readWav, ULAW_TO_LINEAR } from "@sidetone/audio";
import { SCORES_PER_HOP, type TapeNote } from "@sidetone/protocol";
import { cuesOf, exportJsonl, toWebVtt } from "./tape-export.ts";
import { TapeReader } from "./tape-reader.ts";
import { TapeWriter } from "./tape-writer.ts";

const CLI = join(import.meta.dirname, "tape-cli.ts");
const audio = (seed: number) => Uint8Array.from({ length: 320 }, (_, i) => (seed * 31 + i * 7) & 0xff);
const word = (text: string, startMs: number) => ({ text, startMs, endMs: startMs + 200, confidence: 1 });
const said = (utteranceId: number, text: string) =>
  ({ type: "said", utteranceId, epoch: 0, startSamples: 0, text, act: "answer", uninterruptible: false }) as const;
const out = (hop: number, output: Extract<TapeNote, { type: "out" }>["output"]): TapeNote => ({
  type: "out",
  hop,
  output,
});

let folder: string;
let path: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "export-"));
  path = join(folder, "c1.tape");
  const writer = new TapeWriter(path, {
    format: "sidetone-tape",
    version: 1,
    callId: "c1",
    carrierCallId: "CA1",
    startedAt: "2026-11-21T03:00:00.000Z",
    sampleRateHz: 8000,
    hopSamples: 320,
    audio: "mu-law",
    scoreNames: [],
    model: "line-test",
    modelHash: "",
    bridgeId: "b1",
    softwareVersion: "0.1.0",
  });
  const scores = Buffer.alloc(4 * SCORES_PER_HOP);
  const put = (hop: number) => {
    writer.putHop(hop, audio(hop), audio(hop + 500), 0, 0, 0);
    writer.putReply(hop, 1, scores, 0, Buffer.alloc(4), 0, 0, 0);
  };
  for (let hop = 0; hop < 7; hop++) put(hop);
  // Three hops were dropped unheard.
  for (let hop = 10; hop < 20; hop++) put(hop);
  writer.note(out(2, said(1, "Hello & welcome.")));
  writer.note(out(6, { type: "finished", utteranceId: 1 }));
  writer.note(out(7, { type: "heard", turn: 0, revision: 0, final: false, words: [word("where", 280)] }));
  writer.note(
    out(12, { type: "heard", turn: 0, revision: 1, final: true, words: [word("where", 280), word("is it", 480)] }),
  );
  writer.note(out(13, said(2, "It is on its way to you.")));
  writer.note(
    out(18, { type: "yielded", utteranceId: 2, heardThroughWord: 1, heardText: "It is", unheardText: "on its way" }),
  );
  writer.note({ type: "end", hop: 20, reason: "stopped" });
  await writer.close();
});
after(() => rm(folder, { recursive: true }));

test("both channels lie side by side, and what is missing is silence", async () => {
  const done = spawnSync(process.execPath, [CLI, "export", path, "--out", folder], { encoding: "utf8" });
  assert.equal(done.status, 0, done.stderr);
  const wav = readWav(await readFile(join(folder, "c1.wav")));
  assert.equal(wav.sampleRateHz, 8000);
  assert.equal(wav.channels[0]!.length, 20 * 320);
  for (const hop of [0, 6, 10, 19]) {
    const at = hop * 320;
    assert.deepEqual(
      [...wav.channels[0]!.slice(at, at + 320)],
      [...audio(hop)].map((byte) => ULAW_TO_LINEAR[byte]!),
    );
    assert.deepEqual(
      [...wav.channels[1]!.slice(at, at + 320)],
      [...audio(hop + 500)].map((byte) => ULAW_TO_LINEAR[byte]!),
    );
  }
  assert.ok(wav.channels[0]!.slice(7 * 320, 10 * 320).every((sample) => sample === 0));
});

test("the text is what was finally heard and what the caller heard of the agent, in order", async () => {
  const cues = await cuesOf(await TapeReader.open(path));
  assert.deepEqual(
    cues.map((cue) => [cue.startMs, cue.endMs, cue.who, cue.text]),
    [
      [80, 240, "agent", "Hello & welcome."],
      [280, 680, "caller", "where is it"],
      [520, 720, "agent", "It is"],
    ],
  );
  assert.equal(
    toWebVtt(cues.slice(0, 1)),
    "WEBVTT\n\n00:00:00.080 --> 00:00:00.240\n<v agent>Hello &amp; welcome.\n\n",
  );
});

test("every line of the JSONL is JSON: the header, each hop once, each note", async () => {
  const lines: { type: string; hop?: number }[] = [];
  for await (const line of exportJsonl(await TapeReader.open(path))) lines.push(JSON.parse(line) as { type: string });
  assert.equal(lines[0]!.type, "header");
  assert.deepEqual(
    lines.flatMap((line) => (line.type === "hop" ? [line.hop] : [])),
    [0, 1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
  );
  assert.equal(lines.filter((line) => line.type === "out").length, 6);
});

test("the command line shows a tape, and says what is wrong with what is none", () => {
  const shown = spawnSync(process.execPath, [CLI, "show", path], { encoding: "utf8" });
  assert.match(shown.stdout, /17 hops to 0\.80 s: begin 17/);
  const none = spawnSync(process.execPath, [CLI, "show", CLI], { encoding: "utf8" });
  assert.equal(none.status, 1);
  assert.match(none.stderr, /TAPE_INVALID/);
  assert.equal(spawnSync(process.execPath, [CLI, "dance", path], { encoding: "utf8" }).status, 2);
});
