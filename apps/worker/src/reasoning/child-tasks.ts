import { createHash } from "node:crypto";
import {
  type CostClass,
  type Finding,
  queueName,
  REDIS_PREFIX,
  TASKS,
  type TaskJob,
  type TaskKind,
  taskJobId,
} from "@sidetone/protocol";
import { type Queue, QueueEvents } from "bullmq";
import type { Redis } from "ioredis";

/** Runs a task on behalf of another one and waits for its finding. */
export type RunChild = (parent: TaskJob, kind: TaskKind, input: unknown, signal: AbortSignal) => Promise<Finding>;

/**
 * Tool calls of the reasoning model as tasks of their own: queued, fair, retried, and once only, like
 * those of the dialogue. Their ids follow from what is asked, so that a reasoning that is run again
 * finds its results instead of repeating its effects.
 */
export class ChildTasks {
  readonly #queues: Record<CostClass, Queue>;
  readonly #connect: () => Redis;
  readonly #events = new Map<CostClass, { events: QueueEvents; connection: Redis }>();

  /** `connect` opens a connection that may block. */
  constructor(queues: Record<CostClass, Queue>, connect: () => Redis) {
    this.#queues = queues;
    this.#connect = connect;
  }

  readonly run: RunChild = async (parent, kind, input, signal) => {
    const { costClass, attempts, backoffMs, timeoutMs } = TASKS[kind];
    const asked = createHash("sha256")
      .update(JSON.stringify([kind, input]))
      .digest("hex")
      .slice(0, 12);
    const task: TaskJob = {
      ...parent,
      taskId: `${parent.taskId}-${kind}-${asked}`,
      kind,
      input,
      // Its finding is for the reasoning, not for the caller's ear.
      bridgeId: "",
      idempotencyKey: `${parent.idempotencyKey}:${kind}:${asked}`,
      delegatedAt: new Date().toISOString(),
    };
    const events = await this.#eventsOf(costClass);
    const job = await this.#queues[costClass].add(kind, task, {
      jobId: taskJobId(task.taskId, task.epoch),
      priority: 1,
      attempts,
      backoff: { type: "exponential", delay: backoffMs },
    });
    const aborted = new Promise<never>((_resolve, reject) => {
      if (signal.aborted) reject(signal.reason);
      else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    const waiting = job.waitUntilFinished(events, timeoutMs * attempts) as Promise<Finding>;
    return Promise.race([waiting, aborted]);
  };

  async close(): Promise<void> {
    for (const { events, connection } of this.#events.values()) {
      await events.close();
      // A connection that was handed in is left open by BullMQ.
      connection.disconnect();
    }
  }

  async #eventsOf(cost: CostClass): Promise<QueueEvents> {
    let opened = this.#events.get(cost);
    if (!opened) {
      const connection = this.#connect();
      opened = { connection, events: new QueueEvents(queueName(cost), { connection, prefix: REDIS_PREFIX }) };
      this.#events.set(cost, opened);
    }
    await opened.events.waitUntilReady();
    return opened.events;
  }
}
