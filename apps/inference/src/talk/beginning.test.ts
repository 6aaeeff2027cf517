import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DialogueEvent, Effect } from "@sidetone/dialogue";
import { type Expectation, OPEN } from "@sidetone/protocol";
import { expecting, GREETING, onOpen, Scene, say, scriptedVoice } from "../testing/scene.ts";
import type { Voice } from "./mouth.ts";

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

  describe("the caller's breath", () => {
    const answer = onOpen(expecting("answer"), say(0, "one"));
    const SURE = { decision: { begin: 0.9 } } as const;

    test("nothing begins in the caller's voice, however sure the model is", () => {
      const scene = new Scene({ greets: false, answer });
      scene.step({ voice: 0.9 });
      scene.steps(6, { ...SURE, voice: 0.9 });
      assert.equal(scene.outputsOf("said").length, 0);
      scene.steps(2, SURE);
      assert.equal(scene.outputsOf("said").length, 1);
    });

    test("a voice that the model goes on denying is somebody else's", () => {
      const scene = new Scene({ greets: false, answer });
      scene.step({ voice: 0.9 });
      scene.until(() => scene.outputsOf("said").length > 0, { ...SURE, voice: 0.9 });
      assert.ok(scene.hop >= 10 && scene.hop < 14, `after ${scene.hop} hops`);
    });

    test("a last word that was heard just now is let settle for 120 ms", () => {
      const scene = new Scene({
        greets: false,
        answer: (event) => (event.type === "heard" && event.final ? [say(0, "one")] : []),
      });
      scene.step({ words: "where is my", voice: 0.9 });
      scene.step({ words: "where is my order", ...SURE });
      scene.step(SURE);
      assert.equal(scene.decisions.includes("begin"), false);
      scene.steps(2, SURE);
      assert.equal(scene.decisions.includes("begin"), true);
    });

    test("an interjection comes while they speak", () => {
      const urgent = say(0, "one", { urgency: "urgent", act: "interjection" });
      const scene = new Scene({ greets: false, answer: onOpen(expecting("urgent"), urgent) });
      scene.steps(3, { ...SURE, voice: 0.9 });
      assert.equal(scene.outputsOf("said").length, 1);
    });

    test("who was not understood may have more to say: asked again after 400 ms, and not if they do", () => {
      const repair = (): Scene => {
        const scene = new Scene({
          greets: false,
          answer: (event) => (event.type === "heard" && event.final ? [say(0, "one", { act: "repair" })] : []),
        });
        scene.step({ words: "blue", voice: 0.9 });
        scene.steps(4, SURE);
        assert.equal(scene.decisions.includes("begin"), true, "their turn is over");
        assert.equal(scene.outputsOf("said").length, 0);
        return scene;
      };
      const quiet = repair();
      quiet.steps(9);
      assert.equal(quiet.outputsOf("said").length, 1);
      const goesOn = repair();
      goesOn.steps(12, { words: "my order", voice: 0.9 });
      assert.equal(goesOn.outputsOf("said").length, 0);
    });
  });
});
