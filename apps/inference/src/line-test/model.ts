import { decodeUlaw } from "@sidetone/audio";
import {
  DECISION_COUNT,
  DECISIONS,
  HOP_SAMPLES,
  type HopBatch,
  type InteractionModel,
  ModelError,
  type ModelInfo,
  type OutputBatch,
  OVERLAP_COUNT,
  OVERLAP_KINDS,
  PROJECTION_COUNT,
  type Slot,
  VOICE_COUNT,
} from "@sidetone/interaction-model";

/** Root mean square, in 16-bit steps, from which a hop counts as loud: about -36 dB of full scale. */
const LOUD_RMS = 500;
/** The line test answers this long after the caller's last loud hop: 400 ms. */
export const ECHO_AFTER_HOPS = 10;

const BEGIN = DECISIONS.indexOf("begin");
const LISTEN = DECISIONS.indexOf("listen");
const HOLD = DECISIONS.indexOf("hold");
const YIELD = DECISIONS.indexOf("yield");
const NONE = OVERLAP_KINDS.indexOf("none");
const FLOOR_TAKING = OVERLAP_KINDS.indexOf("floor-taking");

/** Per slot: [hops since the last loud one while something waits to be said back, else -1]. */
const WAITING_NOTHING = -1;

/**
 * A model without a network: hears energy, begins 400 ms after an utterance has ended, yields at the first loud hop
 * over its own speech. What installers of telephone lines expect of a line test, and what shows that a road is whole.
 */
export class LineTestModel implements InteractionModel {
  readonly info: ModelInfo;
  readonly #open: Uint8Array;
  readonly #quietHops: Int32Array;
  readonly #linear = new Int16Array(HOP_SAMPLES);

  constructor(capacity: number) {
    this.info = {
      name: "line-test",
      version: "line-test-1",
      symbols: [],
      symbolFramesPerHop: 0,
      wants: [],
      thresholds: {
        beginOpen: 0.5,
        beginFulfilled: 0.5,
        beginUnfulfilled: 0.5,
        backchannel: 0.5,
        duck: 0.5,
        yield: 0.5,
        voice: 0.5,
        want: 0.5,
      },
      capacity,
    };
    this.#open = new Uint8Array(capacity);
    this.#quietHops = new Int32Array(capacity);
  }

  open(_seed: number): Slot {
    const slot = this.#open.indexOf(0);
    if (slot < 0) throw new ModelError("MODEL_NO_FREE_SLOT", `all ${this.info.capacity} are taken`);
    this.#open[slot] = 1;
    this.#quietHops[slot] = WAITING_NOTHING;
    return slot;
  }

  async step(hops: HopBatch, outputs: OutputBatch): Promise<void> {
    outputs.decision.fill(0, 0, hops.count * DECISION_COUNT);
    outputs.overlap.fill(0, 0, hops.count * OVERLAP_COUNT);
    outputs.projection.fill(0, 0, hops.count * PROJECTION_COUNT);
    outputs.voice.fill(0, 0, hops.count * VOICE_COUNT);
    for (let row = 0; row < hops.count; row++) {
      const slot = hops.slots[row]!;
      this.#check(slot);
      const loud = this.#isLoud(hops.caller, row * HOP_SAMPLES);
      const playing = hops.agentPlaying[row] === 1;
      const decision = this.#decide(slot, loud, playing);
      outputs.decision[row * DECISION_COUNT + decision] = 1;
      outputs.overlap[row * OVERLAP_COUNT + (loud && playing ? FLOOR_TAKING : NONE)] = 1;
      outputs.voice[row * VOICE_COUNT] = loud ? 1 : 0;
    }
  }

  snapshot(slot: Slot): Uint8Array {
    this.#check(slot);
    const state = new Uint8Array(4);
    new DataView(state.buffer).setInt32(0, this.#quietHops[slot]!, true);
    return state;
  }

  restore(snapshot: Uint8Array): Slot {
    if (snapshot.byteLength !== 4) throw new ModelError("MODEL_SNAPSHOT_INVALID", `${snapshot.byteLength} bytes`);
    const quietHops = new DataView(snapshot.buffer, snapshot.byteOffset, 4).getInt32(0, true);
    const slot = this.open(0);
    this.#quietHops[slot] = quietHops;
    return slot;
  }

  close(slot: Slot): void {
    this.#check(slot);
    this.#open[slot] = 0;
  }

  async dispose(): Promise<void> {
    this.#open.fill(0);
  }

  #decide(slot: Slot, loud: boolean, playing: boolean): number {
    if (loud) {
      this.#quietHops[slot] = 0;
      return playing ? YIELD : LISTEN;
    }
    if (playing) return HOLD;
    if (this.#quietHops[slot] === WAITING_NOTHING) return LISTEN;
    this.#quietHops[slot]!++;
    if (this.#quietHops[slot]! < ECHO_AFTER_HOPS) return LISTEN;
    this.#quietHops[slot] = WAITING_NOTHING;
    return BEGIN;
  }

  #isLoud(audio: Uint8Array, at: number): boolean {
    decodeUlaw(audio.subarray(at, at + HOP_SAMPLES), this.#linear);
    let sum = 0;
    for (let i = 0; i < HOP_SAMPLES; i++) sum += this.#linear[i]! * this.#linear[i]!;
    return sum > LOUD_RMS * LOUD_RMS * HOP_SAMPLES;
  }

  #check(slot: Slot): void {
    if (this.#open[slot] !== 1) throw new ModelError("MODEL_SLOT_NOT_OPEN", `slot ${slot}`);
  }
}
