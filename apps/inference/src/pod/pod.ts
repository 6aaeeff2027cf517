import { randomUUID } from "node:crypto";
import { type Clock, type Logger, SidetoneError } from "@sidetone/platform";
import type { PodHandlers, StatusReply } from "@sidetone/protocol";
import type { ModelSettings } from "../models.ts";
import { WorkerHost } from "../shard/worker-host.ts";
import type { PodMetrics } from "./pod-metrics.ts";
import type { PodWorker } from "./pod-worker.ts";
import { TickStream } from "./tick-stream.ts";
import { TickWindow } from "./tick-window.ts";

/** A worker that died is replaced after this long, so that a broken model does not spin. */
const RESTART_AFTER_MS = 1_000;
const P99_SPAN_MS = 10_000;
const P99_TICKS = 4_096;

export interface PodOptions {
  podId?: string | undefined;
  threads: number;
  models: ModelSettings;
  /** Overrides what was measured. */
  capacityCalls?: number | undefined;
  logLevel: string;
  /** Answer a tick only when the speech that it asked for is made: for calls on a virtual clock. */
  awaitSpeech: boolean;
  log: Logger;
  clock: Clock;
  metrics: PodMetrics;
}

/** All workers of this process, which call is where, and what placement may know. */
export class Pod {
  readonly id: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly metrics: PodMetrics;
  readonly #options: PodOptions;
  readonly #workers: PodWorker[] = [];
  readonly #streams = new Set<TickStream>();
  readonly #window = new TickWindow(P99_SPAN_MS, P99_TICKS);
  #models: { name: string; version: string }[] = [];
  #numbers = 0;
  #draining = false;
  #closed = false;
  readonly #watchers: { settled: () => boolean; resolve: () => void }[] = [];

  constructor(options: PodOptions) {
    this.#options = options;
    this.id = options.podId ?? `pod-${randomUUID().slice(0, 8)}`;
    this.log = options.log.child({ podId: this.id });
    this.clock = options.clock;
    this.metrics = options.metrics;
    for (let thread = 0; thread < options.threads; thread++) this.#startWorker(thread);
  }

  /** Every worker has loaded its models and run them. */
  get ready(): boolean {
    return !this.#closed && !this.#draining && this.#workers.every((w) => w.ready);
  }

  get openCalls(): number {
    return this.#workers.reduce((sum, worker) => sum + worker.openCalls, 0);
  }

  get capacityCalls(): number {
    const ready = this.#workers.filter((worker) => worker.ready);
    const configured = this.#options.capacityCalls;
    if (configured !== undefined) return Math.min(configured, ready.length * this.#options.models.slots);
    return ready.reduce((sum, worker) => sum + worker.capacityCalls, 0);
  }

  /** Resolves when all workers serve. */
  whenReady(): Promise<void> {
    return this.#when(() => this.ready);
  }

  handlers(): PodHandlers {
    return {
      Ticks: (call) => {
        const stream = new TickStream(this, call, () => this.#streams.delete(stream));
        this.#streams.add(stream);
      },
      Status: (_call, callback) => callback(null, this.status()),
    };
  }

  status(): StatusReply {
    // The model that calls ask for first; the line test is always there beside it.
    const model = this.#models.find((m) => m.name !== "line-test") ?? this.#models[0];
    return {
      pod_id: this.id,
      ready: this.ready,
      capacity_calls: this.capacityCalls,
      open_calls: this.openCalls,
      model: model?.name ?? "",
      model_hash: model?.version ?? "",
      tick_p99_ms: this.#window.p99(this.clock.nowMs()),
      draining: this.#draining,
    };
  }

  /** Finds room for a call and takes it. @throws SidetoneError when there is none. */
  place(): { worker: PodWorker; number: number } {
    if (this.#draining) throw new SidetoneError("DRAINING");
    const openCalls = this.openCalls;
    const capacityCalls = this.capacityCalls;
    let best: PodWorker | undefined;
    for (const worker of this.#workers) {
      if (!worker.ready || worker.openCalls >= this.#options.models.slots) continue;
      if (!best || worker.openCalls < best.openCalls) best = worker;
    }
    if (!best || openCalls >= capacityCalls) {
      throw new SidetoneError("NO_CAPACITY", `${this.id} holds ${openCalls} of ${capacityCalls} calls.`);
    }
    best.openCalls++;
    this.metrics.openCalls.set(openCalls + 1);
    return { worker: best, number: this.#numbers++ };
  }

  /** A call left its worker. */
  left(worker: PodWorker): void {
    worker.openCalls--;
    this.metrics.openCalls.set(this.openCalls);
    this.#settle();
  }

  answered(tookMs: number): void {
    this.#window.add(this.clock.nowMs(), tookMs);
    this.metrics.tickMs.observe(tookMs);
  }

  /** Takes no new calls from now on; resolves when the last one has ended, or after `timeoutMs`. */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    this.log.info({ openCalls: this.openCalls }, "draining");
    const empty = this.#when(() => this.openCalls === 0);
    let stop: () => void = () => undefined;
    const late = new Promise<void>((resolve) => {
      stop = this.clock.after(timeoutMs, resolve);
    });
    await Promise.race([empty, late]);
    stop();
  }

  async close(): Promise<void> {
    this.#draining = true;
    this.#closed = true;
    for (const stream of [...this.#streams]) stream.end();
    await Promise.all(this.#workers.map((worker) => worker.host.close()));
  }

  #startWorker(index: number): void {
    const host = new WorkerHost({
      models: this.#options.models,
      logLevel: this.#options.logLevel,
      awaitSpeech: this.#options.awaitSpeech,
      onReady: (ready) => {
        this.#models = ready.models;
        worker.capacityCalls = ready.capacityCalls;
        worker.ready = true;
        this.#settle();
      },
      onStepped: (stepMs, rows) => {
        this.metrics.stepMs.observe(stepMs);
        this.metrics.batchRows.observe(rows);
      },
      onLost: (error) => this.#replace(index, worker, error),
    });
    const worker: PodWorker = { host, ready: false, openCalls: 0, capacityCalls: 0 };
    this.#workers[index] = worker;
  }

  #replace(index: number, worker: PodWorker, error: Error): void {
    if (this.#closed) return;
    worker.ready = false;
    this.log.error({ err: error, openCalls: worker.openCalls }, "a worker died");
    this.metrics.workersLost.inc();
    for (const stream of this.#streams) stream.lose(worker);
    this.clock.after(RESTART_AFTER_MS, () => {
      if (!this.#closed) this.#startWorker(index);
    });
  }

  #when(settled: () => boolean): Promise<void> {
    if (settled()) return Promise.resolve();
    return new Promise((resolve) => this.#watchers.push({ settled, resolve }));
  }

  #settle(): void {
    for (let i = this.#watchers.length - 1; i >= 0; i--) {
      const watcher = this.#watchers[i]!;
      if (!watcher.settled()) continue;
      this.#watchers.splice(i, 1);
      watcher.resolve();
    }
  }
}
