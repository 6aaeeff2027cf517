import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@sidetone/testkit";
import { isGrowing, type Sample, slopeOf } from "./slope.ts";

const series = (valueAt: (minute: number) => number): Sample[] =>
  Array.from({ length: 30 }, (_, minutes) => ({ minutes, value: valueAt(minutes) }));
const random = seededRandom(3);
const noise = () => (random() - 0.5) * 4;

const cases: { name: string; samples: Sample[]; grows: boolean }[] = [
  { name: "level and noisy", samples: series(() => 200 + noise()), grows: false },
  { name: "fills up and stays", samples: series((minute) => 100 + Math.min(minute, 8) * 20 + noise()), grows: false },
  { name: "leaks", samples: series((minute) => 200 + minute * 3 + noise()), grows: true },
  { name: "grows surely but hardly", samples: series((minute) => 200 + minute * 0.05), grows: false },
  { name: "shrinks", samples: series((minute) => 200 - minute + noise()), grows: false },
];
for (const { name, samples, grows } of cases) {
  test(`memory that ${name}: ${grows ? "a leak" : "no leak"}`, () => assert.equal(isGrowing(samples), grows));
}

test("a slope comes with its interval", () => {
  const slope = slopeOf(series((minute) => 200 + minute * 3 + noise()));
  assert.ok(slope.low < 3 && slope.high > 3 && slope.high - slope.low < 0.5, JSON.stringify(slope));
});
