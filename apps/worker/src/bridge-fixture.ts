import {
  BridgeCommand,
  bridgeInboxStream,
  CALL_EVENTS_STREAM,
  CallEvent,
  type Finding,
  queueName,
  REDIS_PREFIX,
  TASK_VOID_ALL,
  TASKS,
  type TaskJob,
  type TaskKind,
  taskJobId,
  taskVoidKey,
} from "@sidetone/protocol";
import { Queue } from "bullmq";
import { Redis } from "ioredis";

/** The bridge's side of the background tier, for tests: delegates, voids, and reads its inbox. */
export class BridgeFixture {
  readonly bridgeId: string;
  readonly redis: Redis;
  /** Every finding that arrived, with the wall clock of its arrival. */
  readonly findings: { callId: string; finding: Finding; arrivedMs: number }[] = [];
  readonly #inbox: Redis;
  readonly #queues = new Map<string, Queue>();
  readonly #waiting = new Set<() => void>();
  #closed = false;
  #loop: Promise<void>;

  constructor(url: string, bridgeId = "bridge-test") {
    this.bridgeId = bridgeId;
    this.redis = new Redis(url, { maxRetriesPerRequest: null });
    this.#inbox = new Redis(url, { maxRetriesPerRequest: null });
    // Redis may be stopped under us: ioredis reconnects by itself.
    for (const redis of [this.redis, this.#inbox]) redis.on("error", () => undefined);
    this.#loop = this.#read();
  }

  task<K extends TaskKind>(kind: K, input: unknown, more: Partial<TaskJob> = {}): TaskJob {
    const taskId = more.taskId ?? `task-${Math.random().toString(36).slice(2)}`;
    const epoch = more.epoch ?? 0;
    const callId = more.callId ?? "call-1";
    return {
      taskId,
      epoch,
      kind,
      input,
      callId,
      tenant: "default",
      bridgeId: this.bridgeId,
      idempotencyKey: `${callId}:${taskId}:${epoch}`,
      outlivesCall: false,
      delegatedAt: new Date().toISOString(),
      call: { from: "+15035550100", to: "+15550000", playbookId: "retail", playbookVersion: 1 },
      ...more,
    };
  }

  async delegate(task: TaskJob, priority = 1, backoffMs = TASKS[task.kind].backoffMs): Promise<TaskJob> {
    const spec = TASKS[task.kind];
    const name = queueName(spec.costClass);
    let queue = this.#queues.get(name);
    if (!queue) {
      queue = new Queue(name, { connection: this.redis, prefix: REDIS_PREFIX });
      queue.on("error", () => undefined);
      this.#queues.set(name, queue);
    }
    await queue.add(task.kind, task, {
      jobId: taskJobId(task.taskId, task.epoch),
      priority,
      attempts: spec.attempts,
      backoff: { type: "exponential", delay: backoffMs },
    });
    return task;
  }

  async emit(event: CallEvent): Promise<void> {
    await this.redis.xadd(CALL_EVENTS_STREAM, "*", "json", JSON.stringify(CallEvent.parse(event)));
  }

  async cancel(task: TaskJob): Promise<void> {
    await this.redis.set(taskVoidKey(task.taskId), TASK_VOID_ALL, "EX", 3_600);
    const { callId, taskId } = task;
    await this.emit({ type: "left", callId, atMs: 0, output: { type: "cancel", taskId, reason: "test" } });
  }

  async supersede(task: TaskJob, epoch: number): Promise<void> {
    await this.redis.set(taskVoidKey(task.taskId), epoch, "EX", 3_600);
    const { callId, taskId } = task;
    await this.emit({ type: "left", callId, atMs: 0, output: { type: "supersede", taskId, epoch } });
  }

  async endCall(callId: string): Promise<void> {
    const figures = {
      durationMs: 0,
      responseLatenciesMs: [],
      stopLatenciesMs: [],
      yields: 0,
      backchannels: 0,
      cutIns: 0,
      lostHops: 0,
      longestSilenceMs: 0,
    };
    await this.emit({ type: "ended", callId, atMs: 0, reason: "test", figures, tapePath: "" });
  }

  /** Resolves once `enough` holds of what has arrived; rejects after `withinMs`. */
  async until(enough: () => boolean, withinMs = 10_000): Promise<void> {
    if (enough()) return;
    await new Promise<void>((resolve, reject) => {
      const check = () => {
        if (!enough()) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        reject(new Error(`not within ${withinMs} ms; findings: ${JSON.stringify(this.findings.slice(-5))}`));
      }, withinMs);
      this.#waiting.add(check);
    });
  }

  /** The first terminal finding of a task. */
  async finding(task: TaskJob, withinMs?: number): Promise<Finding> {
    const find = () =>
      this.findings.find(
        ({ finding: f }) => f.taskId === task.taskId && f.epoch === task.epoch && f.outcome !== "progress",
      );
    await this.until(() => find() !== undefined, withinMs);
    return (find() as { finding: Finding }).finding;
  }

  /** All events of a call so far, oldest first. */
  async events(callId: string): Promise<CallEvent[]> {
    const all = await this.redis.xrange(CALL_EVENTS_STREAM, "-", "+");
    return all.map(([, fields]) => CallEvent.parse(JSON.parse(fields[1] ?? ""))).filter((e) => e.callId === callId);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const isConnected = this.#inbox.status === "ready";
    this.#inbox.disconnect();
    // While ioredis waits to reconnect, a disconnect leaves its queued commands unanswered for ever.
    if (isConnected) await this.#loop;
    for (const queue of this.#queues.values()) await queue.close();
    this.redis.disconnect();
  }

  async #read(): Promise<void> {
    let from = "0";
    while (!this.#closed) {
      try {
        const stream = bridgeInboxStream(this.bridgeId);
        const read = await this.#inbox.xread("COUNT", 200, "BLOCK", 1_000, "STREAMS", stream, from);
        for (const [id, fields] of read?.[0]?.[1] ?? []) {
          from = id;
          const command = BridgeCommand.parse(JSON.parse(fields[1] ?? ""));
          if (command.type !== "input" || command.input.type !== "finding") continue;
          this.findings.push({ callId: command.callId, finding: command.input.finding, arrivedMs: Date.now() });
        }
        for (const check of [...this.#waiting]) check();
      } catch (error) {
        if (!this.#closed && !String(error).includes("Connection")) throw error;
      }
    }
  }
}
