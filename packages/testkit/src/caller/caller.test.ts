import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ULAW_SILENCE } from "@sidetone/audio";
import { Caller, type CallerStep } from "./caller.ts";
import { Ear, findSpurts } from "./ear.ts";

const FRAME = 160;
const tone = (ms: number): Uint8Array => Uint8Array.from({ length: ms * 8 }, (_, i) => (i % 8 < 4 ? 0x10 : 0x90));

/** Runs a script against an agent that speaks in the given stretches of ms. */
function run(steps: CallerStep[], agent: [fromMs: number, toMs: number][], lengthMs = 5000) {
  const log: string[] = [];
  const heard: string[] = [];
  const ear = new Ear();
  let nowMs = 0;
  const caller = new Caller(steps, {
    press: (digit) => log.push(`${nowMs} press ${digit}`),
    hangUp: () => log.push(`${nowMs} hang up`),
    began: (step) => log.push(`${nowMs} ${step.do}`),
    agent: (speaks) => heard.push(`${nowMs} ${speaks ? "speaks" : "silent"}`),
  });
  const said = new Uint8Array(FRAME);
  const sound = tone(20);
  const silence = new Uint8Array(FRAME).fill(ULAW_SILENCE);
  for (; nowMs < lengthMs; nowMs += 20) {
    const heard = agent.some(([fromMs, toMs]) => nowMs >= fromMs && nowMs < toMs) ? sound : silence;
    caller.frame(heard, said);
    ear.append(said, heard);
  }
  return { log, heard, ear, caller };
}

describe("Caller", () => {
  it("speaks, and again once the agent has answered and been silent for 700 ms", () => {
    const steps: CallerStep[] = [
      { do: "speak", audio: tone(500) },
      { do: "listen", quietMs: 700, atMostMs: 10_000 },
      { do: "speak", audio: tone(300) },
    ];
    const { log, heard, ear, caller } = run(steps, [
      [900, 1500],
      [1600, 2000],
    ]);
    assert.deepEqual(log, ["0 speak", "500 listen", "2680 speak"]);
    assert.deepEqual(heard, ["900 speaks", "2180 silent"], "a short pause ends nothing");
    assert.deepEqual(ear.saidSpurts(), [
      { startMs: 0, endMs: 500 },
      { startMs: 2680, endMs: 2980 },
    ]);
    assert.ok(caller.done);
  });

  it("waits no longer than it has patience", () => {
    assert.deepEqual(run([{ do: "listen", quietMs: 700, atMostMs: 1000 }, { do: "hang-up" }], []).log, [
      "0 listen",
      "1000 hang-up",
      "1000 hang up",
    ]);
  });

  it("talks over the agent once it has spoken for long enough", () => {
    const steps: CallerStep[] = [
      { do: "await-agent", forMs: 600, atMostMs: 9000 },
      { do: "speak", audio: tone(400) },
    ];
    const { log, ear } = run(steps, [[1000, 1900]]);
    assert.deepEqual(log, ["0 await-agent", "1580 speak"]);
    assert.deepEqual(ear.stopLatenciesMs(), [320]);
  });

  it("presses keys one after the other", () => {
    assert.deepEqual(
      run(
        [
          { do: "pause", ms: 100 },
          { do: "press", digits: "12#" },
        ],
        [],
      ).log,
      ["0 pause", "100 press", "100 press 1", "220 press 2", "340 press #"],
    );
  });
});

describe("Ear", () => {
  it("measures answers from the caller's last sound to the agent's first", () => {
    const steps: CallerStep[] = [
      { do: "speak", audio: tone(500) },
      { do: "pause", ms: 1500 },
      { do: "speak", audio: tone(500) },
    ];
    const { ear } = run(steps, [
      [900, 1500],
      [2800, 3000],
    ]);
    assert.deepEqual(ear.responseLatenciesMs(), [400, 300]);
  });

  it("finds sounds, joins short pauses and leaves out clicks", () => {
    const bytes = new Uint8Array(8000 * 2).fill(ULAW_SILENCE);
    bytes.set(tone(200), 800);
    bytes.set(tone(200), 800 + 8 * 400);
    bytes.set(tone(10), 8 * 1500);
    assert.deepEqual(findSpurts(bytes), [{ startMs: 100, endMs: 700 }]);
    assert.deepEqual(findSpurts(bytes, { joinMs: 100, leastMs: 10 }).length, 3);
  });

  it("grows without losing anything", () => {
    const ear = new Ear();
    for (let i = 0; i < 4000; i++) ear.append(new Uint8Array(FRAME).fill(i & 0xff), new Uint8Array(FRAME).fill(7));
    assert.equal(ear.lengthMs, 80_000);
    assert.ok(ear.said.every((byte, i) => byte === (Math.floor(i / FRAME) & 0xff)));
  });
});
