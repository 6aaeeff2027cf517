import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import {
  type CallMessage__Output,
  HOP_SAMPLES,
  PodInput,
  type PodOutput,
  podPackage,
  SCORES_PER_HOP,
  type StatusReply,
  type TickReply,
  type TickRequest__Output,
} from "@sidetone/protocol";

/** One hop of one call as it reached the pod. */
export interface SeenHop {
  callId: string;
  hop: number;
  caller: Uint8Array;
  agent: Uint8Array;
  heardEpoch: number;
  heardSamples: number;
  concealed: number;
}

/** What a script answers to a hop; audio of the epoch it names. */
export interface Answer {
  epoch?: number;
  audio?: Uint8Array;
  decision?: number;
  gainDb?: number;
  outputs?: PodOutput[];
}

interface Call {
  callId: string;
  epoch: number;
}

/** A pod that speaks the real proto and says what its script says. */
export class TestPod {
  status: StatusReply = {
    pod_id: "pod-test",
    ready: true,
    capacity_calls: 100,
    open_calls: 0,
    model: "line-test",
    model_hash: "",
    tick_p99_ms: 1,
    draining: false,
  };
  /** Called for every hop. By default nothing is said. */
  script: (hop: SeenHop) => Answer = () => ({});
  /** While true, ticks are read and never answered. */
  silent = false;
  readonly hops: SeenHop[] = [];
  readonly inputs: { callId: string; hop: number; input: PodInput }[] = [];
  /** Order of everything that came for a call: inputs by type, hops by number. */
  readonly order: string[] = [];
  address = "";
  readonly #server = new Server({ "grpc.max_receive_message_length": 16 * 1024 * 1024 });
  readonly #streams = new Set<ServerDuplexStream<TickRequest__Output, TickReply>>();
  readonly #waiting = new Set<() => void>();

  async start(port = 0): Promise<this> {
    this.#server.addService(podPackage.Pod.service, {
      Status: (_call: unknown, callback: (error: null, reply: StatusReply) => void) => callback(null, this.status),
      Ticks: (stream: ServerDuplexStream<TickRequest__Output, TickReply>) => this.#onStream(stream),
    });
    const bound = await new Promise<number>((resolve, reject) =>
      this.#server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, found) =>
        error ? reject(error) : resolve(found),
      ),
    );
    this.address = `127.0.0.1:${bound}`;
    return this;
  }

  /** Resolves once `enough` holds of what has come. */
  async until(enough: () => boolean): Promise<void> {
    if (enough()) return;
    await new Promise<void>((resolve) => {
      const check = () => {
        if (!enough()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
    });
  }

  inputsOf<T extends PodInput["type"]>(type: T): Extract<PodInput, { type: T }>[] {
    return this.inputs.flatMap(({ input }) => (input.type === type ? [input as Extract<PodInput, { type: T }>] : []));
  }

  /** Dies as a killed process does: every connection is cut. */
  kill(): void {
    this.#server.forceShutdown();
  }

  /** Breaks the streams and stays up. */
  breakStreams(): void {
    for (const stream of this.#streams) stream.destroy(new Error("broken by the test"));
  }

  #onStream(stream: ServerDuplexStream<TickRequest__Output, TickReply>): void {
    const calls = new Map<number, Call>();
    this.#streams.add(stream);
    stream.on("error", () => this.#streams.delete(stream));
    stream.on("end", () => stream.end());
    stream.on("data", (request: TickRequest__Output) => {
      const reply = this.#answer(calls, request);
      if (!this.silent) stream.write(reply);
      for (const check of [...this.#waiting]) check();
    });
  }

  #answer(calls: Map<number, Call>, request: TickRequest__Output): TickReply {
    const outputs: { call: number; json: string }[] = [];
    for (const message of request.inputs) this.#enter(calls, message, request);
    const rows = request.call.length;
    const epoch: number[] = [];
    const audioBytes: number[] = [];
    const gain: number[] = [];
    const audio: Uint8Array[] = [];
    const decision = Buffer.alloc(rows);
    for (let row = 0; row < rows; row++) {
      const handle = request.call[row]!;
      const call = calls.get(handle) ?? { callId: "unknown", epoch: 0 };
      const at = row * HOP_SAMPLES;
      const seen: SeenHop = {
        callId: call.callId,
        hop: request.hop[row]!,
        caller: Uint8Array.from(request.caller_audio.subarray(at, at + HOP_SAMPLES)),
        agent: Uint8Array.from(request.agent_audio.subarray(at, at + HOP_SAMPLES)),
        heardEpoch: request.heard_epoch[row]!,
        heardSamples: request.heard_samples[row]!,
        concealed: request.concealed_samples[row]!,
      };
      this.hops.push(seen);
      this.order.push(`hop ${seen.hop}`);
      const answer = this.script(seen);
      call.epoch = answer.epoch ?? call.epoch;
      epoch.push(call.epoch);
      audioBytes.push(answer.audio?.length ?? 0);
      if (answer.audio) audio.push(answer.audio);
      gain.push(answer.gainDb ?? 0);
      decision[row] = answer.decision ?? 0;
      for (const output of answer.outputs ?? []) outputs.push({ call: handle, json: JSON.stringify(output) });
    }
    return {
      tick: request.tick,
      call: request.call,
      hop: request.hop,
      decision,
      scores: Buffer.alloc(rows * SCORES_PER_HOP * 4),
      conditioning: Buffer.alloc(rows * 4),
      epoch,
      audio_bytes: audioBytes,
      audio: Buffer.concat(audio),
      gain_db: gain,
      outputs,
    };
  }

  #enter(calls: Map<number, Call>, message: CallMessage__Output, request: TickRequest__Output): void {
    const input = PodInput.parse(JSON.parse(message.json));
    if (input.type === "opened") calls.set(message.call, { callId: input.callId, epoch: 0 });
    const callId = calls.get(message.call)?.callId ?? "unknown";
    this.inputs.push({ callId, hop: request.hop[request.call.indexOf(message.call)] ?? -1, input });
    this.order.push(input.type);
    if (input.type === "closed") calls.delete(message.call);
  }
}
