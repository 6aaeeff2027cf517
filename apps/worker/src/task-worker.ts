import type { Logger } from "@sidetone/platform";
import { COST_CLASSES, type CostClass, type Finding, queueName, REDIS_PREFIX, TaskJob } from "@sidetone/protocol";
import { type Job, Queue, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { CallWatch } from "./call-watch.ts";
import { processTask, type TaskWorld } from "./process-task.ts";
import { RunningTasks } from "./running-tasks.ts";
import type { TaskMetrics } from "./task-metrics.ts";
import { type FairShare, TaskState } from "./task-state.ts";
import type { Tools } from "./tool.ts";

export interface TaskWorkerOptions {
  /** Opens a connection that reconnects for ever and queues commands meanwhile. */
  connect: () => Redis;
  tools: (world: { state: TaskState; queues: Record<CostClass, Queue> }) => Tools;
  metrics: TaskMetrics;
  log: Logger;
  /** Tasks of one class that this process runs at once. */
  concurrency?: Partial<Record<CostClass, number>>;
  shares?: Partial<Record<CostClass, FairShare>>;
  /** A worker that dies is noticed after about this long: its caller is waiting. */
  lockMs?: number;
}

const CONCURRENCY: Record<CostClass, number> = { lookup: 32, write: 12, slow: 12, "after-call": 4, timer: 8 };
/** A call waits for few things at once; a tenant leaves a quarter of one worker to the others. */
const SHARES: Record<CostClass, FairShare> = {
  lookup: { perCall: 4, perTenant: 24 },
  write: { perCall: 2, perTenant: 9 },
  slow: { perCall: 2, perTenant: 9 },
  "after-call": { perCall: 1, perTenant: 4 },
  timer: { perCall: 4, perTenant: 8 },
};
/** A job that took this many workers down with it is a dead letter. */
const MOST_CRASHES = 12;
/** After the drain's bound, how long handing back may take. */
const HAND_BACK_MS = 2_000;
const KEPT_COMPLETED = { age: 600, count: 2_000 };
const KEPT_DEAD_LETTERS = { age: 14 * 86_400, count: 10_000 };

/** BullMQ workers over the whole catalogue: one queue a cost class, one processor for all. */
export class TaskWorker {
  readonly state: TaskState;
  readonly running = new RunningTasks();
  readonly queues: Record<CostClass, Queue>;
  readonly #workers: Worker[] = [];
  readonly #watch: CallWatch;
  readonly #redis: Redis;
  /** Findings do not queue behind what BullMQ tells Redis of thirty other tasks. */
  readonly #findings: Redis;
  readonly #blocking: Redis;
  readonly #log: Logger;
  readonly #world: TaskWorld;

  constructor(options: TaskWorkerOptions) {
    this.#log = options.log;
    this.#redis = options.connect();
    this.#findings = options.connect();
    this.#blocking = options.connect();
    this.state = new TaskState(this.#findings);
    const connection = this.#redis;
    const prefix = REDIS_PREFIX;
    this.queues = Object.fromEntries(
      COST_CLASSES.map((cost) => [cost, new Queue(queueName(cost), { connection, prefix })]),
    ) as Record<CostClass, Queue>;
    for (const queue of Object.values(this.queues)) {
      queue.on("error", (error) => this.#log.debug({ err: { message: error.message } }, "a queue erred"));
    }
    this.#world = {
      redis: this.#redis,
      state: this.state,
      tools: options.tools({ state: this.state, queues: this.queues }),
      running: this.running,
      metrics: options.metrics,
      log: options.log,
      shares: { ...SHARES, ...options.shares },
      queues: this.queues,
    };
    const lockMs = options.lockMs ?? 2_500;
    for (const cost of COST_CLASSES) {
      const worker = new Worker(queueName(cost), (job, token) => processTask(this.#world, job, token ?? ""), {
        connection,
        prefix,
        concurrency: options.concurrency?.[cost] ?? CONCURRENCY[cost],
        lockDuration: lockMs,
        stalledInterval: Math.max(250, Math.round(lockMs / 3)),
        maxStalledCount: MOST_CRASHES,
        removeOnComplete: KEPT_COMPLETED,
        removeOnFail: KEPT_DEAD_LETTERS,
        // The default waits fifteen seconds after a lost connection; a caller would have hung up.
        runRetryDelay: 250,
      });
      worker.on("error", (error) => this.#log.warn({ err: { message: error.message }, cost }, "a queue worker erred"));
      worker.on("failed", (job, error) => void this.#onFailed(job, error));
      this.#workers.push(worker);
    }
    this.#watch = new CallWatch(this.#blocking, this.state, this.running, options.log);
    this.#watch.start();
  }

  async ready(): Promise<void> {
    for (const worker of this.#workers) await worker.waitUntilReady();
  }

  /** Redis answers and all queues are being worked on. */
  get healthy(): boolean {
    return this.#redis.status === "ready" && this.#workers.every((worker) => worker.isRunning());
  }

  /** Jobs per class and state, for autoscaling and the operator's eye. */
  async depths(): Promise<{ cost: CostClass; state: string; jobs: number }[]> {
    const all = COST_CLASSES.map(async (cost) => {
      const counts = await this.queues[cost].getJobCounts("waiting", "prioritized", "delayed", "active", "failed");
      return Object.entries(counts).map(([state, jobs]) => ({ cost, state, jobs }));
    });
    return (await Promise.all(all)).flat();
  }

  /**
   * Takes no more tasks, lets the running ones finish for `boundMs`, hands the rest back to the queue
   * at once, and closes. With Redis away it leaves all the same: the locks run out, and another worker
   * takes over.
   */
  async drain(boundMs: number): Promise<void> {
    const handBack = setTimeout(() => {
      this.#log.warn({ tasks: this.running.size }, "handing unfinished tasks back to the queue");
      this.running.handBack();
    }, boundMs);
    let leave: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      leave = setTimeout(resolve, boundMs + HAND_BACK_MS);
    });
    const closing = Promise.all([...this.#workers, ...Object.values(this.queues)].map((part) => part.close()));
    await Promise.race([closing, late]);
    clearTimeout(handBack);
    clearTimeout(leave);
    await this.#watch.close();
    this.#findings.disconnect();
    this.#redis.disconnect();
    // What was left behind ends with its connection; nobody waits for it any more.
    closing.catch((error) => this.#log.debug({ err: error }, "a queue did not close in time"));
  }

  /** A job that crashed its workers too often never reached the end of `processTask`: its call must hear of it. */
  async #onFailed(job: Job | undefined, error: Error): Promise<void> {
    const task = TaskJob.safeParse(job?.data);
    if (!job || !task.success || !error.message.includes("stalled")) return;
    const { taskId, epoch, kind } = task.data;
    const finding: Finding = {
      taskId,
      epoch,
      kind,
      outcome: "failed",
      error: { code: "TASK_FAILED", message: error.message, retryable: false },
      tookMs: Date.now() - job.timestamp,
    };
    try {
      await this.state.deliver(task.data, finding);
    } catch (failure) {
      this.#log.error({ err: failure, taskId }, "a failed task could not be reported");
    }
  }
}
