import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { encodeUlaw } from "@sidetone/audio";
import { DECISIONS } from "@sidetone/interaction-model";
import { SileroVad } from "./silero-vad.ts";
import { RuleState, STRATEGIES, type Strategy } from "./strategies.ts";
import { Voices } from "./voices.ts";

/** `s` a hop of speech, `.` a hop of silence; capitals while the agent plays. */
const run = (strategy: Strategy, script: string): string[] => {
  const state = new RuleState();
  return [...script].map(
    (hop) => DECISIONS[state.decide(STRATEGIES[strategy], /s/i.test(hop), /[S_]/.test(hop))] ?? "?",
  );
};

const cases: { strategy: Strategy; script: string; at: number; decision: string }[] = [
  { strategy: "timer-300", script: "sssss.......", at: 11, decision: "listen" },
  { strategy: "timer-300", script: "sssss........", at: 12, decision: "begin" },
  { strategy: "timer-1000", script: `sssss${".".repeat(24)}`, at: 28, decision: "listen" },
  { strategy: "timer-1000", script: `sssss${".".repeat(25)}`, at: 29, decision: "begin" },
  { strategy: "timer-300", script: ".".repeat(60), at: 59, decision: "listen" },
  { strategy: "timer-600", script: "____SSSS", at: 7, decision: "hold" },
  { strategy: "timer-600", script: "____SSSSS", at: 8, decision: "yield" },
  { strategy: "always-yield", script: "____S", at: 4, decision: "yield" },
  { strategy: "never-yield", script: `____${"S".repeat(40)}`, at: 43, decision: "hold" },
  { strategy: "silent", script: `sssss${".".repeat(90)}`, at: 94, decision: "listen" },
];
for (const { strategy, script, at, decision } of cases) {
  test(`${strategy} decides ${decision} at hop ${at} of "${script.slice(0, 14)}"`, () => {
    assert.equal(run(strategy, script)[at], decision);
  });
}

test("Silero hears a voice and not a silence at 8 kHz", async () => {
  const folder = mkdtempSync(join(tmpdir(), "vad-"));
  try {
    const clip = new Voices(folder).say("en-us+f4", "where is my order please");
    const muLaw = new Uint8Array(clip.audio.length);
    encodeUlaw(clip.audio, muLaw);
    const session = await SileroVad.loadSession();
    const vad = SileroVad.on(session);
    let most = 0;
    const silent = new Uint8Array(320).fill(0xff);
    // Beside it a channel in which somebody began a moment earlier: neither may hear the other.
    const [alone, other] = [SileroVad.on(session), SileroVad.on(session)];
    for (let at = 0; at + 320 <= muLaw.length; at += 320) {
      const hop = muLaw.subarray(at, at + 320);
      const [heard = 0] = await SileroVad.stepAll([vad, other], [hop, at === 0 ? hop.subarray(160) : silent]);
      assert.deepEqual(await SileroVad.stepAll([alone], [hop]), [heard]);
      most = Math.max(most, heard);
    }
    assert.ok(most > 0.9, `peak ${most}`);
    let last = 1;
    for (let hop = 0; hop < 50; hop++) [last = 1] = await SileroVad.stepAll([vad], [silent]);
    assert.ok(last < 0.2, `silence ${last}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
