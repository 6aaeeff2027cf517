import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { loadPlaybook, shippedPlaybookPath } from "@sidetone/dialogue";
import { createLog } from "@sidetone/platform";
import {
  DECISIONS,
  HOP_SAMPLES,
  MU_LAW_SILENCE,
  OVERLAP_KINDS,
  type PlaybookOfCall,
  type RerunCall,
  RerunOrder,
  type RerunReport,
  RerunResult,
} from "@sidetone/protocol";
import { TapeWriter } from "@sidetone/store";
import { speak } from "@sidetone/testkit";
import { runAgain } from "./run.ts";
import { readTapedCall } from "./taped-call.ts";

describe("running calls again", { timeout: 600_000 }, () => {
  let folder: string;
  let spoken: Uint8Array[];
  let playbook: PlaybookOfCall;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rerun-"));
    spoken = await Promise.all(
      ["where is my order", "four seven two nine one", "no thank you goodbye"].map(async (text) => await speak(text)),
    );
    // Without its question for consent: the seed has nobody to ask.
    const { document, ...parsed } = loadPlaybook(shippedPlaybookPath("retail-order-support"));
    playbook = { ...parsed, document: { ...document, opening: { ...document.opening, recording: { mode: "never" } } } };
  });
  after(() => rm(folder, { recursive: true }));

  /** A tape with nothing but a caller's sound on it, who speaks at fixed times. */
  async function seed(name: string): Promise<string> {
    const path = join(folder, name);
    const tape = new TapeWriter(
      path,
      {
        format: "sidetone-tape",
        version: 1,
        callId: name,
        carrierCallId: "CA1",
        startedAt: "2026-05-04T10:00:00Z",
        sampleRateHz: 8000,
        hopSamples: 320,
        audio: "mu-law",
        scoreNames: [...DECISIONS, ...OVERLAP_KINDS],
        model: "interaction",
        modelHash: "",
        bridgeId: "b",
        softwareVersion: "0",
      },
      { pendingMicroTurns: 100_000 },
    );
    tape.note({
      type: "in",
      hop: 0,
      input: {
        type: "opened",
        callId: name,
        from: "+447700900123",
        to: "+15550100",
        direction: "inbound",
        startedAt: "2026-05-04T10:00:00Z",
        timeZone: "Europe/London",
        seed: 7,
        playbook,
        taskMediansMs: {},
      },
    });
    const line = new Uint8Array(36 * 8000).fill(MU_LAW_SILENCE);
    for (const [index, atMs] of [9_000, 15_000, 27_000].entries()) line.set(spoken[index] as Uint8Array, atMs * 8);
    const silence = new Uint8Array(HOP_SAMPLES).fill(MU_LAW_SILENCE);
    for (let hop = 0; hop < line.length / HOP_SAMPLES; hop++) {
      tape.putHop(hop, line.subarray(hop * HOP_SAMPLES, (hop + 1) * HOP_SAMPLES), silence, 0, 0, 0);
    }
    tape.note({ type: "end", hop: line.length / HOP_SAMPLES, reason: "stopped" });
    await tape.close();
    return path;
  }

  async function run(order: Partial<RerunOrder>, calls: RerunCall[]): Promise<RerunReport[]> {
    const reports: RerunReport[] = [];
    await runAgain({
      order: RerunOrder.parse({ dataDir: folder, lanes: 4, ...order }),
      calls: (async function* () {
        yield* calls;
      })(),
      report: (line) => reports.push(line),
      log: createLog({ process: "test", level: "silent" }),
    });
    return reports;
  }
  const resultOf = (reports: readonly RerunReport[], callId: string): RerunResult => {
    const done = reports.find((report) => report.type === "done" && report.callId === callId);
    assert.ok(done?.type === "done", JSON.stringify(reports.filter((report) => report.type === "failed")));
    return RerunResult.parse(done.result);
  };

  test("a call comes out the same, bit for bit, whoever runs beside it; another playbook or threshold shows", async () => {
    const first = join(folder, "first.tape");
    const made = resultOf(
      await run({}, [{ callId: "seed", tapePath: await seed("seed"), outPath: first }]),
      "seed",
    ).after;
    assert.deepEqual([made.wants, made.slots], [["order-status"], { "order-number": "47291" }]);
    const call = (callId: string): RerunCall => ({ callId, tapePath: first, outPath: join(folder, `${callId}.tape`) });

    const again = await run({}, [call("a"), call("b"), call("c")]);
    for (const callId of ["a", "b", "c"]) {
      const result = resultOf(again, callId);
      assert.deepEqual([result.changed, result.forcedTurns, result.after], [[], 0, result.before], callId);
    }

    const document = structuredClone(playbook.document) as { wants: Record<string, unknown> };
    delete document.wants["order-status"];
    const without = resultOf(await run({ playbook: { ...playbook, version: 2, document } }, [call("d")]), "d");
    assert.ok(without.changed.includes("wants") && without.changed.includes("words"), without.changed.join(" "));
    assert.deepEqual(without.after.wants.includes("order-status"), false);

    const slow = resultOf(await run({ thresholds: { beginOpen: 1, beginFulfilled: 1 } }, [call("e")]), "e");
    assert.ok(slow.changed.includes("latency"), slow.changed.join(" "));
  });

  test("a tape that cannot be run again says why, and the others go on", async () => {
    const good = await seed("good");
    const reports = await run({}, [
      { callId: "gone", tapePath: join(folder, "gone.tape"), outPath: join(folder, "gone.out") },
      { callId: "good", tapePath: good, outPath: join(folder, "good.out") },
    ]);
    const failed = reports.find((report) => report.type === "failed");
    assert.ok(failed?.type === "failed" && failed.callId === "gone" && failed.code === "TAPE_INVALID");
    resultOf(reports, "good");
    assert.equal((await readTapedCall(join(folder, "good.out"))).opened.callId, "good");
  });
});
