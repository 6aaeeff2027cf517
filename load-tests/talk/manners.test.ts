import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ulawLevelDbfs } from "@sidetone/audio";
import type { PodOutput } from "@sidetone/protocol";
import {
  type AgentLine,
  agentLines,
  type Call,
  type CallerStep,
  listenTo,
  readTapeOf,
  speak,
  type WholeTape,
} from "@sidetone/testkit";
import { agentSpans, onsetAfter, silenceAfter } from "../interaction/ear.ts";
import { type Stack, startStack } from "../stack.ts";
import type { Meaning, ScriptedUtterance } from "./scripted-model.ts";
import { endedOrStalled } from "./stall.ts";

/** What the callers say, and how it is meant. */
const SAID: Readonly<Record<string, Meaning>> = {
  "wait a moment please i have a question": "turn",
  mm: "backchannel",
  "put it on the table over there please": "side-talk",
  "hello can you hear me at all": "turn",
  "where is my order": "turn",
  "oh and there is one more thing": "both-start",
  "so last tuesday i ordered a lamp for my sister [pause 600] and it came on friday which was fine but when she opened it [pause 600] the glass was broken and she was very sad about that and called me":
    "story",
  "four seven two nine one five six eight three two six eight": "turn",
  "where is my order four seven two nine one": "turn",
};
const [INTERRUPTS, MURMURS, ASIDE, OVER_GREETING, ASKS, BOTH, STORY, TOO_LONG, WHOLE] = Object.keys(SAID) as [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
];

const PIECE_SAMPLES = 480;
const LISTEN: CallerStep = { do: "listen", quietMs: 900, atMostMs: 30_000 };
/** The long question has got going: nothing else is said for so long without a pause. */
const IN_QUESTION: CallerStep = { do: "await-agent", forMs: 5_000, atMostMs: 30_000 };
const HANG_UP: CallerStep[] = [{ do: "pause", ms: 3_500 }, { do: "hang-up" }];

interface Heard {
  call: Call;
  tape: WholeTape;
  lines: AgentLine[];
  /** When each utterance of the caller's was heard by themselves, ms on the ear's time line. */
  saidMs: { startMs: number; endMs: number }[];
  of<T extends PodOutput["type"]>(type: T): Extract<PodOutput, { type: T }>[];
  /** Why nothing can be said of manners in time: the machine had none for the call. */
  stalled: string | undefined;
}

let stack: Stack;
let folder: string;
const audioOf = new Map<string, Uint8Array>();

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "manners-"));
  const script: ScriptedUtterance[] = [];
  for (const [text, meaning] of Object.entries(SAID)) {
    const audio = text === MURMURS ? (await speak("mm")).subarray(0, 1_280) : await speak(text);
    audioOf.set(text, audio);
    script.push({ text, meaning, audio: Buffer.from(audio).toString("base64") });
  }
  const path = join(folder, "script.json");
  writeFileSync(path, JSON.stringify(script));
  const wrapper = new URL("./scripted-model.ts", import.meta.url);
  wrapper.searchParams.set("script", path);
  stack = await startStack({
    podEnv: { POD_MODEL_WRAPPER: wrapper.href, POD_CAPACITY: "8" },
    bridgeEnv: { NUMBERS: JSON.stringify({ "+15005550110": "manners" }) },
    playbooks: [join(import.meta.dirname, "manners.yaml")],
  });
});
after(async () => {
  await stack?.close();
  rmSync(folder, { recursive: true });
});

const says = (text: string): CallerStep => ({ do: "speak", audio: audioOf.get(text)!, label: text });

async function phone(...steps: CallerStep[]): Promise<Heard> {
  const saidMs: Heard["saidMs"] = [];
  const call = stack.carrier.placeCall({
    from: "+15005550001",
    to: "+15005550110",
    voiceUrl: stack.voiceUrl,
    steps,
    onEvent(event) {
      if (event.type !== "caller" || event.step.do !== "speak") return;
      saidMs.push({ startMs: event.atMs, endMs: event.atMs + event.step.audio.length / 8 });
    },
  });
  const stalled = await endedOrStalled(call);
  const tape = await readTapeOf(stack.dataDir, call.sid);
  const outputs = tape.notes.flatMap((note) => (note.type === "out" ? [note.output] : []));
  const of = <T extends PodOutput["type"]>(type: T) =>
    outputs.filter((output): output is Extract<PodOutput, { type: T }> => output.type === type);
  return { call, tape, lines: agentLines(tape), saidMs, of, stalled };
}

/** Level of the agent in a stretch of the ear, dBFS. */
const levelDb = ({ call }: Heard, fromMs: number, toMs: number): number =>
  ulawLevelDbfs(call.ear.heard, Math.round(fromMs * 8), Math.round((toMs - fromMs) * 8));

/** The same line of another call, undisturbed: every call says the same, byte for byte. */
let undisturbed: Heard;
const lineOf = ({ lines }: Heard, start: string): AgentLine => {
  const line = lines.find((one) => one.text.startsWith(start));
  assert.ok(line, `"${start}" in ${JSON.stringify(lines.map((one) => one.text))}`);
  return line;
};
/**
 * How much quieter a stretch is than the same words of the undisturbed call, dB. The two are laid side by side by the
 * latest loud piece before `alignMs` that is in both, byte for byte.
 */
function gainDb({ call }: Heard, alignMs: number, fromMs: number, toMs: number): number {
  const { heard } = call.ear;
  const other = Buffer.from(undisturbed.call.ear.heard);
  for (let at = Math.round(alignMs * 8) - PIECE_SAMPLES; at > 0; at -= 80) {
    if (ulawLevelDbfs(heard, at, PIECE_SAMPLES) < -35) continue;
    const found = other.indexOf(Buffer.from(heard.subarray(at, at + PIECE_SAMPLES)));
    if (found < 0) continue;
    const level = (bytes: Uint8Array, shift: number): number =>
      ulawLevelDbfs(bytes, Math.round(fromMs * 8) + shift, Math.round((toMs - fromMs) * 8));
    return level(heard, 0) - level(undisturbed.call.ear.heard, found - at);
  }
  return Number.NaN;
}
/** First sound of a line at the ear, where the tape says that it began. */
function onsetOf(heard: Heard, start: string): number {
  const { startMs } = lineOf(heard, start);
  return onsetAfter(agentSpans(heard.call.ear.heard, 100), startMs + (heard.call.mediaBeganAtMs ?? 0) - 60) ?? startMs;
}
/** What is counted as heard can be heard; audio that came too late on a stalled machine excuses a word. */
function assertHeard(heard: Heard): void {
  const { call, lines } = heard;
  const { truncatedWords } = listenTo(call.ear.heard, lines, call.mediaBeganAtMs);
  const starvedMs = call.streams.reduce((sum, { counts }) => sum + counts.starvedFrames, 0) * 20;
  assert.ok(truncatedWords.length <= Math.ceil(starvedMs / 100), `not heard: ${truncatedWords.join(", ")}`);
}

const OPENING = "Hello, this is Robin";
const QUESTION = "You can ask me";

/**
 * Every manner as a call through the real bridge and pod with synthesised speech on both sides, measured at the caller's
 * ear. Decisions and hearing are scripted (./scripted-model.ts): this is about what is made of them.
 */
describe("manners over the whole road, at the caller's ear", { concurrency: 3 }, () => {
  before(async () => {
    // The first call also has everything made that the others will hear.
    undisturbed = await phone(IN_QUESTION, LISTEN, ...HANG_UP);
    if (undisturbed.stalled) return;
    assert.ok(lineOf(undisturbed, QUESTION).endMs - lineOf(undisturbed, QUESTION).startMs > 7_000);
  });

  test("yield: who takes the floor has it, and what was heard is known to the word", async (t) => {
    if (undisturbed.stalled) return t.skip(undisturbed.stalled);
    const heard = await phone(IN_QUESTION, says(INTERRUPTS), ...HANG_UP);
    if (heard.stalled) return t.skip(heard.stalled);
    const [said] = heard.saidMs;
    const stopMs = (silenceAfter(agentSpans(heard.call.ear.heard, 100), said!.startMs) ?? 0) - said!.startMs;
    t.diagnostic(`silent ${stopMs} ms after the caller began`);
    const [yielded] = heard.of("yielded");
    assert.ok(yielded, "the agent gave way");
    assert.ok(stopMs < said!.endMs - said!.startMs, `${stopMs} ms`);
    assert.equal(heard.call.streams[0]?.counts.clears, 1);
    assert.equal(`${yielded.heardText} ${yielded.unheardText}`.trim(), lineOf(heard, QUESTION).text);
    assertHeard(heard);
  });

  test("duck and hold: a murmur costs 8 dB for a moment, and the sentence goes on", async (t) => {
    if (undisturbed.stalled) return t.skip(undisturbed.stalled);
    const heard = await phone(IN_QUESTION, says(MURMURS), LISTEN, { do: "hang-up" });
    if (heard.stalled) return t.skip(heard.stalled);
    assert.deepEqual(heard.of("yielded"), []);
    assert.equal(lineOf(heard, QUESTION).cut, false);
    const [said] = heard.saidMs;
    const gains = Array.from({ length: 40 }, (_, i) =>
      gainDb(heard, said!.startMs, said!.startMs + 20 * i, said!.startMs + 20 * i + 40),
    );
    const least = Math.min(...gains.filter(Number.isFinite));
    const laterDb = gainDb(heard, said!.startMs, said!.startMs + 900, said!.startMs + 1_400);
    t.diagnostic(`${least.toFixed(1)} dB at most, ${laterDb.toFixed(1)} dB afterwards`);
    assert.ok(least < -5 && least > -12, `${least} dB`);
    assert.ok(Math.abs(laterDb) < 1.5, `${laterDb} dB afterwards`);
    assertHeard(heard);
  });

  test("hold: side talk does not get the floor, and is no answer", async (t) => {
    if (undisturbed.stalled) return t.skip(undisturbed.stalled);
    const heard = await phone(IN_QUESTION, says(ASIDE), LISTEN, { do: "hang-up" });
    if (heard.stalled) return t.skip(heard.stalled);
    assert.deepEqual(heard.of("yielded"), []);
    assert.ok(heard.of("overlap").some((overlap) => overlap.kind === "side-talk"));
    assert.deepEqual(heard.of("want-recognised"), []);
    assertHeard(heard);
  });

  test("uninterruptible: the greeting is ducked under who talks over it, and finished", async (t) => {
    if (undisturbed.stalled) return t.skip(undisturbed.stalled);
    const heard = await phone({ do: "await-agent", forMs: 600, atMostMs: 20_000 }, says(OVER_GREETING), LISTEN, {
      do: "hang-up",
    });
    if (heard.stalled) return t.skip(heard.stalled);
    const greeting = lineOf(heard, OPENING);
    assert.equal(greeting.cut, false);
    const [said] = heard.saidMs;
    const duckedDb = gainDb(heard, said!.startMs, said!.startMs + 200, said!.startMs + 800);
    t.diagnostic(`${duckedDb.toFixed(1)} dB under the caller`);
    assert.ok(duckedDb < -5 && duckedDb > -11, `${duckedDb} dB`);
  });

  test("both start at once: the agent gives way", async (t) => {
    if (undisturbed.stalled) return t.skip(undisturbed.stalled);
    const heard = await phone(
      IN_QUESTION,
      LISTEN,
      says(ASKS),
      { do: "await-agent", forMs: 20, atMostMs: 20_000 },
      says(BOTH),
      ...HANG_UP,
    );
    if (heard.stalled) return t.skip(heard.stalled);
    const yielded = heard.of("yielded").find((one) => /order number/.test(one.heardText + one.unheardText));
    assert.ok(yielded, "it had just begun, and gave way");
    assertHeard(heard);
  });

  test("backchannel: short, quieter, in a pause of a long story, not twice within four seconds", async (t) => {
    if (undisturbed.stalled) return t.skip(undisturbed.stalled);
    const heard = await phone(IN_QUESTION, LISTEN, says(STORY), ...HANG_UP);
    if (heard.stalled) return t.skip(heard.stalled);
    const murmurs = heard.of("said").filter((said) => said.act === "backchannel");
    assert.ok(murmurs.length >= 1, "one at least of two pauses");
    const [said] = heard.saidMs;
    const begun = agentSpans(heard.call.ear.heard).filter(
      (span) => span.startMs > said!.startMs && span.startMs < said!.endMs,
    );
    t.diagnostic(`caller ${JSON.stringify(said)}, agent ${JSON.stringify(begun)}`);
    // One in the last breath may be heard behind it, or run into the answer, and cannot be measured by itself.
    assert.ok(begun.length >= murmurs.length - 1, "each is heard while the caller has the floor");
    assert.ok(begun.length <= murmurs.length, "and nothing else is");
    for (const [i, span] of begun.slice(1).entries()) assert.ok(span.startMs - begun[i]!.startMs > 3_900);
    const within = begun.filter((span) => span.endMs < said!.endMs);
    assert.ok(within.length >= 1);
    for (const span of within) {
      const murmurDb = levelDb(heard, span.startMs, span.endMs);
      const lineDb = levelDb(heard, onsetOf(heard, QUESTION), onsetOf(heard, QUESTION) + 4_000);
      t.diagnostic(`${Math.round(span.endMs - span.startMs)} ms, ${(murmurDb - lineDb).toFixed(1)} dB beside a line`);
      assert.ok(span.endMs - span.startMs < 900 && murmurDb < lineDb - 3, `${murmurDb} dB, a line ${lineDb} dB`);
    }
  });

  test("interject: who reads out too much is told so while they go on, and is given way to", async (t) => {
    if (undisturbed.stalled) return t.skip(undisturbed.stalled);
    const heard = await phone(IN_QUESTION, LISTEN, says(ASKS), LISTEN, says(TOO_LONG), ...HANG_UP);
    if (heard.stalled) return t.skip(heard.stalled);
    const [, said] = heard.saidMs;
    const interjection = heard.of("said").find((one) => one.act === "interjection");
    assert.match(interjection?.text ?? "", /five digits/);
    const onset = onsetAfter(agentSpans(heard.call.ear.heard), said!.startMs);
    assert.ok(onset !== undefined && onset < said!.endMs, `at ${onset}, the caller spoke until ${said!.endMs}`);
    assert.ok(
      heard.of("yielded").some((one) => one.utteranceId === interjection!.utteranceId),
      "the caller went on",
    );
    assertHeard(heard);
  });

  test("fill: only where waiting is real, with words that fit", async (t) => {
    if (undisturbed.stalled) return t.skip(undisturbed.stalled);
    // Nobody answers lookups here.
    const heard = await phone(IN_QUESTION, LISTEN, says(WHOLE), ...HANG_UP);
    if (heard.stalled) return t.skip(heard.stalled);
    const [said] = heard.saidMs;
    const filler = heard.of("said").find((one) => one.act === "filler");
    assert.match(filler?.text ?? "", /looking up your order/);
    const onset = onsetAfter(agentSpans(heard.call.ear.heard), said!.endMs) ?? 0;
    t.diagnostic(`a filler ${Math.round(onset - said!.endMs)} ms after the caller`);
    assert.ok(onset - said!.endMs >= 780, `${onset - said!.endMs} ms`);
  });
});
