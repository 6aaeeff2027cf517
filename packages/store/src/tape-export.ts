import { ULAW_TO_LINEAR, wavHeader } from "@sidetone/audio";
import { DECISIONS, HOP_SAMPLES, type PodOutput } from "@sidetone/protocol";
import { type MicroTurn, UNDECIDED } from "./tape-format.ts";
import type { TapeReader } from "./tape-reader.ts";

const MS_PER_HOP = 40;
const BYTES_PER_FRAME = 4;

/**
 * The call as a stereo PCM16 WAV at 8 kHz, caller left and agent right, hop 0 at its start; hops that are not on the
 * tape are silence. Yields pieces, the header first: reads the tape twice, in constant memory.
 */
export async function* exportWav(tape: TapeReader): AsyncGenerator<Uint8Array, void, undefined> {
  const firstHop = (await tape.index())[0]?.firstHop ?? 0;
  let nextHop = firstHop;
  for await (const record of tape.records()) {
    if (record.kind === "micro-turn") nextHop = Math.max(nextHop, record.turn.firstHop + record.turn.hops);
  }
  const hops = nextHop - firstHop;
  yield wavHeader({ sampleRateHz: 8000, channelCount: 2, encoding: "pcm16" }, hops * HOP_SAMPLES * BYTES_PER_FRAME);
  let at = firstHop;
  for await (const record of tape.records()) {
    if (record.kind !== "micro-turn" || record.turn.firstHop < at) continue;
    const { turn } = record;
    if (turn.firstHop > at) yield new Uint8Array((turn.firstHop - at) * HOP_SAMPLES * BYTES_PER_FRAME);
    yield interleave(turn);
    at = turn.firstHop + turn.hops;
  }
}

function interleave(turn: MicroTurn): Uint8Array {
  const samples = turn.hops * HOP_SAMPLES;
  const piece = new Uint8Array(samples * BYTES_PER_FRAME);
  const view = new DataView(piece.buffer);
  for (let i = 0; i < samples; i++) {
    view.setInt16(i * BYTES_PER_FRAME, ULAW_TO_LINEAR[turn.caller[i]!]!, true);
    view.setInt16(i * BYTES_PER_FRAME + 2, ULAW_TO_LINEAR[turn.agent[i]!]!, true);
  }
  return piece;
}

/** Every record as one line of JSON: the header, then notes as they are and hops with their columns, without audio. */
export async function* exportJsonl(tape: TapeReader): AsyncGenerator<string, void, undefined> {
  yield `${JSON.stringify({ type: "header", ...tape.header })}\n`;
  for await (const record of tape.records()) {
    if (record.kind === "note") yield `${JSON.stringify(record.note)}\n`;
    else if (record.kind === "damage") {
      yield `${JSON.stringify({ type: "damage", atByte: record.atByte, bytes: record.bytes, tail: record.tail })}\n`;
    } else for (let row = 0; row < record.turn.hops; row++) yield `${JSON.stringify(hopLine(record.turn, row))}\n`;
  }
}

function hopLine(turn: MicroTurn, row: number) {
  const decision = turn.decision[row]!;
  const scores = turn.scores.subarray(row * turn.scoresPerHop, (row + 1) * turn.scoresPerHop);
  return {
    type: "hop",
    hop: turn.firstHop + row,
    atMs: (turn.firstHop + row) * MS_PER_HOP,
    decision: decision === UNDECIDED ? null : (DECISIONS[decision] ?? decision),
    epoch: turn.epoch[row],
    gainDb: turn.gainDb[row],
    heardEpoch: turn.heardEpoch[row],
    heardSamples: turn.heardSamples[row],
    concealedSamples: turn.concealedSamples[row],
    conditioning: [...turn.conditioning.subarray(row * 4, row * 4 + 4)],
    scores: [...scores].map((score) => Number(score.toPrecision(6))),
    ...(turn.withheld ? { withheld: true } : {}),
  };
}

/** One line of a call's text. */
export interface Cue {
  startMs: number;
  endMs: number;
  who: "caller" | "agent";
  text: string;
}

/**
 * What was said by whom, on the media clock: the caller's turns as they were finally heard, the agent's utterances from
 * the hop in which they were planned to the one in which they were over, as far as the caller heard them.
 */
export async function cuesOf(tape: TapeReader): Promise<Cue[]> {
  const cues: Cue[] = [];
  const open = new Map<number, Cue>();
  let lastMs = 0;
  for await (const record of tape.records()) {
    if (record.kind === "micro-turn") lastMs = (record.turn.firstHop + record.turn.hops) * MS_PER_HOP;
    if (record.kind !== "note" || record.note.type !== "out") continue;
    takeCue(record.note.output, record.note.hop * MS_PER_HOP, open, cues);
  }
  for (const cue of open.values()) cue.endMs = lastMs;
  const heard = cues.filter((cue) => cue.text !== "" && cue.endMs > cue.startMs);
  return heard.sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
}

function takeCue(output: PodOutput, atMs: number, open: Map<number, Cue>, cues: Cue[]): void {
  if (output.type === "heard" && output.final && output.words.length > 0) {
    const text = output.words.map((word) => word.text).join(" ");
    cues.push({ startMs: output.words[0]!.startMs, endMs: output.words.at(-1)!.endMs, who: "caller", text });
  } else if (output.type === "said") {
    const cue: Cue = { startMs: atMs, endMs: atMs, who: "agent", text: output.text };
    open.set(output.utteranceId, cue);
    cues.push(cue);
  } else if (output.type === "finished" || output.type === "yielded") {
    const cue = open.get(output.utteranceId);
    if (!cue) return;
    open.delete(output.utteranceId);
    cue.endMs = atMs;
    if (output.type === "yielded") cue.text = output.heardText;
  }
}

/** The cues as WebVTT, with a voice span for each speaker. */
export function toWebVtt(cues: readonly Cue[]): string {
  const lines = ["WEBVTT", ""];
  for (const cue of cues) {
    lines.push(`${timestamp(cue.startMs)} --> ${timestamp(cue.endMs)}`, `<v ${cue.who}>${escapeText(cue.text)}`, "");
  }
  return `${lines.join("\n")}\n`;
}

function timestamp(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  const part = (value: number, digits: number) => String(value).padStart(digits, "0");
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor(whole / 60_000) % 60;
  return `${part(hours, 2)}:${part(minutes, 2)}:${part(Math.floor(whole / 1000) % 60, 2)}.${part(whole % 1000, 3)}`;
}

const escapeText = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/\s*\n\s*/g, " ");
