import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ULAW_TO_LINEAR, ulawLevelDbfs } from "@sidetone/audio";
import { SpeechCache } from "./cache.ts";
import { NativeEngine } from "./engines/native-engine.ts";
import { SpeechError } from "./errors.ts";
import type { SpeechEngine, SpeechRequest, SpeechSink } from "./port.ts";
import { Speaker, type SpeakerOptions } from "./speaker.ts";
import type { Utterance } from "./utterance.ts";

const LINE = "Thanks, your order 47291 has been shipped. It arrives on Tuesday.";

describe("Speaker with the embedded voices", () => {
  const flite = new NativeEngine({ library: "flite", voice: "slt" });
  const espeak = new NativeEngine({ library: "espeak", voice: "en-us" });
  before(() => Promise.all([flite.start(), espeak.start()]));
  after(() => Promise.all([flite.close(), espeak.close()]));

  async function speaker(options: Partial<SpeakerOptions> = {}): Promise<Speaker> {
    return new Speaker({
      engines: [flite, espeak],
      voice: "flite/slt",
      fallbackVoice: "espeak/en-us",
      cache: await SpeechCache.open({}),
      ...options,
    });
  }

  async function told(utterance: Utterance): Promise<Utterance> {
    await utterance.finished;
    return utterance;
  }

  for (const voice of ["flite/slt", "flite/rms", "flite/awb", "flite/kal16", "espeak/en-us", "espeak/en-gb-x-rp"]) {
    it(`${voice} speaks at telephone level with a timing for every word`, async () => {
      const line = await told((await speaker()).say(LINE, { voice }));
      assert.equal(line.error, undefined);
      assert.deepEqual(line.voices, [voice]);
      const texts = line.words.map((word) => word.text).join(" ");
      assert.equal(texts, "Thanks your order four seven two nine one has been shipped It arrives on Tuesday");
      let lastEnd = 0;
      for (const word of line.words) {
        assert.equal(word.source, "engine");
        assert.ok(word.startSamples >= lastEnd - 8, `${word.text} begins before the word before it ends`);
        assert.ok(word.endSamples > word.startSamples && word.endSamples <= line.readyThroughSamples);
        lastEnd = word.endSamples;
      }
      const spoken = line.words.flatMap((word) => [...line.muLaw.subarray(word.startSamples, word.endSamples)]);
      const levelDbfs = ulawLevelDbfs(Uint8Array.from(spoken));
      assert.ok(Math.abs(levelDbfs + 20) < 2, `${levelDbfs.toFixed(1)} dBFS`);
      const peak = Math.max(
        ...line.muLaw.map((byte) => 0 * byte),
        ...[...line.muLaw].map((byte) => Math.abs(ULAW_TO_LINEAR[byte]!)),
      );
      assert.ok(peak <= 23_900, `peak ${peak}`);
      const lead = line.muLaw.findIndex((byte) => Math.abs(ULAW_TO_LINEAR[byte]!) > 300);
      assert.ok(lead < 800, `${lead} samples of silence at the start`);
    });
  }

  it("gives the same bytes for the same text, from any process", async () => {
    const other = new NativeEngine({ library: "flite", voice: "slt" });
    const first = await told((await speaker()).say(LINE));
    const again = await told((await speaker({ engines: [other, espeak] })).say(LINE));
    await other.close();
    assert.deepEqual(Buffer.from(first.muLaw), Buffer.from(again.muLaw));
    assert.deepEqual(first.words, again.words);
  });

  it("has the first clause ready while the rest is being made", async () => {
    const utterance = (await speaker()).say(LINE);
    assert.equal(utterance.readyThroughSamples, 0);
    const seen: number[] = [];
    while (!utterance.done) {
      await new Promise((resolve) => setImmediate(resolve));
      if (utterance.readyThroughSamples !== seen.at(-1)) seen.push(utterance.readyThroughSamples);
    }
    assert.ok(seen.length > 10, `${seen.length} steps`);
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    );
  });

  it("says a warmed line at once, without an engine", async () => {
    const speaking = await speaker();
    assert.deepEqual(await speaking.warm([LINE, LINE]), { made: 3, known: 3, failed: 0 });
    const utterance = speaking.say(LINE);
    assert.equal(utterance.done, true);
    assert.equal(utterance.words.length, 15);
  });

  it("keeps clauses on disk between two lives, and makes a damaged one again", async () => {
    const folder = await mkdtemp(join(tmpdir(), "speech-cache-"));
    const sources: string[] = [];
    const onFirstAudio = (_engine: string, source: string): void => void sources.push(source);
    /** One life of a process: the folder is opened, spoken from, and everything meant for the disk is on it. */
    const life = async () => {
      const cache = await SpeechCache.open({ folder });
      const said = await told((await speaker({ cache, onFirstAudio })).say("Good morning."));
      await cache.settled();
      return said;
    };
    const first = await life();
    const second = await life();
    const [file] = await readdir(folder);
    await truncate(join(folder, file!), 500);
    const third = await life();
    await rm(folder, { recursive: true });
    assert.deepEqual(sources, ["made", "disk", "made"]);
    assert.deepEqual(Buffer.from(first.muLaw), Buffer.from(second.muLaw));
    assert.deepEqual(Buffer.from(first.muLaw), Buffer.from(third.muLaw));
  });

  it("stops when the line is cancelled, and speaks the next one", async () => {
    const speaking = await speaker();
    const cut = speaking.say(LINE);
    cut.cancel();
    assert.equal(cut.done, true);
    assert.equal(cut.error?.code, "SPEECH_CANCELLED");
    const next = await told(speaking.say("All right."));
    assert.equal(next.error, undefined);
    assert.deepEqual(
      next.words.map((word) => word.text),
      ["All", "right"],
    );
  });

  it("ends a line without words with its code", async () => {
    assert.equal((await speaker()).say(" … ").error?.code, "SPEECH_NOTHING_TO_SAY");
    await assert.rejects(async () => (await speaker()).checkVoice("nobody/x"), { code: "SPEECH_VOICE_UNKNOWN" });
  });

  /** Streams another engine's clause and then breaks. */
  function breaking(afterPieces: number, how: "throws" | "hangs"): SpeechEngine {
    return {
      name: "breaking",
      version: "1",
      deterministic: true,
      // A busy machine may be slow; only what hangs on purpose is to run into it.
      timeoutMs: how === "hangs" ? 150 : 60_000,
      start: () => Promise.resolve(),
      close: () => Promise.resolve(),
      async synthesise(request: SpeechRequest, sink: SpeechSink, signal: AbortSignal): Promise<void> {
        let pieces = 0;
        const gate: SpeechSink = {
          words: (words) => sink.words(words),
          audio: (muLaw) => void (pieces++ < afterPieces && sink.audio(muLaw)),
        };
        await flite.synthesise({ ...request, voice: "slt" }, gate, signal);
        if (how === "throws") throw new SpeechError("SPEECH_ENGINE_FAILED", "broken on purpose");
        await new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(new SpeechError("SPEECH_CANCELLED", "aborted"))),
        );
      },
    };
  }

  for (const [how, afterPieces] of [
    ["throws", 0],
    ["throws", 40],
    ["hangs", 0],
    ["hangs", 40],
  ] as const) {
    it(`finishes the sentence with the fallback when a voice ${how} after ${afterPieces} pieces`, async () => {
      const failures: string[] = [];
      const speaking = await speaker({
        engines: [breaking(afterPieces, how), espeak],
        voice: "breaking/x",
        onFailure: (error) => failures.push(error.code),
      });
      const line = await told(speaking.say("Your order has been shipped today. Goodbye."));
      assert.equal(line.error, undefined);
      assert.deepEqual(line.voices, ["breaking/x", "espeak/en-us"]);
      assert.deepEqual(failures, [how === "hangs" ? "SPEECH_ENGINE_TIMEOUT" : "SPEECH_ENGINE_FAILED"]);
      assert.equal(line.words.map((word) => word.text).join(" "), "Your order has been shipped today Goodbye");
      const starts = line.words.map((word) => word.startSamples);
      assert.deepEqual(
        starts,
        starts.toSorted((a, b) => a - b),
      );
      assert.deepEqual(
        speaking.say("Still here.").voices,
        ["espeak/en-us"],
        "the next line does not try the broken voice first",
      );
    });
  }
});
