import type { OutputBatch } from "@sidetone/interaction-model";
import { SidetoneError } from "@sidetone/platform";
import { HOP_SAMPLES, type PodInput, type PodOutput } from "@sidetone/protocol";
import { type CallLoop, type HopIn, HopOut, type Opened } from "./call-loop.ts";
import { MAX_AUDIO_BYTES, type ShardColumns } from "./columns.ts";
import { ResumeState } from "./resume-state.ts";
import { writeScores } from "./scores.ts";
import type { Seat } from "./seat.ts";

/** How often a call's state leaves the pod, so that it may go on elsewhere: 2 s. */
const SNAPSHOT_EVERY_HOPS = 50;

/** What came for one call beside its audio, in order. */
export type ShardEvent =
  | { type: "open"; call: number; opened: Opened }
  | { type: "input"; call: number; input: PodInput }
  | { type: "close"; call: number };

export interface ShardOutput {
  call: number;
  json: string;
  /** The shard has let go of the call. */
  ended: boolean;
}

interface Call {
  readonly number: number;
  readonly id: string;
  readonly seat: Seat;
  readonly slot: number;
  readonly loop: CallLoop;
  readonly out: HopOut;
  readonly hopIn: HopIn;
  /** Row of the current tick in the seat's batch; -1 when the call has none. */
  row: number;
  hopsSinceSnapshot: number;
}

export interface ShardOptions {
  /** Answer a tick only when the speech that it asked for is made: for calls on a virtual clock. */
  awaitSpeech: boolean;
  /** Hears of every call that could not go on, for the log; the bridge is told by a `failed` output. */
  onFault(callId: string, error: unknown): void;
}

/**
 * All calls of one worker. `tick` runs `pre` for every row, one batched model step a seat, and `post` for every row:
 * no call waits for another's speech, tools or faults.
 */
export class Shard {
  readonly #columns: ShardColumns;
  readonly #seats: ReadonlyMap<string, Seat>;
  readonly #calls = new Map<number, Call>();
  /** Views of each row, made once. */
  readonly #callerRows: Uint8Array[] = [];
  readonly #agentRows: Uint8Array[] = [];
  readonly #rowCalls: (Call | undefined)[] = [];
  readonly #options: ShardOptions;
  #outputs: ShardOutput[] = [];

  constructor(columns: ShardColumns, seats: ReadonlyMap<string, Seat>, options: ShardOptions) {
    this.#columns = columns;
    this.#seats = seats;
    this.#options = options;
    for (let row = 0; row < columns.capacity; row++) {
      const at = row * HOP_SAMPLES;
      this.#callerRows.push(columns.callerAudio.subarray(at, at + HOP_SAMPLES));
      this.#agentRows.push(columns.agentAudio.subarray(at, at + HOP_SAMPLES));
    }
  }

  get openCalls(): number {
    return this.#calls.size;
  }

  /** Takes in `events`, steps rows 0..count-1 of the columns, and returns everything that isn't audio. */
  async tick(events: readonly ShardEvent[], count: number): Promise<ShardOutput[]> {
    this.#outputs = [];
    for (const event of events) this.#enter(event);
    if (count > 0) {
      for (let row = 0; row < count; row++) this.#pre(row);
      for (const seat of this.#seats.values()) await this.#step(seat);
      for (let row = 0; row < count; row++) this.#post(row);
      if (this.#options.awaitSpeech) for (const call of this.#calls.values()) await call.loop.settled();
    }
    return this.#outputs;
  }

  closeAll(): void {
    for (const call of this.#calls.values()) this.#release(call);
  }

  #enter(event: ShardEvent): void {
    if (event.type === "open") {
      this.#open(event.call, event.opened);
      return;
    }
    const call = this.#calls.get(event.call);
    // A call that failed in an earlier tick may still be spoken to until its bridge has read of it.
    if (!call) return;
    if (event.type === "close") {
      this.#release(call);
      return;
    }
    try {
      call.loop.receive(event.input);
    } catch (error) {
      this.#fail(call, error);
    }
  }

  #open(number: number, opened: Opened): void {
    const seat = this.#seats.get(opened.playbook.model);
    if (!seat) {
      const error = new SidetoneError("MODEL_UNAVAILABLE", `It asks for "${opened.playbook.model}".`);
      this.#refuse(number, opened.callId, error);
      return;
    }
    let slot: number | undefined;
    try {
      const resumed = opened.resume === undefined ? undefined : this.#readResume(seat, opened.resume.state);
      slot = resumed ? seat.model.restore(resumed.slot) : seat.model.open(opened.seed);
      const loop = seat.makeLoop(opened, resumed?.loop);
      const hopIn: HopIn = {
        hop: 0,
        caller: this.#callerRows[0]!,
        agent: this.#agentRows[0]!,
        heardEpoch: 0,
        heardSamples: 0,
        concealedSamples: 0,
      };
      this.#calls.set(number, {
        number,
        id: opened.callId,
        seat,
        slot,
        loop,
        out: new HopOut(),
        hopIn,
        row: -1,
        // Staggered by number, so that a full shard's snapshots do not fall into the same tick.
        hopsSinceSnapshot: number % SNAPSHOT_EVERY_HOPS,
      });
    } catch (error) {
      if (slot !== undefined) seat.model.close(slot);
      this.#refuse(number, opened.callId, error);
    }
  }

  #readResume(seat: Seat, state: unknown): { slot: Uint8Array; loop: unknown } {
    const parsed = ResumeState.safeParse(state);
    if (!parsed.success) throw new SidetoneError("POD_MESSAGE_INVALID", `resume: ${parsed.error.message}`);
    if (parsed.data.model !== seat.model.info.name || parsed.data.modelVersion !== seat.model.info.version) {
      throw new SidetoneError("MODEL_UNAVAILABLE", "The snapshot is of other weights.");
    }
    return { slot: Buffer.from(parsed.data.slot, "base64"), loop: parsed.data.loop };
  }

  #pre(row: number): void {
    const columns = this.#columns;
    const call = this.#calls.get(columns.call[row]!);
    this.#rowCalls[row] = call;
    columns.valid[row] = 0;
    columns.audioBytes[row] = 0;
    if (!call) return;
    const { seat, hopIn } = call;
    hopIn.hop = columns.hop[row]!;
    hopIn.caller = this.#callerRows[row]!;
    hopIn.agent = this.#agentRows[row]!;
    hopIn.heardEpoch = columns.heardEpoch[row]!;
    hopIn.heardSamples = columns.heardSamples[row]!;
    hopIn.concealedSamples = columns.concealedSamples[row]!;
    const batch = seat.batch;
    const seatRow = batch.count;
    try {
      call.loop.pre(hopIn, batch, seatRow);
    } catch (error) {
      this.#rowCalls[row] = undefined;
      this.#fail(call, error);
      return;
    }
    batch.slots[seatRow] = call.slot;
    batch.caller.set(hopIn.caller, seatRow * HOP_SAMPLES);
    batch.agent.set(hopIn.agent, seatRow * HOP_SAMPLES);
    batch.count++;
    call.row = seatRow;
  }

  async #step(seat: Seat): Promise<void> {
    const batch = seat.batch;
    if (batch.count === 0) return;
    try {
      await seat.model.step(batch, seat.outputs);
    } catch (error) {
      for (const call of this.#calls.values()) {
        if (call.seat === seat && call.row >= 0) this.#fail(call, error);
      }
    } finally {
      batch.count = 0;
    }
  }

  #post(row: number): void {
    const call = this.#rowCalls[row];
    if (!call || !this.#calls.has(call.number)) return;
    const { out, seat, row: seatRow } = call;
    call.row = -1;
    out.clear();
    try {
      call.loop.post(call.hopIn, seat.outputs, seatRow, out);
      this.#write(row, out, seat.outputs, seatRow);
      for (const output of out.outputs) this.#emit(call.number, output);
      if (++call.hopsSinceSnapshot >= SNAPSHOT_EVERY_HOPS) this.#snapshot(call);
    } catch (error) {
      this.#fail(call, error);
    }
  }

  #write(row: number, out: HopOut, outputs: OutputBatch, seatRow: number): void {
    const columns = this.#columns;
    columns.decision[row] = out.decision;
    columns.epoch[row] = out.epoch;
    columns.gainDb[row] = out.gainDb;
    columns.audioBytes[row] = out.audioBytes;
    const audioAt = row * MAX_AUDIO_BYTES;
    for (let i = 0; i < out.audioBytes; i++) columns.audio[audioAt + i] = out.audio[i]!;
    columns.conditioning.set(out.conditioning, row * out.conditioning.length);
    writeScores(columns.scores, row, outputs, seatRow);
    columns.valid[row] = 1;
  }

  #snapshot(call: Call): void {
    call.hopsSinceSnapshot = 0;
    const info = call.seat.model.info;
    this.#emit(call.number, {
      type: "snapshot",
      hop: call.hopIn.hop,
      state: {
        model: info.name,
        modelVersion: info.version,
        slot: Buffer.from(call.seat.model.snapshot(call.slot)).toString("base64"),
        loop: call.loop.snapshot(),
      } satisfies ResumeState,
    });
  }

  #emit(call: number, output: PodOutput, ended = false): void {
    this.#outputs.push({ call, json: JSON.stringify(output), ended });
  }

  #refuse(number: number, callId: string, error: unknown): void {
    this.#options.onFault(callId, error);
    this.#emit(number, { type: "failed", ...coded(error) }, true);
  }

  #fail(call: Call, error: unknown): void {
    this.#refuse(call.number, call.id, error);
    this.#release(call);
  }

  #release(call: Call): void {
    this.#calls.delete(call.number);
    call.loop.close();
    call.seat.model.close(call.slot);
  }
}

/** The error's own code where it has one of ours, else that the call failed. */
function coded(error: unknown): { code: string; message: string } {
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return { code: error.code, message: error.message };
  }
  const failed = new SidetoneError("POD_CALL_FAILED", error instanceof Error ? error.message : String(error));
  return { code: failed.code, message: failed.message };
}
