import { type ClientDuplexStream, credentials, makeGenericClientConstructor, status } from "@grpc/grpc-js";
import type { Clock, Logger } from "@sidetone/platform";
import { podPackage, SCORES_PER_HOP, type StatusReply__Output, type TickReply__Output } from "@sidetone/protocol";
import type { BridgeMetrics } from "./metrics.ts";
import { PodPatience } from "./pod-patience.ts";
import { TickBatch } from "./tick-batch.ts";

/** A tick of a thousand calls is 0.7 MB; resumed snapshots come on top. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** Messages that may wait in the stream: ten seconds of ticks, and the replays of a few hundred calls that move at once. */
const MAX_UNSENT_MESSAGES = 2_500;
/** Questions for the status in a row that may time out before the pod counts as away: one may only be slow. */
const MOST_MISSED_STATUSES = 2;
/** A reply of 400 calls is 200 KB; HTTP/2's 64 KB would make each wait for several round trips. */
const FLOW_CONTROL_BYTES = 8 * 1024 * 1024;
/** Ticks whose time of sending is remembered. */
const SENT_TICKS = 256;
const SCORES_BYTES = 4 * SCORES_PER_HOP;

/**
 * The road's client: ticks arrive here already encoded (TickBatch), so that its reused buffers are free again as soon
 * as a tick is handed over, however long gRPC holds it.
 */
const TicksClient = makeGenericClientConstructor(
  {
    Ticks: { ...podPackage.Pod.service.Ticks, requestSerialize: (encoded: Buffer) => encoded },
    Status: podPackage.Pod.service.Status,
  },
  "Pod",
);
type TicksStream = ClientDuplexStream<Buffer, TickReply__Output>;

/** One row of a reply. The buffers are the reply's own; the views hold until the handler returns. */
export interface HopReply {
  hop: number;
  decision: number;
  scores: Buffer;
  scoresAt: number;
  conditioning: Buffer;
  conditioningAt: number;
  epoch: number;
  gainDb: number;
  audio: Buffer;
  audioAt: number;
  audioBytes: number;
}

/** What a link tells the call that lives on it. */
export interface PodCall {
  onReply(reply: HopReply): void;
  onOutput(json: string): void;
  /** The pod, its stream or this call on it is gone; the call may go on elsewhere. */
  onPodLost(reason: string): void;
}

export interface PodLinkOptions {
  clock: Clock;
  log: Logger;
  metrics: BridgeMetrics;
  timeoutMs: number;
  /** Whether another pod could take calls of this one. */
  hasAlternative: (link: PodLink) => boolean;
}

/** One pod: its status, the stream to it, and the calls that live on that stream. */
export class PodLink {
  readonly address: string;
  /** What the pod said last; undefined while it does not answer. */
  status: StatusReply__Output | undefined;
  readonly batch = new TickBatch();
  readonly #options: PodLinkOptions;
  readonly #client: InstanceType<typeof TicksClient>;
  #stream: TicksStream | undefined;
  readonly #calls = new Map<number, PodCall>();
  #nextHandle = 1;
  #tick = 0;
  #answered = 0;
  readonly #sentAtMs = new Float64Array(SENT_TICKS);
  #closed = false;
  #asking = false;
  #missedStatuses = 0;
  readonly #patience: PodPatience;
  readonly #hasAlternative = (): boolean => this.#options.hasAlternative(this);
  readonly #reply: HopReply = {
    hop: 0,
    decision: 0,
    scores: Buffer.alloc(0),
    scoresAt: 0,
    conditioning: Buffer.alloc(0),
    conditioningAt: 0,
    epoch: 0,
    gainDb: 0,
    audio: Buffer.alloc(0),
    audioAt: 0,
    audioBytes: 0,
  };

  constructor(address: string, options: PodLinkOptions) {
    this.address = address;
    this.#options = options;
    this.#patience = new PodPatience(options.timeoutMs);
    this.#client = new TicksClient(address, credentials.createInsecure(), {
      "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
      "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
      "grpc-node.flow_control_window": FLOW_CONTROL_BYTES,
      // For idle links to machines that are gone; where ticks run, their answers tell sooner. A busy pod is late with pings.
      "grpc.keepalive_time_ms": 10_000,
      "grpc.keepalive_timeout_ms": 20_000,
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 1_000,
      "grpc.enable_http_proxy": 0,
      // Two links to one address are two connections: a stalled one does not hold up its neighbour.
      "grpc.use_local_subchannel_pool": 1,
    });
  }

  get calls(): number {
    return this.#calls.size;
  }

  get id(): string {
    return this.status?.pod_id || this.address;
  }

  /** Calls as the pod said last, or as known here if that is more: statuses are up to a second old. */
  get load(): number {
    const status = this.status;
    if (!status || status.capacity_calls === 0) return 1;
    return Math.max(status.open_calls, this.#calls.size) / status.capacity_calls;
  }

  /** True when a new call for `model` may be placed here. */
  takes(model: string): boolean {
    const status = this.status;
    if (this.#closed || !status?.ready || status.draining || this.load >= 1) return false;
    return model === "line-test" || status.model !== "line-test";
  }

  /** Asks for the pod's status; the answer arrives in `status`. One question at a time. */
  askStatus(): void {
    if (this.#asking || this.#closed) return;
    this.#asking = true;
    const { path, requestSerialize, responseDeserialize } = podPackage.Pod.service.Status;
    const deadline = new Date(Date.now() + this.#options.timeoutMs);
    this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, { deadline }, (error, reply) => {
      this.#asking = false;
      const wasUp = this.status !== undefined;
      this.#missedStatuses = error?.code === status.DEADLINE_EXCEEDED ? this.#missedStatuses + 1 : 0;
      if (error?.code === status.DEADLINE_EXCEEDED && this.#missedStatuses < MOST_MISSED_STATUSES) return;
      this.status = error || !reply ? undefined : reply;
      if (wasUp !== (this.status !== undefined)) {
        this.#options.log.info({ pod: this.address, up: !wasUp }, wasUp ? "a pod does not answer" : "a pod answers");
      }
    });
  }

  /** Takes a call onto the stream and returns its handle; the caller adds its `opened` to the batch next. */
  attach(call: PodCall): number {
    this.#stream ??= this.#open();
    const handle = this.#nextHandle++;
    this.#calls.set(handle, call);
    return handle;
  }

  /** Forgets a call; replies that are still under way for it are dropped. */
  detach(handle: number): void {
    this.#calls.delete(handle);
  }

  /** Sends what the batch holds, if anything, and notices a pod that has stopped answering. */
  send(nowMs: number): void {
    const stream = this.#stream;
    if (!stream) {
      this.batch.clear();
      return;
    }
    if (!this.batch.isEmpty) {
      const tick = ++this.#tick;
      this.#sentAtMs[tick % SENT_TICKS] = nowMs;
      stream.write(this.batch.take(tick));
    }
    if (stream.writableLength > MAX_UNSENT_MESSAGES) {
      this.#lose("the pod does not read");
      return;
    }
    const lagMs = this.#answered === this.#tick ? undefined : nowMs - this.#oldestUnansweredMs();
    const gone = this.#patience.tick(nowMs, lagMs, this.#hasAlternative);
    if (gone !== undefined) this.#lose(gone);
  }

  close(): void {
    this.#closed = true;
    this.#lose("closed");
    this.#client.close();
  }

  #oldestUnansweredMs(): number {
    return this.#sentAtMs[Math.max(this.#answered + 1, this.#tick - SENT_TICKS + 1) % SENT_TICKS]!;
  }

  #open(): TicksStream {
    const { path, requestStream, responseDeserialize } = podPackage.Pod.service.Ticks;
    this.#options.log.debug({ pod: this.address, path, requestStream }, "opening a tick stream");
    const stream = this.#client.makeBidiStreamRequest(path, (encoded: Buffer) => encoded, responseDeserialize);
    stream.on("data", (reply: TickReply__Output) => {
      if (stream === this.#stream) this.#onReply(reply);
    });
    const gone = (reason: string) => {
      if (stream === this.#stream) this.#lose(reason);
    };
    stream.on("error", (error: Error) => gone(error.message));
    stream.on("end", () => gone("the pod ended the stream"));
    this.#answered = this.#tick;
    this.#patience.answered();
    return stream;
  }

  /** The stream is over: every call on it looks for another place. */
  #lose(reason: string): void {
    const stream = this.#stream;
    if (!stream) return;
    this.#stream = undefined;
    stream.cancel();
    this.batch.clear();
    if (!this.#closed) this.status = undefined;
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    if (calls.length > 0) this.#options.log.warn({ pod: this.address, reason, calls: calls.length }, "a pod was lost");
    for (const call of calls) call.onPodLost(reason);
  }

  #onReply(reply: TickReply__Output): void {
    const { metrics, clock } = this.#options;
    this.#patience.answered();
    if (reply.tick > this.#answered) {
      this.#answered = reply.tick;
      metrics.podReplyMs.observe(clock.nowMs() - this.#sentAtMs[reply.tick % SENT_TICKS]!);
    }
    const rows = reply.call.length;
    const out = this.#reply;
    let audioAt = 0;
    for (let row = 0; row < rows; row++) {
      const audioBytes = reply.audio_bytes[row] ?? 0;
      const call = this.#calls.get(reply.call[row]!);
      if (call) {
        out.hop = reply.hop[row]!;
        out.decision = reply.decision[row] ?? 0;
        out.scores = reply.scores;
        out.scoresAt = row * SCORES_BYTES;
        out.conditioning = reply.conditioning;
        out.conditioningAt = row * 4;
        out.epoch = reply.epoch[row] ?? 0;
        out.gainDb = reply.gain_db[row] ?? 0;
        out.audio = reply.audio;
        out.audioAt = audioAt;
        out.audioBytes = audioBytes;
        call.onReply(out);
      }
      audioAt += audioBytes;
    }
    for (const output of reply.outputs) this.#calls.get(output.call)?.onOutput(output.json);
  }
}
