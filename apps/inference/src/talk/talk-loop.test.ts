import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DialogueEvent, Effect } from "@sidetone/dialogue";
import { type Expectation, OPEN, OVERLAP_KINDS } from "@sidetone/protocol";
import { SpeechError, Utterance } from "@sidetone/speech";
import fc from "fast-check";
import { Scene, say, scriptedVoice, WORD_HOPS } from "../testing/scene.ts";
import type { Voice } from "./mouth.ts";
import { TalkState } from "./talk-state.ts";

const onOpen =
  (...effects: Effect[]) =>
  (event: DialogueEvent): Effect[] =>
    event.type === "opened" ? effects : [];
const expecting = (intent: "nothing" | "answer" | "filler" | "urgent", expectation: Expectation = OPEN): Effect => ({
  type: "expect",
  expectation,
  intent,
});
const GREETING = say(0, "one two three four five six");
const YIELD = { decision: { yield: 0.9 }, overlap: "floor-taking", voice: 0.9 } as const;
const DUCK = { decision: { duck: 0.9 }, voice: 0.9 } as const;

describe("beginning", () => {
  test("the greeting begins at once, whatever the model says", () => {
    const scene = new Scene({ answer: onOpen(GREETING) });
    scene.steps(9);
    assert.equal(scene.heard(), ".1111111.");
    assert.deepEqual(
      scene.outputsOf("said").map((o) => [o.utteranceId, o.epoch, o.startSamples]),
      [[0, 0, 0]],
    );
    assert.deepEqual(
      scene.eventsOf("agent-began").map((e) => e.atMs),
      [40],
    );
  });

  test("a micro-turn is handed over at once, then a hop per hop", () => {
    const scene = new Scene({ answer: onOpen(GREETING) });
    scene.step();
    assert.equal(scene.ear.waitingSamples, 1600);
    scene.steps(5);
    assert.equal(scene.ear.waitingSamples, 1600, "as much ahead as at the beginning");
  });

  test("an answer waits for the model, and its threshold for the expectation", () => {
    const thresholds: [Expectation, number, string][] = [
      [OPEN, 0.45, "listen"],
      [OPEN, 0.55, "begin"],
      [{ kind: "digits", length: 5, remaining: 0 }, 0.35, "begin"],
      [{ kind: "digits", length: 5, remaining: 2 }, 0.7, "listen"],
      [{ kind: "digits", length: 5, remaining: 2 }, 0.85, "begin"],
    ];
    for (const [expectation, begin, decision] of thresholds) {
      const scene = new Scene({ greets: false, answer: onOpen(say(0, "one"), expecting("answer", expectation)) });
      scene.steps(3);
      scene.step({ decision: { begin } });
      assert.equal(scene.decisions.at(-1), decision, `${expectation.kind} ${expectation.remaining} ${begin}`);
      scene.step();
      assert.equal(scene.heard().endsWith("1"), decision === "begin");
    }
  });

  test("the model's begin closes the caller's turn before we speak, so that its meaning is what is said", () => {
    const scene = new Scene({
      greets: false,
      answer: (event) =>
        event.type === "opened"
          ? [expecting("answer")]
          : event.type === "heard" && event.final
            ? [say(0, event.words.map((w) => w.text).join(" "))]
            : [],
    });
    scene.step({ words: "where is", voice: 0.9 });
    scene.step({ words: "where is my order", voice: 0.9 });
    scene.step({ decision: { begin: 0.9 } });
    scene.steps(2);
    assert.deepEqual(
      scene.outputsOf("heard").map((h) => [h.turn, h.revision, h.final, h.words.length]),
      [
        [0, 0, false, 2],
        [0, 1, false, 4],
        [0, 2, true, 4],
      ],
    );
    assert.equal(scene.outputsOf("said")[0]!.text, "where is my order");
    scene.step({ words: "no", voice: 0.9 });
    assert.equal(scene.outputsOf("heard").at(-1)!.turn, 1);
  });

  test("where no turn of the caller is open, what a key or a finding brought is said after 400 ms", () => {
    const answer = (event: DialogueEvent): Effect[] =>
      event.type === "opened" ? [GREETING] : event.type === "key-pressed" ? [expecting("answer"), say(1, "one")] : [];
    const scene = new Scene({ answer });
    scene.until(() => scene.outputsOf("finished").length === 1);
    scene.steps(3);
    scene.receive({ type: "key-pressed", digit: "1" });
    scene.steps(6);
    assert.equal(scene.outputsOf("said").length, 1);
    scene.steps(2);
    assert.equal(scene.outputsOf("said").length, 2);
  });

  test("the longer the quiet, the less sure the model has to be", () => {
    const scene = new Scene({ greets: false, answer: onOpen(expecting("answer"), say(0, "one")) });
    scene.step({ voice: 0.9 });
    scene.steps(15, { decision: { begin: 0.45 } });
    assert.equal(scene.outputsOf("said").length, 0);
    scene.until(() => scene.outputsOf("said").length > 0, { decision: { begin: 0.45 } });
    assert.ok(scene.hop > 17 && scene.hop < 30, `after ${scene.hop} hops`);
  });

  test("how sure the model was right behind the turn still counts when the quiet goes on, and not after a word more", () => {
    const answer = onOpen(expecting("answer"), say(0, "one"));
    const quiet = new Scene({ greets: false, answer });
    quiet.step({ voice: 0.9 });
    quiet.steps(3, { decision: { begin: 0.45 } });
    quiet.until(() => quiet.outputsOf("said").length > 0);
    assert.ok(quiet.hop < 25, `after ${quiet.hop} hops`);
    const goesOn = new Scene({ greets: false, answer });
    goesOn.step({ voice: 0.9 });
    goesOn.steps(3, { decision: { begin: 0.45 } });
    goesOn.step({ voice: 0.9 });
    goesOn.steps(30);
    assert.equal(goesOn.outputsOf("said").length, 0);
  });

  test("dead air ends after 2.4 s even when the model keeps listening", () => {
    const scene = new Scene({ greets: false, answer: onOpen(expecting("answer"), say(0, "one")) });
    scene.step({ voice: 0.9 });
    scene.steps(59);
    assert.equal(scene.outputsOf("said").length, 0);
    scene.steps(2);
    assert.equal(scene.outputsOf("said").length, 1);
  });

  test("behind an answer that is whole the quiet counts double, however little the model is sure of it", () => {
    const yesNo: Expectation = { kind: "yes-no", length: 0, remaining: 0 };
    const digits = (remaining: number): Expectation => ({ kind: "digits", length: 5, remaining });
    // Hops of quiet until the agent begins: by the net alone, and with a model that is half as sure as it should be.
    const cases: [string, Expectation, "answer" | "nothing", number, number][] = [
      ["an open turn", OPEN, "answer", 60, 46],
      ["a yes", yesNo, "answer", 30, 23],
      ["the last of five digits", digits(0), "answer", 30, 23],
      ["two digits missing", digits(2), "answer", 60, 46],
      ["a yes-no question, and nothing understood yet", yesNo, "nothing", 60, 46],
    ];
    for (const [name, expectation, intent, byNet, unsure] of cases) {
      for (const [begin, hops] of [
        [0, byNet],
        [
          0.5 * (expectation.kind === "open" ? 0.5 : expectation.remaining > 0 || intent === "nothing" ? 0.8 : 0.3),
          unsure,
        ],
      ] as const) {
        const scene = new Scene({
          greets: false,
          answer: (event) =>
            event.type === "opened"
              ? [expecting(intent, expectation), ...(intent === "answer" ? [say(0, "one")] : [])]
              : event.type === "turn-ended" && intent === "nothing"
                ? [say(0, "one")]
                : [],
        });
        scene.step({ voice: 0.9 });
        scene.until(() => scene.outputsOf("said").length > 0, { decision: { begin } });
        assert.ok(Math.abs(scene.hop - 1 - hops) <= 1, `${name}, ${begin}: after ${scene.hop - 1} hops, not ${hops}`);
      }
    }
  });

  test("lines of one turn follow each other after a breath", () => {
    const scene = new Scene({ answer: onOpen(say(0, "one"), say(1, "one two")) });
    scene.steps(40);
    assert.match(scene.heard(), /^\.1{7}\.{5}1{7}\.2{7}\.+$/);
    assert.deepEqual(
      scene.outputsOf("finished").map((o) => o.utteranceId),
      [0, 1],
    );
  });

  test("a filler begins only after 800 ms of quiet", () => {
    const filler = say(0, "one", { urgency: "filler", act: "filler" });
    const scene = new Scene({ greets: false, answer: onOpen(expecting("filler"), filler) });
    scene.step({ voice: 0.9 });
    scene.steps(19, { decision: { begin: 0.9 } });
    assert.equal(scene.outputsOf("said").length, 0);
    scene.steps(2, { decision: { begin: 0.9 } });
    assert.equal(scene.outputsOf("said").length, 1);
  });

  test("a line is made at its own speed", () => {
    const asked: (number | undefined)[] = [];
    const voice: Voice = {
      say(text, rate) {
        asked.push(rate);
        return scriptedVoice.say(text);
      },
    };
    const scene = new Scene({ voice, answer: onOpen(say(0, "one"), say(1, "two", { rate: 0.85 })) });
    scene.steps(3);
    assert.deepEqual(asked, [undefined, 0.85]);
    const other = new Scene({ voice, resumed: JSON.parse(JSON.stringify(scene.loop.snapshot())) });
    other.steps(1);
    assert.equal(asked.at(-1), 0.85, "on another pod, too");
  });

  test("a line dropped before it began is never said", () => {
    const scene = new Scene({
      greets: false,
      answer: (event) =>
        event.type === "opened"
          ? [expecting("answer"), say(0, "one")]
          : event.type === "whispered"
            ? [{ type: "drop-unsaid", utteranceIds: [0] }]
            : [],
    });
    scene.step();
    scene.receive({ type: "whispered", text: "x", by: "y" });
    scene.steps(3, { decision: { begin: 0.9 } });
    assert.equal(scene.outputsOf("said").length, 0);
  });
});

describe("giving way", () => {
  test("a yield between words stops within the hop, and tells to the word what was heard", () => {
    const scene = new Scene({ answer: onOpen(GREETING) });
    scene.steps(1 + 2 * WORD_HOPS);
    scene.step(YIELD);
    scene.steps(3);
    assert.equal(scene.heard(), `.${"1".repeat(7)}.${"2".repeat(7)}.3...`);
    assert.deepEqual(scene.outputsOf("yielded"), [
      {
        type: "yielded",
        utteranceId: 0,
        heardThroughWord: 1,
        heardText: "one two",
        unheardText: "three four five six",
      },
    ]);
    assert.deepEqual(
      scene.eventsOf("agent-yielded").map((e) => [e.heardText, e.unheardText]),
      [["one two", "three four five six"]],
    );
  });

  test("a word that ends within 60 ms is let out, quietly; the stop is one hop later", () => {
    const scene = new Scene({ answer: onOpen(GREETING) });
    // After hop 6 six hops of the first word were heard: one of them remains.
    scene.steps(6);
    scene.step(YIELD);
    assert.equal(scene.ear.epoch, 0);
    assert.equal(scene.gains.at(-1), -8);
    scene.steps(4);
    assert.equal(scene.ear.epoch, 1);
    assert.equal(scene.heard().slice(0, 11), ".1111111...");
    assert.equal(scene.outputsOf("yielded")[0]!.heardText, "one");
  });

  test("a yield is answered only when the report has come, and then by the model's begin", () => {
    const scene = new Scene({
      answer: (event) =>
        event.type === "opened"
          ? [GREETING, expecting("answer")]
          : event.type === "agent-yielded"
            ? [say(1, "sorry")]
            : [],
    });
    scene.steps(12);
    scene.step(YIELD);
    scene.steps(5, { voice: 0.9 });
    assert.equal(scene.outputsOf("said").length, 1);
    scene.step({ decision: { begin: 0.9 } });
    assert.deepEqual(
      scene.outputsOf("said").map((o) => [o.utteranceId, o.epoch]),
      [
        [0, 0],
        [1, 1],
      ],
    );
  });

  test("a line heard to its last word is finished, not yielded", () => {
    const scene = new Scene({ answer: onOpen(say(0, "one")) });
    scene.steps(8);
    scene.step(YIELD);
    scene.steps(3);
    assert.deepEqual(scene.outputsOf("yielded"), []);
    assert.deepEqual(
      scene.outputsOf("finished").map((o) => o.utteranceId),
      [0],
    );
  });

  test("both start at once: 160 ms of the caller's voice over our first 600 ms are enough", () => {
    const collide = { decision: { duck: 0.6 }, overlap: "floor-taking", voice: 0.9 } as const;
    const early = new Scene({ answer: onOpen(GREETING) });
    early.steps(3);
    early.steps(4, collide);
    assert.equal(early.decisions.at(-1), "yield");
    const late = new Scene({ answer: onOpen(GREETING) });
    late.steps(20);
    late.steps(6, collide);
    assert.equal(late.decisions.at(-1), "duck");
  });

  test("a line marked uninterruptible is ducked, not stopped", () => {
    const scene = new Scene({ answer: onOpen(say(0, "one two three", { uninterruptible: true })) });
    scene.steps(5);
    scene.steps(10, YIELD);
    assert.ok(scene.decisions.slice(5).every((d) => d === "duck"));
    assert.ok(scene.gains.slice(5).every((g) => g === -8));
    scene.steps(12);
    assert.equal(scene.outputsOf("finished").length, 1);
  });

  test("the dialogue's own yield stops at once", () => {
    const scene = new Scene({
      answer: (event) =>
        event.type === "opened"
          ? [GREETING]
          : event.type === "whispered"
            ? [{ type: "yield", utteranceId: 0, reason: "no longer true" }]
            : [],
    });
    scene.steps(6);
    scene.receive({ type: "whispered", text: "x", by: "y" });
    scene.steps(3);
    assert.equal(scene.ear.epoch, 1);
  });
});

describe("a voice that fails", () => {
  const failing = (words: number): Voice => ({
    say(text) {
      const whole = scriptedVoice.say(text);
      const speech = new Utterance(text);
      if (words > 0) {
        speech.append(whole.muLaw.slice(0, words * WORD_HOPS * 320));
        speech.setClauseWords(
          whole.words.slice(0, words).map((word) => ({ ...word, say: word.text, breakAfter: "none" as const })),
          whole.words.slice(0, words),
          0,
        );
      }
      speech.end(new SpeechError("SPEECH_ENGINE_FAILED", "gone"));
      return speech;
    },
  });

  test("in the middle of a line: what was said counts, the rest does not", () => {
    const scene = new Scene({ answer: onOpen(GREETING), voice: failing(2) });
    scene.steps(30);
    assert.deepEqual(scene.outputsOf("finished"), []);
    assert.deepEqual(
      scene.outputsOf("yielded").map((o) => [o.heardText, o.unheardText]),
      [["one two", "three four five six"]],
    );
  });

  test("altogether: the call is told so, and may go on elsewhere", () => {
    let attempts = 0;
    const voice: Voice = {
      say(text) {
        attempts++;
        return failing(0).say(text);
      },
    };
    const scene = new Scene({ answer: onOpen(GREETING), voice });
    assert.throws(() => scene.steps(5), { code: "SPEECH_FAILED" });
    assert.equal(attempts, 3, "it was tried again before");
  });
});

describe("ducking", () => {
  test("ducks at the first sign and is back within 80 ms of its end; the sentence goes on", () => {
    const scene = new Scene({ answer: onOpen(GREETING) });
    scene.steps(20);
    scene.steps(3, DUCK);
    scene.steps(4);
    assert.deepEqual(scene.gains.slice(19), [0, -8, -8, -8, -8, 0, 0, 0]);
    scene.steps(40);
    assert.equal(scene.outputsOf("finished").length, 1);
  });

  test("what the overlap was is told once, after two hops of certainty", () => {
    const scene = new Scene({ answer: onOpen(GREETING) });
    scene.steps(3);
    scene.step({ overlap: "backchannel" });
    assert.deepEqual(scene.outputsOf("overlap"), []);
    scene.steps(5, { overlap: "backchannel" });
    assert.deepEqual(
      scene.eventsOf("overlap").map((e) => e.kind),
      ["backchannel"],
    );
    scene.steps(3, { overlap: "none" });
    assert.deepEqual(
      scene.eventsOf("overlap").map((e) => e.kind),
      ["backchannel", "none"],
    );
  });
});

test("its own words, come back as an echo, are not the caller's; the same words later are", () => {
  const scene = new Scene({ answer: onOpen(GREETING) });
  scene.steps(WORD_HOPS + 3);
  scene.step({ words: "one" });
  scene.steps(20);
  assert.deepEqual(scene.outputsOf("heard"), []);
  scene.step({ words: "one" });
  assert.deepEqual(
    scene.outputsOf("heard").map((h) => h.words.map((w) => w.text)),
    [["one"]],
  );
});

describe("murmurs", () => {
  const murmuring = (expectation: Expectation = OPEN) =>
    new Scene({
      greets: false,
      answer: (event) =>
        event.type === "opened"
          ? [expecting("nothing", expectation)]
          : event.type === "backchannel-due"
            ? [{ type: "backchannel", text: "mm-hm" }]
            : [],
    });
  const due = { decision: { backchannel: 0.9 }, voice: 0.9 } as const;

  test("a murmur is quieter, takes no floor, and comes at most every 4 s", () => {
    const scene = murmuring();
    scene.steps(250, due);
    assert.deepEqual(
      scene.outputsOf("said").map((o) => o.act),
      ["backchannel", "backchannel", "backchannel"],
    );
    assert.equal(scene.decisions.indexOf("backchannel", 1), 100);
    assert.ok(!scene.heard().includes("1"), "its samples are not at full level");
    assert.equal(scene.heard()[2] === ".", false);
    assert.deepEqual(scene.eventsOf("agent-began"), []);
  });

  test("never within a number", () => {
    for (const kind of ["digits", "alphanumeric", "phone", "money", "date", "time"] as const) {
      const scene = murmuring({ kind, length: 0, remaining: 3 });
      scene.steps(20, due);
      assert.deepEqual(scene.outputsOf("said"), [], kind);
    }
  });

  test("a playbook that wants none gets none", () => {
    const scene = new Scene({ greets: false });
    scene.steps(20, due);
    assert.deepEqual(scene.outputsOf("said"), []);
  });
});

describe("the end", () => {
  test("hangs up only when its goodbye was heard", () => {
    const scene = new Scene({ answer: onOpen(say(0, "one"), { type: "hang-up", reason: "done" }) });
    scene.steps(8);
    assert.deepEqual(scene.outputsOf("hang-up"), []);
    scene.steps(2);
    assert.deepEqual(
      scene.outputs.map((o) => o.type).filter((t) => t === "finished" || t === "hang-up"),
      ["finished", "hang-up"],
    );
  });

  test("a person who takes over gets silence, and the hearing goes on", () => {
    const scene = new Scene({ answer: onOpen(GREETING, say(1, "later")) });
    scene.steps(5);
    scene.receive({ type: "taken-over", by: "ann" });
    scene.steps(2, { decision: { begin: 0.9 } });
    scene.step({ words: "hello" });
    scene.steps(60, { decision: { begin: 0.9 } });
    assert.equal(scene.heard().slice(7).replaceAll(".", ""), "");
    assert.equal(scene.outputsOf("heard").length > 0, true);
    scene.receive({ type: "handed-back", by: "ann" });
    assert.deepEqual(scene.eventsOf("handed-back").length, 1);
  });
});

test("another pod goes on from a snapshot: what still plays of the lost one is heard, and no more", () => {
  const scene = new Scene({ answer: onOpen(GREETING, say(1, "one two"), expecting("answer")) });
  scene.steps(12);
  const snapshot = JSON.parse(JSON.stringify(scene.loop.snapshot()));
  assert.equal(TalkState.parse(snapshot).begun.length, 1);
  const other = new Scene({ resumed: snapshot });
  other.hop = scene.hop;
  // A new pod's first epoch clears the line; of the lost one's epochs no report comes.
  other.ear.epoch = 1;
  // The bridge gives the hops since the snapshot again; in them the second word was heard to its end.
  const secondWordEnds = 15 * 320;
  for (let heard = scene.ear.heardSamples; heard < secondWordEnds; heard += 320) other.replay(0, heard + 320);
  other.steps(7, { decision: { begin: 0.9 } });
  assert.equal(other.eventsOf("opened").length, 0);
  assert.deepEqual(
    other.eventsOf("agent-yielded").map((e) => [e.heardText, e.unheardText]),
    [["one two", "three four five six"]],
  );
  other.steps(2, { decision: { begin: 0.9 } });
  assert.deepEqual(
    other.outputsOf("said").map((o) => [o.utteranceId, o.epoch, o.text]),
    [[1, 1, "one two"]],
  );
});

test("nothing unheard is ever treated as heard, and heard and unheard make the whole, wherever it is stopped", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 52 }),
      fc.array(fc.constantFrom(...OVERLAP_KINDS), { maxLength: 5 }),
      (stopAtHop, overlaps) => {
        const scene = new Scene({ answer: onOpen(GREETING) });
        for (let hop = 0; hop < stopAtHop; hop++) {
          const overlap = overlaps[hop];
          scene.step(overlap === undefined ? {} : { overlap });
        }
        scene.step({ ...YIELD });
        scene.steps(6);
        const soundHops = new Map<string, number>();
        for (const c of scene.heard()) soundHops.set(c, (soundHops.get(c) ?? 0) + 1);
        const wholeWords = [1, 2, 3, 4, 5, 6].filter((n) => soundHops.get(String(n)) === WORD_HOPS - 1).length;
        const [yielded] = scene.outputsOf("yielded");
        if (!yielded) {
          assert.equal(wholeWords, 6);
          return;
        }
        assert.equal(yielded.heardThroughWord + 1, wholeWords);
        assert.equal(`${yielded.heardText} ${yielded.unheardText}`.trim(), GREETING.text);
      },
    ),
  );
});

test("the same script gives the same bytes", () => {
  const run = () => {
    const scene = new Scene({ answer: onOpen(GREETING, say(1, "one two")), voice: scriptedVoice });
    scene.steps(14);
    scene.steps(3, DUCK);
    scene.step(YIELD);
    scene.steps(20, { decision: { begin: 0.9 } });
    return { heard: scene.heard(), outputs: scene.outputs, gains: scene.gains };
  };
  assert.deepEqual(run(), run());
});
