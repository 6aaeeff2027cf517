import {
  type CallMessage,
  CONDITIONING_PER_HOP,
  HOP_SAMPLES,
  SCORES_PER_HOP,
  type TickReply,
  type TickRequest__Output,
} from "@sidetone/protocol";
import { MAX_AUDIO_BYTES, type ShardColumns } from "../shard/columns.ts";
import type { ShardEvent, ShardOutput } from "../shard/shard.ts";
import type { ShardJob } from "../shard/worker-host.ts";
import type { LiveCall } from "./live-call.ts";

const SCORES_BYTES = SCORES_PER_HOP * Float32Array.BYTES_PER_ELEMENT;

/** The stream that a tick came from. */
export interface TickOwner {
  /** Puts the outputs of its own calls into the tick's reply. */
  collect(job: TickJob, outputs: readonly ShardOutput[]): void;
  /** Sends the replies that are complete, in the order of the ticks. */
  flush(): void;
}

/** One message of a bridge on its way through the shards: collects the columns of its reply. */
export class TickJob {
  readonly tick: number;
  readonly receivedMs: number;
  /** Parts that have not come back from their shards. */
  pendingParts = 0;
  readonly #request: TickRequest__Output;
  readonly #call: number[] = [];
  readonly #hop: number[] = [];
  readonly #epoch: number[] = [];
  readonly #audioBytes: number[] = [];
  readonly #gainDb: number[] = [];
  readonly #decision: Buffer;
  readonly #scores: Buffer;
  readonly #conditioning: Buffer;
  readonly #audio: Buffer[] = [];
  readonly outputs: CallMessage[] = [];

  constructor(request: TickRequest__Output, receivedMs: number) {
    this.#request = request;
    this.tick = request.tick;
    this.receivedMs = receivedMs;
    const rows = request.call.length;
    this.#decision = Buffer.allocUnsafe(rows);
    this.#scores = Buffer.allocUnsafe(rows * SCORES_BYTES);
    this.#conditioning = Buffer.allocUnsafe(rows * CONDITIONING_PER_HOP);
  }

  /** Copies a row of the request into a shard's columns. */
  fillRow(requestRow: number, number: number, columns: ShardColumns, row: number): void {
    const r = this.#request;
    const from = requestRow * HOP_SAMPLES;
    columns.call[row] = number;
    columns.hop[row] = r.hop[requestRow]!;
    columns.heardEpoch[row] = r.heard_epoch[requestRow] ?? 0;
    columns.heardSamples[row] = r.heard_samples[requestRow] ?? 0;
    columns.concealedSamples[row] = r.concealed_samples[requestRow] ?? 0;
    columns.callerAudio.set(r.caller_audio.subarray(from, from + HOP_SAMPLES), row * HOP_SAMPLES);
    columns.agentAudio.set(r.agent_audio.subarray(from, from + HOP_SAMPLES), row * HOP_SAMPLES);
  }

  /** Copies a row of a shard's columns into the reply, unless its call has ended meanwhile. */
  takeRow(call: LiveCall, columns: ShardColumns, row: number): void {
    if (call.closed || columns.valid[row] !== 1) return;
    const at = this.#call.length;
    this.#call.push(call.handle);
    this.#hop.push(columns.hop[row]!);
    this.#epoch.push(columns.epoch[row]!);
    this.#gainDb.push(columns.gainDb[row]!);
    this.#decision[at] = columns.decision[row]!;
    const scores = columns.scores;
    for (let i = 0; i < SCORES_PER_HOP; i++) {
      this.#scores.writeFloatLE(scores[row * SCORES_PER_HOP + i]!, at * SCORES_BYTES + i * 4);
    }
    for (let i = 0; i < CONDITIONING_PER_HOP; i++) {
      this.#conditioning[at * CONDITIONING_PER_HOP + i] = columns.conditioning[row * CONDITIONING_PER_HOP + i]!;
    }
    const audioBytes = columns.audioBytes[row]!;
    this.#audioBytes.push(audioBytes);
    if (audioBytes === 0) return;
    const audioAt = row * MAX_AUDIO_BYTES;
    // The columns are reused at the next tick: the reply needs its own copy.
    this.#audio.push(Buffer.from(columns.audio.subarray(audioAt, audioAt + audioBytes)));
  }

  reply(): TickReply {
    const rows = this.#call.length;
    return {
      tick: this.tick,
      call: this.#call,
      hop: this.#hop,
      decision: this.#decision.subarray(0, rows),
      scores: this.#scores.subarray(0, rows * SCORES_BYTES),
      epoch: this.#epoch,
      audio_bytes: this.#audioBytes,
      audio: this.#audio.length === 1 ? this.#audio[0]! : Buffer.concat(this.#audio),
      gain_db: this.#gainDb,
      outputs: this.outputs,
      conditioning: this.#conditioning.subarray(0, rows * CONDITIONING_PER_HOP),
    };
  }
}

/** The rows and events of one tick that one shard steps together; a call occurs in it at most once. */
export class TickPart implements ShardJob {
  readonly owner: TickOwner;
  readonly events: ShardEvent[] = [];
  readonly #job: TickJob;
  readonly #calls: LiveCall[] = [];
  readonly #requestRows: number[] = [];

  constructor(owner: TickOwner, job: TickJob) {
    this.owner = owner;
    this.#job = job;
    job.pendingParts++;
  }

  get rows(): number {
    return this.#requestRows.length;
  }

  add(call: LiveCall, requestRow: number): void {
    call.latestPart = this;
    this.#calls.push(call);
    this.#requestRows.push(requestRow);
  }

  fill(columns: ShardColumns, first: number): void {
    for (let i = 0; i < this.#calls.length; i++) {
      this.#job.fillRow(this.#requestRows[i]!, this.#calls[i]!.number, columns, first + i);
    }
  }

  take(columns: ShardColumns, first: number): void {
    for (let i = 0; i < this.#calls.length; i++) this.#job.takeRow(this.#calls[i]!, columns, first + i);
  }

  finish(outputs: readonly ShardOutput[]): void {
    this.owner.collect(this.#job, outputs);
    this.#job.pendingParts--;
    this.owner.flush();
  }

  lose(): void {
    this.#job.pendingParts--;
    this.owner.flush();
  }
}
