import { SidetoneError } from "@sidetone/platform";
import { COST_CLASSES, type CostClass, effectKey, TaskJob } from "@sidetone/protocol";
import type { Queue } from "bullmq";
import type { FastifyInstance } from "fastify";
import type { Redis } from "ioredis";
import { z } from "zod";

/** A task that failed for good, as an operator sees it. Its input stays in Redis: it may hold a caller's data. */
export interface DeadLetter {
  queue: CostClass;
  id: string;
  kind: string;
  callId: string | undefined;
  /** Begins with the error's code. */
  reason: string;
  attempts: number;
  failedAt: string | undefined;
}

const Cost = z.enum(COST_CLASSES);
const Limit = z.coerce.number().int().min(1).max(500).default(50);
/** `force` lets a side effect run again whose first attempt may have done it: a person has looked. */
const RetryBody = z.object({ force: z.boolean().default(false) }).prefault({});

/** Lists and retries what failed for good. */
export class DeadLetters {
  readonly #queues: Record<CostClass, Queue>;
  readonly #redis: Redis;

  constructor(queues: Record<CostClass, Queue>, redis: Redis) {
    this.#queues = queues;
    this.#redis = redis;
  }

  async list(limit: number): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for (const cost of COST_CLASSES) {
      for (const job of await this.#queues[cost].getFailed(0, limit - 1)) {
        if (!job) continue;
        const task = TaskJob.safeParse(job.data).data;
        letters.push({
          queue: cost,
          id: job.id ?? "",
          kind: task?.kind ?? job.name,
          callId: task?.callId,
          reason: job.failedReason,
          attempts: job.attemptsMade,
          failedAt: job.finishedOn === undefined ? undefined : new Date(job.finishedOn).toISOString(),
        });
      }
    }
    return letters.sort((a, b) => (b.failedAt ?? "").localeCompare(a.failedAt ?? "")).slice(0, limit);
  }

  /** Puts a dead letter back in its queue with all its attempts. @throws SidetoneError NOT_FOUND, CONFLICT */
  async retry(cost: CostClass, id: string, force: boolean): Promise<void> {
    const job = await this.#queues[cost].getJob(id);
    if (!job) throw new SidetoneError("NOT_FOUND", `There is no task ${id}.`);
    if (!(await job.isFailed())) throw new SidetoneError("CONFLICT", `Task ${id} has not failed.`);
    const task = TaskJob.safeParse(job.data);
    if (force && task.success) await this.#redis.del(effectKey(task.data.idempotencyKey));
    await job.retry("failed", { resetAttemptsMade: true, resetAttemptsStarted: true });
  }
}

/** `GET /dead-letters` and `POST /dead-letters/:queue/:id/retry`, on the worker's side port. */
export function serveDeadLetters(server: FastifyInstance, letters: DeadLetters): void {
  server.setErrorHandler((error, _request, reply) => {
    const known = error instanceof SidetoneError ? error : new SidetoneError("REQUEST_INVALID", String(error));
    return reply.code(known.httpStatus).send(known.toJSON());
  });
  server.get("/dead-letters", async (request) => {
    const limit = Limit.parse((request.query as { limit?: string }).limit);
    return { deadLetters: await letters.list(limit) };
  });
  server.post("/dead-letters/:queue/:id/retry", async (request, reply) => {
    const { queue, id } = request.params as { queue: string; id: string };
    const body = RetryBody.safeParse(request.body ?? {});
    const cost = Cost.safeParse(queue);
    if (!cost.success || !body.success) throw new SidetoneError("REQUEST_INVALID", `${queue} is no queue.`);
    await letters.retry(cost.data, id, body.data.force);
    return reply.code(202).send({ retried: id });
  });
}
