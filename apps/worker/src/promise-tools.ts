import { writtenAnswer } from "@sidetone/dialogue";
import { TASK_VOID_ALL, TASKS, type TaskJob, TaskKind, taskVoidKey } from "@sidetone/protocol";
import type { Redis } from "ioredis";
import { maskSecrets } from "./after-call/masking.ts";
import { runOnce } from "./effects.ts";
import type { Mail } from "./mail.ts";
import { sendMessage } from "./message-tools.ts";
import { TaskFault } from "./task-fault.ts";
import { callStateKey } from "./task-state.ts";
import type { Telephone } from "./telephone.ts";
import type { Tool, Tools } from "./tool.ts";

export interface PromiseWorld {
  redis: Redis;
  telephone: Telephone;
  mail: Mail;
  /** What answers may be looked up with. */
  lookups: Tools;
}

/** A call of which nobody tells the end is not waited for any longer. */
const LONGEST_CALL_MS = 4 * 3_600_000;

/**
 * Answers that are written to callers: looked up anew, worded by the playbook, and sent once, by a key of the message's
 * own, so that a lookup which fails or is repeated never sends two.
 */
export function promiseTools(world: PromiseWorld): Tools {
  return {
    "send-answer": {
      isDue: async ({ when }, task) =>
        when === "at-once" ||
        hasExpired(task) ||
        (await isVoid(world.redis, task)) ||
        (await hasEnded(world.redis, task)),
      run: async ({ to, channel, when, lookup, wording }, context) => {
        const { task, signal } = context;
        if (when === "if-unanswered" && !(await hasEnded(world.redis, task)))
          throw new TaskFault("TASK_EXPIRED", "nobody told the end of the call", false, { expected: true });
        const kind = TaskKind.safeParse(lookup.kind).data;
        const tool = kind === undefined ? undefined : (world.lookups[kind] as Tool<TaskKind> | undefined);
        if (kind === undefined || tool === undefined || TASKS[kind].sideEffect)
          throw new TaskFault("CONNECTOR_UNSUPPORTED", `no lookup does ${lookup.kind} here`, false, { expected: true });
        const output = await tool.run(TASKS[kind].input.parse(lookup.input) as never, context);
        const text = maskSecrets(writtenAnswer(wording, output === undefined ? "not-found" : "found", output));
        const message = { ...task, idempotencyKey: `${task.idempotencyKey}:message` };
        const send = (repeated: boolean): Promise<string> =>
          sendMessage(world, { to, channel, text }, message, { signal, repeated });
        return { reference: await runOnce(world.redis, message, channel === "sms", send) };
      },
    },
  };
}

const hasExpired = (task: TaskJob): boolean => Date.now() - Date.parse(task.delegatedAt) > LONGEST_CALL_MS;

const hasEnded = async (redis: Redis, task: TaskJob): Promise<boolean> =>
  (await redis.hget(callStateKey(task.callId), "ended")) === "1";

/** The caller has heard the answer meanwhile: the task may go on, to be dropped. */
const isVoid = async (redis: Redis, task: TaskJob): Promise<boolean> => {
  const below = Number(await redis.get(taskVoidKey(task.taskId)));
  return below === TASK_VOID_ALL || below > task.epoch;
};
