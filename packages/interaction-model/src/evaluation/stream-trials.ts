import { Decoder, type HeardWord } from "../decoder/decoder.ts";
import type { Grammar } from "../decoder/grammar.ts";
import {
  createHopBatch,
  createOutputBatch,
  DECISION_COUNT,
  DECISIONS,
  EXPECTATION_KINDS,
  HOP_SAMPLES,
  type HopBatch,
  INTENTS,
  type InteractionModel,
  type OutputBatch,
  VOICE_COUNT,
} from "../port.ts";
import type { Trial } from "./trials.ts";

/** What the model made of a trial, hop by hop. */
export interface Streamed {
  readonly trial: Trial;
  /** Probabilities of beginning, and of yielding with and without ducking, at each hop. */
  readonly begin: Float32Array;
  readonly yield: Float32Array;
  readonly duckOrYield: Float32Array;
  /** Probability of the caller's own voice at each hop. */
  readonly voice: Float32Array;
  /** Digits that were still expected at each hop. */
  readonly remaining: Uint8Array;
  readonly words: readonly HeardWord[];
  /** Log probabilities of every symbol frame, for decoding with other settings. */
  readonly symbols: Float32Array;
}

const BEGIN = DECISIONS.indexOf("begin");
const DUCK = DECISIONS.indexOf("duck");
const YIELD = DECISIONS.indexOf("yield");
const ANSWER = INTENTS.indexOf("answer");
export const DIGIT_WORDS: ReadonlySet<string> = new Set(
  "zero oh nought one two three four five six seven eight nine".split(" "),
);

interface Lane {
  readonly streamed: Streamed & { words: readonly HeardWord[] };
  readonly slot: number;
  readonly decoder: Decoder;
  readonly hops: number;
  hop: number;
  remaining: number;
}

/** Streams all trials through the model, as many side by side as it has slots. */
export async function streamTrials(
  model: InteractionModel,
  grammar: Grammar,
  trials: readonly Trial[],
): Promise<Streamed[]> {
  const batch = createHopBatch(model.info.capacity);
  const outputs = createOutputBatch(model.info.capacity, model.info);
  const done: Streamed[] = [];
  let lanes: Lane[] = [];
  let next = 0;
  while (next < trials.length || lanes.length > 0) {
    while (lanes.length < model.info.capacity && next < trials.length)
      lanes.push(laneOf(trials[next++]!, model, grammar));
    batch.count = lanes.length;
    for (const [row, lane] of lanes.entries()) fillRow(batch, row, lane);
    await model.step(batch, outputs);
    for (const [row, lane] of lanes.entries()) takeRow(outputs, row, lane, model);
    for (const lane of lanes) {
      if (lane.hop < lane.hops) continue;
      lane.streamed.words = lane.decoder.endTurn();
      model.close(lane.slot);
      done.push(lane.streamed);
    }
    lanes = lanes.filter((lane) => lane.hop < lane.hops);
  }
  return done;
}

/** An answer of which only a dialogue knows when it is whole. */
const isUncounted = (trial: Trial): boolean => trial.expectation !== "open" && trial.length === 0;
/** The dialogue that is not here is taken to know it this long after the words. */
const UNDERSTOOD_AFTER_MS = 120;

function laneOf(trial: Trial, model: InteractionModel, grammar: Grammar): Lane {
  const hops = trial.caller.length / HOP_SAMPLES;
  const decoder = new Decoder(grammar);
  decoder.expect({ kind: trial.expectation });
  const { symbols, symbolFramesPerHop } = model.info;
  const streamed = {
    trial,
    symbols: new Float32Array(hops * symbolFramesPerHop * symbols.length),
    begin: new Float32Array(hops),
    yield: new Float32Array(hops),
    duckOrYield: new Float32Array(hops),
    voice: new Float32Array(hops),
    remaining: new Uint8Array(hops),
    words: [],
  };
  return { streamed, slot: model.open(1), decoder, hops, hop: 0, remaining: isUncounted(trial) ? 1 : trial.length };
}

function fillRow(batch: HopBatch, row: number, lane: Lane): void {
  const { trial } = lane.streamed;
  const from = lane.hop * HOP_SAMPLES;
  batch.slots[row] = lane.slot;
  batch.caller.set(trial.caller.subarray(from, from + HOP_SAMPLES), row * HOP_SAMPLES);
  batch.agent.set(trial.agent.subarray(from, from + HOP_SAMPLES), row * HOP_SAMPLES);
  batch.expectationKind[row] = EXPECTATION_KINDS.indexOf(trial.expectation);
  batch.expectationRemaining[row] = lane.remaining;
  batch.intent[row] = ANSWER;
  batch.hopIndex[row] = lane.hop;
  batch.agentPlaying[row] = trial.agentPlays ? 1 : 0;
  batch.hopsSinceAgentChange[row] = lane.hop;
}

function takeRow(outputs: OutputBatch, row: number, lane: Lane, model: InteractionModel): void {
  const { streamed, hop } = lane;
  const at = row * DECISION_COUNT;
  streamed.begin[hop] = outputs.decision[at + BEGIN]!;
  streamed.yield[hop] = outputs.decision[at + YIELD]!;
  streamed.duckOrYield[hop] = outputs.decision[at + YIELD]! + outputs.decision[at + DUCK]!;
  streamed.voice[hop] = outputs.voice[row * VOICE_COUNT]!;
  streamed.remaining[hop] = lane.remaining;
  const width = model.info.symbolFramesPerHop * model.info.symbols.length;
  streamed.symbols.set(outputs.symbols.subarray(row * width, (row + 1) * width), hop * width);
  if (lane.decoder.hear(outputs.symbols, row * width, hop * 40)) {
    const digits = lane.decoder.words().filter((word) => DIGIT_WORDS.has(word.text)).length;
    lane.remaining = Math.max(isUncounted(streamed.trial) ? 1 : 0, streamed.trial.length - digits);
  }
  lane.hop++;
  if (isUncounted(streamed.trial) && lane.hop * 40 > (streamed.trial.endMs ?? Infinity) + UNDERSTOOD_AFTER_MS)
    lane.remaining = 0;
}
