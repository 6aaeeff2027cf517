/**
 * A process that stands for the model, for both contenders: our pods' gRPC service, and the Realtime protocol that the
 * other transport speaks. It costs next to nothing, so that what is measured is the road.
 */
import { Server, ServerCredentials } from "@grpc/grpc-js";
import {
  CONDITIONING_PER_HOP,
  DECISIONS,
  HOP_SAMPLES,
  type PodHandlers,
  podPackage,
  SCORES_PER_HOP,
} from "@sidetone/protocol";
import { type WebSocket, WebSocketServer } from "ws";
import { sayingAt } from "./cycle.ts";

const SPEECH = Buffer.from(Uint8Array.from({ length: HOP_SAMPLES * 3 }, (_, i) => (i % 8 < 4 ? 0x20 : 0xa0)));
const DELTAS = [0, 1, 2, 3].map((hops) => SPEECH.subarray(0, hops * HOP_SAMPLES).toString("base64"));
const HOP_BASE64 = (HOP_SAMPLES * 4) / 3;
const YIELD = DECISIONS.indexOf("yield");
/** Pods send what a call could go on from every few seconds, each call at a time of its own. */
const SNAPSHOT_HOPS = 125;
const HOLD = DECISIONS.indexOf("hold");

const pod: PodHandlers = {
  Ticks(stream) {
    const epochs = new Map<number, number>();
    stream.on("data", (request) => {
      const rows = request.call.length;
      const reply = {
        tick: request.tick,
        call: request.call,
        hop: request.hop,
        decision: Buffer.alloc(rows, HOLD),
        scores: Buffer.alloc(rows * SCORES_PER_HOP * 4),
        conditioning: Buffer.alloc(rows * CONDITIONING_PER_HOP),
        epoch: [] as number[],
        audio_bytes: [] as number[],
        audio: Buffer.alloc(0),
        gain_db: new Array<number>(rows).fill(0),
        outputs: [] as { call: number; json: string }[],
      };
      const audio: Buffer[] = [];
      for (let row = 0; row < rows; row++) {
        const call = request.call[row]!;
        const saying = sayingAt(request.hop[row]!);
        if (saying.isCut) {
          epochs.set(call, (epochs.get(call) ?? 0) + 1);
          reply.decision[row] = YIELD;
        }
        if (request.hop[row]! % SNAPSHOT_HOPS === call % SNAPSHOT_HOPS) {
          reply.outputs.push({ call, json: `{"type":"snapshot","hop":${request.hop[row]},"state":{}}` });
        }
        reply.epoch.push(epochs.get(call) ?? 0);
        reply.audio_bytes.push(saying.hops * HOP_SAMPLES);
        if (saying.hops > 0) audio.push(SPEECH.subarray(0, saying.hops * HOP_SAMPLES));
      }
      reply.audio = Buffer.concat(audio);
      stream.write(reply);
    });
    stream.on("end", () => stream.end());
    stream.on("error", () => epochs.clear());
  },
  Status(_call, answer) {
    answer(null, {
      pod_id: "stand-in",
      ready: true,
      capacity_calls: 100_000,
      open_calls: 0,
      model: "stand-in",
      model_hash: "",
      tick_p99_ms: 0,
      draining: false,
    });
  },
};

/** One Realtime session: counts what comes in, and speaks on the same cycle. */
class Session {
  readonly #socket: WebSocket;
  #received = 0;
  #hop = 0;
  #response = 0;
  #event = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => this.#receive(data));
    this.#send({ type: "session.created", session: { id: "stand-in" } });
  }

  #receive(data: Buffer): void {
    const event = JSON.parse(data.toString()) as { type: string; audio?: string };
    if (event.type === "session.update") this.#send({ type: "session.updated", session: {} });
    if (event.type !== "input_audio_buffer.append" || event.audio === undefined) return;
    this.#received += event.audio.length;
    // Padding makes a 20 ms frame's base64 a little longer than half a hop's.
    for (; this.#received >= HOP_BASE64; this.#received -= HOP_BASE64) this.#speak(sayingAt(this.#hop++));
  }

  #speak({ hops, begins, ends, isCut }: ReturnType<typeof sayingAt>): void {
    if (begins) {
      this.#response++;
      this.#send({ type: "response.created", response: { id: this.#responseId, output: [], status: "in_progress" } });
    }
    if (hops > 0) this.#send({ type: "response.output_audio.delta", ...this.#part, delta: DELTAS[hops] });
    if (isCut)
      this.#send({ type: "input_audio_buffer.speech_started", item_id: "caller", audio_start_ms: this.#hop * 40 });
    if (ends) this.#send({ type: "response.output_audio.done", ...this.#part });
    if (ends || isCut) {
      this.#send({ type: "response.done", response: { id: this.#responseId, output: [], status: "completed" } });
    }
  }

  get #responseId(): string {
    return `response-${this.#response}`;
  }

  get #part(): object {
    return { response_id: this.#responseId, item_id: `item-${this.#response}`, content_index: 0, output_index: 0 };
  }

  #send(event: object): void {
    this.#socket.send(JSON.stringify({ event_id: `event-${this.#event++}`, ...event }));
  }
}

const grpc = new Server({ "grpc.max_receive_message_length": 64 * 1024 * 1024 });
grpc.addService(podPackage.Pod.service, { ...pod });
const grpcPort = await new Promise<number>((resolve, reject) =>
  grpc.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
    error ? reject(error) : resolve(port),
  ),
);
const realtime = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false }, () => {
  const address = realtime.address();
  process.send?.({ grpcPort, realtimePort: typeof address === "object" ? address?.port : 0 });
});
realtime.on("connection", (socket) => new Session(socket));
