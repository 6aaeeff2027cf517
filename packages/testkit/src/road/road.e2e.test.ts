import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { LINEAR_TO_ULAW } from "@sidetone/audio";
import type { CallerStep } from "../caller/caller.ts";
import { findSpurts } from "../caller/ear.ts";
import { speak } from "../caller/speech.ts";
import type { Call } from "../carrier/call.ts";
import { Road } from "./road.ts";
import { readTapeOf } from "./tapes.ts";

/** The line test says back what it heard this long after the caller's last loud hop. */
const ECHO_AFTER_MS = 400;
/** What the road itself may add: a frame, a hop's grid on both sides, the lead, and a loaded test machine. */
const ROAD_MS = 250;

const LISTEN: CallerStep = { do: "listen", quietMs: 300, atMostMs: 8000 };
/** A voice-like sound in which no two stretches are alike, loud in every hop from its first to its last. */
const murmur = (ms: number, seed: number): Uint8Array =>
  Uint8Array.from({ length: ms * 8 }, (_, i) => {
    const t = i / 8000;
    const linear =
      6000 * Math.sin(2 * Math.PI * (180 + seed * 30 + 40 * Math.sin(7 * t)) * t) + ((i * 7919 * seed) % 997);
    return LINEAR_TO_ULAW[Math.round(linear) & 0xffff]!;
  });

const indexOf = (bytes: Uint8Array, part: Uint8Array): number => Buffer.from(bytes).indexOf(Buffer.from(part));

describe("the whole road with the line test", () => {
  let road: Road;
  before(async () => {
    road = await Road.start();
  });
  after(() => road.close());

  it("is heard, answered and on tape, correct to the sample where nothing was lost", async () => {
    const words = [await speak("hello, is this the line test"), murmur(900, 1), murmur(1300, 2)];
    const steps = words.flatMap((audio): CallerStep[] => [LISTEN, { do: "speak", audio }]);
    const call = await unstarved(() => road.call([...steps, LISTEN, { do: "hang-up" }]));
    assert.equal(call.status, "completed");
    assert.deepEqual(road.carrier.notices, []);

    const { heard, said } = call.ear;
    for (const [i, audio] of words.entries()) {
      assert.ok(indexOf(heard, loudPart(audio)) > indexOf(said, loudPart(audio)), `utterance ${i} comes back whole`);
    }
    const latencies = call.ear.responseLatenciesMs();
    assert.equal(latencies.length, words.length);
    // The words end more quietly than the line test listens; the murmurs end at once.
    for (const latencyMs of latencies.slice(1)) {
      assert.ok(latencyMs >= ECHO_AFTER_MS - 40 && latencyMs <= ECHO_AFTER_MS + ROAD_MS, `${latencies} ms`);
    }
    const { counts } = call.streams[0]!;
    assert.ok(counts.mostWaitingMs <= 140, `at most the lead and a frame wait: ${counts.mostWaitingMs} ms`);

    const tape = await readTapeOf(road.dataDir, call.sid);
    assert.equal(tape.damagedBytes, 0);
    assert.equal(tape.concealedSamples, 0);
    assert.ok(Math.abs(tape.hops * 40 - call.ear.lengthMs) <= 200, "every hop but the last ones is there");
    assert.equal(indexOf(said, tape.caller) >= 0, true, "the tape's caller channel is what was said, to the sample");
    for (const audio of words)
      assert.ok(indexOf(tape.agent, loudPart(audio)) > 0, "and its agent channel what was heard");
    assert.deepEqual(tape.notes.at(-1)?.type, "end");
  });

  it("gives way as soon as the caller talks over it", async () => {
    const call = road.call([
      LISTEN,
      { do: "speak", audio: murmur(3000, 3) },
      { do: "await-agent", forMs: 600, atMostMs: 8000 },
      { do: "speak", audio: murmur(400, 4) },
      LISTEN,
      { do: "hang-up" },
    ]);
    await call.ended;
    const [stopMs] = call.ear.stopLatenciesMs();
    assert.ok(stopMs !== undefined && stopMs <= 300, `silent after ${stopMs} ms`);
    assert.equal(call.streams[0]?.counts.clears, 1);
    const echo = findSpurts(call.ear.heard).at(-1);
    assert.ok(
      echo && echo.endMs - echo.startMs >= 400 && echo.endMs - echo.startMs < 700,
      "what it heard then comes back",
    );
    assert.deepEqual(road.carrier.notices, []);
  });

  it("carries a call over 3% loss, 60 ms of jitter and reordering: gaps reported, no drift, no crash", async () => {
    const utterance = murmur(800, 5);
    const turns = 8;
    const steps = Array.from({ length: turns }, (): CallerStep[] => [LISTEN, { do: "speak", audio: utterance }]).flat();
    const faults = { lossRate: 0.03, jitterMs: 60, reorderRate: 0.02, repeatRate: 0.01, seed: 11 };
    const call = road.call([...steps, LISTEN, { do: "hang-up" }], { faults });
    assert.equal(await call.ended, "completed");
    const { lost } = call.streams[0]!.lineCounts;
    assert.ok(lost > 5, `${lost} frames were lost`);

    const latencies = call.ear.responseLatenciesMs();
    assert.equal(latencies.length, turns, `all turns are answered: ${latencies}`);
    const [first, last] = [latencies.slice(0, 3), latencies.slice(-3)].map((few) => Math.min(...few));
    assert.ok(Math.abs(last! - first!) <= 100, `no drift: ${latencies} ms`);

    const tape = await readTapeOf(road.dataDir, call.sid);
    const gaps = tape.notes.filter((note) => note.type === "gap");
    const gapSamples = gaps.reduce((sum, note) => sum + note.lostSamples, 0);
    assert.equal(gapSamples, tape.concealedSamples, "every concealed sample is in a reported gap");
    assert.ok(Math.abs(tape.concealedSamples - lost * 160) <= 480, `${tape.concealedSamples} for ${lost} frames`);
    assert.ok(Math.abs(tape.hops * 40 - call.ear.lengthMs) <= 300, "the media clock went with the caller's");
    assert.ok(road.bridge.running && road.pods.every(({ running }) => running));
    assert.deepEqual(road.carrier.notices, []);
  });

  it("stands stalls of 300 ms and an abruptly dropped socket, which it attaches again", async () => {
    const call = road.call(
      [
        LISTEN,
        { do: "speak", audio: murmur(700, 6) },
        LISTEN,
        { do: "speak", audio: murmur(700, 7) },
        LISTEN,
        { do: "hang-up" },
      ],
      {
        faults: { burst: { everyMs: 1500, lengthMs: 300 } },
        onEvent: (event) => {
          if (event.type === "caller" && event.step.do === "speak" && call.streams.length === 1) call.stream?.drop();
        },
      },
    );
    assert.equal(await call.ended, "completed");
    assert.equal(call.streams.length, 2, "the carrier came back by way of the redirect");
    assert.ok(call.ear.responseLatenciesMs().length >= 1, "and the second utterance was answered");
  });
});

/** A machine that stalls for longer than the lead leaves holes in what is heard; then the call is placed once more. */
async function unstarved(place: () => Call): Promise<Call> {
  for (let attempt = 1; ; attempt++) {
    const call = place();
    await call.ended;
    if (call.streams[0]?.counts.starvedFrames === 0 || attempt === 3) return call;
  }
}

/** The bytes from the first to the last loud block; the line test says those back, and a hop on either side. */
function loudPart(audio: Uint8Array): Uint8Array {
  const spurts = findSpurts(audio, { thresholdDbfs: -30, leastMs: 0, joinMs: 10_000 });
  return audio.subarray(spurts[0]!.startMs * 8, spurts.at(-1)!.endMs * 8);
}
