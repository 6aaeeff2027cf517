import {
  BridgeCommand,
  bridgeInboxStream,
  queueName,
  REDIS_PREFIX,
  TASKS,
  type TaskJob,
  taskJobId,
} from "@sidetone/protocol";
import { Queue } from "bullmq";
import { Redis } from "ioredis";

/** One lookup, as the bridge saw it. Milliseconds of the wall clock that all processes of the machine share. */
export interface Seen {
  /** When the job was handed to BullMQ. */
  delegatedMs: number;
  /** When the worker was done: delegation plus what the finding says it took. */
  doneMs: number;
  /** When the finding lay in the bridge's hands, parsed. */
  arrivedMs: number;
}

/** The bridge's side of the background tier: it delegates lookups of many calls, and reads its inbox. */
export class BridgeSide {
  readonly seen: Seen[] = [];
  readonly #bridgeId: string;
  readonly #redis: Redis;
  readonly #inbox: Redis;
  readonly #queue: Queue;
  readonly #pending = new Map<string, number>();
  #next = 0;
  #closed = false;
  #onEmpty: (() => void) | undefined;

  /** `name` tells the tasks and the inbox of one part of the bench from another's. */
  constructor(url: string, name: string) {
    this.#bridgeId = `bench-${name}`;
    this.#redis = new Redis(url, { maxRetriesPerRequest: null });
    this.#inbox = new Redis(url, { maxRetriesPerRequest: null });
    this.#queue = new Queue(queueName("lookup"), { connection: this.#redis, prefix: REDIS_PREFIX });
    void this.#read();
  }

  /** `outlivesCall`: it is answered however long it waited. */
  async delegate(callId: string, orderNumber: string, outlivesCall = false): Promise<void> {
    const { attempts, backoffMs } = TASKS["order-status"];
    const taskId = `${this.#bridgeId}-${this.#next++}`;
    const task: TaskJob = {
      taskId,
      epoch: 0,
      kind: "order-status",
      input: { orderNumber },
      callId,
      tenant: "default",
      bridgeId: this.#bridgeId,
      idempotencyKey: taskId,
      outlivesCall,
      delegatedAt: new Date().toISOString(),
      call: { from: "+447700900123", to: "+441632960000", playbookId: "bench", playbookVersion: 1 },
    };
    const timestamp = Date.now();
    this.#pending.set(taskId, timestamp);
    const backoff = { type: "exponential", delay: backoffMs };
    await this.#queue.add(task.kind, task, { jobId: taskJobId(taskId, 0), timestamp, priority: 1, attempts, backoff });
  }

  /** Resolves when every lookup so far was answered. */
  async settled(): Promise<void> {
    if (this.#pending.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#inbox.disconnect();
    await this.#queue.close();
    this.#redis.disconnect();
  }

  async #read(): Promise<void> {
    let from = "0";
    while (!this.#closed) {
      const stream = bridgeInboxStream(this.#bridgeId);
      const read = await this.#inbox
        .xread("COUNT", 500, "BLOCK", 1_000, "STREAMS", stream, from)
        .catch((error: unknown) => {
          if (this.#closed) return null;
          throw error;
        });
      for (const [id, fields] of read?.[0]?.[1] ?? []) {
        from = id;
        const command = BridgeCommand.parse(JSON.parse(fields[1] ?? ""));
        if (command.type === "input" && command.input.type === "finding") this.#found(command.input.finding);
      }
    }
  }

  #found(finding: { taskId: string; tookMs: number; outcome: string }): void {
    const delegatedMs = this.#pending.get(finding.taskId);
    if (delegatedMs === undefined) throw new Error(`${finding.taskId} was told twice`);
    if (finding.outcome !== "found") throw new Error(`${finding.taskId}: ${finding.outcome}`);
    this.#pending.delete(finding.taskId);
    this.seen.push({ delegatedMs, doneMs: delegatedMs + finding.tookMs, arrivedMs: Date.now() });
    if (this.#pending.size === 0) this.#onEmpty?.();
  }
}
