import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HeardWord } from "@sidetone/protocol";
import fc from "fast-check";
import { cannedOutput } from "./conversation/canned.ts";
import { Floor } from "./conversation/floor.ts";
import type { Effect, EffectOf } from "./effects.ts";
import type { DialogueEvent } from "./events.ts";
import { loadPlaybook, shippedPlaybookPath } from "./playbook-file.ts";
import { reduce } from "./reduce.ts";
import { restoreDialogue, snapshotDialogue } from "./snapshot.ts";
import type { DialogueState } from "./state.ts";

const retail = loadPlaybook(shippedPlaybookPath("retail-order-support")).document;
const clinic = loadPlaybook(shippedPlaybookPath("appointment-booking")).document;
const RUNS = 50;

const DIGIT_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "oh"];
const digits = fc
  .array(fc.constantFrom(...DIGIT_WORDS), { minLength: 3, maxLength: 7 })
  .map((words) => words.join(" "));
const utterance = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...Object.values(retail.wants).flatMap((want) =>
        want.examples.slice(0, 3).map((example) => example.replace(/\{[^}]*\}/g, "the lamp")),
      ),
    ),
  },
  { weight: 4, arbitrary: digits },
  { weight: 2, arbitrary: fc.tuple(digits, digits).map(([a, b]) => `${a} no ${b}`) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "yes",
      "no",
      "no thanks",
      "that's right",
      "yes please",
      "hold on a minute",
      "never mind",
      "sorry what was that",
      "John Smith",
      "bye",
      "hello",
      "not you",
      "the blue elephant",
      "um",
      "are you a robot",
      "remind me in two minutes",
    ),
  },
  // What poor ears make of such things.
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "thank you good",
      "no thank you goodbye",
      "know thanks",
      "four seven fine nine one",
      "four seven banana nine one",
      "four seven seven two nine one",
      "oh four seven two nine one",
      "i meant nine two",
      "sorry nine two",
      "email me please",
      "jo at example dot com",
      "can you text me that",
    ),
  },
);

/** Callers of every kind: what they say, when they interrupt, how the ears chunk it, and when findings come. */
const callArbitrary = fc.record({
  turns: fc.array(
    fc.record({
      text: utterance,
      interruptAfterWords: fc.option(fc.nat({ max: 12 }), { nil: undefined }),
      waitMs: fc.constantFrom(0, 0, 400, 2000, 9000),
      keys: fc.option(fc.constantFrom("4", "47291", "0", "91#"), { nil: undefined, freq: 6 }),
      murmur: fc.boolean(),
      confidence: fc.constantFrom(0.95, 0.95, 0.95, 0.6, 0.3),
    }),
    { minLength: 1, maxLength: 7 },
  ),
  seed: fc.nat(),
  chunk: fc.integer({ min: 1, max: 4 }),
  findsAfterMs: fc.constantFrom(100, 700, 3000, 8000),
  outcome: fc.constantFrom("found", "found", "found", "not-found", "failed"),
});
type Call = typeof callArbitrary extends fc.Arbitrary<infer T> ? T : never;

function run(
  call: Call,
  watch: (state: DialogueState, event: DialogueEvent, effects: readonly Effect[]) => void,
  playbook = retail,
): Floor {
  const floor = new Floor({
    playbook,
    seed: call.seed,
    chunk: call.chunk,
    watch,
    answer: (task) => ({
      outcome: call.outcome as "found",
      output: cannedOutput(task.kind, task.input, "2026-03-02"),
      afterMs: call.findsAfterMs,
    }),
  });
  for (const turn of call.turns) {
    if (floor.ended !== null) break;
    floor.wait(turn.waitMs);
    if (turn.keys !== undefined) floor.keys(turn.keys);
    floor.caller(turn.text, {
      ...(turn.interruptAfterWords === undefined ? {} : { interruptAfterWords: turn.interruptAfterWords }),
      murmur: turn.murmur,
      confidence: turn.confidence,
    });
  }
  floor.settle();
  return floor;
}

describe("properties of any call", () => {
  test("the state survives JSON at every event, and the reducer gives the same from either", () => {
    fc.assert(
      fc.property(callArbitrary, (call) => {
        let before: DialogueState | null = null;
        run(call, (state, event, effects) => {
          const copy = restoreDialogue(JSON.parse(JSON.stringify(snapshotDialogue(state))), state.playbook);
          assert.deepEqual(copy, state);
          if (before !== null) {
            const again = reduce(before, event);
            assert.deepEqual(again.effects, effects);
            assert.deepEqual(JSON.parse(JSON.stringify(again.state)), JSON.parse(JSON.stringify(state)));
          }
          before = restoreDialogue(JSON.parse(JSON.stringify(snapshotDialogue(state))), state.playbook);
        });
      }),
      { numRuns: 15 },
    );
  });

  test("the reducer never writes to the state it was given", () => {
    fc.assert(
      fc.property(callArbitrary, (call) => {
        let frozen = "";
        let given: DialogueState | null = null;
        run(call, (state) => {
          if (given !== null) assert.equal(JSON.stringify(snapshotDialogue(given)), frozen);
          given = state;
          frozen = JSON.stringify(snapshotDialogue(state));
        });
      }),
      { numRuns: 20 },
    );
  });

  test("nothing unheard is treated as heard", () => {
    fc.assert(
      fc.property(callArbitrary, (call) => {
        const texts = new Map<number, string>();
        const heard: string[] = [];
        run(call, (state, event, effects) => {
          if (event.type === "agent-finished") heard.push(texts.get(event.utteranceId) ?? "");
          if (event.type === "agent-yielded") heard.push(event.heardText);
          for (const effect of effects) if (effect.type === "say") texts.set(effect.utteranceId, effect.text);
          const ear = heard.join(" ");
          // The transcript holds what reached the ear, and a question counts only when its last word did.
          for (const entry of state.transcript)
            if (entry.who === "agent") assert.ok(ear.includes(entry.text), `"${entry.text}" was not heard`);
          if (state.asking?.heardAtMs != null && event.type !== "heard")
            assert.ok(/[?.]/.test(ear), "asked without a sound");
          for (const effect of effects) {
            if (effect.type === "delegate" && effect.kind === "cancel-order") assert.match(ear, /Shall I cancel order/);
            if (effect.type === "delegate" && effect.kind === "request-refund")
              assert.match(ear, /Shall I request the refund/);
            if (effect.type === "recording" && effect.on)
              assert.match(ear, /May I record this call to improve our service\?/);
            if (effect.type === "hang-up") assert.match(ear, /[Gg]oodbye/);
            if (effect.type === "transfer") assert.match(ear, /tell them what we've talked about\./);
          }
        });
      }),
      { numRuns: RUNS },
    );
  });

  test("a finding of an older epoch is never spoken, and no answer twice", () => {
    fc.assert(
      fc.property(callArbitrary, (call) => {
        const epochs = new Map<string, number>();
        const answers: string[] = [];
        run(call, (state, event, effects) => {
          for (const effect of effects) {
            if (effect.type === "delegate") epochs.set(effect.taskId, effect.epoch);
          }
          if (event.type === "agent-began") {
            const utterance = state.outbox.find((one) => one.id === event.utteranceId);
            for (const part of utterance?.parts ?? []) {
              const match = /^answer:(.+)\.(\d+):/.exec(part.key);
              if (match !== null) assert.equal(Number(match[2]), epochs.get(match[1] as string));
            }
          }
          if (event.type === "agent-finished")
            answers.push(...state.heardKeys.filter((key) => key.startsWith("answer:") && !answers.includes(key)));
        });
        assert.equal(new Set(answers).size, answers.length);
      }),
      { numRuns: RUNS },
    );
  });

  test("side effects are delegated once for each agreement, and only after the turn", () => {
    fc.assert(
      fc.property(callArbitrary, (call) => {
        const seen = new Set<string>();
        run(call, (state, event, effects) => {
          for (const effect of effects) {
            if (
              effect.type !== "delegate" ||
              !effect.outlivesCall ||
              effect.kind === "create-case" ||
              effect.kind === "call-back"
            )
              continue;
            // The first word of the next turn ends the one before.
            assert.ok(state.turn === null || state.turn.beganAtMs === event.atMs);
            const key = `${effect.taskId}.${effect.epoch}`;
            assert.ok(!seen.has(key));
            seen.add(key);
          }
        });
      }),
      { numRuns: RUNS },
    );
  });

  test("every call ends, and its state stays small", () => {
    fc.assert(
      fc.property(callArbitrary, (call) => {
        const floor = run(call, (state) => assert.ok(JSON.stringify(snapshotDialogue(state)).length < 60_000));
        for (let i = 0; i < 200 && floor.ended === null; i++) floor.wait(5000);
        assert.notEqual(floor.ended, null, floor.said());
      }),
      { numRuns: 20 },
    );
  });

  test("the clinic's calls keep the same promises", () => {
    fc.assert(
      fc.property(callArbitrary, (call) => {
        run(
          call,
          (state) => assert.deepEqual(JSON.parse(JSON.stringify(snapshotDialogue(state))), snapshotDialogue(state)),
          clinic,
        );
      }),
      { numRuns: 20 },
    );
  });
});

const eventArbitrary: fc.Arbitrary<DialogueEvent> = fc.oneof(
  fc.record({ type: fc.constant("elapsed" as const), atMs: fc.nat({ max: 400_000 }) }),
  fc.record({
    type: fc.constant("heard" as const),
    atMs: fc.nat({ max: 400_000 }),
    turn: fc.nat({ max: 3 }),
    revision: fc.nat({ max: 5 }),
    final: fc.boolean(),
    words: utterance.map((text) =>
      text.split(" ").map((word, i): HeardWord => ({ text: word, startMs: i, endMs: i, confidence: 0.7 })),
    ),
  }),
  fc.record({ type: fc.constant("turn-ended" as const), atMs: fc.nat({ max: 400_000 }), turn: fc.nat({ max: 3 }) }),
  fc.record({
    type: fc.constant("agent-began" as const),
    atMs: fc.nat({ max: 400_000 }),
    utteranceId: fc.nat({ max: 8 }),
  }),
  fc.record({
    type: fc.constant("agent-finished" as const),
    atMs: fc.nat({ max: 400_000 }),
    utteranceId: fc.nat({ max: 8 }),
  }),
  fc.record({
    type: fc.constant("agent-yielded" as const),
    atMs: fc.nat({ max: 400_000 }),
    utteranceId: fc.nat({ max: 8 }),
    heardText: fc.constantFrom("", "Hello, this", "May I record this call to improve our service?"),
    unheardText: fc.constantFrom("", "rest"),
  }),
  fc.record({
    type: fc.constant("overlap" as const),
    atMs: fc.nat({ max: 400_000 }),
    kind: fc.constantFrom("none" as const, "side-talk" as const, "floor-taking" as const),
  }),
  fc.record({ type: fc.constant("backchannel-due" as const), atMs: fc.nat({ max: 400_000 }) }),
  fc.record({
    type: fc.constant("key-pressed" as const),
    atMs: fc.nat({ max: 400_000 }),
    digit: fc.constantFrom("0", "4", "7", "#", "*"),
  }),
  fc.record({
    type: fc.constant("finding" as const),
    atMs: fc.nat({ max: 400_000 }),
    finding: fc.record({
      taskId: fc.constantFrom("call-t1", "call-t2", "call-t3"),
      epoch: fc.nat({ max: 1 }),
      kind: fc.constantFrom("order-status" as const, "find-customer" as const),
      outcome: fc.constantFrom(
        "found" as const,
        "not-found" as const,
        "failed" as const,
        "progress" as const,
        "expired" as const,
      ),
      output: fc.oneof(
        fc.constant(cannedOutput("order-status", {}, "2026-03-02")),
        fc.anything({ withNullPrototype: false }).map((value) => JSON.parse(JSON.stringify(value ?? null))),
      ),
      tookMs: fc.constant(5),
    }),
  }),
  fc.record({
    type: fc.constant("whispered" as const),
    atMs: fc.nat({ max: 400_000 }),
    text: fc.string(),
    by: fc.constant("sam"),
  }),
  fc.record({ type: fc.constant("taken-over" as const), atMs: fc.nat({ max: 400_000 }), by: fc.constant("sam") }),
  fc.record({ type: fc.constant("handed-back" as const), atMs: fc.nat({ max: 400_000 }), by: fc.constant("sam") }),
  fc.record({
    type: fc.constant("refused" as const),
    atMs: fc.nat({ max: 400_000 }),
    what: fc.constant("transfer" as const),
    reason: fc.constant("busy"),
  }),
);

test("any events in any order are survived, and the state stays JSON", () => {
  fc.assert(
    fc.property(fc.array(eventArbitrary, { maxLength: 40 }), (events) => {
      let state = new Floor({ playbook: retail }).state;
      for (const event of events) {
        state = reduce(state, event).state;
        assert.deepEqual(JSON.parse(JSON.stringify(snapshotDialogue(state))), snapshotDialogue(state));
      }
    }),
    { numRuns: 60 },
  );
});

describe("hearing", () => {
  const started = (): DialogueState => {
    const floor = new Floor({ playbook: retail });
    floor.settle();
    floor.caller("yes");
    floor.settle();
    return floor.state;
  };
  const open = started();

  /** The words in chunks as the ears revise them, then final: what was understood, and the last task. */
  function hear(words: readonly string[], cuts: readonly number[]): { understood: unknown; task: unknown } {
    let state = open;
    const heard = words.map(
      (text, i): HeardWord => ({
        text,
        startMs: open.nowMs + i * 300,
        endMs: open.nowMs + i * 300 + 280,
        confidence: 0.9,
      }),
    );
    const effects: Effect[] = [];
    const turn = 50;
    [...cuts, words.length].forEach((count, revision) => {
      const step = reduce(state, {
        type: "heard",
        atMs: open.nowMs + count * 300,
        turn,
        revision,
        final: false,
        words: heard.slice(0, count),
      });
      state = step.state;
      effects.push(...step.effects);
    });
    const last = reduce(state, {
      type: "heard",
      atMs: open.nowMs + words.length * 300 + 700,
      turn,
      revision: cuts.length + 1,
      final: true,
      words: heard,
    });
    state = last.state;
    effects.push(...last.effects);
    const delegated = effects.filter((effect): effect is EffectOf<"delegate"> => effect.type === "delegate").at(-1);
    const live = state.tasks.filter((task) => task.status === "running").map((task) => [task.kind, task.inputKey]);
    return {
      understood: { ...state.understood, threads: state.understood.threads.map(({ key, want }) => [key, want]) },
      task: live.length > 0 ? [live, delegated?.kind] : null,
    };
  }

  test("any chunking of the same words leads to the same understanding and the same live tasks", () => {
    fc.assert(
      fc.property(utterance, utterance, fc.infiniteStream(fc.boolean()), (first, second, stream) => {
        const words = `${first} ${second}`.split(" ");
        const cuts: number[] = [];
        for (let i = 1; i < words.length; i++) if (stream.next().value === true) cuts.push(i);
        const whole = hear(words, []);
        const chunked = hear(words, cuts);
        assert.deepEqual(chunked.understood, whole.understood);
        assert.deepEqual(
          chunked.task === null ? null : (chunked.task as unknown[])[0],
          whole.task === null ? null : (whole.task as unknown[])[0],
        );
      }),
      { numRuns: 150 },
    );
  });

  test("a revised hearing leaves nothing of what it revised", () => {
    fc.assert(
      fc.property(utterance, utterance, (wrong, right) => {
        const words = (text: string): HeardWord[] =>
          text.split(" ").map((word, i) => ({
            text: word,
            startMs: open.nowMs + i * 300,
            endMs: open.nowMs + i * 300 + 280,
            confidence: 0.9,
          }));
        const straight = reduce(open, {
          type: "heard",
          atMs: open.nowMs + 4000,
          turn: 9,
          revision: 1,
          final: true,
          words: words(right),
        });
        const first = reduce(open, {
          type: "heard",
          atMs: open.nowMs + 3000,
          turn: 9,
          revision: 0,
          final: false,
          words: words(wrong),
        });
        const revised = reduce(first.state, {
          type: "heard",
          atMs: open.nowMs + 4000,
          turn: 9,
          revision: 1,
          final: true,
          words: words(right),
        });
        assert.deepEqual(revised.state.understood, straight.state.understood);
      }),
      { numRuns: 200 },
    );
  });
});
