import { Backoff, type Logger } from "@sidetone/platform";
import {
  type CallEvent,
  COST_CLASSES,
  type CostClass,
  type PodOutput,
  queueName,
  REDIS_PREFIX,
  TASK_VOID_ALL,
  TASKS,
  type TaskJob,
  taskJobId,
  taskVoidKey,
} from "@sidetone/protocol";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { CallInfo } from "./call-info.ts";
import type { BridgeMetrics } from "./metrics.ts";

/** Entries that may wait for Redis. They are control: far more than a bridge can bring about before its calls end. */
const MAX_WAITING = 20_000;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;
const VOID_SECONDS = 3_600;
/** BullMQ's bound for a priority. */
const AFTER_CALL_PRIORITY = 10;

/** The call a task belongs to, as far as tasks need it. */
export type TaskCall = Pick<CallInfo, "callId" | "from" | "to" | "playbook">;

/** What a call may ask of the background tier. */
export type TaskOutput = Extract<PodOutput, { type: "delegate" | "supersede" | "cancel" | "reprioritise" }>;

interface Entry {
  what: string;
  run: () => Promise<unknown>;
}

export interface TaskOutboxOptions {
  /** Queues commands while Redis is away, as BullMQ wants it. */
  redis: Redis;
  metrics: BridgeMetrics;
  log: Logger;
  bridgeId: string;
  wallMs: () => number;
  event: (event: CallEvent) => void;
}

/**
 * Tasks on their way to BullMQ: put in on the road, added off it, one after the other, so that what supersedes a task
 * never overtakes it. The same delegation twice is one job.
 */
export class TaskOutbox {
  readonly #options: TaskOutboxOptions;
  readonly #queues: Record<CostClass, Queue>;
  readonly #waiting: Entry[] = [];
  /** Where each task that may still be reprioritised lies. */
  readonly #jobs = new Map<string, { queue: Queue; jobId: string }>();
  #working: Promise<void> | undefined;
  #closed = false;

  constructor(options: TaskOutboxOptions) {
    this.#options = options;
    const queue = (cost: CostClass): Queue => {
      const made = new Queue(queueName(cost), { connection: options.redis, prefix: REDIS_PREFIX });
      made.on("error", (error) => options.log.debug({ err: { message: error.message } }, "a queue erred"));
      return made;
    };
    this.#queues = Object.fromEntries(COST_CLASSES.map((cost) => [cost, queue(cost)])) as Record<CostClass, Queue>;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  put(info: TaskCall, atMs: number, output: TaskOutput): void {
    switch (output.type) {
      case "delegate":
        this.#delegate(info, atMs, output);
        return;
      case "supersede":
        this.#void(output.taskId, output.epoch);
        return;
      case "cancel":
        this.#void(output.taskId, TASK_VOID_ALL);
        return;
      case "reprioritise":
        this.#put("reprioritise", () => this.#reprioritise(output.taskId, output.priority));
    }
  }

  /** The call is over: its tape goes to the after-call work. */
  afterCall(info: TaskCall, tapePath: string, endReason: string): void {
    for (const taskId of this.#jobs.keys()) if (taskId.startsWith(info.callId)) this.#jobs.delete(taskId);
    const job = this.#job(info, {
      taskId: `${info.callId}-after`,
      epoch: 0,
      kind: "after-call",
      input: { tapePath, endReason },
      outlivesCall: true,
    });
    this.#add({ ...job, bridgeId: "" }, AFTER_CALL_PRIORITY);
  }

  /** Resolves when everything that was put in so far is with Redis. */
  async settled(): Promise<void> {
    await this.#working;
  }

  /** Adds what waits, for `boundMs` at most, and closes the queues. */
  async close(boundMs: number): Promise<void> {
    await Promise.race([this.settled(), new Promise((resolve) => setTimeout(resolve, boundMs).unref())]);
    this.#closed = true;
    if (this.#waiting.length > 0)
      this.#options.log.error({ tasks: this.#waiting.length }, "tasks were not handed over");
    if (this.#options.redis.status === "ready") {
      await Promise.all(Object.values(this.#queues).map((queue) => queue.close()));
    }
  }

  #delegate(info: TaskCall, atMs: number, output: Extract<TaskOutput, { type: "delegate" }>): void {
    const { taskId, epoch, kind } = output;
    const event = { type: "task", callId: info.callId, atMs, taskId, epoch, kind } as const;
    this.#options.event({ ...event, step: "delegated" });
    const job = this.#job(info, output);
    this.#add(job, output.priority, () => this.#options.event({ ...event, step: "queued" }));
  }

  #job(info: TaskCall, task: Pick<TaskJob, "taskId" | "epoch" | "kind" | "input" | "outlivesCall">): TaskJob {
    return {
      taskId: task.taskId,
      epoch: task.epoch,
      kind: task.kind,
      input: task.input,
      callId: info.callId,
      tenant: "default",
      bridgeId: this.#options.bridgeId,
      idempotencyKey: `${info.callId}:${task.taskId}:${task.epoch}`,
      outlivesCall: task.outlivesCall,
      delegatedAt: new Date(this.#options.wallMs()).toISOString(),
      call: { from: info.from, to: info.to, playbookId: info.playbook.id, playbookVersion: info.playbook.version },
    };
  }

  #add(job: TaskJob, priority: number, done?: () => void): void {
    const { costClass, attempts, backoffMs } = TASKS[job.kind];
    const queue = this.#queues[costClass];
    const jobId = taskJobId(job.taskId, job.epoch);
    this.#jobs.set(job.taskId, { queue, jobId });
    this.#put(job.kind, async () => {
      await queue.add(job.kind, job, { jobId, priority, attempts, backoff: { type: "exponential", delay: backoffMs } });
      done?.();
    });
  }

  #void(taskId: string, below: number): void {
    this.#put("void", () => this.#options.redis.set(taskVoidKey(taskId), below, "EX", VOID_SECONDS));
  }

  async #reprioritise(taskId: string, priority: number): Promise<void> {
    const at = this.#jobs.get(taskId);
    const job = at && (await at.queue.getJob(at.jobId));
    // Wherever it is: a job that waits moves in its queue; one that is delayed (for a share, for a retry) takes its new
    // place when it comes back; one that runs keeps the priority for its next attempt.
    await job?.changePriority({ priority });
  }

  #put(what: string, run: () => Promise<unknown>): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#waiting.shift();
      this.#options.metrics.outboxDropped.inc({ queue: "tasks" });
    }
    this.#waiting.push({ what, run });
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  async #work(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const backoff = new Backoff(FIRST_RETRY_MS, LONGEST_RETRY_MS);
    while (this.#waiting.length > 0 && !this.#closed) {
      const entry = this.#waiting[0]!;
      try {
        await entry.run();
        backoff.succeeded();
        // The bound may have dropped it meanwhile.
        if (this.#waiting[0] === entry) this.#waiting.shift();
      } catch (error) {
        this.#options.log.warn({ err: { message: String(error) }, what: entry.what }, "a task waits for redis");
        await new Promise((resolve) => setTimeout(resolve, backoff.nextMs()));
      }
    }
  }
}
