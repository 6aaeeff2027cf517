import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HeardWord } from "@sidetone/protocol";
import { cannedOutput } from "./conversation/canned.ts";
import { Floor, type FloorOptions } from "./conversation/floor.ts";
import type { Effect } from "./effects.ts";
import { DialogueError } from "./errors.ts";
import { fixedLinesOf } from "./fixed-lines.ts";
import { loadPlaybook, shippedPlaybookPath } from "./playbook-file.ts";
import { reduce } from "./reduce.ts";
import { restoreDialogue } from "./snapshot.ts";
import { vocabularyOf } from "./vocabulary.ts";

const { document: playbook } = loadPlaybook(shippedPlaybookPath("retail-order-support"));

/** A call after greeting and consent. */
function call(more: Partial<FloorOptions> = {}): Floor {
  const floor = new Floor({ playbook, ...more });
  floor.settle();
  floor.caller("yes");
  floor.settle();
  return floor;
}
const order = (orderNumber: string): unknown => cannedOutput("order-status", { orderNumber }, "2026-03-02");

test("a question that nobody could answer is asked about, not met with silence", () => {
  const floor = call({ playbook: { ...playbook, fallback: "none" } });
  floor.caller("how high is the moon tonight");
  floor.settle();
  assert.match(floor.said(), /didn't (catch|get) that/);
});

describe("tasks", () => {
  test("are delegated in mid-turn, as soon as the slot is full", () => {
    const floor = call();
    floor.caller("where is my order four seven two nine one and I would like to know that very soon please");
    const [task] = floor.effects("delegate");
    assert.deepEqual(task?.input, { orderNumber: "47291" });
    assert.equal(task?.priority, 1);
    const at = floor.log.find((entry) => entry.what === "effect" && entry.effect.type === "delegate")?.atMs ?? 0;
    assert.ok(floor.atMs - at > 2000, "long before the turn was over");
  });

  test("a correction supersedes with the next epoch; the old finding is counted as stale and not spoken", () => {
    const floor = call();
    floor.caller("where is my order four seven two nine one");
    floor.settle();
    floor.caller("no nine two");
    floor.settle(2000);
    const delegated = floor.effects("delegate");
    assert.deepEqual(
      delegated.map((task) => [task.epoch, task.input.orderNumber]),
      [
        [0, "47291"],
        [1, "47292"],
      ],
    );
    assert.equal(delegated[0]?.taskId, delegated[1]?.taskId);
    const [first, second] = delegated as [(typeof delegated)[0], (typeof delegated)[0]];
    assert.deepEqual(floor.effects("supersede"), [{ type: "supersede", taskId: first.taskId, epoch: 1 }]);
    floor.finds(first, "found", order("47291"), 0);
    floor.settle(2000);
    assert.equal(floor.state.counters.stale, 1);
    assert.doesNotMatch(floor.said(), /nine one/);
    floor.finds(second, "found", order("47292"), 0);
    floor.finds(second, "found", order("47292"), 40);
    floor.settle();
    assert.equal(floor.state.counters.duplicate, 1);
    assert.equal(floor.said().match(/nine two/g)?.length, 1);
  });

  // A pod that has a line on its way cannot drop it any more: the finding was told, and then told again.
  test("an answer that was on its way when it was dropped is heard once, not said again", () => {
    const floor = call();
    floor.caller("where is my order four seven two nine one");
    floor.caller("what time do you close");
    const [task] = floor.effects("delegate");
    const hours = floor.state.outbox[0];
    assert.ok(task && hours && hours.act === "answer");
    let { state } = floor;
    const said = (event: Parameters<typeof reduce>[1]): Extract<Effect, { type: "say" | "drop-unsaid" }>[] => {
      const next = reduce(state, event);
      state = next.state;
      return next.effects.filter((one) => one.type === "say" || one.type === "drop-unsaid");
    };
    const { atMs } = floor;
    const { taskId, epoch, kind } = task;
    const output = order("47291");
    said({ type: "agent-began", atMs: atMs + 40, utteranceId: hours.id });
    const found = { taskId, epoch, kind, outcome: "found", output, tookMs: 1 } as const;
    const first = said({ type: "finding", atMs: atMs + 80, finding: found }).find((one) => one.type === "say");
    assert.match(first?.text ?? "", /nine one/);
    const again = said({ type: "agent-finished", atMs: atMs + 2_000, utteranceId: hours.id });
    assert.deepEqual(
      again.map(({ type }) => type),
      ["drop-unsaid", "say"],
    );
    const late = said({ type: "agent-began", atMs: atMs + 2_040, utteranceId: first?.utteranceId ?? -1 });
    assert.deepEqual(
      late.map(({ type }) => type),
      ["drop-unsaid"],
    );
    const after = said({ type: "agent-finished", atMs: atMs + 4_000, utteranceId: first?.utteranceId ?? -1 });
    for (const one of after) assert.ok(one.type === "say" && !/nine one/.test(one.text));
  });

  test("an answer that is being spoken is broken off when it stops being true", () => {
    const floor = call({
      answer: (task) => ({ outcome: "found", output: order(String(task.input.orderNumber)), afterMs: 200 }),
    });
    floor.caller("where is my order four seven two nine one");
    floor.caller("no nine two", { interruptAfterWords: 3, murmur: true });
    floor.wait(1_500);
    floor.settle();
    assert.equal(floor.effects("yield").length, 1);
    assert.match(floor.said(), /four seven two, nine two/);
  });

  test("a change of subject demotes what is not waited for, and its return promotes it", () => {
    const floor = call();
    floor.caller("where is my order four seven two nine one");
    floor.settle();
    floor.caller("how many points do I have");
    floor.settle(3000);
    const [first] = floor.effects("delegate");
    assert.deepEqual(floor.effects("reprioritise")[0], { type: "reprioritise", taskId: first?.taskId, priority: 4 });
  });

  test("a want that is dropped cancels its lookup", () => {
    const floor = call();
    floor.caller("where is my order four seven two nine one");
    floor.settle(3000);
    floor.caller("never mind");
    floor.settle(3000);
    assert.equal(floor.effects("cancel").length, 1);
  });

  test("side effects outlive the call and wait for a heard question and a finished turn", () => {
    const floor = call({
      from: "+447700900999",
      answer: (task) => ({ outcome: "found", output: cannedOutput(task.kind, task.input, "2026-03-02"), afterMs: 100 }),
    });
    floor.caller("please cancel order four seven two nine one yes");
    floor.settle();
    assert.deepEqual(
      floor.effects("delegate").map((task) => task.kind),
      ["find-customer"],
    );
    floor.caller("yes");
    floor.settle();
    const cancelled = floor.effects("delegate").filter((task) => task.kind === "cancel-order");
    assert.deepEqual(
      cancelled.map((task) => task.outlivesCall),
      [true],
    );
  });

  test("an estimate is honest: it comes from the tool's own durations", () => {
    const floor = call({ taskMediansMs: { "order-status": 12_000 } });
    floor.caller("where is my order four seven two nine one");
    floor.wait(9000);
    assert.match(floor.said(), /about twelve seconds|about twelve seconds in all/);
    const late = call({ taskMediansMs: { "order-status": 1_000 } });
    late.caller("where is my order four seven two nine one");
    late.wait(9000);
    assert.match(late.said(), /longer than usual/);
  });
});

describe("what is expected", () => {
  test("counts down while a number is read, and holds our tongue", () => {
    const floor = call();
    floor.caller("where is my order");
    floor.settle();
    const from = floor.log.length;
    floor.caller("four seven two nine one");
    const seen = floor.log
      .slice(from)
      .flatMap((entry) =>
        entry.what === "effect" && entry.effect.type === "expect"
          ? [[entry.effect.expectation.kind, entry.effect.expectation.remaining, entry.effect.intent]]
          : [],
      );
    assert.deepEqual(seen.slice(0, 4), [
      ["digits", 4, "nothing"],
      ["digits", 3, "nothing"],
      ["digits", 2, "nothing"],
      ["digits", 1, "nothing"],
    ]);
    assert.equal(seen[4]?.[1], 0);
  });

  test("what is no answer to the question is an open turn: it fulfils nothing", () => {
    const expected = (text: string, prepare: (floor: Floor) => void = () => undefined): string => {
      const floor = new Floor({ playbook });
      floor.settle();
      prepare(floor);
      floor.caller(text);
      const { kind, remaining } = floor.state.expectation;
      return `${kind} ${remaining}`;
    };
    const asked = (floor: Floor): void => {
      floor.caller("no thanks");
      floor.caller("where is my order");
      floor.settle();
    };
    assert.equal(expected("yes"), "yes-no 0");
    assert.equal(expected("blue elephants"), "yes-no 0", "nothing was understood yet");
    assert.equal(expected("what time do you close"), "open 0");
    assert.equal(expected("four seven two nine one", asked), "digits 0");
    assert.equal(expected("four seven two", asked), "digits 2");
    assert.equal(expected("what time do you close", asked), "open 0");
  });

  test("yes or no after a question for consent", () => {
    const floor = new Floor({ playbook });
    floor.settle();
    assert.deepEqual(floor.state.expectation, { kind: "yes-no", length: 0, remaining: 0 });
  });
});

describe("how fast the agent speaks", () => {
  const rates = (floor: Floor, from = 0): (number | undefined)[] =>
    floor.log
      .slice(from)
      .flatMap((entry) => (entry.what === "effect" && entry.effect.type === "say" ? [entry.effect.rate] : []));

  test("who asks for it is spoken to more slowly from then on, in two steps, and faster again", () => {
    const floor = call();
    assert.ok(rates(floor).every((rate) => rate === undefined));
    for (const [text, rate] of [
      ["can you speak more slowly please", 0.85],
      ["slower please", 0.7],
      ["even slower", 0.7],
      ["you can go faster", 0.85],
      ["a bit faster please", undefined],
    ] as const) {
      floor.caller(text);
      floor.settle();
      const from = floor.log.length;
      floor.caller("what time do you close");
      floor.settle();
      const said = rates(floor, from);
      assert.ok(said.length > 0 && said.every((one) => one === rate), `${text}: ${said.join(" ")}`);
    }
  });

  test("what was planned and not yet heard is said at the new speed", () => {
    const floor = call();
    floor.caller("what time do you close");
    const from = floor.log.length;
    floor.send({ type: "whispered", atMs: floor.atMs, by: "sam", text: "slow down" });
    floor.settle();
    assert.ok(rates(floor, from).includes(0.85));
  });
});

test("keys in mid-sentence fill what was being said", () => {
  const floor = call();
  floor.caller("where is my order");
  floor.settle();
  const words = (text: string, fromMs: number): HeardWord[] =>
    text.split(" ").map((word, i) => ({
      text: word,
      startMs: fromMs + 300 * i,
      endMs: fromMs + 300 * (i + 1),
      confidence: 0.9,
    }));
  const beganMs = floor.atMs;
  const heard = (text: string, revision: number, final: boolean): void =>
    void floor.send({ type: "heard", atMs: floor.atMs, turn: 9, revision, final, words: words(text, beganMs) });
  floor.wait(1_200);
  heard("it's four seven", 0, false);
  for (const digit of "291") {
    floor.wait(120);
    floor.send({ type: "key-pressed", atMs: floor.atMs, digit });
  }
  assert.deepEqual(floor.effects("delegate").at(-1)?.input, { orderNumber: "47291" });
  heard("it's four seven", 1, true);
  floor.settle();
  assert.equal(floor.effects("delegate").length, 1, "the end of the sentence changes nothing");
});

test("what must never be said is not, whoever wrote it", () => {
  const floor = call({
    playbook: { ...playbook, policy: { ...playbook.policy, neverSay: ["free of charge"] } },
    answer: () => ({ outcome: "found", output: { answer: "Returns are free of charge." }, afterMs: 200 }),
  });
  floor.caller("can you tell me who pays for the stamps");
  floor.settle();
  assert.equal(floor.effects("delegate").at(-1)?.kind, "knowledge");
  assert.match(floor.said(), /can't talk about that/);
  assert.doesNotMatch(floor.said(), /free of charge/);
});

describe("murmurs", () => {
  const murmurs = (floor: Floor): number => floor.effects("backchannel").length;

  test("never twice within four seconds, never within a number, never where the playbook forbids them", () => {
    const floor = call();
    floor.caller("well I ordered this thing a while ago");
    floor.send({ type: "backchannel-due", atMs: floor.atMs });
    assert.equal(murmurs(floor), 1);
    floor.send({ type: "backchannel-due", atMs: floor.atMs });
    assert.equal(murmurs(floor), 1);
    floor.settle();
    floor.wait(5000);
    floor.caller("the number is four seven two");
    floor.send({ type: "backchannel-due", atMs: floor.atMs });
    assert.equal(murmurs(floor), 1);
    const quiet = call({ playbook: { ...playbook, persona: { ...playbook.persona, backchannels: false } } });
    quiet.caller("well I ordered this thing a while ago");
    quiet.send({ type: "backchannel-due", atMs: quiet.atMs });
    assert.equal(murmurs(quiet), 0);
  });
});

describe("people beside the caller", () => {
  test("a supervisor who takes over silences the agent until the call is handed back", () => {
    const floor = call();
    floor.caller("where is my order");
    floor.send({ type: "taken-over", atMs: floor.atMs, by: "sam" });
    const said = floor.said();
    floor.wait(20_000);
    assert.equal(floor.said(), said);
    floor.send({ type: "handed-back", atMs: floor.atMs, by: "sam", note: "the caller is in a hurry" });
    floor.settle();
    assert.match(floor.said().slice(said.length), /Hello again/);
    assert.match(floor.said().slice(said.length), /order number/);
  });

  test("a whisper is a hint, not a line; what begins with say: is said", () => {
    const floor = call();
    floor.send({ type: "whispered", atMs: floor.atMs, by: "sam", text: "offer free delivery" });
    floor.settle();
    assert.doesNotMatch(floor.said(), /free delivery/);
    floor.send({ type: "whispered", atMs: floor.atMs, by: "sam", text: "say: You have free delivery today." });
    floor.settle();
    assert.match(floor.said(), /You have free delivery today/);
  });

  test("every whisper is answered truthfully: what was understood, and what was done", () => {
    const floor = call();
    floor.caller("where is my order");
    floor.settle();
    const told = (text: string): [boolean, string] => {
      floor.send({ type: "whispered", atMs: floor.atMs, by: "sam", text });
      const answer = floor.effects("whisper-answered").at(-1);
      assert.equal(answer?.by, "sam");
      return [answer?.understood ?? false, answer?.did ?? ""];
    };
    assert.deepEqual(told("slow down please"), [true, "speaks more slowly"]);
    assert.deepEqual(told("slower"), [true, "speaks more slowly"]);
    assert.deepEqual(told("slower"), [true, "speaks as slowly as it can already"]);
    assert.deepEqual(told("the order number is 47291"), [true, "takes the order number as known"]);
    assert.deepEqual(told("verify first"), [true, "verifies the caller before anything is looked up or changed"]);
    assert.deepEqual(told("offer a refund"), [true, "offers help with your refund"]);
    assert.deepEqual(told("note: a regular"), [true, "kept as a note"]);
    assert.deepEqual(told("don't offer a refund"), [false, "not understood: kept as a note, nothing else changes"]);
    assert.deepEqual(told("the moon is full"), [false, "not understood: kept as a note, nothing else changes"]);
    assert.deepEqual(floor.state.hints.slice(-3), ["a regular", "don't offer a refund", "the moon is full"]);
  });

  test("a transfer carries the context; when nobody answers, the talk goes on with an offer", () => {
    const floor = call();
    floor.caller("where is my order");
    floor.settle();
    floor.caller("four seven two");
    floor.settle();
    floor.caller("oh just put me through to a real person");
    floor.settle();
    const [transfer] = floor.effects("transfer");
    assert.equal(transfer?.target, "support");
    assert.match(transfer?.summary ?? "", /your order \(open\)/);
    assert.match(transfer?.summary ?? "", /only four seven two heard/);
    floor.ended = null;
    floor.send({ type: "refused", atMs: floor.atMs, what: "transfer", reason: "nobody answered" });
    floor.settle();
    assert.match(floor.said(), /nobody is free at the moment.*call you back/);
  });

  test("a playbook's rule interrupts a caller who reads out a card number", () => {
    const floor = call();
    floor.caller("it is four nine two nine one two three four five six seven eight nine oh one two");
    floor.settle();
    const interjection = floor.log.find((entry) => entry.what === "agent" && entry.act === "interjection");
    assert.match((interjection as { text: string }).text, /don't tell me a card number/);
  });
});

describe("for ears and voice", () => {
  test("the vocabulary has every example's words, and each slot's kind", () => {
    const vocabulary = vocabularyOf(playbook);
    assert.ok(vocabulary.phrases.includes("where is my order"));
    assert.ok(vocabulary.words.includes("refund"));
    assert.deepEqual(vocabulary.slots["order-number"]?.kind, "digits");
    assert.equal(vocabulary.slots["order-number"]?.length, 5);
    assert.ok(vocabulary.phrases.every((phrase) => !/[{}]/.test(phrase)));
  });

  test("every sentence without a value that a call says was in the fixed lines", () => {
    const fixed = new Set(fixedLinesOf(playbook));
    const floor = call({
      answer: (task) => ({
        outcome: "found",
        output: cannedOutput(task.kind, task.input, "2026-03-02"),
        afterMs: 1500,
      }),
    });
    for (const text of [
      "where is my order",
      "four seven two",
      "nine one",
      "hold on a minute",
      "what time do you close",
      "are you a robot",
      "no thanks",
    ])
      floor.caller(text);
    floor.settle();
    const said = floor.log
      .flatMap((entry) => (entry.what === "agent" ? (entry.text.match(/[^.!?]+[.!?]+/g) ?? []) : []))
      .map((sentence) => sentence.trim());
    const unknown = said.filter((sentence) => !fixed.has(sentence) && !/seven|eight|Tuesday|recap/.test(sentence));
    assert.deepEqual(unknown, []);
    assert.ok(fixed.size > 100);
  });

  test("murmurs are among the fixed lines, for one that has to be made first comes too late", () => {
    assert.ok(["mm-hm", "uh-huh", "right", "okay"].every((text) => fixedLinesOf(playbook).includes(text)));
    const persona = (backchannels: boolean | string[]) => ({
      ...playbook,
      persona: { ...playbook.persona, backchannels },
    });
    assert.ok(fixedLinesOf(persona(["aha"])).includes("aha"));
    assert.ok(!fixedLinesOf(persona(false)).includes("mm-hm"));
  });

  test("a snapshot of something else is refused", () => {
    assert.throws(
      () => restoreDialogue({ epoch: 3 }, playbook),
      (error) => error instanceof DialogueError && error.code === "SNAPSHOT_INVALID",
    );
  });
});
