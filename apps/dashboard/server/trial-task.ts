import { randomUUID } from "node:crypto";
import { SidetoneError } from "@sidetone/platform";
import {
  BridgeCommand,
  bridgeInboxStream,
  type Finding,
  queueName,
  REDIS_PREFIX,
  TASKS,
  type TaskJob,
  type TaskKind,
  taskJobId,
} from "@sidetone/protocol";
import { Queue } from "bullmq";
import { z } from "zod";
import type { DashboardContext } from "./context.ts";

const TRY_MS = 12_000;

/** Runs one task on the real queue, as a call would, and waits for its finding in an inbox of our own. */
export async function runTask(
  { redis, log }: DashboardContext,
  kind: TaskKind,
  input: unknown,
  by: string,
): Promise<Finding> {
  const spec = TASKS[kind];
  const taskId = `try-${randomUUID()}`;
  const bridgeId = `dashboard-${taskId}`;
  const job: TaskJob = {
    taskId,
    epoch: 0,
    kind,
    input,
    callId: taskId,
    tenant: "default",
    bridgeId,
    idempotencyKey: taskId,
    outlivesCall: true,
    delegatedAt: new Date().toISOString(),
    call: { from: by, to: "dashboard", playbookId: "none", playbookVersion: 0 },
  };
  const queue = new Queue(queueName(spec.costClass), { connection: redis, prefix: REDIS_PREFIX });
  const reader = redis.duplicate({ enableOfflineQueue: true, maxRetriesPerRequest: null });
  reader.on("error", (error: Error) => log.debug({ err: { message: error.message } }, "a trial's reader failed"));
  try {
    await queue.add(kind, job, {
      jobId: taskJobId(taskId, 0),
      attempts: 1,
      removeOnComplete: true,
      removeOnFail: true,
    });
    const endAtMs = Date.now() + TRY_MS;
    let lastId = "0-0";
    while (Date.now() < endAtMs) {
      const answer = (await reader.xread("BLOCK", 1_000, "STREAMS", bridgeInboxStream(bridgeId), lastId)) as
        | [string, [string, string[]][]][]
        | null;
      for (const [id, fields] of answer?.[0]?.[1] ?? []) {
        lastId = id;
        const command = BridgeCommand.safeParse(JSON.parse(fields[fields.indexOf("json") + 1] ?? "null"));
        if (!command.success || command.data.type !== "input" || command.data.input.type !== "finding") continue;
        const { finding } = command.data.input;
        if (finding.outcome !== "progress") return finding;
      }
    }
    throw new SidetoneError("TASK_TIMED_OUT", "No worker took the task, or it did not finish. See Health.");
  } finally {
    reader.disconnect();
    await queue.close();
    await redis.del(bridgeInboxStream(bridgeId)).catch(() => 0);
  }
}

export const TrialFinding = z.object({
  outcome: z.string(),
  tookMs: z.number(),
  output: z.unknown(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export const shownFinding = (finding: Finding): z.infer<typeof TrialFinding> => ({
  outcome: finding.outcome,
  tookMs: finding.tookMs,
  output: finding.output ?? null,
  error: finding.error ? { code: finding.error.code, message: finding.error.message } : null,
});
