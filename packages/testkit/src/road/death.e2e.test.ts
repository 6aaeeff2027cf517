import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { settledWithin } from "./deadline.ts";
import { Road } from "./road.ts";
import { readLiveTapes, readTapeOf } from "./tapes.ts";

const hum = (ms: number): Uint8Array => Uint8Array.from({ length: ms * 8 }, (_, i) => (i % 8 < 4 ? 0x10 : 0x90));

/** A micro-turn, and what the writer holds back to write several at once. */
const MAY_BE_LOST_MS = 200;

describe("the end of a bridge", () => {
  it("leaves tapes that are readable to the last micro-turn when it is killed", async () => {
    const road = await Road.start();
    try {
      const calls = Array.from({ length: 5 }, () =>
        road.call([
          { do: "pause", ms: 600 },
          { do: "speak", audio: hum(8000) },
        ]),
      );
      await Promise.all(calls.map((call) => untilSpoken(call, 3000)));
      const spokenMs = calls.map((call) => call.ear.lengthMs);
      road.bridge.signal("SIGKILL");
      await road.bridge.exited;
      const tapes = await readLiveTapes(road.dataDir);
      assert.equal(tapes.length, calls.length);
      for (const [i, call] of calls.entries()) {
        const tape = tapes.find(({ carrierCallId }) => carrierCallId === call.sid);
        assert.ok(tape);
        assert.equal(tape.damagedBytes, 0);
        // A hop is on its way for some 60 ms before it is part of a micro-turn.
        const missingMs = spokenMs[i]! - tape.hops * 40;
        assert.ok(missingMs <= MAY_BE_LOST_MS + 200, `call ${i} lacks ${missingMs} ms`);
        assert.ok(Buffer.from(call.ear.said).includes(Buffer.from(tape.caller)), "what is there is what was said");
      }
      assert.ok(
        road.carrier.notices.some(({ code }) => code === 31903),
        "the carrier noticed",
      );
    } finally {
      await road.close();
    }
  });

  it("takes no new calls on SIGTERM, lets the running one finish, and exits with 0", async () => {
    const road = await Road.start();
    try {
      const running = road.call([
        { do: "pause", ms: 600 },
        { do: "speak", audio: hum(500) },
        { do: "listen", quietMs: 300, atMostMs: 5000 },
        { do: "hang-up" },
      ]);
      await untilSpoken(running, 300);
      road.bridge.signal("SIGTERM");
      await road.bridge.line(/waiting for calls|draining|SIGTERM/i);
      const refused = road.call([{ do: "hang-up" }]);
      await refused.ended;
      assert.equal(refused.streams.length, 0, "a new call gets no stream");
      assert.equal(refused.announcements.length, 1, "but a sentence");
      assert.equal(await running.ended, "completed");
      assert.equal(running.ear.responseLatenciesMs().length, 1, "the running one was answered to its end");
      assert.deepEqual(await settledWithin(road.bridge.exited, 15_000), { code: 0, signal: null });
      const tape = await readTapeOf(road.dataDir, running.sid);
      assert.equal(tape.notes.at(-1)?.type, "end");
    } finally {
      await road.close();
    }
  });
});

/** Settles once the call has gone on for so long. */
function untilSpoken(call: ReturnType<Road["call"]>, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const look = setInterval(() => {
      if (call.ear.lengthMs < ms && performance.now() - began < 20_000) return;
      clearInterval(look);
      if (call.ear.lengthMs < ms) reject(new Error(`the call went on for ${call.ear.lengthMs} ms only`));
      else resolve();
    }, 20);
  });
}
