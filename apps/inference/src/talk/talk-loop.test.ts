import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { OVERLAP_KINDS } from "@sidetone/protocol";
import { SpeechError, Utterance } from "@sidetone/speech";
import fc from "fast-check";
import { DUCK, expecting, GREETING, onOpen, Scene, say, scriptedVoice, WORD_HOPS, YIELD } from "../testing/scene.ts";
import type { Voice } from "./mouth.ts";
import { TalkState } from "./talk-state.ts";

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
