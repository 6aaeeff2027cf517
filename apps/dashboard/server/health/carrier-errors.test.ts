import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CarrierErrors, describeErrors } from "./carrier-errors.ts";

const text = (counts: Record<string, number>) =>
  Object.entries(counts)
    .map(([code, count]) => `sidetone_bridge_refusals_total{code="${code}"} ${count}`)
    .join("\n");
const MINUTE_MS = 60_000;

describe("what the carrier met lately", () => {
  for (const [title, seen, expected] of [
    ["what was before the first look is not lately", [[0, { TOKEN_EXPIRED: 5 }]], {}],
    [
      "nothing new",
      [
        [0, { TOKEN_EXPIRED: 5 }],
        [1, { TOKEN_EXPIRED: 5 }],
      ],
      {},
    ],
    [
      "what was added",
      [
        [0, { TOKEN_EXPIRED: 5 }],
        [1, { TOKEN_EXPIRED: 7, TOKEN_INVALID: 1 }],
      ],
      { TOKEN_EXPIRED: 2, TOKEN_INVALID: 1 },
    ],
    [
      "is forgotten after a quarter of an hour",
      [
        [0, {}],
        [1, { TOKEN_INVALID: 1 }],
        [17, { TOKEN_INVALID: 1 }],
      ],
      {},
    ],
    [
      "a bridge that was started anew counts from nothing",
      [
        [0, { TOKEN_INVALID: 9 }],
        [1, { TOKEN_INVALID: 2 }],
      ],
      { TOKEN_INVALID: 2 },
    ],
  ] as const) {
    it(title, () => {
      const errors = new CarrierErrors();
      let lately = new Map<string, number>();
      for (const [minute, counts] of seen) lately = errors.take(text(counts), minute * MINUTE_MS);
      assert.deepEqual(Object.fromEntries(lately), expected);
    });
  }

  it("is told with what to do about the commonest", () => {
    const { detail, remedy } = describeErrors(
      new Map([
        ["TOKEN_EXPIRED", 1],
        ["SIGNATURE_INVALID", 3],
      ]),
    );
    assert.match(detail, /: 3 times SIGNATURE_INVALID .*; once TOKEN_EXPIRED/);
    assert.match(remedy, /TWILIO_AUTH_TOKEN/);
  });
});
