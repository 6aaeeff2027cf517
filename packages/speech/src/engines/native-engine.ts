import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { SpeechError } from "../errors.ts";
import type { SpeechEngine, SpeechRequest, SpeechSink, WordTiming } from "../port.ts";
import type { HostReply, HostRequest } from "./native-messages.ts";

const HOST_PATH = fileURLToPath(new URL("./native-host.ts", import.meta.url));

export interface NativeEngineOptions {
  readonly library: "flite" | "espeak";
  /** Voice to load at the start. */
  readonly voice: string;
  readonly timeoutMs?: number;
  /** Longest queue; beyond it the newest of the least urgent requests is refused with `SPEECH_ENGINE_BUSY`. */
  readonly mostWaiting?: number;
}

const MOST_WAITING = 256;

interface Job {
  readonly message: HostRequest;
  readonly request: SpeechRequest;
  readonly sink: SpeechSink;
  readonly resolve: () => void;
  readonly reject: (error: SpeechError) => void;
  cancelled: boolean;
}

/**
 * A speech library in a process of its own. Requests wait in the order of priority and arrival, up to a bound; the process
 * is started again when it dies, and the request that it was speaking fails.
 */
export class NativeEngine implements SpeechEngine {
  readonly name: string;
  readonly version = "1";
  readonly deterministic = true;
  readonly timeoutMs: number;
  readonly #library: "flite" | "espeak";
  readonly #voice: string;
  readonly #mostWaiting: number;
  #host: ChildProcess | undefined;
  /** In the order of arrival. */
  readonly #waiting: Job[] = [];
  #speaking: Job | undefined;
  #nextId = 1;
  #closed = false;

  constructor(options: NativeEngineOptions) {
    this.name = options.library;
    this.#library = options.library;
    this.#voice = options.voice;
    this.timeoutMs = options.timeoutMs ?? 2000;
    this.#mostWaiting = options.mostWaiting ?? MOST_WAITING;
  }

  async start(): Promise<void> {
    const nothing: SpeechSink = { audio: () => undefined, words: () => undefined };
    await this.#enqueue({ text: "", voice: this.#voice }, nothing, new AbortController().signal);
    // The first synthesis builds the voice's tables; nobody should wait for that.
    await this.#enqueue({ text: "hello.", voice: this.#voice }, nothing, new AbortController().signal);
  }

  synthesise(request: SpeechRequest, sink: SpeechSink, signal: AbortSignal): Promise<void> {
    return this.#enqueue(request, sink, signal);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const left = [...this.#waiting.splice(0), ...(this.#speaking ? [this.#speaking] : [])];
    for (const job of left) job.reject(new SpeechError("SPEECH_CANCELLED", "the engine was closed"));
    const host = this.#host;
    if (!host || host.exitCode !== null || host.signalCode !== null) return;
    // It keeps nothing that would need an orderly end.
    host.ref();
    await new Promise<void>((resolve) => {
      host.once("exit", () => resolve());
      host.kill();
    });
  }

  #enqueue(request: SpeechRequest, sink: SpeechSink, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed || signal.aborted) return reject(new SpeechError("SPEECH_CANCELLED", "nothing was spoken"));
      const { text, voice, rate = 1 } = request;
      const message = { id: this.#nextId++, text, voice, rate };
      const job: Job = { message, request, sink, resolve, reject, cancelled: false };
      signal.addEventListener("abort", () => this.#cancel(job), { once: true });
      this.#waiting.push(job);
      this.#next();
      if (this.#speaking === job) return;
      if (this.#waiting.length > this.#mostWaiting) this.#refuseOne();
      sink.queued?.(true);
    });
  }

  #refuseOne(): void {
    let last = 0;
    for (let i = 1; i < this.#waiting.length; i++) {
      if (priorityOf(this.#waiting[i]!) >= priorityOf(this.#waiting[last]!)) last = i;
    }
    const [refused] = this.#waiting.splice(last, 1);
    refused?.reject(new SpeechError("SPEECH_ENGINE_BUSY", `${this.name} has ${this.#waiting.length} clauses to speak`));
  }

  #cancel(job: Job): void {
    job.cancelled = true;
    const at = this.#waiting.indexOf(job);
    if (at >= 0) this.#waiting.splice(at, 1);
    job.reject(new SpeechError("SPEECH_CANCELLED", "the caller no longer wants it"));
  }

  #next(): void {
    if (this.#speaking) return;
    let first = 0;
    for (let i = 1; i < this.#waiting.length; i++) {
      if (priorityOf(this.#waiting[i]!) < priorityOf(this.#waiting[first]!)) first = i;
    }
    const [job] = this.#waiting.splice(first, 1);
    if (!job) return;
    this.#speaking = job;
    job.sink.queued?.(false);
    this.#host ??= this.#startHost();
    this.#host.channel?.ref();
    this.#host.send(job.message);
  }

  #startHost(): ChildProcess {
    const host = fork(HOST_PATH, [this.#library], {
      serialization: "advanced",
      execArgv: ["--disable-warning=ExperimentalWarning"],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    host.on("message", (reply) => this.#take(reply as HostReply));
    const onEnd = (cause: unknown): void => {
      if (this.#host !== host) return;
      this.#host = undefined;
      this.#finish(new SpeechError("SPEECH_ENGINE_FAILED", `the ${this.#library} process ended`, { cause }));
    };
    host.on("exit", (code, signal) => onEnd(signal ?? code));
    host.on("error", onEnd);
    host.unref();
    return host;
  }

  #take(reply: HostReply): void {
    const job = this.#speaking;
    if (!job || job.message.id !== reply.id) return;
    switch (reply.kind) {
      case "audio":
        if (!job.cancelled) job.sink.audio(reply.muLaw);
        return;
      case "tokens":
        if (!job.cancelled) job.sink.words(wordsOf(job.request.text, reply.bounds));
        return;
      case "done":
        this.#finish();
        return;
      case "failed":
        this.#finish(new SpeechError("SPEECH_ENGINE_FAILED", reply.detail));
    }
  }

  #finish(error?: SpeechError): void {
    const job = this.#speaking;
    this.#speaking = undefined;
    if (error) job?.reject(error);
    else job?.resolve();
    // A process that only waits for its next request keeps nobody alive.
    this.#host?.channel?.unref();
    if (!this.#closed) this.#next();
  }
}

const priorityOf = ({ request }: Job): number => request.priority ?? 0;

/** Empty where the library read the text in other tokens than ours; the words are then aligned. */
function wordsOf(text: string, bounds: Float64Array): WordTiming[] {
  const tokens = text.split(" ");
  if (bounds.length !== 2 * tokens.length) return [];
  return tokens.map((token, i) => ({
    text: token,
    startSamples: bounds[2 * i]!,
    endSamples: bounds[2 * i + 1]!,
    source: "engine",
  }));
}
