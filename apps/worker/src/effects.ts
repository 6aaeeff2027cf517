import { effectKey, type TaskJob } from "@sidetone/protocol";
import type { Redis } from "ioredis";
import { TaskFault } from "./task-fault.ts";

const KEPT_SECONDS = 7 * 86_400;

type Effect = { state: "begun" } | { state: "done"; output: unknown };

/**
 * Runs a side effect at most once per idempotency key, whatever is retried or killed. The result is
 * kept a week, so that a second run answers what the first did.
 *
 * Between the effect and the note of its result lies a gap that no order of writes closes. Whoever knows
 * idempotency keys, or can find what an earlier attempt did (`repeatable`), closes it: `run` is told
 * that it is `repeated`, and answers the first result. For any other, an effect that was begun and has
 * no result is not repeated: it becomes a dead letter for a person to look at.
 */
export async function runOnce<T>(
  redis: Redis,
  task: TaskJob,
  repeatable: boolean,
  run: (repeated: boolean) => Promise<T>,
): Promise<T> {
  const key = effectKey(task.idempotencyKey);
  const seen = await redis.get(key);
  if (seen !== null) {
    const effect = JSON.parse(seen) as Effect;
    if (effect.state === "done") return effect.output as T;
    if (!repeatable) {
      throw new TaskFault("TASK_UNCERTAIN", "an earlier attempt may have carried it out; a person must look", false);
    }
  } else {
    await redis.set(key, JSON.stringify({ state: "begun" } satisfies Effect), "EX", KEPT_SECONDS);
  }
  let output: T;
  try {
    output = await run(seen !== null);
  } catch (error) {
    // A clear no means that nothing happened: the next attempt starts afresh.
    if (!TaskFault.of(error).uncertain) await redis.del(key);
    throw error;
  }
  await redis.set(key, JSON.stringify({ state: "done", output } satisfies Effect), "EX", KEPT_SECONDS);
  return output;
}
