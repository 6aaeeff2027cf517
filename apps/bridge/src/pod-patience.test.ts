import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PodPatience } from "./pod-patience.ts";

const TIMEOUT_MS = 2_000;

/** Ticks of 40 ms until the pod counts as gone, or `untilMs`; `event` says what comes at a time. Gives that time. */
function run(options: {
  untilMs: number;
  alone?: boolean;
  tickMs?: (atMs: number) => number;
  answers?: (atMs: number) => boolean;
  lagMs?: (atMs: number) => number | undefined;
}): { goneAtMs: number | undefined; reason: string | undefined } {
  const patience = new PodPatience(TIMEOUT_MS);
  for (let atMs = 0; atMs < options.untilMs; atMs += options.tickMs?.(atMs) ?? 40) {
    if (options.answers?.(atMs) === true) patience.answered();
    const lagMs = options.lagMs === undefined ? atMs : options.lagMs(atMs);
    const reason = patience.tick(atMs, lagMs, () => options.alone !== true);
    if (reason !== undefined) return { goneAtMs: atMs, reason };
  }
  return { goneAtMs: undefined, reason: undefined };
}

describe("a pod counts as gone", () => {
  test("when it has answered nothing for the timeout, where another could take its calls", () => {
    const { goneAtMs = 0 } = run({ untilMs: 20_000 });
    assert.ok(goneAtMs > TIMEOUT_MS && goneAtMs <= TIMEOUT_MS + 80, `${goneAtMs} ms`);
  });

  test("five times later where it is the only one", () => {
    const { goneAtMs = 0 } = run({ untilMs: 20_000, alone: true });
    assert.ok(goneAtMs > 5 * TIMEOUT_MS && goneAtMs <= 5 * TIMEOUT_MS + 80, `${goneAtMs} ms`);
  });

  test("when it lags far behind and another could do better, though it answers", () => {
    const slow = { untilMs: 60_000, answers: (atMs: number) => atMs % 400 === 0 };
    assert.equal(run(slow).reason, "the pod is too slow");
    assert.equal(run({ ...slow, alone: true }).goneAtMs, undefined);
  });
});

describe("a pod that is slow is not gone", () => {
  test("as long as it answers now and then", () => {
    const answers = (atMs: number): boolean => atMs % 1_600 === 0;
    assert.equal(run({ untilMs: 60_000, answers, lagMs: () => 3_000 }).goneAtMs, undefined);
  });

  test("when it was we who stood still", () => {
    // Ten stalls of three seconds in a row, and not an answer read between them.
    assert.equal(run({ untilMs: 30_000, tickMs: () => 3_000, lagMs: () => 3_000 }).goneAtMs, undefined);
  });

  test("when nothing was asked of it", () => {
    assert.equal(run({ untilMs: 60_000, lagMs: () => undefined }).goneAtMs, undefined);
  });
});
