import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeUlaw } from "@sidetone/audio";
import { agentSpans, type Span } from "./ear.ts";
import { figuresOf } from "./figures.ts";
import { judge, type Played, SCENARIOS, type Verdict } from "./judge.ts";

const tone = (spans: readonly Span[], totalMs: number): Uint8Array => {
  const audio = new Int16Array(totalMs * 8);
  for (const { startMs, endMs } of spans) {
    for (let i = startMs * 8; i < endMs * 8; i++) audio[i] = Math.round(8_000 * Math.sin(i / 3));
  }
  const muLaw = new Uint8Array(audio.length);
  encodeUlaw(audio, muLaw);
  return muLaw;
};

test("the ear joins pauses between words, drops clicks and keeps silences", () => {
  const audio = tone(
    [
      { startMs: 100, endMs: 400 },
      { startMs: 550, endMs: 900 },
      { startMs: 1_500, endMs: 1_510 },
      { startMs: 2_000, endMs: 2_300 },
    ],
    3_000,
  );
  assert.deepEqual(agentSpans(audio), [
    { startMs: 100, endMs: 900 },
    { startMs: 2_000, endMs: 2_300 },
  ]);
});

const played = (scenario: Played["scenario"], startMs: number, endMs: number, turnEndMs = endMs): Played => ({
  scenario,
  demand: SCENARIOS[scenario],
  startMs,
  endMs,
  turnEndMs,
});
const span = (startMs: number, endMs: number): Span => ({ startMs, endMs });

const cases: { name: string; played: Played; agent: Span[]; sentenceEndMs?: number; expect: Partial<Verdict> }[] = [
  {
    name: "an answer 300 ms after the turn",
    played: played("smooth-turn", 1_000, 3_000),
    agent: [span(3_300, 5_000)],
    expect: { right: true, latencyMs: 300 },
  },
  {
    name: "an answer into the turn is a cut-in",
    played: played("smooth-turn", 1_000, 3_000),
    agent: [span(2_600, 5_000)],
    expect: { right: false, latencyMs: -400 },
  },
  {
    name: "no answer at all",
    played: played("smooth-turn", 1_000, 3_000),
    agent: [],
    expect: { right: false, latencyMs: undefined },
  },
  {
    name: "an answer later than any caller waits",
    played: played("smooth-turn", 1_000, 3_000),
    agent: [span(8_500, 9_000)],
    expect: { right: false },
  },
  {
    name: "a pause left alone",
    played: played("pause-in-digits", 2_000, 2_900, 4_000),
    agent: [span(4_300, 5_000)],
    expect: { right: true },
  },
  {
    name: "a pause taken",
    played: played("pause-in-digits", 2_000, 2_900, 4_000),
    agent: [span(2_600, 3_500)],
    expect: { right: false, latencyMs: 600 },
  },
  {
    name: "taken in the rest of the turn after the pause",
    played: played("pause-in-turn", 2_000, 2_500, 4_000),
    agent: [span(2_900, 3_500)],
    expect: { right: false },
  },
  {
    name: "silent 150 ms after being interrupted",
    played: played("interruption-middle", 2_000, 3_000),
    agent: [span(0, 2_150)],
    expect: { right: true, latencyMs: 150 },
  },
  {
    name: "talks on over an interruption",
    played: played("interruption-middle", 2_000, 3_000),
    agent: [span(0, 6_000)],
    expect: { right: false },
  },
  {
    name: "had already stopped: cannot be judged",
    played: played("interruption-middle", 2_000, 3_000),
    agent: [span(0, 1_000)],
    expect: { void: true },
  },
  {
    name: "carries on over a backchannel",
    played: played("backchannel", 2_000, 2_300),
    agent: [span(0, 6_000)],
    expect: { right: true },
  },
  {
    name: "falls silent at a backchannel",
    played: played("backchannel", 2_000, 2_300),
    agent: [span(0, 2_200)],
    expect: { right: false },
  },
  {
    name: "speaks up to a caller who says nothing",
    played: played("silent-caller", 2_000, 6_300),
    agent: [span(0, 1_900), span(6_500, 7_500)],
    expect: { right: true, latencyMs: 200 },
  },
  {
    name: "does not wait for a caller who says nothing",
    played: played("silent-caller", 2_000, 6_300),
    agent: [span(0, 1_900), span(3_500, 4_500)],
    expect: { right: false },
  },
  {
    name: "leaves a caller who says nothing alone",
    played: played("silent-caller", 2_000, 6_300),
    agent: [span(0, 1_900)],
    expect: { right: false, latencyMs: undefined },
  },
  {
    name: "never gets going for its own echo",
    played: played("echo", 30_000, 31_000),
    agent: [span(0, 1_000), span(4_000, 5_000)],
    expect: { right: false, void: false },
  },
  {
    name: "its sentence ended by itself during the cough",
    played: played("vocal-tic", 2_000, 2_300),
    agent: [span(0, 2_600)],
    sentenceEndMs: 2_620,
    expect: { right: true },
  },
];
for (const { name, played, agent, sentenceEndMs, expect } of cases) {
  test(`judged: ${name}`, () => {
    const verdict = judge(played, agent, sentenceEndMs);
    for (const [key, value] of Object.entries(expect)) assert.equal(verdict[key as keyof Verdict], value, key);
  });
}

test("always-yield and never-yield are both bad in the headline", () => {
  const make = (yields: boolean): Verdict[] => [
    ...Array.from(
      { length: 10 },
      (): Verdict => ({
        scenario: "interruption-middle",
        demand: "yield",
        right: yields,
        latencyMs: yields ? 100 : undefined,
        void: false,
      }),
    ),
    ...Array.from(
      { length: 10 },
      (): Verdict => ({
        scenario: "backchannel",
        demand: "carry-on",
        right: !yields,
        latencyMs: undefined,
        void: false,
      }),
    ),
    ...Array.from(
      { length: 10 },
      (): Verdict => ({ scenario: "pause-in-turn", demand: "wait", right: true, latencyMs: undefined, void: false }),
    ),
  ];
  assert.equal(figuresOf(make(true)).headline.value, 0);
  assert.equal(figuresOf(make(false)).headline.value, 0);
});

test("a voided stimulus counts nowhere but among the voided", () => {
  const figures = figuresOf([
    { scenario: "backchannel", demand: "carry-on", right: true, latencyMs: undefined, void: false },
    { scenario: "backchannel", demand: "carry-on", right: false, latencyMs: undefined, void: true },
  ]);
  assert.equal(figures.selectivity.backchannel?.value, 1);
  assert.equal(figures.voided, 1);
});
