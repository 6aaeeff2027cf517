import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { SpeechCache } from "./cache.ts";
import { NativeEngine } from "./engines/native-engine.ts";
import { SpeechError } from "./errors.ts";
import type { SpeechEngine, SpeechRequest, SpeechSink } from "./port.ts";
import { Speaker } from "./speaker.ts";
import type { Utterance } from "./utterance.ts";

const CALLS = 64;
const LINE = "Your order has been shipped. It should be with you tomorrow.";

/** Speaks when the test says so: one request at a time, each with the clause's own bytes. */
class SlowEngine implements SpeechEngine {
  readonly name = "slow";
  readonly version = "1";
  readonly deterministic = true;
  readonly timeoutMs = 60_000;
  readonly asked: string[] = [];
  readonly requests: SpeechRequest[] = [];
  readonly cancelled: string[] = [];
  #release: (() => void)[] = [];
  start = () => Promise.resolve();
  close = () => Promise.resolve();

  async synthesise(request: SpeechRequest, sink: SpeechSink, signal: AbortSignal): Promise<void> {
    this.asked.push(request.text);
    this.requests.push(request);
    await new Promise<void>((resolve, reject) => {
      this.#release.push(resolve);
      signal.addEventListener("abort", () => {
        this.cancelled.push(request.text);
        reject(new SpeechError("SPEECH_CANCELLED", "aborted"));
      });
    });
    sink.audio(new Uint8Array(8000).fill(0x20));
    sink.audio(new Uint8Array(8000).fill(0xa0));
  }

  release(): void {
    for (const one of this.#release.splice(0)) one();
  }
}

const told = async (lines: readonly Utterance[]): Promise<void> => {
  await Promise.all(lines.map((line) => line.finished));
};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("one clause, asked for by many calls at once", () => {
  it("is made once, and streams to all of them", async () => {
    const slow = new SlowEngine();
    const speaker = new Speaker({
      engines: [slow],
      voice: "slow/x",
      fallbackVoice: "slow/x",
      cache: await SpeechCache.open({}),
    });
    const lines = Array.from({ length: CALLS }, () => speaker.say(LINE));
    await turn();
    assert.equal(slow.asked.length, 1);
    const late = speaker.say(LINE);
    slow.release();
    // The second clause is made ahead, while the first streams.
    while (slow.asked.length < 2) await turn();
    await turn();
    slow.release();
    await told([...lines, late]);
    assert.deepEqual(slow.asked, ["your order has been shipped.", "it should be with you tomorrow."]);
    for (const line of [...lines, late]) {
      assert.equal(line.error, undefined);
      assert.deepEqual(Buffer.from(line.muLaw), Buffer.from(lines[0]!.muLaw));
      assert.deepEqual(line.words, lines[0]!.words);
    }
  });

  it("goes on while one of them still waits, and is given up with the last", async () => {
    const slow = new SlowEngine();
    const cache = await SpeechCache.open({});
    const speaker = new Speaker({ engines: [slow], voice: "slow/x", fallbackVoice: "slow/x", cache });
    const [first, second] = [speaker.say("Good morning."), speaker.say("Good morning.")];
    await turn();
    first.cancel();
    assert.deepEqual(slow.cancelled, []);
    second.cancel();
    assert.deepEqual(slow.cancelled, ["good morning."]);
    const third = speaker.say("Good morning.");
    await turn();
    assert.equal(slow.asked.length, 2, "what was given up is begun anew");
    slow.release();
    await told([third]);
    assert.equal(third.error, undefined);
  });

  it("takes the priority of the most urgent: a call that wants what is only being warmed need not wait for it", async () => {
    const slow = new SlowEngine();
    const cache = await SpeechCache.open({});
    const speaker = new Speaker({ engines: [slow], voice: "slow/x", fallbackVoice: "slow/x", cache });
    const warmed = speaker.warm(["Good morning."]);
    await turn();
    assert.equal(slow.requests[0]?.priority, 2);
    const line = speaker.say("Good morning.");
    assert.equal(slow.requests[0]?.priority, 0);
    slow.release();
    await told([line]);
    assert.deepEqual(await warmed, { made: 1, known: 0, failed: 0 });
    assert.equal(slow.asked.length, 1);
  });

  it("keeps the words of each line's own text", async () => {
    const slow = new SlowEngine();
    const cache = await SpeechCache.open({});
    const speaker = new Speaker({ engines: [slow], voice: "slow/x", fallbackVoice: "slow/x", cache });
    const figures = speaker.say("Order 47.");
    const words = speaker.say("Order four seven.");
    await turn();
    assert.equal(slow.asked.length, 1);
    slow.release();
    await told([figures, words]);
    const ends = (line: Utterance) => line.words.map((word) => line.text.slice(word.charStart, word.charEnd));
    assert.deepEqual(ends(figures), ["Order", "47", "47"]);
    assert.deepEqual(ends(words), ["Order", "four", "seven"]);
  });
});

describe("many cold clauses at once", () => {
  const flite = new NativeEngine({ library: "flite", voice: "slt" });
  const espeak = new NativeEngine({ library: "espeak", voice: "en-gb-x-rp" });
  before(() => Promise.all([flite.start(), espeak.start()]));
  after(() => Promise.all([flite.close(), espeak.close()]));

  const speakerOf = async (engine: NativeEngine, failures: string[]): Promise<Speaker> =>
    new Speaker({
      engines: [engine, espeak],
      voice: "flite/slt",
      fallbackVoice: "espeak/en-gb-x-rp",
      cache: await SpeechCache.open({}),
      onFailure: (error) => failures.push(error.code),
    });
  const cold = (i: number) => `This is line ${i} of a great many lines that nobody has ever heard before.`;

  it("are all said; a voice that cannot keep up is helped out and not held to be broken", async () => {
    const hurried = new NativeEngine({ library: "flite", voice: "slt", timeoutMs: 200 });
    await hurried.start();
    const failures: string[] = [];
    const speaker = await speakerOf(hurried, failures);
    const lines = Array.from({ length: CALLS }, (_, i) => speaker.say(cold(i)));
    await told(lines);
    assert.deepEqual(
      lines.map((line) => line.error?.code).filter((code) => code !== undefined),
      [],
    );
    assert.ok(lines.every((line) => line.words.length >= 14));
    if (!failures.includes("SPEECH_ENGINE_TIMEOUT")) {
      assert.deepEqual(
        [...new Set(failures)].filter((code) => code !== "SPEECH_ENGINE_BUSY"),
        [],
      );
      const after = speaker.say("And what about this one?");
      await after.finished;
      assert.equal(after.voices[0], "flite/slt");
    }
    await hurried.close();
  });

  it("wait in a queue with a bound: the newest of the least urgent goes to the other voice", async () => {
    const narrow = new NativeEngine({ library: "flite", voice: "slt", timeoutMs: 60_000, mostWaiting: 8 });
    await narrow.start();
    const failures: string[] = [];
    const speaker = await speakerOf(narrow, failures);
    const lines = Array.from({ length: 20 }, (_, i) => speaker.say(`Line ${i} is said.`));
    await told(lines);
    assert.ok(lines.every((line) => line.error === undefined));
    // One is spoken, eight wait, the others are refused; the first come first.
    assert.deepEqual(failures, new Array(11).fill("SPEECH_ENGINE_BUSY"));
    assert.deepEqual(
      lines.map((line) => line.voices.at(-1)),
      lines.map((_, i) => (i < 9 ? "flite/slt" : "espeak/en-gb-x-rp")),
    );
    await narrow.close();
  });

  it("are spoken in the order of how urgent they are when their turn is chosen", async () => {
    const order: string[] = [];
    const ask = (text: string, request: { priority: number }): Promise<void> => {
      const whole: SpeechRequest = {
        text,
        voice: "slt",
        get priority() {
          return request.priority;
        },
      };
      const sink: SpeechSink = {
        audio: () => undefined,
        words: () => undefined,
        queued: (waits) => void (waits || order.push(text)),
      };
      return flite.synthesise(whole, sink, new AbortController().signal);
    };
    const warmed = { priority: 2 };
    const all = [ask("first.", { priority: 0 }), ask("warmed.", warmed), ask("later.", { priority: 1 })];
    warmed.priority = 0;
    await Promise.all(all);
    assert.deepEqual(order, ["first.", "warmed.", "later."]);
  });
});
