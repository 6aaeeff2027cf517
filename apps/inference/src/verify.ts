import { pathToFileURL } from "node:url";
import {
  createHopBatch,
  createOutputBatch,
  type HopBatch,
  type InteractionModel,
  OnnxModel,
  type OutputBatch,
} from "@sidetone/interaction-model";
import { CONDITIONING, HOP_SAMPLES, type PodOutput, SCORES_PER_HOP } from "@sidetone/protocol";
import { type MicroTurn, type TapeBytes, TapeReader, UNDECIDED } from "@sidetone/store";
import { z } from "zod";
import { LineTestModel } from "./line-test/model.ts";
import { ResumeState } from "./shard/resume-state.ts";
import { writeScores } from "./shard/scores.ts";
import { AgentClock, AgentClockState } from "./talk/agent-clock.ts";

const HOP_MS = 40;
/** What every loop's snapshot holds, whatever else it does. */
const LoopState = z.object({ clock: AgentClockState });

export type Verdict =
  /** `skipped` hops could not be compared: audio that was not recorded, or a move to another pod. */
  | { exact: true; hops: number; skipped: number }
  /** The first score that came out differently. */
  | { exact: false; hops: number; skipped: number; hop: number; score: string; onTape: number; stepped: number }
  /** Nothing could be compared. */
  | { exact: undefined; skipped: number; reason: string };

type SnapshotOutput = Extract<PodOutput, { type: "snapshot" }>;

/**
 * Steps the model over a tape's two channels and conditioning, and compares every score bit by bit.
 * @throws TapeError when the file is no tape, ModelError when the model does not fit it
 */
export async function verifyTape(
  source: string | TapeBytes,
  loadModel: (model: string) => Promise<InteractionModel>,
): Promise<Verdict> {
  const tape = await TapeReader.open(source);
  const model = await loadModel(tape.header.model);
  if (tape.header.modelHash !== "" && model.info.version !== tape.header.modelHash) {
    await model.dispose();
    return { exact: undefined, skipped: 0, reason: `it was made with weights ${tape.header.modelHash}` };
  }
  try {
    return await stepTape(tape, model);
  } finally {
    await model.dispose();
  }
}

/** Steps one slot along the tape. What it cannot follow it skips, up to the next snapshot on the tape. */
async function stepTape(tape: TapeReader, model: InteractionModel): Promise<Verdict> {
  const batch = createHopBatch(1);
  const outputs = createOutputBatch(1, model.info);
  const scores = new Float32Array(SCORES_PER_HOP);
  const clock = new AgentClock();
  let slot = model.open(0);
  let hops = 0;
  let skipped = 0;
  let lost: string | undefined;
  let snapshot: SnapshotOutput | undefined;
  let nextHop = -1;
  for await (const record of tape.records()) {
    if (record.kind === "damage") {
      if (record.tail) break;
      lost = `it is damaged at byte ${record.atByte}`;
      continue;
    }
    if (record.kind === "note") {
      const { note } = record;
      if (note.type === "out" && note.output.type === "snapshot") snapshot = note.output;
      else if (note.type === "in" && note.input.type === "opened" && note.input.resume) lost = "the call moved";
      continue;
    }
    const { turn } = record;
    for (let row = 0; row < turn.hops; row++) {
      const hop = turn.firstHop + row;
      if (turn.withheld) lost = "the audio was not recorded";
      else if (turn.decision[row] === UNDECIDED) lost = `no pod answered hop ${hop}`;
      else if (nextHop >= 0 && hop !== nextHop) lost = `hop ${nextHop} is missing`;
      nextHop = hop + 1;
      // A snapshot was taken behind its hop: the next one can be followed again.
      if (lost !== undefined && !turn.withheld && snapshot?.hop === hop - 1) {
        model.close(slot);
        const state = ResumeState.parse(snapshot.state);
        slot = model.restore(Buffer.from(state.slot, "base64"));
        clock.restore(LoopState.parse(state.loop).clock);
        lost = undefined;
      }
      if (lost !== undefined) {
        skipped++;
        continue;
      }
      fillHop(batch, turn, row, slot, clock);
      await model.step(batch, outputs);
      const differs = firstDifference(scores, outputs, turn, row);
      if (differs >= 0) {
        const score = tape.header.scoreNames[differs] ?? `#${differs}`;
        const onTape = turn.scores[row * turn.scoresPerHop + differs]!;
        return { exact: false, hops, skipped, hop, score, onTape, stepped: scores[differs]! };
      }
      hops++;
    }
  }
  if (hops === 0 && lost !== undefined) return { exact: undefined, skipped, reason: lost };
  return { exact: true, hops, skipped };
}

function fillHop(batch: HopBatch, turn: MicroTurn, row: number, slot: number, clock: AgentClock): void {
  const conditioning = row * 4;
  const intent = turn.conditioning[conditioning + CONDITIONING.intentOffset]!;
  clock.tick((intent & CONDITIONING.agentPlayingBit) !== 0);
  batch.count = 1;
  batch.slots[0] = slot;
  batch.caller.set(turn.caller.subarray(row * HOP_SAMPLES, (row + 1) * HOP_SAMPLES));
  batch.agent.set(turn.agent.subarray(row * HOP_SAMPLES, (row + 1) * HOP_SAMPLES));
  batch.expectationKind[0] = turn.conditioning[conditioning + CONDITIONING.expectationOffset]!;
  batch.expectationRemaining[0] = turn.conditioning[conditioning + CONDITIONING.remainingOffset]!;
  batch.intent[0] = intent & ~CONDITIONING.agentPlayingBit;
  batch.hopIndex[0] = turn.firstHop + row;
  batch.agentPlaying[0] = clock.playing ? 1 : 0;
  batch.hopsSinceAgentChange[0] = clock.hopsSinceChange;
}

/** Index of the first score that differs in any bit; -1 for none. */
function firstDifference(scores: Float32Array, outputs: OutputBatch, turn: MicroTurn, row: number): number {
  writeScores(scores, 0, outputs, 0);
  const at = row * turn.scoresPerHop;
  for (let i = 0; i < turn.scoresPerHop; i++) {
    if (!Object.is(scores[i], turn.scores[at + i])) return i;
  }
  return -1;
}

/** The model that a tape's header names. */
export function shippedModel(folder?: string): (model: string) => Promise<InteractionModel> {
  return async (model) =>
    model === "line-test"
      ? new LineTestModel(1)
      : OnnxModel.load({ capacity: 1, ...(folder === undefined ? {} : { folder }) });
}

async function main(paths: readonly string[]): Promise<number> {
  let exitCode = 0;
  for (const path of paths) {
    const verdict = await verifyTape(path, shippedModel(process.env.MODEL_DIR));
    const skipped = verdict.skipped > 0 ? `; ${verdict.skipped} hops could not be compared` : "";
    if (verdict.exact) console.log(`${path}: bit-exact over ${verdict.hops} hops${skipped}`);
    else if (verdict.exact === undefined) console.log(`${path}: cannot be verified: ${verdict.reason}${skipped}`);
    else {
      const { hop, score, onTape, stepped } = verdict;
      const at = `hop ${hop} (${hop * HOP_MS} ms)`;
      console.log(`${path}: first differs at ${at}, ${score}: on tape ${onTape}, stepped ${stepped}${skipped}`);
    }
    if (!verdict.exact) exitCode = 1;
  }
  return exitCode;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = await main(process.argv.slice(2));
