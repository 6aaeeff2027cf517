import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { agentLines, type CallerStep, readTapeOf } from "@sidetone/testkit";
import { type Stack, startStack } from "../stack.ts";
import { endedOrStalled } from "./stall.ts";

/** As late as an echo comes, and as loud. */
const DELAYS_MS = [20, 120, 250];
const GAIN_DB = -15;

let stack: Stack;
before(async () => {
  stack = await startStack({
    podEnv: { POD_CAPACITY: "4" },
    bridgeEnv: { NUMBERS: JSON.stringify({ "+15005550110": "manners" }) },
    playbooks: [join(import.meta.dirname, "manners.yaml")],
  });
});
after(() => stack?.close());

const STEPS: CallerStep[] = [
  { do: "await-agent", forMs: 5_000, atMostMs: 30_000 },
  { do: "listen", quietMs: 1_500, atMostMs: 20_000 },
  { do: "hang-up" },
];

/** The shipped network decides: a caller who says nothing, and whose handset gives the agent back to itself. */
test("the agent's own echo neither stops it nor is taken for the caller's words", async (t) => {
  const calls = await Promise.all(
    DELAYS_MS.map(async (delayMs) => {
      const call = stack.carrier.placeCall({
        from: "+15005550001",
        to: "+15005550110",
        voiceUrl: stack.voiceUrl,
        echo: { delayMs, gainDb: GAIN_DB },
        steps: STEPS,
      });
      const stalled = await endedOrStalled(call);
      const tape = await readTapeOf(stack.dataDir, call.sid);
      const outputs = tape.notes.flatMap((note) => (note.type === "out" ? [note.output] : []));
      const heard = outputs.filter((output) => output.type === "heard").flatMap(({ words }) => words);
      const cut = agentLines(tape).filter((line) => line.cut);
      const lines = outputs.filter((output) => output.type === "finished").length;
      const wants = outputs.filter((output) => output.type === "want-recognised").length;
      t.diagnostic(`${delayMs} ms late: ${cut.length} lines cut off, ${heard.length} words taken for the caller's`);
      return { stalled, cut: cut.length, heard: heard.length, lines, wants };
    }),
  );
  const sum = (pick: (call: (typeof calls)[number]) => number): number =>
    calls.reduce((all, call) => all + pick(call), 0);
  const stalled = calls.find((call) => call.stalled !== undefined)?.stalled;
  if (stalled) return t.skip(stalled);
  // Weights are replaced from time to time; one slip in a minute of echo is no regression of the road.
  assert.ok(sum((call) => call.cut) <= 1, `${sum((call) => call.cut)} lines were cut off`);
  assert.ok(sum((call) => call.lines) >= 5, "greeting and question are heard to their ends");
  assert.ok(sum((call) => call.heard) <= 6, `${sum((call) => call.heard)} words`);
  assert.equal(
    sum((call) => call.wants),
    0,
    "nothing is wanted by an echo",
  );
});
