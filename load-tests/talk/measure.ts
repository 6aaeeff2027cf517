import { ulawLevelDbfs } from "@sidetone/audio";
import { EXPECTATION_KINDS } from "@sidetone/protocol";
import { agentLines, type Call, findSpurts, listenTo, type WholeTape } from "@sidetone/testkit";
import { agentSpans, onsetAfter, type Span, silenceAfter } from "../interaction/ear.ts";
import { type CallMeasure, emptyMeasure } from "./figures.ts";

/** One utterance of the caller's, in ms of the ear's time line. */
export interface SaidTurn {
  startMs: number;
  endMs: number;
  /** Meant to stop the agent. */
  interrupts: boolean;
}

const HOP_MS = 40;
const SAMPLES_PER_MS = 8;
/** An answer later than this is none. */
const ANSWER_WITHIN_MS = 8_000;
const YIELD_WITHIN_MS = 2_000;
/** What is meant to be said while the caller speaks. */
const ASIDES = new Set(["backchannel", "interjection"]);
/** So much of a stretch of speech is found again, byte for byte. */
const PIECE_SAMPLES = 480;
/** The account can be wrong by no more than this and be found. */
const REACH_MS = 600;
const OPEN = EXPECTATION_KINDS.indexOf("open");

/** Holds what the caller's ear heard against the call's tape. */
export function measureCall(call: Call, tape: WholeTape, turns: readonly SaidTurn[]): CallMeasure {
  const measure = emptyMeasure();
  measure.starvedMs = call.streams.reduce((sum, { counts }) => sum + counts.starvedFrames, 0) * 20;
  const { heard, said } = call.ear;
  const offsetMs = offsetOf(tape, said) ?? call.mediaBeganAtMs ?? 0;
  const spans = agentSpans(heard);
  const lines = agentLines(tape);
  const beganMs = lines.filter(({ act }) => !ASIDES.has(act)).map(({ startMs }) => startMs + offsetMs);
  turns.forEach((turn, i) => {
    if (turn.interrupts) takeStop(measure, turn, spans);
    if (beganMs.some((atMs) => atMs > turn.startMs && atMs < turn.endMs)) measure.cutIns++;
    else takeResponse(measure, turn, turns[i + 1], spans, (atMs) => expectationAt(tape, atMs - offsetMs));
  });
  const cut = lines.filter((line) => line.cut);
  measure.yields = cut.length;
  for (const { words } of cut) {
    const broken = words.find((word) => !word.heard);
    const before = words.findLast((word) => word.heard);
    // The word was begun: something is heard behind the end of the one before.
    const fromMs = offsetMs + (before?.endMs ?? 0) + 20;
    if (broken && fromMs < (silenceAfter(spans, fromMs) ?? 0) && broken.startMs <= fromMs - offsetMs + 200)
      measure.brokenWords++;
  }
  const { words, truncatedWords } = listenTo(heard, lines, offsetMs);
  measure.heardWords = words;
  measure.falselyHeardWords = truncatedWords.length;
  measure.ledgerErrorMs = ledgerErrors(tape, heard, offsetMs);
  return measure;
}

function takeStop(measure: CallMeasure, turn: SaidTurn, spans: readonly Span[]): void {
  const stopMs = silenceAfter(spans, turn.startMs);
  // The agent had stopped by itself, or had not begun: nothing was interrupted.
  if (stopMs === undefined) return;
  if (stopMs - turn.startMs > YIELD_WITHIN_MS) measure.notYielded++;
  else measure.stopMs.push(stopMs - turn.startMs);
}

function takeResponse(
  measure: CallMeasure,
  turn: SaidTurn,
  next: SaidTurn | undefined,
  spans: readonly Span[],
  expectation: (atMs: number) => "open" | "fulfilled" | "unfulfilled",
): void {
  const onset = onsetAfter(spans, turn.endMs);
  if (onset === undefined || onset > turn.endMs + ANSWER_WITHIN_MS || (next && onset > next.startMs)) {
    measure.unanswered++;
    return;
  }
  measure[`${expectation(onset)}Ms`].push(onset - turn.endMs);
}

/** What the model was told that is awaited, two hops before the answer's first sound. */
function expectationAt(tape: WholeTape, mediaMs: number): "open" | "fulfilled" | "unfulfilled" {
  const hop = Math.max(0, Math.floor(mediaMs / HOP_MS) - 3);
  const [kind = OPEN, , remaining = 0] = tape.conditioning[hop] ?? [];
  return kind === OPEN ? "open" : remaining === 0 ? "fulfilled" : "unfulfilled";
}

/** Where the tape's 0 lies on the ear's time line, by a loud piece of the caller's channel; undefined without any. */
function offsetOf(tape: WholeTape, said: Uint8Array): number | undefined {
  const loud = loudFrom(tape.caller, 0);
  if (loud === undefined) return undefined;
  const at = Buffer.from(said).indexOf(Buffer.from(tape.caller.subarray(loud, loud + PIECE_SAMPLES)));
  return at < 0 ? undefined : (at - loud) / SAMPLES_PER_MS;
}

function loudFrom(channel: Uint8Array, from: number): number | undefined {
  for (let at = from; at + PIECE_SAMPLES <= channel.length; at += 80)
    if (ulawLevelDbfs(channel, at, PIECE_SAMPLES) > -35) return at;
  return undefined;
}

/** For every stretch of recorded speech: how much later it was really heard than the tape has it, ms. */
function ledgerErrors(tape: WholeTape, heard: Uint8Array, offsetMs: number): number[] {
  const errors: number[] = [];
  const ear = Buffer.from(heard.buffer, heard.byteOffset, heard.byteLength);
  for (const { startMs, endMs } of findSpurts(tape.agent, { joinMs: 60, leastMs: 100 })) {
    const at = loudFrom(tape.agent, startMs * SAMPLES_PER_MS);
    if (at === undefined || at > endMs * SAMPLES_PER_MS) continue;
    const expected = at + offsetMs * SAMPLES_PER_MS;
    const from = Math.max(0, Math.round(expected - REACH_MS * SAMPLES_PER_MS));
    const found = ear
      .subarray(0, from + 2 * REACH_MS * SAMPLES_PER_MS + PIECE_SAMPLES)
      .indexOf(Buffer.from(tape.agent.subarray(at, at + PIECE_SAMPLES)), from);
    if (found >= 0) errors.push((found - expected) / SAMPLES_PER_MS);
  }
  return errors;
}
