import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Backoff, backoffMs } from "./backoff.ts";

test("waits double up to the bound, and a success begins anew", () => {
  const backoff = new Backoff(100, 2_000, () => 1);
  assert.deepEqual(
    Array.from({ length: 7 }, () => backoff.nextMs()),
    [100, 200, 400, 800, 1_600, 2_000, 2_000],
  );
  backoff.succeeded();
  assert.equal(backoff.nextMs(), 100);
});

test("a wait lies in the upper half of what it could be, however often it was tried", () => {
  const draw = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), draw, (attempt, drawn) => {
      const wholeMs = backoffMs(attempt, 50, 5_000, () => 1);
      const ms = backoffMs(attempt, 50, 5_000, () => drawn);
      assert.ok(wholeMs <= 5_000 && ms <= wholeMs && ms >= Math.floor(wholeMs / 2));
    }),
  );
});
