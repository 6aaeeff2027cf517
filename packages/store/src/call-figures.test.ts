import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FiguresOfCall } from "./call-figures.ts";

const LOUD = new Uint8Array(320).fill(0x80);
const QUIET = new Uint8Array(320).fill(0xff);

/**
 * A call as two lines, a character a hop: `#` is sound; `Y` on the agent's line is sound in whose hop the pod yields.
 */
function follow(caller: string, agent: string) {
  const figures = new FiguresOfCall();
  const responses: number[] = [];
  const stops: number[] = [];
  for (let hop = 0; hop < caller.length; hop++) {
    if (agent[hop] === "Y") figures.noteYield();
    const loud = (line: string) => (line[hop] === "#" || line[hop] === "Y" ? LOUD : QUIET);
    const change = figures.hop(hop, loud(caller), loud(agent));
    if (change?.respondedMs !== undefined) responses.push(change.respondedMs);
    if (change?.fellSilentMs !== undefined) stops.push(change.fellSilentMs);
  }
  const { cutIns, longestSilenceMs, durationMs } = figures.figures(0);
  return { responses, stops, cutIns, longestSilenceMs, durationMs };
}

describe("the figures of a call", () => {
  const cases: { name: string; caller: string; agent: string; expected: Partial<ReturnType<typeof follow>> }[] = [
    {
      name: "an answer is timed from the caller's last sound to the agent's first",
      caller: "####................",
      agent: ".......####.........",
      expected: { responses: [120], cutIns: 0 },
    },
    {
      name: "a greeting answers nobody",
      caller: "....................",
      agent: "..######............",
      expected: { responses: [], longestSilenceMs: 480 },
    },
    {
      name: "a pause within what the caller says is no end of it",
      caller: "####..####..........",
      agent: "..............###...",
      expected: { responses: [160] },
    },
    {
      name: "a yield is timed from the caller's onset to the agent's silence",
      caller: "......########......",
      agent: "#######Y............",
      expected: { stops: [80] },
    },
    {
      name: "an agent that only finishes has not yielded",
      caller: "......########......",
      agent: "########............",
      expected: { stops: [] },
    },
    {
      name: "an agent that begins in a pause, and is gone on against, has cut in",
      caller: "####......####......",
      agent: "........####........",
      expected: { cutIns: 1 },
    },
  ];
  for (const { name, caller, agent, expected } of cases) {
    test(name, () => {
      const found = follow(caller, agent);
      for (const [figure, value] of Object.entries(expected))
        assert.deepEqual(found[figure as keyof typeof found], value, figure);
      assert.equal(found.durationMs, caller.length * 40);
    });
  }
});
