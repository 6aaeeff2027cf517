import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { writeUlawWav, writeWav } from "@sidetone/audio";
import type { DecisionThresholds } from "../port.ts";
import { readClipSet } from "./clip-set.ts";
import { atCutOff, endFigures, hearingFigures, modelTakes, overlapFigures } from "./figures.ts";
import { timerEndMs } from "./silero.ts";
import { ratioBySpeaker, wordErrors } from "./statistics.ts";
import type { Streamed } from "./stream-trials.ts";
import { digitStrings, type Trial, turnTrial } from "./trials.ts";

const THRESHOLDS: DecisionThresholds = {
  beginOpen: 0.5,
  beginFulfilled: 0.4,
  beginUnfulfilled: 0.9,
  backchannel: 0.5,
  duck: 0.5,
  yield: 0.5,
  voice: 0.5,
  want: 0.5,
};

function trial(parts: Partial<Trial>): Trial {
  return {
    group: "x",
    speaker: "a",
    caller: new Uint8Array(3200),
    agent: new Uint8Array(3200),
    agentPlays: false,
    expectation: "open",
    length: 0,
    words: ["yes"],
    startMs: 80,
    endMs: 200,
    pauses: [],
    ...parts,
  };
}

function streamed(parts: Partial<Streamed>, of: Partial<Trial> = {}): Streamed {
  const none = new Float32Array(10);
  return {
    trial: trial(of),
    begin: none,
    yield: none,
    duckOrYield: none,
    remaining: new Uint8Array(10),
    words: [],
    voice: none,
    symbols: none,
    ...parts,
  };
}

describe("figures", () => {
  it("tells cut-offs from answers, with the latency at the hop's end", () => {
    const early = streamed({ begin: Float32Array.of(0.9, 0, 0, 0.6, 0, 0, 0, 0, 0, 0) });
    const late = streamed({ begin: Float32Array.of(0, 0, 0, 0, 0, 0, 0.6, 0, 0, 0) }, { speaker: "b" });
    const figures = endFigures([early.trial, late.trial], modelTakes([early, late], THRESHOLDS));
    assert.equal(figures.cutOff.value, 0.5);
    assert.equal(figures.p50Ms, 80);
    assert.equal(figures.never, 0);
  });

  it("looks at the threshold that the expectation asks for", () => {
    const remaining = Uint8Array.of(2, 2, 2, 2, 1, 0, 0, 0, 0, 0);
    const one = streamed({ begin: new Float32Array(10).fill(0.45), remaining }, { expectation: "digits", length: 2 });
    assert.equal(modelTakes([one], THRESHOLDS)(0), 240);
    const open = streamed({ begin: new Float32Array(10).fill(0.45) });
    assert.equal(modelTakes([open], THRESHOLDS)(0), undefined);
  });

  it("counts the pauses in which a turn was taken", () => {
    const pauses = [
      { startMs: 100, endMs: 180 },
      { startMs: 220, endMs: 300 },
    ];
    const one = streamed({ begin: Float32Array.of(0, 0, 0, 0, 0, 0, 0.9, 0, 0, 0) }, { endMs: 400, pauses });
    const figures = endFigures([one.trial], modelTakes([one], THRESHOLDS));
    assert.equal(figures.inPauses.value, 0.5);
    assert.equal(figures.cutOff.value, 1);
  });

  it("finds the most eager threshold within a share of cut-offs", () => {
    const one = streamed({ begin: Float32Array.of(0, 0, 0.3, 0, 0, 0, 0.8, 0, 0, 0) });
    const best = atCutOff([one], 0.05, THRESHOLDS)!;
    assert.ok(best.threshold > 0.3 && best.threshold < 0.45);
    assert.equal(best.figures.p50Ms, 80);
  });

  it("measures hearing and overlaps", () => {
    const word = { startMs: 0, endMs: 100, confidence: 1, known: true };
    const heard = hearingFigures([
      streamed({ words: [{ ...word, text: "yes" }] }),
      streamed(
        {
          words: [
            { ...word, text: "oh" },
            { ...word, text: "qx", known: false },
          ],
        },
        { words: ["zero"], speaker: "b" },
      ),
    ]);
    assert.equal(heard.wordError.value, 0.5);
    assert.equal(heard.exact.value, 0.5);
    const overlap = overlapFigures(
      [streamed({ yield: Float32Array.of(0, 0, 0, 0.9), duckOrYield: Float32Array.of(0, 0, 0.9, 0.9) }), streamed({})],
      THRESHOLDS,
    );
    assert.deepEqual([overlap.yielded.value, overlap.duckedOrYielded.value, overlap.p50Ms], [0.5, 0.5, 40]);
  });

  it("counts word errors and draws intervals over speakers", () => {
    assert.equal(wordErrors(["a", "b", "c"], ["a", "c", "d"]), 2);
    assert.equal(wordErrors([], ["a"]), 1);
    const even = ratioBySpeaker(["a", "b", "c"].map((speaker) => ({ speaker, part: 1, whole: 2 })));
    assert.deepEqual([even.value, even.low, even.high, even.count], [0.5, 0.5, 0.5, 3]);
    const uneven = ratioBySpeaker([
      { speaker: "a", part: 2, whole: 2 },
      { speaker: "b", part: 0, whole: 2 },
    ]);
    assert.deepEqual([uneven.low, uneven.high], [0, 1]);
  });

  it("asks for less and less certainty as quiet goes on, of the best since the caller was heard", () => {
    const hops = 40;
    const of = (parts: Partial<Streamed>): Streamed =>
      streamed({
        begin: new Float32Array(hops),
        voice: new Float32Array(hops),
        remaining: new Uint8Array(hops),
        ...parts,
      });
    const sure = of({ begin: Float32Array.from({ length: hops }, (_, hop) => (hop === 5 ? 0.45 : 0.1)) });
    const heardSince = of({
      begin: sure.begin,
      voice: Float32Array.from({ length: hops }, (_, hop) => (hop === 8 ? 1 : 0)),
    });
    const takes = modelTakes([sure, heardSince], THRESHOLDS);
    // Half of the certainty is reached at quiet hop 10 + 50 * (1 - 0.45 / 0.5) / 0.7, counted from hop 2 on.
    assert.equal(takes(0), (2 + 18) * 40);
    assert.equal(takes(1), undefined);
  });

  it("ends a turn by a timer on voice activity", () => {
    const windows = Float32Array.of(0, 0.9, 0.4, 0.4, 0.1, 0.1, 0.1, 0.9);
    assert.equal(timerEndMs(windows, 64, 0), 6 * 32);
    assert.equal(timerEndMs(windows, 300, 0), undefined);
  });
});

describe("trials", () => {
  it("puts a clip into quiet line noise in whole hops", () => {
    const muLaw = new Uint8Array(1000).fill(0x10);
    const made = turnTrial({
      id: "1",
      kind: "command",
      speaker: "a",
      muLaw,
      words: ["go"],
      speech: { startMs: 20, endMs: 100 },
      expectation: undefined,
      length: 0,
      pauses: [],
    });
    assert.equal(made.caller.length % 320, 0);
    assert.deepEqual([made.startMs, made.endMs], [520, 600]);
    assert.deepEqual(made.caller.subarray(4000, 5000), muLaw);
  });

  it("takes a clip that has its own quiet as it is, with what the set knows of it", () => {
    const made = turnTrial({
      id: "1",
      kind: "digits at 20 dB",
      speaker: "a",
      muLaw: new Uint8Array(32_000),
      words: ["one", "two"],
      speech: { startMs: 400, endMs: 1200 },
      expectation: "digits",
      length: 2,
      pauses: [{ startMs: 600, endMs: 900 }],
    });
    assert.equal(made.caller.length, 32_000);
    assert.deepEqual([made.expectation, made.length, made.startMs, made.endMs], ["digits", 2, 400, 1200]);
    assert.deepEqual(made.pauses, [{ startMs: 600, endMs: 900 }]);
  });

  it("makes the same digit strings again", () => {
    const clips = ["one", "two", "three", "four", "five"].map((word) => ({
      id: word,
      kind: "digit",
      speaker: "a",
      muLaw: new Uint8Array(800),
      words: [word],
      speech: undefined,
      expectation: undefined,
      length: 0,
      pauses: [],
    }));
    const strings = digitStrings(clips);
    assert.deepEqual(strings, digitStrings(clips));
    assert.ok(strings.every(({ words, length }) => words!.length === length && length >= 4 && length <= 8));
  });
});

describe("readClipSet", () => {
  const LINE = {
    path: "a.wav",
    numSamples: 400,
    kind: "digit",
    words: "Two.",
    speaker: "p",
    speechStartMs: 5,
    speechEndMs: 40,
  };
  const FAULTS: readonly (readonly [name: string, message: RegExp, lines: readonly unknown[], rateHz?: number])[] = [
    ["no such file", /line 1: .*b\.wav: cannot be read/, [{ ...LINE, path: "b.wav" }]],
    ["another rate", /16000 Hz with 1 channels/, [LINE], 16_000],
    ["a clip behind its file", /line 2: the clip ends/, [LINE, { ...LINE, offsetSamples: 800 }]],
    ["a line without kind", /line 1: kind/, [{ path: "a.wav", numSamples: 1 }]],
    ["nothing", /no clip/, []],
  ];
  const folderWith = async (lines: readonly unknown[], rateHz = 8000): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), "clips-"));
    await writeFile(join(folder, "manifest.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const wav =
      rateHz === 8000
        ? writeUlawWav(8000, [new Uint8Array(1000)])
        : writeWav({ sampleRateHz: rateHz, channels: [new Int16Array(1000)] });
    await writeFile(join(folder, "a.wav"), wav);
    return folder;
  };
  for (const [name, message, lines, rateHz] of FAULTS) {
    it(`${name} -> EVAL_SET_INVALID`, async () => {
      const folder = await folderWith(lines, rateHz);
      await assert.rejects(readClipSet(folder), { code: "EVAL_SET_INVALID", message });
      await rm(folder, { recursive: true });
    });
  }

  it("reads clips with their words and times", async () => {
    const folder = await folderWith([LINE, { ...LINE, words: null, speechStartMs: null, kind: "noise" }]);
    const [digit, noise] = await readClipSet(folder);
    await rm(folder, { recursive: true });
    assert.deepEqual(digit!.words, ["two"]);
    assert.deepEqual(digit!.speech, { startMs: 5, endMs: 40 });
    assert.equal(digit!.muLaw.length, 400);
    assert.deepEqual([noise!.words, noise!.speech], [undefined, undefined]);
    await assert.rejects(readClipSet(join(folder, "nowhere")), { code: "EVAL_SET_INVALID" });
  });
});
