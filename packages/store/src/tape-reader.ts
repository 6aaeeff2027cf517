import { createReadStream } from "node:fs";
import { TapeHeader, TapeNote } from "@sidetone/protocol";
import { TapeError } from "./tape-errors.ts";
import {
  decodeMicroTurn,
  isRecord,
  MAX_PAYLOAD_BYTES,
  type MicroTurn,
  RECORD_HEAD_BYTES,
  RECORD_TAIL_BYTES,
  RecordType,
  TAPE_MAGIC,
} from "./tape-format.ts";

export type TapeRecord =
  | { kind: "micro-turn"; atByte: number; turn: MicroTurn }
  | { kind: "note"; atByte: number; note: TapeNote }
  /** Bytes that are no record. `tail` when the file ends in them: what a killed process was about to write. */
  | { kind: "damage"; atByte: number; bytes: number; tail: boolean };

/** Where a micro-turn lies, for seeking. */
export interface TapeIndexEntry {
  firstHop: number;
  hops: number;
  atByte: number;
}

/** Where a tape's bytes come from: a file, an object store, a test's array. */
export type TapeBytes = (fromByte: number) => AsyncIterable<Uint8Array>;

export const fileBytes =
  (path: string): TapeBytes =>
  (fromByte) =>
    createReadStream(path, { start: fromByte, highWaterMark: 256 * 1024 });

interface RawRecord {
  type: number;
  atByte: number;
  /** Empty for damage. */
  payload: Buffer;
  damagedBytes: number;
  tail: boolean;
}

/** Reads a tape front to back in constant memory, over torn tails and damaged stretches, which it reports. */
export class TapeReader {
  readonly header: TapeHeader;
  readonly #bytes: TapeBytes;
  readonly #bodyAtByte: number;

  private constructor(bytes: TapeBytes, header: TapeHeader, bodyAtByte: number) {
    this.#bytes = bytes;
    this.header = header;
    this.#bodyAtByte = bodyAtByte;
  }

  /**
   * Opens a tape by its path or its bytes.
   * @throws TapeError TAPE_INVALID when it does not begin with a header of a known version.
   */
  static async open(source: string | TapeBytes): Promise<TapeReader> {
    const bytes = typeof source === "string" ? fileBytes(source) : source;
    const named = typeof source === "string" ? source : "the stream";
    try {
      for await (const record of rawRecords(bytes(0), 0)) {
        if (record.type !== RecordType.Header) break;
        const header = TapeHeader.safeParse(JSON.parse(record.payload.toString("utf8")));
        if (!header.success) throw new TapeError("TAPE_INVALID", `${named} has a header of another version`);
        const bodyAtByte = record.atByte + RECORD_HEAD_BYTES + record.payload.length + RECORD_TAIL_BYTES;
        return new TapeReader(bytes, header.data, bodyAtByte);
      }
    } catch (error) {
      if (error instanceof TapeError) throw error;
      throw new TapeError("TAPE_INVALID", `${named} cannot be read`, { cause: error });
    }
    throw new TapeError("TAPE_INVALID", `${named} does not begin with a tape's header`);
  }

  /** Every record in file order, from the first one or from a byte that an index entry names. */
  async *records(fromByte: number = this.#bodyAtByte): AsyncGenerator<TapeRecord, void, undefined> {
    for await (const raw of rawRecords(this.#bytes(fromByte), fromByte)) {
      const record = parse(raw);
      if (record) yield record;
    }
  }

  /** Where each micro-turn lies. Reads the whole tape once; 60 minutes are 18,000 entries. */
  async index(): Promise<TapeIndexEntry[]> {
    const entries: TapeIndexEntry[] = [];
    for await (const raw of rawRecords(this.#bytes(this.#bodyAtByte), this.#bodyAtByte)) {
      if (raw.type !== RecordType.MicroTurn || raw.payload.length < 5) continue;
      entries.push({ firstHop: raw.payload.readUInt32LE(0), hops: raw.payload.readUInt8(4), atByte: raw.atByte });
    }
    return entries;
  }
}

function parse(raw: RawRecord): TapeRecord | undefined {
  const { atByte } = raw;
  const damage: TapeRecord = { kind: "damage", atByte, bytes: raw.damagedBytes || raw.payload.length, tail: raw.tail };
  if (raw.damagedBytes > 0) return damage;
  try {
    if (raw.type === RecordType.MicroTurn) return { kind: "micro-turn", atByte, turn: decodeMicroTurn(raw.payload) };
    if (raw.type === RecordType.Note) {
      const note = TapeNote.safeParse(JSON.parse(raw.payload.toString("utf8")));
      // A note of a kind that this version does not know is skipped: newer writers may add kinds.
      return note.success ? { kind: "note", atByte, note: note.data } : undefined;
    }
  } catch (error) {
    if (error instanceof TapeError || error instanceof SyntaxError) return damage;
    throw error;
  }
  return undefined;
}

/** Splits a byte stream into records, skipping damage up to the next byte at which a whole record begins. */
async function* rawRecords(
  stream: AsyncIterable<Uint8Array>,
  streamAtByte: number,
): AsyncGenerator<RawRecord, void, undefined> {
  let buffer: Buffer = Buffer.alloc(0);
  let bufferAtByte = streamAtByte;
  let at = 0;
  let damagedFrom = -1;
  let magicLeft = streamAtByte === 0;
  let ended = false;
  const chunks = stream[Symbol.asyncIterator]();

  const fill = async (): Promise<void> => {
    const next = await chunks.next();
    if (next.done) {
      ended = true;
      return;
    }
    const chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    buffer = at === buffer.length ? chunk : Buffer.concat([buffer.subarray(at), chunk]);
    bufferAtByte += at;
    at = 0;
  };
  const damageBefore = (position: number, tail: boolean): RawRecord => {
    const record = {
      type: 0,
      atByte: damagedFrom,
      payload: Buffer.alloc(0),
      damagedBytes: position - damagedFrom,
      tail,
    };
    damagedFrom = -1;
    return record;
  };

  try {
    for (;;) {
      const left = buffer.length - at;
      if (magicLeft) {
        if (left < TAPE_MAGIC.length && !ended) {
          await fill();
          continue;
        }
        if (!buffer.subarray(at, at + TAPE_MAGIC.length).equals(TAPE_MAGIC)) return;
        at += TAPE_MAGIC.length;
        magicLeft = false;
        continue;
      }
      if (left === 0 && ended) break;
      if (left < RECORD_HEAD_BYTES) {
        if (!ended) {
          await fill();
          continue;
        }
        if (damagedFrom < 0) damagedFrom = bufferAtByte + at;
        at = buffer.length;
        break;
      }
      const type = buffer.readUInt8(at);
      const payloadBytes = buffer.readUInt32LE(at + 1);
      const plausible = type >= 1 && type <= 15 && payloadBytes <= MAX_PAYLOAD_BYTES;
      const recordBytes = RECORD_HEAD_BYTES + payloadBytes + RECORD_TAIL_BYTES;
      if (plausible && left < recordBytes && !ended) {
        await fill();
        continue;
      }
      if (plausible && left >= recordBytes && isRecord(buffer, at, payloadBytes)) {
        if (damagedFrom >= 0) yield damageBefore(bufferAtByte + at, false);
        const payload = buffer.subarray(at + RECORD_HEAD_BYTES, at + RECORD_HEAD_BYTES + payloadBytes);
        yield { type, atByte: bufferAtByte + at, payload, damagedBytes: 0, tail: false };
        at += recordBytes;
        continue;
      }
      if (damagedFrom < 0) damagedFrom = bufferAtByte + at;
      at++;
    }
    if (damagedFrom >= 0) yield damageBefore(bufferAtByte + buffer.length, true);
  } finally {
    await chunks.return?.();
  }
}
