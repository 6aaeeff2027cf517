import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { readWav } from "@sidetone/audio";
import { type CallerStep, describeReport, readTapeOf, reportOfCall, speak } from "@sidetone/testkit";
import { type Stack, startStack } from "../stack.ts";
import { endedOrStalled } from "./stall.ts";

/** What "no thank you, goodbye" and the agent's own goodbye may take, patience included. */
const ENDS_WITHIN_MS = 30_000;
const LISTEN: CallerStep = { do: "listen", quietMs: 700, atMostMs: 20_000 };

let stack: Stack;
before(async () => {
  stack = await startStack({ worker: true, podEnv: { POD_CAPACITY: "4" } });
});
after(() => stack.close());

/**
 * A whole call over the real stack, in real time. What the caller says is understood as well as the shipped weights can,
 * so nothing here depends on how it was understood: only on what the agent said, and how that sounded at the ear.
 */
test("a whole call, listened to with instruments and transcribed back by our own ears", async (t) => {
  const steps: CallerStep[] = [];
  for (const text of ["yes", "where is my order four seven two nine one", "no thank you, goodbye"])
    steps.push(LISTEN, { do: "speak", audio: await speak(text), label: text });
  const call = stack.carrier.placeCall({
    from: "+15005550001",
    to: "+15005550006",
    voiceUrl: stack.voiceUrl,
    steps: [...steps, { do: "pause", ms: ENDS_WITHIN_MS }, { do: "hang-up" }],
  });
  const stalled = await endedOrStalled(call);
  assert.equal(call.status, "completed");
  const { channels } = readWav(call.ear.toWav());
  assert.equal(channels.length, 2, "said and heard");

  const report = await reportOfCall(call, await readTapeOf(stack.dataDir, call.sid));
  for (const row of describeReport(report)) t.diagnostic(row);
  const { lines, listening, starvedMs, heardBack, wordErrorRate } = report;
  const said = lines.map((line) => line.text).join(" ");
  assert.match(said, /this is Robin at Harbour and Lane/);
  assert.match(said, /automated assistant/);
  assert.ok(
    lines.some((line) => /automated assistant/.test(line.text) && !line.cut),
    "the disclosure is heard whole",
  );
  assert.ok(listening.levelDbfs > -26 && listening.levelDbfs < -14, `${listening.levelDbfs} dBFS`);
  assert.equal(listening.clippedSamples, 0);
  assert.ok(listening.words >= 20, `${listening.words} words heard whole`);
  assert.ok(wordErrorRate >= 0, "our own ears were asked");
  if (stalled) return t.diagnostic(`gaps are not judged: ${stalled}`);
  // A test machine that stalls starves the line; what that does not explain is ours.
  const stalledMs = starvedMs + 60;
  assert.ok(listening.longestGapMs <= stalledMs, `a gap of ${listening.longestGapMs} ms, ${starvedMs} ms too late`);
  assert.ok(
    listening.truncatedWords.length <= Math.ceil(starvedMs / 200),
    `truncated: ${listening.truncatedWords.join(", ")}`,
  );
  assert.equal(heardBack.length, lines.filter((line) => line.words.some((word) => word.heard)).length);
});
