import type { Conversation, Playbook, TestTurn } from "../playbook/schema.ts";
import { localMoment } from "../understanding/moments.ts";
import { fold } from "../understanding/tokens.ts";
import { cannedOutput } from "./canned.ts";
import { Floor, type FloorOptions } from "./floor.ts";

/** Longest that an expected reaction may take, milliseconds of the media clock. */
const PATIENCE_MS = 30_000;
const FINDS_AFTER_MS = 300;

export interface Outcome {
  /** What did not go as expected; empty when all did. */
  failures: string[];
  floor: Floor;
}

/** Runs one expected conversation on a virtual clock. */
export function runConversation(
  playbook: Playbook,
  conversation: Conversation,
  more: Partial<FloorOptions> = {},
): Outcome {
  const failures: string[] = [];
  const special = new Map<string, Extract<TestTurn, { finds: unknown }>["finds"][]>();
  for (const turn of conversation.turns)
    if ("finds" in turn) special.set(turn.finds.kind, [...(special.get(turn.finds.kind) ?? []), turn.finds]);
  const today = localMoment(conversation.startedAt, 0, "Europe/London").date;
  const floor = new Floor({
    playbook,
    from: conversation.from,
    startedAt: conversation.startedAt,
    answer: (task) => {
      const queued = special.get(task.kind);
      if (queued !== undefined) {
        const finds = queued.length > 1 ? queued.shift() : queued[0];
        return finds === undefined
          ? null
          : {
              outcome: finds.outcome,
              output:
                finds.output ?? (finds.outcome === "found" ? cannedOutput(task.kind, task.input, today) : undefined),
              afterMs: finds.afterMs,
            };
      }
      const ready = conversation.findings[task.kind];
      if (ready === null) return null;
      if (ready === "not-found" || ready === "failed") return { outcome: ready, afterMs: FINDS_AFTER_MS };
      return { outcome: "found", output: ready ?? cannedOutput(task.kind, task.input, today), afterMs: FINDS_AFTER_MS };
    },
    ...more,
  });
  if (conversation.skipOpening) {
    floor.settle();
    if (playbook.opening.recording.mode === "ask") {
      floor.caller("yes");
      floor.settle();
    }
  }
  let mark = conversation.skipOpening ? floor.log.length : 0;
  const saidSince = (from: number): string =>
    floor.log
      .slice(from)
      .filter((entry) => entry.what === "agent")
      .map((entry) => (entry as { text: string }).text)
      .join(" ");
  const until = (done: () => boolean): boolean => {
    for (const end = floor.atMs + PATIENCE_MS; !done() && floor.atMs < end && floor.ended === null; ) floor.tick();
    return done();
  };
  for (const [i, turn] of conversation.turns.entries()) {
    const fail = (text: string): void => {
      failures.push(`step ${i + 1}: ${text}`);
    };
    if ("caller" in turn) {
      const { text, pauses } = withPauses(turn.caller);
      const over = turn.interrupts === true || turn.aside === true;
      if (!over) floor.settle();
      mark = floor.log.length;
      floor.caller(text, {
        pauses,
        ...(turn.confidence === undefined ? {} : { confidence: turn.confidence }),
        ...(turn.aside === true ? { overlap: "side-talk" } : {}),
        ...(over ? { interruptAfterWords: turn.afterWords ?? 2 } : {}),
      });
    } else if ("keys" in turn) {
      floor.settle();
      mark = floor.log.length;
      floor.keys(turn.keys);
    } else if ("whisper" in turn) {
      mark = floor.log.length;
      floor.send({ type: "whispered", atMs: floor.atMs, text: turn.whisper, by: "supervisor" });
    } else if ("waits" in turn) {
      mark = floor.log.length;
      floor.wait(turn.waits);
    } else if ("agent" in turn) {
      for (const text of typeof turn.agent === "string" ? [turn.agent] : turn.agent) {
        if (!until(() => contains(saidSince(mark), text)))
          fail(`the agent should say "${text}"; it said "${saidSince(mark)}"`);
      }
    } else if ("never" in turn) {
      floor.settle();
      if (contains(saidSince(mark), turn.never))
        fail(`the agent must not say "${turn.never}"; it said "${saidSince(mark)}"`);
    } else if ("delegates" in turn) {
      const { kind, input } = turn.delegates;
      const found = (): boolean => {
        const last = floor.effects("delegate").findLast((effect) => effect.kind === kind);
        return (
          last !== undefined &&
          Object.entries(input ?? {}).every(([key, value]) => JSON.stringify(last.input[key]) === JSON.stringify(value))
        );
      };
      if (!until(found))
        fail(
          `${kind} ${JSON.stringify(input ?? {})} should be delegated; ${JSON.stringify(floor.effects("delegate").map((effect) => [effect.kind, effect.input]))} was`,
        );
    } else if ("ends" in turn) {
      until(() => floor.ended !== null);
      if (floor.ended !== turn.ends)
        fail(
          `the call should end by ${turn.ends}; ${floor.ended === null ? "it goes on" : `it ended by ${floor.ended}`}`,
        );
    }
  }
  return { failures, floor };
}

function contains(said: string, expected: string): boolean {
  return ` ${fold(said).join(" ")} `.includes(` ${fold(expected).join(" ")} `);
}

/** "four seven ... two" pauses before "two". */
function withPauses(caller: string): { text: string; pauses: Record<number, number> } {
  const pauses: Record<number, number> = {};
  const words: string[] = [];
  for (const word of caller.split(/\s+/)) {
    if (/^(\.\.\.|…)$/.test(word)) pauses[words.length] = 700;
    else if (word !== "") words.push(word);
  }
  return { text: words.join(" "), pauses };
}
