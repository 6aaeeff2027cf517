import assert from "node:assert/strict";
import { test } from "node:test";
import { figuresOf, type Told } from "./figures.ts";
import type { Scenario } from "./judge.ts";
import { describeRatio, ratiosOf } from "./ratios.ts";
import type { ContenderReport } from "./report.ts";

/** `shares` of right behaviour over ten stimuli each; `latencyMs` of answers. */
function contender(shares: Partial<Record<Scenario, number>>, latencyMs: number): ContenderReport {
  const told = Object.entries(shares).flatMap(([scenario, share]) =>
    Array.from({ length: 10 }, (_, i): Told => {
      const right = i < share * 10;
      const isTurn = scenario === "smooth-turn";
      const demand = isTurn ? "respond" : "wait";
      return {
        scenario: scenario as Scenario,
        demand,
        right,
        latencyMs: isTurn && right ? latencyMs : undefined,
        void: false,
      };
    }),
  );
  const facts = {
    model: "m",
    clock: "virtual",
    concurrency: 1,
    perScenario: 10,
    calls: told.length,
    tookS: 1,
  } as const;
  return { ...facts, figures: figuresOf(told), curve: [] };
}

const good = { "smooth-turn": 1, "pause-in-digits": 0.8, "interruption-middle": 0.9, backchannel: 0.9 };
const baselines = {
  "timer-600": contender({ ...good, "pause-in-digits": 0.3 }, 700),
  "always-yield": contender({ ...good, backchannel: 0 }, 700),
  "never-yield": contender({ ...good, "interruption-middle": 0 }, 700),
};
const lost = (shares: Partial<Record<Scenario, number>>, latencyMs: number): string[] =>
  ratiosOf({ sidetone: contender(shares, latencyMs), ...baselines })
    .filter(({ held }) => !held)
    .map(({ what, against }) => `${what} / ${against}`);

const cases: { name: string; shares?: Partial<Record<Scenario, number>>; latencyMs?: number; lost: string[] }[] = [
  { name: "good manners", lost: [] },
  { name: "slow answers", latencyMs: 690, lost: ["response latency p50 / timer-600"] },
  {
    name: "never giving way",
    shares: { "interruption-middle": 0 },
    lost: ["headline / always-yield", "headline / never-yield", "yield rate / always-yield"],
  },
  {
    name: "giving way to everything",
    shares: { backchannel: 0 },
    lost: [
      "headline / always-yield",
      "headline / never-yield",
      "selectivity / always-yield",
      "selectivity / timer-600",
    ],
  },
  {
    name: "cutting into every number",
    shares: { "pause-in-digits": 0.1 },
    lost: ["digit pauses left alone / timer-600"],
  },
];
for (const { name, shares, latencyMs = 200, lost: expected } of cases) {
  test(`ratios lost by ${name}: ${expected.join(", ") || "none"}`, () => {
    assert.deepEqual(lost({ ...good, ...shares }, latencyMs), expected);
  });
}

test("a ratio says both figures, the bound and the verdict", () => {
  const [ratio] = ratiosOf({ sidetone: contender(good, 200), "always-yield": baselines["always-yield"] });
  assert.ok(ratio);
  assert.match(
    describeRatio(ratio),
    /^held: headline, 0\.\d\d against always-yield's 0\.00, ratio Infinity, has to be at least 1\.2$/,
  );
});
