import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeUlaw, ULAW_SILENCE, ULAW_TO_LINEAR } from "@sidetone/audio";
import { Echo } from "./echo.ts";

const FRAME = 160;

test("what was heard comes back later and quieter, on top of what is said", () => {
  const echo = new Echo({ delayMs: 30, gainDb: -20 });
  const heard = new Int16Array(FRAME * 4);
  heard[0] = 20_000;
  heard[100] = -10_000;
  const muLaw = new Uint8Array(heard.length);
  encodeUlaw(heard, muLaw);
  const said = new Uint8Array(heard.length).fill(ULAW_SILENCE);
  for (let at = 0; at < said.length; at += FRAME) {
    echo.mix(muLaw.subarray(at, at + FRAME), said.subarray(at, at + FRAME));
  }
  const linear = Array.from(said, (byte) => ULAW_TO_LINEAR[byte]!);
  const loud = linear.flatMap((sample, i) => (Math.abs(sample) > 100 ? [i] : []));
  assert.deepEqual(loud, [240, 340]);
  assert.ok(Math.abs(linear[240]! - 2_000) < 100 && Math.abs(linear[340]! + 1_000) < 60);
});
