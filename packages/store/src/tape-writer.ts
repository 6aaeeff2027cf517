import { appendFile, close, fdatasync, mkdir, open, writev } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { HOP_SAMPLES, MICRO_TURN_HOPS, SCORES_PER_HOP, TapeHeader, type TapeNote } from "@sidetone/protocol";
import { TapeError } from "./tape-errors.ts";
import {
  createMicroTurn,
  encodeMicroTurn,
  jsonRecord,
  MICRO_TURN_RECORD_BYTES,
  type MicroTurn,
  RECORD_HEAD_BYTES,
  RecordType,
  sealRecord,
  TAPE_MAGIC,
  UNDECIDED,
} from "./tape-format.ts";

const appendFileAsync = promisify(appendFile);
const mkdirAsync = promisify(mkdir);
const openAsync = promisify(open);
const closeAsync = promisify(close);
const fdatasyncAsync = promisify(fdatasync);
const writevAsync = promisify(writev);

/** Micro-turns that may wait for a slow pod's replies: a second. */
const MAX_WAITING_TURNS = 5;

export interface TapeWriterOptions {
  /** Micro-turns that may wait for a slow disk before the oldest is dropped; 50 are ten seconds. */
  pendingMicroTurns?: number;
  /** Bytes of notes that may wait; beyond it the tape is given up, as notes are never dropped singly. */
  pendingNoteBytes?: number;
  /** Micro-turns between two fdatasyncs; 25 are five seconds. What was written survives a killed process without any. */
  syncEveryMicroTurns?: number;
  /** Called once when the tape is given up. */
  onFailed?: (error: TapeError) => void;
}

export interface TapeCounts {
  microTurns: number;
  notes: number;
  droppedMicroTurns: number;
  failedWrites: number;
  bytes: number;
}

/** A record that waits to be written. `turn` is the pooled buffer behind it, if it is a micro-turn. */
interface Pending {
  bytes: Buffer;
  turn: Buffer | undefined;
}

/**
 * Appends one call's tape. Every method returns at once: records are built in pooled buffers and written by the
 * thread pool, one write in flight. Each micro-turn is handed to the kernel as soon as its last decision is known, so
 * a killed process loses at most the micro-turn that was being heard, and a second more while its pod is slow. Memory is constant: a slow disk costs the oldest
 * micro-turns (counted), never a note, and never the call.
 */
export class TapeWriter {
  readonly path: string;
  readonly counts: TapeCounts = { microTurns: 0, notes: 0, droppedMicroTurns: 0, failedWrites: 0, bytes: 0 };

  readonly #maxTurns: number;
  readonly #maxNoteBytes: number;
  readonly #syncEvery: number;
  readonly #onFailed: ((error: TapeError) => void) | undefined;
  #file: number | undefined;
  readonly #opened: Promise<void>;
  #writing: Promise<void> | undefined;
  #failed = false;
  #closed = false;
  #withheld = false;

  /** The turn that is being filled, and full ones, oldest first, whose last replies are under way. */
  #current: MicroTurn = createMicroTurn();
  readonly #waiting: MicroTurn[] = [];
  readonly #spare: MicroTurn[] = [];
  #pending: Pending[] = [];
  #pendingTurns = 0;
  #pendingNoteBytes = 0;
  readonly #free: Buffer[] = [];
  #turnsSinceSync = 0;

  /** Creates folders and file (which must not exist) in the background; records queue meanwhile. */
  constructor(path: string, header: TapeHeader, options: TapeWriterOptions = {}) {
    this.path = path;
    this.#maxTurns = options.pendingMicroTurns ?? 50;
    this.#maxNoteBytes = options.pendingNoteBytes ?? 32 * 1024 * 1024;
    this.#syncEvery = options.syncEveryMicroTurns ?? 25;
    this.#onFailed = options.onFailed;
    this.#enqueue(TAPE_MAGIC, undefined);
    this.#enqueue(jsonRecord(RecordType.Header, TapeHeader.parse(header)), undefined);
    this.#opened = this.#open();
  }

  /** True once the tape was given up; what is put on it afterwards is lost. */
  get failed(): boolean {
    return this.#failed;
  }

  /** While true, both channels go on the tape as silence; everything else is kept. */
  set withheld(withheld: boolean) {
    if (withheld === this.#withheld) return;
    // A micro-turn is withheld or kept as a whole.
    this.#turnOver();
    this.#withheld = withheld;
  }

  /** Puts one hop's audio on the tape; both arrays are copied. Hops come in order; a jump starts a new micro-turn. */
  putHop(
    hop: number,
    caller: Uint8Array,
    agent: Uint8Array,
    heardEpoch: number,
    heardSamples: number,
    concealedSamples: number,
  ): void {
    let turn = this.#current;
    if (turn.hops === MICRO_TURN_HOPS || (turn.hops > 0 && hop !== turn.firstHop + turn.hops)) {
      this.#turnOver();
      turn = this.#current;
    }
    const row = turn.hops++;
    if (row === 0) {
      turn.firstHop = hop;
      turn.withheld = this.#withheld;
    }
    turn.caller.set(caller, row * HOP_SAMPLES);
    turn.agent.set(agent, row * HOP_SAMPLES);
    turn.heardEpoch[row] = heardEpoch;
    turn.heardSamples[row] = heardSamples;
    turn.concealedSamples[row] = concealedSamples;
    turn.decision[row] = UNDECIDED;
    turn.epoch[row] = heardEpoch;
    turn.gainDb[row] = 0;
    turn.conditioning.fill(0, row * 4, row * 4 + 4);
    turn.scores.fill(0, row * SCORES_PER_HOP, (row + 1) * SCORES_PER_HOP);
  }

  /**
   * Puts the pod's reply to a hop on the tape.
   * @returns false when it came after its micro-turn was written: that hop stays undecided
   * @param scores little-endian float32, SCORES_PER_HOP of them from `scoresAt`
   * @param conditioning four bytes from `conditioningAt`
   */
  putReply(
    hop: number,
    decision: number,
    scores: Buffer,
    scoresAt: number,
    conditioning: Buffer,
    conditioningAt: number,
    epoch: number,
    gainDb: number,
  ): boolean {
    const turn = this.#turnOf(hop);
    if (!turn) return false;
    const row = hop - turn.firstHop;
    turn.decision[row] = decision;
    turn.epoch[row] = epoch;
    turn.gainDb[row] = gainDb;
    if (conditioning.length >= conditioningAt + 4) {
      for (let i = 0; i < 4; i++) turn.conditioning[row * 4 + i] = conditioning[conditioningAt + i]!;
    }
    if (scores.length >= scoresAt + 4 * SCORES_PER_HOP) {
      for (let i = 0; i < SCORES_PER_HOP; i++) {
        turn.scores[row * SCORES_PER_HOP + i] = scores.readFloatLE(scoresAt + 4 * i);
      }
    }
    if (row === turn.hops - 1) this.#writeDecided();
    return true;
  }

  /** Appends a note; never dropped. */
  note(note: TapeNote): void {
    if (this.#closed || this.#failed) return;
    this.counts.notes++;
    const record = jsonRecord(RecordType.Note, note);
    this.#pendingNoteBytes += record.length;
    this.#enqueue(record, undefined);
    if (this.#pendingNoteBytes > this.#maxNoteBytes) this.#fail(`${this.#pendingNoteBytes} bytes of notes wait`);
    else this.#flush();
  }

  /** Writes what is left and closes the file. Safe to call twice. */
  async close(): Promise<void> {
    if (!this.#closed) {
      while (this.#waiting.length > 0) this.#writeOldest();
      if (this.#current.hops > 0) this.#write(this.#current);
      this.#closed = true;
    }
    await this.#opened;
    while (this.#writing || (this.#pending.length > 0 && !this.#failed)) {
      this.#flush();
      await this.#writing;
    }
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    await fdatasyncAsync(file).catch(() => this.counts.failedWrites++);
    await closeAsync(file).catch(() => this.counts.failedWrites++);
  }

  async #open(): Promise<void> {
    try {
      await mkdirAsync(dirname(this.path), { recursive: true });
      this.#file = await openAsync(this.path, "ax", 0o640);
    } catch (error) {
      this.#fail(`${this.path} cannot be created`, error);
      return;
    }
    this.#flush();
  }

  #turnOf(hop: number): MicroTurn | undefined {
    if (holds(this.#current, hop)) return this.#current;
    for (const turn of this.#waiting) if (holds(turn, hop)) return turn;
    return undefined;
  }

  /** Micro-turns are written in order, each as soon as it and those before it are decided. */
  #writeDecided(): void {
    while (this.#waiting.length > 0 && isDecided(this.#waiting[0]!)) this.#writeOldest();
    if (this.#waiting.length === 0 && this.#current.hops === MICRO_TURN_HOPS && isDecided(this.#current)) {
      this.#write(this.#current);
    }
  }

  /** The current turn joins those that wait for replies; a pod that is too late finds the oldest written without. */
  #turnOver(): void {
    if (this.#current.hops === 0) return;
    this.#waiting.push(this.#current);
    this.#current = this.#spare.pop() ?? createMicroTurn();
    if (this.#waiting.length > MAX_WAITING_TURNS) this.#writeOldest();
    this.#writeDecided();
  }

  #writeOldest(): void {
    const oldest = this.#waiting.shift()!;
    this.#write(oldest);
    this.#spare.push(oldest);
  }

  #write(turn: MicroTurn): void {
    if (!this.#closed && !this.#failed) {
      if (this.#pendingTurns >= this.#maxTurns) this.#dropOldestTurn();
      const record = this.#free.pop() ?? Buffer.allocUnsafeSlow(MICRO_TURN_RECORD_BYTES);
      const payloadBytes = encodeMicroTurn(turn, record, RECORD_HEAD_BYTES);
      const recordBytes = sealRecord(record, RecordType.MicroTurn, payloadBytes);
      this.counts.microTurns++;
      this.#pendingTurns++;
      this.#enqueue(record.subarray(0, recordBytes), record);
      this.#flush();
    }
    turn.hops = 0;
  }

  #enqueue(bytes: Buffer, turn: Buffer | undefined): void {
    this.#pending.push({ bytes, turn });
  }

  #dropOldestTurn(): void {
    const at = this.#pending.findIndex((record) => record.turn !== undefined);
    if (at < 0) return;
    const [dropped] = this.#pending.splice(at, 1);
    this.#release(dropped!);
    this.counts.droppedMicroTurns++;
  }

  #release(record: Pending): void {
    if (record.turn) {
      this.#free.push(record.turn);
      this.#pendingTurns--;
    } else this.#pendingNoteBytes = Math.max(0, this.#pendingNoteBytes - record.bytes.length);
  }

  #flush(): void {
    if (this.#writing || this.#file === undefined || this.#failed || this.#pending.length === 0) return;
    const batch = this.#pending;
    this.#pending = [];
    this.#writing = this.#writeBatch(this.#file, batch).finally(() => {
      this.#writing = undefined;
      this.#flush();
    });
  }

  async #writeBatch(file: number, batch: Pending[]): Promise<void> {
    try {
      let left = batch.map((record) => record.bytes);
      while (left.length > 0) {
        const { bytesWritten } = await writevAsync(file, left);
        this.counts.bytes += bytesWritten;
        left = afterBytes(left, bytesWritten);
      }
      for (const record of batch) if (record.turn) this.#turnsSinceSync++;
      if (this.#turnsSinceSync >= this.#syncEvery) {
        this.#turnsSinceSync = 0;
        await fdatasyncAsync(file);
      }
    } catch (error) {
      this.counts.failedWrites++;
      this.#fail(`${this.path} cannot be written`, error);
    } finally {
      for (const record of batch) this.#release(record);
    }
  }

  #fail(detail: string, cause?: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#pending = [];
    this.#onFailed?.(new TapeError("TAPE_WRITE_FAILED", detail, { cause }));
  }
}

const holds = (turn: MicroTurn, hop: number): boolean => hop >= turn.firstHop && hop < turn.firstHop + turn.hops;

const isDecided = (turn: MicroTurn): boolean => turn.decision[turn.hops - 1] !== UNDECIDED;

/** Ends the tape of a writer that was killed. What it was about to write stays as damage, which readers skip. */
export async function appendEnd(path: string, hop: number, reason: string): Promise<void> {
  await appendFileAsync(path, jsonRecord(RecordType.Note, { type: "end", hop, reason } satisfies TapeNote));
}

/** What is left of `buffers` after the first `written` bytes. */
function afterBytes(buffers: Buffer[], written: number): Buffer[] {
  let skip = written;
  const left: Buffer[] = [];
  for (const buffer of buffers) {
    if (skip >= buffer.length) skip -= buffer.length;
    else {
      left.push(buffer.subarray(skip));
      skip = 0;
    }
  }
  return left;
}
