import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Expectation, OPEN } from "@sidetone/protocol";
import { DUCK, expecting, GREETING, onOpen, Scene, say, WORD_HOPS, YIELD } from "../testing/scene.ts";

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
