import { crc32 } from "node:zlib";
import { HOP_SAMPLES, MICRO_TURN_HOPS, MU_LAW_SILENCE, SCORES_PER_HOP } from "@sidetone/protocol";
import { TapeError } from "./tape-errors.ts";

/**
 * The bytes of a tape; docs/TAPE.md is the same in words. Everything is little-endian.
 *
 * file    := magic record*
 * record  := type(u8) length(u32) payload(length) crc32(u32, over type, length and payload)
 */
export const TAPE_MAGIC = Buffer.from("SIDETAPE", "latin1");

export const RecordType = { Header: 1, MicroTurn: 2, Note: 3 } as const;
export type RecordType = (typeof RecordType)[keyof typeof RecordType];

/** Bytes around a payload. */
export const RECORD_HEAD_BYTES = 5;
export const RECORD_TAIL_BYTES = 4;
/** No record is longer; a longer length is damage. Snapshots inside `opened` are the largest payloads. */
export const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;

/** Decision byte of a hop to which the pod never replied. */
export const UNDECIDED = 0xff;
/** Bit of a micro-turn's flags: audio was withheld because the caller has not consented to recording. */
export const FLAG_WITHHELD = 1;

const HEAD_BYTES = 8;
const CONDITIONING_BYTES = 4;
/** Bytes that one hop takes in a micro-turn with `scores` scores. */
const hopBytes = (scores: number): number => 2 * HOP_SAMPLES + 1 + CONDITIONING_BYTES + 4 + 4 + 4 + 4 + 2 + 4 * scores;
/** Payload bytes of the largest micro-turn this version writes. */
export const MICRO_TURN_BYTES = HEAD_BYTES + MICRO_TURN_HOPS * hopBytes(SCORES_PER_HOP);
export const MICRO_TURN_RECORD_BYTES = RECORD_HEAD_BYTES + MICRO_TURN_BYTES + RECORD_TAIL_BYTES;

/** Up to five consecutive hops in columns, preallocated; the writer and the reader reuse one. */
export interface MicroTurn {
  firstHop: number;
  hops: number;
  withheld: boolean;
  scoresPerHop: number;
  /** [hops][320] mu-law as heard from the caller. */
  readonly caller: Uint8Array;
  /** [hops][320] mu-law as really played to the caller. */
  readonly agent: Uint8Array;
  /** [hops], index into DECISIONS, or UNDECIDED. */
  readonly decision: Uint8Array;
  /** [hops][4] expectation kind, its length, what remains, intent. */
  readonly conditioning: Uint8Array;
  /** [hops] epoch that was playing, and samples of it heard by the end of the hop. */
  readonly heardEpoch: Uint32Array;
  readonly heardSamples: Uint32Array;
  /** [hops] epoch of the agent audio the pod answered with, and the gain it asked for. */
  readonly epoch: Uint32Array;
  readonly gainDb: Float32Array;
  /** [hops] samples of the caller's hop that were made up. */
  readonly concealedSamples: Uint16Array;
  /** [hops][scoresPerHop]. */
  readonly scores: Float32Array;
}

export function createMicroTurn(scoresPerHop: number = SCORES_PER_HOP): MicroTurn {
  return {
    firstHop: 0,
    hops: 0,
    withheld: false,
    scoresPerHop,
    caller: new Uint8Array(MICRO_TURN_HOPS * HOP_SAMPLES),
    agent: new Uint8Array(MICRO_TURN_HOPS * HOP_SAMPLES),
    decision: new Uint8Array(MICRO_TURN_HOPS),
    conditioning: new Uint8Array(MICRO_TURN_HOPS * CONDITIONING_BYTES),
    heardEpoch: new Uint32Array(MICRO_TURN_HOPS),
    heardSamples: new Uint32Array(MICRO_TURN_HOPS),
    epoch: new Uint32Array(MICRO_TURN_HOPS),
    gainDb: new Float32Array(MICRO_TURN_HOPS),
    concealedSamples: new Uint16Array(MICRO_TURN_HOPS),
    scores: new Float32Array(MICRO_TURN_HOPS * scoresPerHop),
  };
}

/** Writes the turn's payload to `out` from `at` and returns its length. Withheld audio is written as silence. */
export function encodeMicroTurn(turn: MicroTurn, out: Buffer, at: number): number {
  const { hops, scoresPerHop } = turn;
  let to = out.writeUInt32LE(turn.firstHop, at);
  to = out.writeUInt8(hops, to);
  to = out.writeUInt8(scoresPerHop, to);
  to = out.writeUInt8(turn.withheld ? FLAG_WITHHELD : 0, to);
  to = out.writeUInt8(0, to);
  const audioBytes = hops * HOP_SAMPLES;
  if (turn.withheld) out.fill(MU_LAW_SILENCE, to, to + 2 * audioBytes);
  else {
    for (let i = 0; i < audioBytes; i++) out[to + i] = turn.caller[i]!;
    for (let i = 0; i < audioBytes; i++) out[to + audioBytes + i] = turn.agent[i]!;
  }
  to += 2 * audioBytes;
  for (let i = 0; i < hops; i++) out[to++] = turn.decision[i]!;
  for (let i = 0; i < hops * CONDITIONING_BYTES; i++) out[to++] = turn.conditioning[i]!;
  for (let i = 0; i < hops; i++) to = out.writeUInt32LE(turn.heardEpoch[i]!, to);
  for (let i = 0; i < hops; i++) to = out.writeUInt32LE(turn.heardSamples[i]!, to);
  for (let i = 0; i < hops; i++) to = out.writeUInt32LE(turn.epoch[i]!, to);
  for (let i = 0; i < hops; i++) to = out.writeFloatLE(turn.gainDb[i]!, to);
  for (let i = 0; i < hops; i++) to = out.writeUInt16LE(turn.concealedSamples[i]!, to);
  for (let i = 0; i < hops * scoresPerHop; i++) to = out.writeFloatLE(turn.scores[i]!, to);
  return to - at;
}

/**
 * Reads a micro-turn's payload into a fresh object.
 * @throws TapeError TAPE_INVALID when the payload's size and its own counts disagree.
 */
export function decodeMicroTurn(payload: Buffer): MicroTurn {
  const hops = payload.length >= HEAD_BYTES ? payload.readUInt8(4) : 0;
  const scoresPerHop = payload.length >= HEAD_BYTES ? payload.readUInt8(5) : 0;
  if (hops < 1 || hops > MICRO_TURN_HOPS || payload.length !== HEAD_BYTES + hops * hopBytes(scoresPerHop)) {
    throw new TapeError("TAPE_INVALID", `a micro-turn of ${payload.length} bytes says it has ${hops} hops`);
  }
  const turn = createMicroTurn(scoresPerHop);
  turn.firstHop = payload.readUInt32LE(0);
  turn.hops = hops;
  turn.withheld = (payload.readUInt8(6) & FLAG_WITHHELD) !== 0;
  let at = HEAD_BYTES;
  const bytes = (into: Uint8Array, count: number): void => {
    into.set(payload.subarray(at, at + count));
    at += count;
  };
  bytes(turn.caller, hops * HOP_SAMPLES);
  bytes(turn.agent, hops * HOP_SAMPLES);
  bytes(turn.decision, hops);
  bytes(turn.conditioning, hops * CONDITIONING_BYTES);
  const column = (into: { [i: number]: number }, count: number, width: number, read: (at: number) => number): void => {
    for (let i = 0; i < count; i++, at += width) into[i] = read(at);
  };
  const u32 = (p: number): number => payload.readUInt32LE(p);
  const f32 = (p: number): number => payload.readFloatLE(p);
  column(turn.heardEpoch, hops, 4, u32);
  column(turn.heardSamples, hops, 4, u32);
  column(turn.epoch, hops, 4, u32);
  column(turn.gainDb, hops, 4, f32);
  column(turn.concealedSamples, hops, 2, (p) => payload.readUInt16LE(p));
  column(turn.scores, hops * scoresPerHop, 4, f32);
  return turn;
}

/** Puts head and checksum around a payload that already lies at `RECORD_HEAD_BYTES` of `record`; returns the record's length. */
export function sealRecord(record: Buffer, type: RecordType, payloadBytes: number): number {
  record.writeUInt8(type, 0);
  record.writeUInt32LE(payloadBytes, 1);
  const end = RECORD_HEAD_BYTES + payloadBytes;
  record.writeUInt32LE(crc32(record.subarray(0, end)), end);
  return end + RECORD_TAIL_BYTES;
}

/** A whole record around a JSON payload. */
export function jsonRecord(type: RecordType, value: unknown): Buffer {
  const payload = Buffer.from(JSON.stringify(value), "utf8");
  if (payload.length > MAX_PAYLOAD_BYTES) {
    throw new TapeError("TAPE_WRITE_FAILED", `a record of ${payload.length} bytes is beyond the format's bound`);
  }
  const record = Buffer.allocUnsafe(RECORD_HEAD_BYTES + payload.length + RECORD_TAIL_BYTES);
  payload.copy(record, RECORD_HEAD_BYTES);
  sealRecord(record, type, payload.length);
  return record;
}

/** True when the bytes at `at` hold a whole record with the right checksum. */
export function isRecord(bytes: Buffer, at: number, payloadBytes: number): boolean {
  const end = at + RECORD_HEAD_BYTES + payloadBytes;
  return crc32(bytes.subarray(at, end)) === bytes.readUInt32LE(end);
}
