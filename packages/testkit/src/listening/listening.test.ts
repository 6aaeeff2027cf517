import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LINEAR_TO_ULAW, ULAW_SILENCE } from "@sidetone/audio";
import { HOP_SAMPLES, type PodOutput } from "@sidetone/protocol";
import type { WholeTape } from "../road/tapes.ts";
import { agentLines } from "./agent-lines.ts";
import { listenTo } from "./listening.ts";
import { wordErrors } from "./transcript.ts";

const tone = (ms: number, peak = 8000): number[] =>
  Array.from({ length: ms * 8 }, (_, i) => LINEAR_TO_ULAW[Math.round(peak * Math.sin(i / 3)) & 0xffff]!);
const silence = (ms: number): number[] => new Array<number>(ms * 8).fill(ULAW_SILENCE);

const SAID = { type: "said", utteranceId: 3, epoch: 1, startSamples: 0, text: "one two", act: "line" } as const;
/** Two words of 400 ms with a pause of 100 ms between them. */
const WORDED: PodOutput = {
  type: "worded",
  utteranceId: 3,
  words: [
    { text: "one", startSamples: 0, endSamples: 3200, source: "engine" },
    { text: "two", startSamples: 4000, endSamples: 7200, source: "engine" },
  ],
};

/** A tape on which epoch 1 began to be heard 200 ms into the call and went on to its sample `heardSamples`. */
function tapeOf(heardSamples: number, ...outputs: PodOutput[]): WholeTape {
  const hops = 40;
  const heard = Array.from({ length: hops }, (_, hop) =>
    Math.max(0, Math.min(heardSamples, (hop + 1 - 5) * HOP_SAMPLES)),
  );
  return {
    path: "",
    carrierCallId: "",
    caller: new Uint8Array(hops * HOP_SAMPLES),
    agent: new Uint8Array(hops * HOP_SAMPLES),
    hops,
    heardEpoch: heard.map((samples) => (samples > 0 ? 1 : 0)),
    heardSamples: heard,
    conditioning: [],
    concealedSamples: 0,
    damagedBytes: 0,
    notes: [{ ...SAID, uninterruptible: false } as PodOutput, WORDED, ...outputs].map((output) => ({
      type: "out",
      hop: 5,
      output,
    })),
  };
}

const FINISHED: PodOutput = { type: "finished", utteranceId: 3 };

describe("where the agent's words lie", () => {
  it("puts every word on the media clock, to the sample", () => {
    const [line] = agentLines(tapeOf(7200, FINISHED));
    assert.equal(line?.cut, false);
    assert.deepEqual(
      line?.words.map((word) => [
        word.text,
        Math.round(word.startMs),
        Math.round(word.endMs),
        word.pauseMs,
        word.heard,
      ]),
      [
        ["one", 200, 600, 100, true],
        ["two", 700, 1100, 0, true],
      ],
    );
  });

  it("counts of a line that was cut off what the caller heard", () => {
    const yielded: PodOutput = {
      type: "yielded",
      utteranceId: 3,
      heardThroughWord: 0,
      heardText: "one",
      unheardText: "two",
    };
    const [line] = agentLines(tapeOf(4500, yielded));
    assert.equal(line?.cut, true);
    assert.equal(Math.round(line?.endMs ?? 0), 600);
    assert.deepEqual(
      line?.words.map((word) => word.heard),
      [true, false],
    );
  });

  it("leaves out what never reached the ear", () => {
    assert.deepEqual(agentLines(tapeOf(0, FINISHED)), []);
  });
});

describe("listening with instruments", () => {
  const lines = agentLines(tapeOf(7200, FINISHED));
  const channel = (...parts: number[][]): Uint8Array => Uint8Array.from(parts.flat());

  it("measures level, peak and what is clipped", () => {
    const clean = listenTo(channel(silence(200), tone(400), silence(100), tone(400), silence(300)), lines);
    assert.ok(Math.abs(clean.levelDbfs + 15.3) < 0.3, `${clean.levelDbfs} dBFS`);
    assert.equal(clean.clippedSamples, 0);
    assert.equal(clean.soundMs, 800);
    assert.ok(listenTo(Uint8Array.from(tone(400, 32_700)), []).clippedSamples > 0);
    assert.equal(listenTo(Uint8Array.from(silence(400)), []).levelDbfs, -96);
  });

  it("finds nothing wrong where everything is there, wherever the recording began", () => {
    for (const offsetMs of [0, 20, 60]) {
      const heard = channel(silence(200 + offsetMs), tone(400), silence(100), tone(400), silence(300));
      const { truncatedWords, longestGapMs, words } = listenTo(heard, lines, offsetMs);
      assert.deepEqual([truncatedWords, Math.round(longestGapMs), words], [[], 0, 2]);
    }
  });

  it("finds a word whose end is missing", () => {
    const heard = channel(silence(200), tone(400), silence(100), tone(150), silence(550));
    assert.deepEqual(listenTo(heard, lines).truncatedWords, ["two"]);
  });

  it("finds a hole in a word, and a pause that grew", () => {
    const hole = channel(silence(200), tone(300), silence(60), tone(100), silence(40), tone(400), silence(300));
    assert.ok(
      listenTo(hole, [{ ...lines[0]!, words: lines[0]!.words.map((word) => ({ ...word, pauseMs: 0 })) }])
        .longestGapMs >= 60,
    );
    const late = channel(silence(200), tone(400), silence(180), tone(400), silence(220));
    assert.equal(Math.round(listenTo(late, lines).longestGapMs), 80);
  });
});

it("counts words that were missed, added or mistaken", () => {
  const count = (said: string, heard: string): number => wordErrors(said.split(" "), heard.split(" ").filter(Boolean));
  assert.equal(count("where is my order", "where is my order"), 0);
  assert.equal(count("where is my order", "where is order"), 1);
  assert.equal(count("where is my order", "where is my big order"), 1);
  assert.equal(count("where is my order", "where was my order"), 1);
  assert.equal(count("where is my order", ""), 4);
});
