import { Worker } from "node:worker_threads";
import type { ModelSettings } from "../models.ts";
import { type ShardColumns, shardColumns } from "./columns.ts";
import type { ShardEvent, ShardOutput } from "./shard.ts";
import type { FromWorker, ToWorker, WorkerSettings } from "./worker-thread.ts";

/** One tick's work for one shard: who asks, what came in, and which rows of the request are its. */
export interface ShardJob {
  /** Two jobs of one owner may hold the same call, so they are never stepped in one batch. */
  readonly owner: object;
  readonly events: readonly ShardEvent[];
  readonly rows: number;
  /** Copies the job's rows into the columns from row `first` on. */
  fill(columns: ShardColumns, first: number): void;
  /** Copies the results of its rows out of the columns. */
  take(columns: ShardColumns, first: number): void;
  /** The batch is done; `outputs` is everything but audio of all its jobs' calls. */
  finish(outputs: readonly ShardOutput[]): void;
  /** The worker died; nothing will come. */
  lose(): void;
}

export interface WorkerHostOptions {
  models: ModelSettings;
  logLevel: string;
  awaitSpeech: boolean;
  onReady(ready: Extract<FromWorker, { type: "ready" }>): void;
  /** A batch was stepped: how long the worker took, and how many hops it held. */
  onStepped(stepMs: number, rows: number): void;
  /** The worker died and its calls with it; called before its jobs are told. */
  onLost(error: Error): void;
}

/**
 * The gRPC thread's side of one worker. While the worker steps, further jobs queue; when it answers, all queued jobs
 * that may share a batch go to it together. The gRPC thread itself never waits.
 */
export class WorkerHost {
  readonly columns: ShardColumns;
  readonly #options: WorkerHostOptions;
  readonly #worker: Worker;
  #queue: ShardJob[] = [];
  #running: ShardJob[] = [];
  #busy = true;
  #closed = false;

  constructor(options: WorkerHostOptions) {
    this.#options = options;
    this.columns = shardColumns(options.models.slots);
    const settings: WorkerSettings = {
      models: options.models,
      columns: this.columns.buffer,
      logLevel: options.logLevel,
      awaitSpeech: options.awaitSpeech,
    };
    this.#worker = new Worker(new URL("./worker-thread.ts", import.meta.url), { workerData: settings });
    this.#worker.on("message", (message: FromWorker) => this.#receive(message));
    this.#worker.on("error", (error: Error) => this.#lose(error));
    this.#worker.on("exit", (code) => this.#lose(new Error(`the worker exited with ${code}`)));
  }

  submit(job: ShardJob): void {
    this.#queue.push(job);
    this.#dispatch();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const exited = new Promise<void>((resolve) => this.#worker.once("exit", () => resolve()));
    this.#worker.postMessage({ type: "stop" } satisfies ToWorker);
    await exited;
  }

  #receive(message: FromWorker): void {
    if (message.type === "ready") {
      this.#busy = false;
      this.#options.onReady(message);
      this.#dispatch();
      return;
    }
    let first = 0;
    for (const job of this.#running) {
      job.take(this.columns, first);
      first += job.rows;
    }
    this.#options.onStepped(message.stepMs, first);
    const finished = this.#running;
    this.#running = [];
    this.#busy = false;
    this.#dispatch();
    for (const job of finished) job.finish(message.outputs);
  }

  #dispatch(): void {
    if (this.#busy || this.#closed || this.#queue.length === 0) return;
    const later: ShardJob[] = [];
    const owners = new Set<object>();
    const events: ShardEvent[] = [];
    let rows = 0;
    for (const job of this.#queue) {
      if (owners.has(job.owner) || rows + job.rows > this.columns.capacity) {
        // Everything behind it of the same owner has to keep its order.
        owners.add(job.owner);
        later.push(job);
        continue;
      }
      owners.add(job.owner);
      events.push(...job.events);
      job.fill(this.columns, rows);
      rows += job.rows;
      this.#running.push(job);
    }
    this.#queue = later;
    this.#busy = true;
    this.#worker.postMessage({ type: "tick", events, count: rows } satisfies ToWorker);
  }

  #lose(error: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    const lost = [...this.#running, ...this.#queue];
    this.#running = [];
    this.#queue = [];
    this.#options.onLost(error);
    for (const job of lost) job.lose();
  }
}
