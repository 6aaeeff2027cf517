import { pathToFileURL } from "node:url";
import {
  createHopBatch,
  createOutputBatch,
  type HopBatch,
  type InteractionModel,
  OnnxModel,
  type OutputBatch,
} from "@sidetone/interaction-model";
import { CONDITIONING, HOP_SAMPLES, SCORES_PER_HOP } from "@sidetone/protocol";
import { type MicroTurn, type TapeBytes, TapeReader, UNDECIDED } from "@sidetone/store";
import { LineTestModel } from "./line-test/model.ts";
import { ResumeState } from "./shard/resume-state.ts";
import { writeScores } from "./shard/scores.ts";
import { AgentClock } from "./talk/agent-clock.ts";

export type Verdict =
  | { exact: true; hops: number }
  /** The first score that came out differently. */
  | { exact: false; hops: number; hop: number; score: string; onTape: number; stepped: number }
  /** Something that the model heard is not on the tape, so nothing after it can be compared. */
  | { exact: undefined; hops: number; hop: number; reason: string };

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
    return { exact: undefined, hops: 0, hop: 0, reason: `the tape is of weights ${tape.header.modelHash}` };
  }
  try {
    return await stepTape(tape, model);
  } finally {
    await model.dispose();
  }
}

async function stepTape(tape: TapeReader, model: InteractionModel): Promise<Verdict> {
  const batch = createHopBatch(1);
  const outputs = createOutputBatch(1, model.info);
  const scores = new Float32Array(SCORES_PER_HOP);
  let slot = model.open(0);
  let clock = new AgentClock();
  let hops = 0;
  /** The call moved to another pod at this hop and went on from a snapshot. */
  let moved: { hop: number; state: unknown } | undefined;
  for await (const record of tape.records()) {
    if (record.kind === "damage") {
      if (record.tail) break;
      return { exact: undefined, hops, hop: hops, reason: `the tape is damaged at byte ${record.atByte}` };
    }
    if (record.kind === "note") {
      // Notes are written at once and micro-turns when they are whole, so the note may precede older hops.
      if (record.note.type === "in" && record.note.input.type === "opened" && record.note.input.resume) {
        moved = { hop: record.note.hop, state: record.note.input.resume.state };
      }
      continue;
    }
    const { turn } = record;
    if (turn.withheld) return { exact: undefined, hops, hop: turn.firstHop, reason: "the audio was not recorded" };
    for (let row = 0; row < turn.hops; row++) {
      if (moved && turn.firstHop + row >= moved.hop) {
        model.close(slot);
        slot = model.restore(Buffer.from(ResumeState.parse(moved.state).slot, "base64"));
        clock = new AgentClock();
        moved = undefined;
      }
      // A hop that no pod answered was stepped by none: its pod was lost, and the next one resumed.
      if (turn.decision[row] === UNDECIDED) continue;
      fillHop(batch, turn, row, slot, clock);
      await model.step(batch, outputs);
      const differs = firstDifference(scores, outputs, turn, row);
      if (differs >= 0) {
        return {
          exact: false,
          hops,
          hop: turn.firstHop + row,
          score: tape.header.scoreNames[differs] ?? `#${differs}`,
          onTape: turn.scores[row * turn.scoresPerHop + differs]!,
          stepped: scores[differs]!,
        };
      }
      hops++;
    }
  }
  return { exact: true, hops };
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
    if (verdict.exact) console.log(`${path}: bit-exact over ${verdict.hops} hops`);
    else if (verdict.exact === undefined) {
      console.log(`${path}: cannot be verified from hop ${verdict.hop} on: ${verdict.reason}`);
    } else {
      const { hop, score, onTape, stepped } = verdict;
      console.log(
        `${path}: first differs at hop ${hop} (${hop * 40} ms), ${score}: tape ${onTape}, stepped ${stepped}`,
      );
    }
    if (!verdict.exact) exitCode = 1;
  }
  return exitCode;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = await main(process.argv.slice(2));
