import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HeardLedger } from "./heard-ledger.ts";
import { PaceClock } from "./pace-clock.ts";
import { type CarrierSink, Playout } from "./playout.ts";

type Sent =
  | { atMs: number; kind: "media"; bytes: Uint8Array }
  | { atMs: number; kind: "mark"; mark: number }
  | { atMs: number; kind: "clear" };

/**
 * A carrier a fixed one-way latency away whose clock runs at `rate` of ours: records the caller in 20 ms frames, plays
 * what it received in order, returns marks when their audio was played or cleared.
 */
class Carrier implements CarrierSink {
  readonly ledger = new HeardLedger();
  readonly pace = new PaceClock();
  readonly playout: Playout;
  /** What the ear heard, sample for sample on the carrier's clock. */
  readonly ear: number[] = [];
  maxBufferedSamples = 0;
  minBufferedWhilePlaying = Number.POSITIVE_INFINITY;
  clears = 0;
  receivedSamples = 0;
  keepEar = true;

  latencyMs: number;
  readonly #rate: number;
  #toCarrier: Sent[] = [];
  #toBridge: { atMs: number; samples?: number; mark?: number }[] = [];
  #buffer: number[] = [];
  #bufferMarks: { mark: number; after: number }[] = [];
  #played = 0;
  nowMs = 0;

  constructor(options: { latencyMs?: number; rate?: number; leadMs?: number } = {}) {
    this.latencyMs = options.latencyMs ?? 0;
    this.#rate = options.rate ?? 1;
    this.playout = new Playout(this, this.ledger, { leadMs: options.leadMs ?? 120 });
  }

  sendMedia(bytes: Uint8Array, lengthBytes: number): boolean {
    this.#toCarrier.push({ atMs: this.nowMs + this.latencyMs, kind: "media", bytes: bytes.slice(0, lengthBytes) });
    return true;
  }
  sendMark(mark: number): void {
    this.#toCarrier.push({ atMs: this.nowMs + this.latencyMs, kind: "mark", mark });
  }
  sendClear(): void {
    this.clears++;
    this.#toCarrier.push({ atMs: this.nowMs + this.latencyMs, kind: "clear" });
  }

  cork(): void {
    assert.equal(this.#corked, false);
    this.#corked = true;
  }
  uncork(): void {
    assert.equal(this.#corked, true);
    this.#corked = false;
  }
  #corked = false;

  get bufferedSamples(): number {
    return this.#buffer.length;
  }

  /** Runs until `ms` on our clock, calling `onTick` every 40 ms. */
  run(untilMs: number, onTick: (nowMs: number) => void): void {
    while (this.nowMs < untilMs) {
      this.nowMs += 5;
      this.#receive();
      const due = Math.floor(this.nowMs * 8 * this.#rate) - this.#played;
      this.#play(due);
      this.#deliver();
      if (this.nowMs % 40 === 0) onTick(this.nowMs);
    }
  }

  /** What a tick does: takes the hops that are complete, then pumps. */
  takeHops(out: (hop: Uint8Array) => void = () => undefined): void {
    const hop = new Uint8Array(320);
    while (this.#hopEnd + 320 <= this.receivedSamples) {
      this.ledger.take(this.#hopEnd, hop);
      this.#hopEnd += 320;
      out(hop);
    }
  }
  #hopEnd = 0;

  pump(): void {
    this.playout.pump(this.pace.atMs(this.nowMs), this.nowSamples);
  }

  get nowSamples(): number {
    return Math.max(this.receivedSamples, Math.floor(this.pace.atMs(this.nowMs) * 8));
  }

  #receive(): void {
    while (this.#toCarrier[0] && this.#toCarrier[0].atMs <= this.nowMs) {
      const message = this.#toCarrier.shift()!;
      if (message.kind === "media") for (const byte of message.bytes) this.#buffer.push(byte);
      else if (message.kind === "mark") this.#bufferMarks.push({ mark: message.mark, after: this.#buffer.length });
      else {
        this.#buffer = [];
        for (const mark of this.#bufferMarks) mark.after = 0;
      }
      this.#returnMarks();
      this.maxBufferedSamples = Math.max(this.maxBufferedSamples, this.#buffer.length);
    }
  }

  #play(samples: number): void {
    for (let i = 0; i < samples; i++) {
      this.#played++;
      const byte = this.#buffer.shift();
      if (this.keepEar) this.ear.push(byte ?? 0xff);
      for (const mark of this.#bufferMarks) mark.after--;
      this.#returnMarks();
      if (this.#played % 160 === 0) this.#toBridge.push({ atMs: this.nowMs + this.latencyMs, samples: 160 });
    }
    if (samples > 0) this.minBufferedWhilePlaying = Math.min(this.minBufferedWhilePlaying, this.#buffer.length);
  }

  #returnMarks(): void {
    while (this.#bufferMarks[0] && this.#bufferMarks[0].after <= 0) {
      this.#toBridge.push({ atMs: this.nowMs + this.latencyMs, mark: this.#bufferMarks.shift()!.mark });
    }
  }

  #deliver(): void {
    while (this.#toBridge[0] && this.#toBridge[0].atMs <= this.nowMs) {
      const message = this.#toBridge.shift()!;
      if (message.samples) {
        this.receivedSamples += message.samples;
        this.pace.observe(this.nowMs, this.receivedSamples);
      } else this.ledger.markReturned(message.mark!, this.receivedSamples);
    }
  }
}

/** Recognisable audio: no silence byte, and no two stretches alike. */
const speech = (from: number, length: number) =>
  Uint8Array.from({ length }, (_, i) => (Math.imul((from + i) ^ 0x5bd1, 0x9e3779b1) >>> 23) % 251);

test("the caller hears what was appended, whole and in order, and the carrier never has more than the lead", () => {
  const carrier = new Carrier({ latencyMs: 30 });
  let fed = 0;
  carrier.run(4_000, (nowMs) => {
    if (nowMs >= 200 && nowMs < 3_200 && nowMs % 200 === 0) {
      carrier.playout.append(speech(fed, 1600), 0, 1600);
      fed += 1600;
    }
    carrier.pump();
  });
  const start = carrier.ear.findIndex((byte) => byte !== 0xff);
  assert.deepEqual(carrier.ear.slice(start, start + fed), [...speech(0, fed)]);
  assert.ok(carrier.ear.slice(start + fed).every((byte) => byte === 0xff));
  assert.ok(carrier.maxBufferedSamples <= 120 * 8, `${carrier.maxBufferedSamples} samples were buffered`);
});

for (const rate of [0.9999, 1.0001]) {
  test(`an hour of speech does not drift when the carrier's clock runs at ${rate} of ours`, () => {
    const carrier = new Carrier({ latencyMs: 25, rate });
    carrier.keepEar = false;
    const audio = speech(0, 1600);
    let started = false;
    carrier.run(3_600_000, (nowMs) => {
      if (carrier.playout.queuedSamples < 1600) carrier.playout.append(audio, 0, 1600);
      carrier.takeHops();
      carrier.pump();
      if (!started && nowMs >= 1_000) {
        started = true;
        carrier.maxBufferedSamples = 0;
        carrier.minBufferedWhilePlaying = Number.POSITIVE_INFINITY;
      }
    });
    assert.ok(carrier.minBufferedWhilePlaying > 0, "the carrier ran dry");
    // The lead, and the frame by which the carrier's messages are late. Drift would add 360 ms.
    assert.ok(carrier.maxBufferedSamples <= 140 * 8, `${carrier.maxBufferedSamples} samples were buffered`);
  });
}

test("a raised epoch clears at once, sends nothing older, and the ledger says what was heard", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 30 }).map((n) => n * 5),
      fc.integer({ min: 30, max: 65 }),
      (latencyMs, raiseAtTick) => {
        const carrier = new Carrier({ latencyMs });
        let played: number[] = [];
        const afterwards = speech(90_000, 1600);
        carrier.run(5_000, (nowMs) => {
          const tick = nowMs / 40;
          // A mark behind nothing comes straight back and tells the round trip.
          if (tick === 6) carrier.sendMark(carrier.ledger.markSent(carrier.nowSamples));
          if (tick === 20) carrier.playout.append(speech(0, 16_000), 0, 16_000);
          carrier.takeHops((hop) => played.push(...hop));
          if (tick === raiseAtTick) {
            carrier.playout.raise(1, carrier.nowSamples);
            assert.equal(carrier.clears, 1);
            carrier.playout.append(afterwards, 0, 1600);
          }
          carrier.pump();
        });
        carrier.takeHops((hop) => played.push(...hop));
        const first = carrier.ear.indexOf(speech(0, 1)[0]!);
        const restart = indexOfRun(carrier.ear, afterwards.slice(0, 40));
        assert.ok(restart > first, "the new epoch is heard");
        const heard = carrier.ear.slice(first, restart).filter((byte) => byte !== 0xff).length;
        assert.deepEqual(carrier.ear.slice(first, first + heard), [...speech(0, heard)]);
        // The ledger's account: the same audio, in the same order, each within two frames of where it was.
        played = played.slice(0, carrier.ear.length);
        const tolerance = 320;
        const ledgerFirst = played.indexOf(speech(0, 1)[0]!);
        assert.ok(Math.abs(ledgerFirst - first) <= tolerance, `begin ${ledgerFirst} is ${first}`);
        const ledgerRestart = indexOfRun(played, afterwards.slice(0, 40));
        assert.ok(Math.abs(ledgerRestart - restart) <= tolerance, `restart ${ledgerRestart} is ${restart}`);
        const ledgerHeard = played.slice(ledgerFirst, ledgerRestart).filter((byte) => byte !== 0xff).length;
        assert.ok(Math.abs(ledgerHeard - heard) <= tolerance, `heard ${ledgerHeard} is ${heard}`);
        assert.deepEqual([carrier.ledger.heardEpoch, carrier.ledger.heardSamples], [1, 1600]);
        assert.ok(carrier.ledger.isOver(1));
      },
    ),
    { numRuns: 30 },
  );
});

function indexOfRun(bytes: number[], run: Uint8Array): number {
  for (let at = 0; at + run.length <= bytes.length; at++) if (run.every((byte, i) => bytes[at + i] === byte)) return at;
  return -1;
}

test("a late start is carried, not cut out of what plays; the heard count is right when it is cut off", () => {
  const carrier = new Carrier();
  const played: number[] = [];
  carrier.run(3_000, (nowMs) => {
    // From here on everything we send takes longer than was measured.
    if (nowMs === 400) carrier.latencyMs = 60;
    if (nowMs === 800) carrier.playout.append(speech(0, 16_000), 0, 16_000);
    carrier.takeHops((hop) => played.push(...hop));
    if (nowMs === 2_000) carrier.playout.raise(1, carrier.nowSamples);
    carrier.pump();
  });
  const first = played.indexOf(speech(0, 1)[0]!);
  const accounted = played.slice(first).indexOf(0xff);
  assert.deepEqual(played.slice(first, first + accounted), [...speech(0, accounted)], "one piece");
  const earFirst = carrier.ear.indexOf(speech(0, 1)[0]!);
  const heard = carrier.ear.slice(earFirst).indexOf(0xff);
  assert.ok(Math.abs(carrier.ledger.heardOf(0) - heard) <= 320, `${carrier.ledger.heardOf(0)} is ${heard}`);
  assert.ok(carrier.ledger.corrections > 0);
});

test("an utterance that is no whole number of frames is heard to its last sample", () => {
  const carrier = new Carrier();
  carrier.run(1_000, (nowMs) => {
    if (nowMs === 200) carrier.playout.append(speech(0, 413), 0, 413);
    carrier.takeHops();
    carrier.pump();
  });
  assert.deepEqual(
    carrier.ear.filter((byte) => byte !== 0xff),
    [...speech(0, 413)],
  );
  assert.equal(carrier.ledger.heardSamples, 413);
});

test("nothing is cleared when nothing is left to play", () => {
  const carrier = new Carrier({ latencyMs: 10 });
  carrier.run(2_000, (nowMs) => {
    if (nowMs === 200) carrier.playout.append(speech(0, 1600), 0, 1600);
    carrier.takeHops();
    carrier.pump();
    if (nowMs === 1_600) assert.equal(carrier.playout.raise(1, carrier.nowSamples), false);
  });
  assert.equal(carrier.clears, 0);
  assert.deepEqual([carrier.ledger.heardEpoch, carrier.ledger.heardSamples], [0, 1600]);
});

test("a pod that is too far ahead loses the oldest unsent audio, counted, and positions stay true", () => {
  const carrier = new Carrier();
  carrier.run(8_000, (nowMs) => {
    if (nowMs === 200) for (let at = 0; at < 40_000; at += 1600) carrier.playout.append(speech(at, 1600), 0, 1600);
    carrier.takeHops();
    carrier.pump();
  });
  assert.equal(carrier.playout.droppedSamples, 40_000 - 32_768);
  assert.equal(carrier.ledger.heardSamples, 40_000);
});

test("a duck changes the level without a click and 0 dB passes bit-exact", () => {
  const carrier = new Carrier();
  carrier.run(4_000, (nowMs) => {
    if (nowMs === 200) carrier.playout.append(speech(0, 16_000), 0, 16_000);
    if (nowMs === 800) carrier.playout.setGain(-8);
    if (nowMs === 1_200) carrier.playout.setGain(0);
    carrier.takeHops();
    carrier.pump();
  });
  const start = carrier.ear.findIndex((byte) => byte !== 0xff);
  assert.deepEqual(carrier.ear.slice(start, start + 4_000), [...speech(0, 4_000)]);
  assert.notDeepEqual(carrier.ear.slice(start + 7_000, start + 8_000), [...speech(7_000, 1_000)]);
  assert.deepEqual(carrier.ear.slice(start + 12_000, start + 16_000), [...speech(12_000, 4_000)]);
});

test("a carrier that takes no more is tried again and loses nothing", () => {
  let open = false;
  const taken: number[] = [];
  const ledger = new HeardLedger();
  const playout = new Playout(
    {
      sendMedia(bytes, length) {
        if (open) taken.push(...bytes.subarray(0, length));
        return open;
      },
      sendMark: () => undefined,
      sendClear: () => undefined,
      cork: () => undefined,
      uncork: () => undefined,
    },
    ledger,
    { leadMs: 120 },
  );
  playout.append(speech(0, 480), 0, 480);
  playout.pump(0, 0);
  assert.equal(taken.length, 0);
  open = true;
  playout.pump(40, 320);
  assert.deepEqual(taken, [...speech(0, 480)]);
});
