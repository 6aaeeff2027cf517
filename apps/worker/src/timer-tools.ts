import { createHash } from "node:crypto";
import { TASKS, type TaskJob, taskJobId } from "@sidetone/protocol";
import type { Queue } from "bullmq";
import { TaskFault } from "./task-fault.ts";
import type { Telephone } from "./telephone.ts";
import type { Tools } from "./tool.ts";

/** An instant that is nearer than this is now. */
const NOW_MS = 1_000;

/**
 * Timers and promises. Both are delayed jobs in Redis, so that they survive restarts of everything:
 * a reminder is one job that is not due yet; a call back is acknowledged at once, and placed by a
 * second job whose id follows from the first.
 */
export function timerTools(timers: Queue, telephone: Telephone): Tools {
  return {
    remind: {
      dueAt: ({ inMs }, task) => Date.parse(task.delegatedAt) + inMs,
      run: async ({ text }) => ({ text }),
    },
    "call-back": {
      // The second job is the same job by its id, and the carrier tells which calls were placed.
      repeatable: () => true,
      run: async ({ to, at, subject }, { task, signal, repeated }) => {
        const atMs = Date.parse(at);
        if (Number.isNaN(atMs)) throw new TaskFault("TASK_INVALID", `"${at}" is not an instant in ISO 8601`, false);
        const reference = `CB-${createHash("sha256").update(task.idempotencyKey).digest("hex").slice(0, 6).toUpperCase()}`;
        if (atMs - Date.now() < NOW_MS) {
          const sinceMs = Math.max(atMs - NOW_MS, Date.parse(task.delegatedAt));
          const repeatedSinceMs = repeated ? sinceMs : undefined;
          const placed = await telephone.call(to, task.call.to, { signal, repeatedSinceMs });
          return { reference, note: placed };
        }
        const due: TaskJob = {
          ...task,
          taskId: `${task.taskId}${DUE}`,
          // Nobody waits for it: the caller has hung up by then.
          bridgeId: "",
          outlivesCall: true,
          idempotencyKey: `${task.idempotencyKey}:due`,
          delegatedAt: new Date().toISOString(),
        };
        const { attempts, backoffMs } = TASKS["call-back"];
        await timers.add("call-back", due, {
          jobId: taskJobId(due.taskId, due.epoch),
          delay: atMs - Date.now(),
          attempts,
          backoff: { type: "exponential", delay: backoffMs },
        });
        return { reference, note: `A call back about ${subject} is arranged.` };
      },
    },
  };
}

const DUE = "-due";
