import { HOP_SAMPLES } from "@sidetone/protocol";
import type { TickBatch } from "./tick-batch.ts";

/** Hops remembered: four seconds, twice what lies between two snapshots. */
const HOPS = 100;
/** Inputs remembered when no snapshot ever comes. */
const MAX_INPUTS = 1_000;

/** Hops in one message; the calls of a lost pod are replayed together, and a message has a bound. */
const MAX_BATCH_HOPS = 1_000;

interface PastInput {
  /** The input came before this hop. */
  hop: number;
  json: string;
}

/**
 * The last seconds of what went to the pod: with the newest snapshot, all that another pod needs to go on as if it had
 * heard the call itself. Preallocated; inputs are few.
 */
export class CallHistory {
  /** The newest snapshot output, as its JSON text: it is parsed only when it is needed. */
  #snapshotJson: string | undefined;
  #snapshotHop = -1;
  readonly #caller = new Uint8Array(HOPS * HOP_SAMPLES);
  readonly #agent = new Uint8Array(HOPS * HOP_SAMPLES);
  readonly #hop = new Float64Array(HOPS).fill(-1);
  readonly #heardEpoch = new Uint32Array(HOPS);
  readonly #heardSamples = new Uint32Array(HOPS);
  readonly #concealed = new Uint16Array(HOPS);
  #next = 0;
  #inputs: PastInput[] = [];

  putHop(
    hop: number,
    caller: Uint8Array,
    agent: Uint8Array,
    heardEpoch: number,
    heardSamples: number,
    concealed: number,
  ): void {
    const slot = this.#next++ % HOPS;
    this.#hop[slot] = hop;
    this.#caller.set(caller, slot * HOP_SAMPLES);
    this.#agent.set(agent, slot * HOP_SAMPLES);
    this.#heardEpoch[slot] = heardEpoch;
    this.#heardSamples[slot] = heardSamples;
    this.#concealed[slot] = concealed;
  }

  putInput(hop: number, json: string): void {
    if (this.#inputs.length >= MAX_INPUTS) this.#inputs.shift();
    this.#inputs.push({ hop, json });
  }

  /** The newest wins; what it already contains is forgotten. */
  putSnapshot(hop: number, json: string): void {
    this.#snapshotHop = hop;
    this.#snapshotJson = json;
    this.#inputs = this.#inputs.filter((input) => input.hop > hop);
  }

  /** The state to resume from, if a snapshot was ever taken. */
  resume(): { state: unknown } | undefined {
    if (this.#snapshotJson === undefined) return undefined;
    const snapshot = JSON.parse(this.#snapshotJson) as { state: unknown };
    return { state: snapshot.state };
  }

  /**
   * Gives a pod everything since the snapshot, in order: hops in runs, each input before the hop that it came before.
   * @param send called between runs, so that an input never overtakes a hop; what is left goes with the next tick
   */
  replay(handle: number, batch: TickBatch, send: () => void): void {
    const inputs = this.#inputs;
    let input = 0;
    let unsentHops = 0;
    const oldest = Math.max(0, this.#next - HOPS);
    for (let index = oldest; index < this.#next; index++) {
      const slot = index % HOPS;
      const hop = this.#hop[slot]!;
      if (hop <= this.#snapshotHop) continue;
      const isInputDue = input < inputs.length && inputs[input]!.hop <= hop;
      if ((isInputDue && unsentHops > 0) || batch.hops >= MAX_BATCH_HOPS) {
        send();
        unsentHops = 0;
      }
      if (isInputDue) {
        while (input < inputs.length && inputs[input]!.hop <= hop) batch.addInput(handle, inputs[input++]!.json);
      }
      const at = slot * HOP_SAMPLES;
      batch.addHop(
        handle,
        hop,
        this.#caller.subarray(at, at + HOP_SAMPLES),
        this.#agent.subarray(at, at + HOP_SAMPLES),
        this.#heardEpoch[slot]!,
        this.#heardSamples[slot]!,
        this.#concealed[slot]!,
      );
      unsentHops++;
    }
    if (input < inputs.length && unsentHops > 0) send();
    while (input < inputs.length) batch.addInput(handle, inputs[input++]!.json);
  }
}
