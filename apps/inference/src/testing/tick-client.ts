import { type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import {
  HOP_SAMPLES,
  MU_LAW_SILENCE,
  type PodClient,
  type PodInput,
  PodOutput,
  podPackage,
  type StatusReply__Output,
  type TickReply__Output,
  type TickRequest,
} from "@sidetone/protocol";
import { Ear } from "../rerun/ear.ts";

/** One call of a test's bridge. */
export interface ClientCall {
  readonly handle: number;
  readonly ear: Ear;
  hop: number;
  /** Everything but audio that came back, in order. */
  readonly outputs: PodOutput[];
  /** Decision of every hop that came back. */
  readonly decisions: number[];
  /** Gain of every hop that came back. */
  readonly gains: number[];
  readonly inputs: PodInput[];
}

export function connectPod(address: string): PodClient {
  return new podPackage.Pod(address, credentials.createInsecure());
}

export function podStatus(client: PodClient): Promise<StatusReply__Output> {
  return new Promise((resolve, reject) =>
    client.Status({}, (error, reply) => (error || !reply ? reject(error) : resolve(reply))),
  );
}

/** The bridge's end of the road, for tests and benchmarks: lock step, one tick and its reply at a time. */
export class TickClient {
  readonly stream: ClientDuplexStream<TickRequest, TickReply__Output>;
  readonly calls = new Map<number, ClientCall>();
  /** Outputs for handles that no call of ours has. */
  readonly strays: { call: number; output: PodOutput }[] = [];
  error: Error | undefined;
  #tick = 0;
  readonly #waiting: { resolve: (reply: TickReply__Output) => void; reject: (error: Error) => void }[] = [];

  constructor(client: PodClient) {
    this.stream = client.Ticks();
    this.stream.on("data", (reply: TickReply__Output) => this.#receive(reply));
    this.stream.on("error", (error: Error) => this.#end(error));
    this.stream.on("end", () => this.#end(new Error("the pod ended the stream")));
  }

  /** Enters a call; its `opened` goes with the next tick. */
  open(handle: number, opened: Partial<Extract<PodInput, { type: "opened" }>> = {}): ClientCall {
    const call: ClientCall = { handle, ear: new Ear(), hop: 0, outputs: [], decisions: [], gains: [], inputs: [] };
    call.inputs.push({
      type: "opened",
      callId: `call-${handle}`,
      from: "+15550100",
      to: "+15550199",
      direction: "inbound",
      startedAt: "2026-05-04T10:00:00Z",
      timeZone: "Europe/London",
      seed: 7,
      playbook: { id: "line-test", version: 1, model: "line-test", document: {} },
      taskMediansMs: {},
      ...opened,
    });
    this.calls.set(handle, call);
    return call;
  }

  /** Sends one hop of each call (`caller` gives its audio; absent is silence) and waits for the reply. */
  async step(caller: (call: ClientCall) => Uint8Array | undefined = () => undefined): Promise<TickReply__Output> {
    const calls = [...this.calls.values()];
    const request: Required<TickRequest> = {
      tick: this.#tick++,
      call: [],
      hop: [],
      caller_audio: Buffer.alloc(calls.length * HOP_SAMPLES, MU_LAW_SILENCE),
      agent_audio: Buffer.alloc(calls.length * HOP_SAMPLES, MU_LAW_SILENCE),
      heard_epoch: [],
      heard_samples: [],
      concealed_samples: [],
      inputs: [],
    };
    calls.forEach((call, row) => {
      const audio = caller(call);
      call.ear.play();
      request.call.push(call.handle);
      request.hop.push(call.hop++);
      request.heard_epoch.push(call.ear.epoch);
      request.heard_samples.push(call.ear.heardSamples);
      request.concealed_samples.push(0);
      if (audio) (request.caller_audio as Buffer).set(audio, row * HOP_SAMPLES);
      (request.agent_audio as Buffer).set(call.ear.agent, row * HOP_SAMPLES);
      for (const ended of call.ear.ended.splice(0)) call.inputs.push({ type: "epoch-ended", ...ended });
      for (const input of call.inputs.splice(0)) {
        request.inputs.push({ call: call.handle, json: JSON.stringify(input) });
      }
    });
    return this.send(request);
  }

  /** Sends any request and waits for the next reply. */
  send(request: TickRequest): Promise<TickReply__Output> {
    if (this.error) return Promise.reject(this.error);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.stream.write(request);
    });
  }

  #receive(reply: TickReply__Output): void {
    let audioAt = 0;
    reply.call.forEach((handle, row) => {
      const audio = reply.audio.subarray(audioAt, audioAt + reply.audio_bytes[row]!);
      audioAt += audio.length;
      const call = this.calls.get(handle);
      if (!call) return;
      call.ear.take(reply.epoch[row]!, audio, reply.gain_db[row]!);
      call.decisions.push(reply.decision[row]!);
      call.gains.push(reply.gain_db[row]!);
    });
    for (const message of reply.outputs) {
      const output = PodOutput.parse(JSON.parse(message.json));
      const call = this.calls.get(message.call);
      if (call) call.outputs.push(output);
      else this.strays.push({ call: message.call, output });
    }
    this.#waiting.shift()?.resolve(reply);
  }

  #end(error: Error): void {
    this.error = error;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
  }
}
