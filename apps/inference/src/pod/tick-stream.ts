import { status as GrpcStatus, type ServerDuplexStream } from "@grpc/grpc-js";
import { SidetoneError } from "@sidetone/platform";
import { HOP_SAMPLES, PodInput, type PodOutput, type TickReply, type TickRequest__Output } from "@sidetone/protocol";
import type { Opened } from "../shard/call-loop.ts";
import type { ShardEvent, ShardOutput } from "../shard/shard.ts";
import type { LiveCall } from "./live-call.ts";
import type { Pod } from "./pod.ts";
import type { PodWorker } from "./pod-worker.ts";
import { TickJob, type TickOwner, TickPart } from "./tick-job.ts";

/** Ticks that may wait for their workers before the stream is not read further: 1 s. */
const MAX_WAITING_TICKS = 25;
/** Replies that a bridge may leave unread before it is given up: 4 s. */
const MAX_UNREAD_REPLIES = 100;
/** Ended handles remembered, to tell a late hop from one of a call that never was. */
const MAX_ENDED_HANDLES = 4_096;

type TicksCall = ServerDuplexStream<TickRequest__Output, TickReply>;

/** One bridge's stream: its calls by handle, its ticks in order. When it ends, its calls end. */
export class TickStream implements TickOwner {
  readonly #pod: Pod;
  readonly #stream: TicksCall;
  readonly #onEnded: () => void;
  readonly #calls = new Map<number, LiveCall>();
  readonly #byNumber = new Map<number, LiveCall>();
  readonly #ended = new Set<number>();
  #jobs: TickJob[] = [];
  #unread = 0;
  #paused = false;
  #over = false;

  constructor(pod: Pod, stream: TicksCall, onEnded: () => void) {
    this.#pod = pod;
    this.#stream = stream;
    this.#onEnded = onEnded;
    stream.on("data", (request: TickRequest__Output) => this.#onTick(request));
    stream.on("end", () => this.end());
    stream.on("cancelled", () => this.#finish());
    stream.on("error", (error: Error) => {
      pod.log.warn({ err: { message: error.message } }, "a bridge's stream broke");
      this.#finish();
    });
  }

  /** Closes the stream from this side; its calls end. */
  end(): void {
    if (this.#over) return;
    this.#finish();
    this.#stream.end();
  }

  /** A worker died: its calls are told so, in a reply of their own. */
  lose(worker: PodWorker): void {
    const error = new SidetoneError("POD_WORKER_LOST");
    const outputs: { call: number; json: string }[] = [];
    for (const call of this.#calls.values()) {
      if (call.worker !== worker) continue;
      outputs.push({ call: call.handle, json: failedJson(error) });
      this.#forget(call);
    }
    if (outputs.length > 0) this.#write({ tick: this.#jobs[0]?.tick ?? 0, outputs });
  }

  collect(job: TickJob, outputs: readonly ShardOutput[]): void {
    for (const output of outputs) {
      const call = this.#byNumber.get(output.call);
      if (!call || call.closed) continue;
      job.outputs.push({ call: call.handle, json: output.json });
      if (output.ended) this.#forget(call);
    }
  }

  flush(): void {
    while (this.#jobs.length > 0 && this.#jobs[0]!.pendingParts === 0) {
      const job = this.#jobs.shift()!;
      if (this.#over) continue;
      this.#write(job.reply());
      this.#pod.answered(this.#pod.clock.nowMs() - job.receivedMs);
    }
    if (this.#paused && this.#jobs.length < MAX_WAITING_TICKS / 2) {
      this.#paused = false;
      this.#stream.resume();
    }
  }

  #onTick(request: TickRequest__Output): void {
    if (this.#over) return;
    const rows = request.call.length;
    const whole =
      request.hop.length === rows &&
      request.caller_audio.length === rows * HOP_SAMPLES &&
      request.agent_audio.length === rows * HOP_SAMPLES;
    if (!whole) {
      this.#refuseStream("the columns have different lengths");
      return;
    }
    const job = new TickJob(request, this.#pod.clock.nowMs());
    this.#jobs.push(job);
    /** Parts by worker; the last of each takes events, and rows of calls that are not in it yet. */
    const parts = new Map<PodWorker, TickPart[]>();
    for (const message of request.inputs) this.#enter(job, parts, message.call, message.json);
    for (let row = 0; row < rows; row++) {
      const call = this.#calls.get(request.call[row]!);
      if (call) this.#partFor(job, parts, call).add(call, row);
      else this.#refuseUnknown(job, request.call[row]!);
    }
    for (const [worker, list] of parts) for (const part of list) worker.host.submit(part);
    this.flush();
    if (this.#jobs.length > MAX_WAITING_TICKS && !this.#paused) {
      // HTTP/2 flow control carries it to the bridge, whose own policy for old audio then applies.
      this.#paused = true;
      this.#stream.pause();
    }
  }

  /** The first of the worker's parts that does not hold the call yet: its hops are stepped one after the other. */
  #partFor(job: TickJob, parts: Map<PodWorker, TickPart[]>, call: LiveCall): TickPart {
    let list = parts.get(call.worker);
    if (!list) {
      list = [];
      parts.set(call.worker, list);
    }
    const latest = call.latestPart ? list.indexOf(call.latestPart) : -1;
    let part = list[latest + 1];
    if (!part) {
      part = new TickPart(this, job);
      list.push(part);
    }
    return part;
  }

  #event(job: TickJob, parts: Map<PodWorker, TickPart[]>, worker: PodWorker, event: ShardEvent): void {
    let list = parts.get(worker);
    if (!list) {
      list = [new TickPart(this, job)];
      parts.set(worker, list);
    }
    list[0]!.events.push(event);
  }

  #enter(job: TickJob, parts: Map<PodWorker, TickPart[]>, handle: number, json: string): void {
    const input = parseInput(json);
    const call = this.#calls.get(handle);
    if (!input) {
      this.#count("POD_MESSAGE_INVALID");
      // Without its first message a call cannot be; a later one costs only itself.
      if (!call) this.#fail(job, handle, new SidetoneError("POD_MESSAGE_INVALID", "The call's first message."));
      return;
    }
    if (input.type === "opened") {
      this.#open(job, parts, handle, input);
      return;
    }
    if (!call) {
      this.#refuseUnknown(job, handle);
      return;
    }
    if (input.type === "closed") {
      this.#event(job, parts, call.worker, { type: "close", call: call.number });
      this.#forget(call);
      return;
    }
    this.#event(job, parts, call.worker, { type: "input", call: call.number, input });
  }

  #open(job: TickJob, parts: Map<PodWorker, TickPart[]>, handle: number, opened: Opened): void {
    const before = this.#calls.get(handle);
    if (before) {
      this.#event(job, parts, before.worker, { type: "close", call: before.number });
      this.#forget(before);
      this.#fail(job, handle, new SidetoneError("POD_CALL_DUPLICATE", `Handle ${handle}.`));
      return;
    }
    try {
      const { worker, number } = this.#pod.place();
      const call: LiveCall = { handle, number, worker, closed: false, latestPart: undefined };
      this.#calls.set(handle, call);
      this.#byNumber.set(number, call);
      this.#ended.delete(handle);
      this.#event(job, parts, worker, { type: "open", call: number, opened });
    } catch (error) {
      if (!(error instanceof SidetoneError)) throw error;
      this.#fail(job, handle, error);
    }
  }

  #refuseUnknown(job: TickJob, handle: number): void {
    if (this.#ended.has(handle)) {
      this.#pod.metrics.staleInputs.inc();
      return;
    }
    this.#fail(job, handle, new SidetoneError("POD_CALL_UNKNOWN", `Handle ${handle}.`));
  }

  #fail(job: TickJob, handle: number, error: SidetoneError): void {
    this.#count(error.code);
    this.#remember(handle);
    job.outputs.push({ call: handle, json: failedJson(error) });
  }

  #count(code: string): void {
    this.#pod.metrics.refusals.inc({ code });
  }

  #refuseStream(detail: string): void {
    const error = new SidetoneError("POD_MESSAGE_INVALID", `${detail}.`);
    this.#count(error.code);
    this.#pod.log.warn({ err: { message: error.message } }, "a bridge's stream was refused");
    this.#finish();
    this.#stream.emit("error", { code: GrpcStatus.INVALID_ARGUMENT, details: `${error.code}: ${error.message}` });
  }

  #write(reply: TickReply): void {
    if (this.#over) return;
    this.#unread++;
    this.#stream.write(reply, () => {
      this.#unread--;
    });
    if (this.#unread <= MAX_UNREAD_REPLIES) return;
    const error = new SidetoneError("POD_STREAM_STALLED");
    this.#count(error.code);
    this.#finish();
    this.#stream.emit("error", { code: GrpcStatus.RESOURCE_EXHAUSTED, details: `${error.code}: ${error.message}` });
  }

  /** Ends all its calls; safe to call twice. */
  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    const closing = new Map<PodWorker, ShardEvent[]>();
    for (const call of [...this.#calls.values()]) {
      const events = closing.get(call.worker) ?? [];
      events.push({ type: "close", call: call.number });
      closing.set(call.worker, events);
      this.#forget(call);
    }
    for (const [worker, events] of closing) worker.host.submit(closingJob(this, events));
    this.#onEnded();
  }

  #forget(call: LiveCall): void {
    call.closed = true;
    this.#calls.delete(call.handle);
    this.#byNumber.delete(call.number);
    this.#remember(call.handle);
    this.#pod.left(call.worker);
  }

  #remember(handle: number): void {
    this.#ended.add(handle);
    if (this.#ended.size <= MAX_ENDED_HANDLES) return;
    const [oldest] = this.#ended;
    this.#ended.delete(oldest!);
  }
}

function parseInput(json: string): PodInput | undefined {
  try {
    const parsed = PodInput.safeParse(JSON.parse(json));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function failedJson(error: SidetoneError): string {
  return JSON.stringify({ type: "failed", code: error.code, message: error.message } satisfies PodOutput);
}

function closingJob(owner: object, events: readonly ShardEvent[]) {
  const nothing = () => undefined;
  return { owner, events, rows: 0, fill: nothing, take: nothing, finish: nothing, lose: nothing };
}
