import { HOP_SAMPLES, podPackage, type TickRequest } from "@sidetone/protocol";

const serialize = podPackage.Pod.service.Ticks.requestSerialize;
const INITIAL_HOPS = 64;

/** The columns of the next tick for one pod, in buffers that grow to the largest tick seen and are then reused. */
export class TickBatch {
  #audioRoom = INITIAL_HOPS;
  #caller = Buffer.alloc(INITIAL_HOPS * HOP_SAMPLES);
  #agent = Buffer.alloc(INITIAL_HOPS * HOP_SAMPLES);
  readonly #call: number[] = [];
  readonly #hop: number[] = [];
  readonly #heardEpoch: number[] = [];
  readonly #heardSamples: number[] = [];
  readonly #concealed: number[] = [];
  readonly #inputs: { call: number; json: string }[] = [];

  get hops(): number {
    return this.#call.length;
  }

  get isEmpty(): boolean {
    return this.#call.length === 0 && this.#inputs.length === 0;
  }

  /** Adds a hop; both arrays are copied. */
  addHop(
    call: number,
    hop: number,
    caller: Uint8Array,
    agent: Uint8Array,
    heardEpoch: number,
    heardSamples: number,
    concealedSamples: number,
  ): void {
    const row = this.#call.length;
    if (row === this.#audioRoom) this.#grow();
    this.#caller.set(caller, row * HOP_SAMPLES);
    this.#agent.set(agent, row * HOP_SAMPLES);
    this.#call.push(call);
    this.#hop.push(hop);
    this.#heardEpoch.push(heardEpoch);
    this.#heardSamples.push(heardSamples);
    this.#concealed.push(concealedSamples);
  }

  addInput(call: number, json: string): void {
    this.#inputs.push({ call, json });
  }

  /** Encodes what was added, copying it, and empties the batch. */
  take(tick: number): Buffer {
    const audioBytes = this.#call.length * HOP_SAMPLES;
    const request: TickRequest = {
      tick,
      call: this.#call,
      hop: this.#hop,
      caller_audio: this.#caller.subarray(0, audioBytes),
      agent_audio: this.#agent.subarray(0, audioBytes),
      heard_epoch: this.#heardEpoch,
      heard_samples: this.#heardSamples,
      concealed_samples: this.#concealed,
      inputs: this.#inputs,
    };
    const encoded = serialize(request);
    this.clear();
    return encoded;
  }

  clear(): void {
    this.#call.length = 0;
    this.#hop.length = 0;
    this.#heardEpoch.length = 0;
    this.#heardSamples.length = 0;
    this.#concealed.length = 0;
    this.#inputs.length = 0;
  }

  #grow(): void {
    this.#audioRoom *= 2;
    this.#caller = Buffer.concat([this.#caller], this.#audioRoom * HOP_SAMPLES);
    this.#agent = Buffer.concat([this.#agent], this.#audioRoom * HOP_SAMPLES);
  }
}
