import type { Logger } from "@sidetone/platform";
import { type CostClass, type Finding, TASKS, TaskJob, type TaskKind, taskJobId } from "@sidetone/protocol";
import { DelayedError, type Job, type Queue, UnrecoverableError } from "bullmq";
import type { Redis } from "ioredis";
import { runOnce } from "./effects.ts";
import { type RunningTasks, TaskStopped } from "./running-tasks.ts";
import { TaskFault } from "./task-fault.ts";
import type { TaskMetrics } from "./task-metrics.ts";
import type { FairShare, TaskState, Verdict } from "./task-state.ts";
import type { Tool, Tools } from "./tool.ts";

/** What a task's life needs of the process around it. */
export interface TaskWorld {
  redis: Redis;
  state: TaskState;
  tools: Tools;
  running: RunningTasks;
  metrics: TaskMetrics;
  log: Logger;
  shares: Record<CostClass, FairShare>;
  queues: Record<CostClass, Queue>;
}

/** A parked job asks again by itself after this long, should nobody have promoted it. */
const PARKED_MS = 2_000;
/** A task that only serves the talk and has waited this many times its timeout no longer matters. */
const EXPIRY_FACTOR = 4;
/** How often a task is asked whether it is due. */
const DUE_AGAIN_MS = 2_000;
/** How long a promise waits for its service, and how often it asks. */
const PROMISE_MS = 3_600_000;
const PROMISED_RETRY_MS = 10_000;
/** Leases outlast the attempt, so that a killed worker's place is not given away while its job waits for rescue. */
const LEASE_MARGIN_MS = 5_000;

/**
 * One attempt at a task: the whole of its life between the queue and the finding. What a crash may
 * interrupt is safe to run again: `begin`, effects and deliveries are each once only in Redis.
 * @throws DelayedError (parked, not due, handed back), UnrecoverableError (dead letter), TaskFault (retried)
 */
export async function processTask(world: TaskWorld, job: Job, token: string): Promise<Finding | undefined> {
  const parsed = TaskJob.safeParse(job.data);
  if (!parsed.success) throw new UnrecoverableError(`TASK_INVALID: ${parsed.error.message}`);
  const task = parsed.data;
  const spec = TASKS[task.kind];
  const tool = world.tools[task.kind] as Tool<TaskKind> | undefined;
  const input = spec.input.safeParse(task.input);
  if (!input.success || !tool) {
    const message = tool ? `input of ${task.kind}: ${input.error?.message}` : `no tool does ${task.kind} here`;
    // What is not set up here is an answer; a wrong input is somebody's mistake.
    const fault = new TaskFault(tool ? "TASK_INVALID" : "CONNECTOR_UNSUPPORTED", message, false, { expected: !tool });
    return fail(world, job, task, fault);
  }

  const dueAt = tool.dueAt?.(input.data as never, task) ?? 0;
  if (dueAt > Date.now()) return delay(job, token, dueAt);
  if (tool.isDue && !(await tool.isDue(input.data as never, task))) return delay(job, token, Date.now() + DUE_AGAIN_MS);

  const cost = spec.costClass;
  const verdict = await world.state.begin(task, cost, world.shares[cost], spec.timeoutMs + LEASE_MARGIN_MS);
  if (verdict !== "go") return notStarted(world, job, token, task, cost, verdict);

  const { signal, done } = world.running.add(task);
  const startedMs = performance.now();
  world.metrics.waited(task.kind, Date.now() - Math.max(job.timestamp, dueAt));
  try {
    if (!task.outlivesCall && spec.costClass !== "timer" && waitedTooLong(job, spec.timeoutMs)) {
      return await deliver(world, job, task, "expired", {
        fault: new TaskFault("TASK_EXPIRED", "waited too long", false),
      });
    }
    const output = await attempt(world, task, tool, input.data, signal);
    world.metrics.ran(task.kind, performance.now() - startedMs);
    if (output === undefined) return await deliver(world, job, task, "not-found", {});
    return await deliver(world, job, task, "found", { output: spec.output.parse(output) });
  } catch (error) {
    world.metrics.ran(task.kind, performance.now() - startedMs);
    return await stopped(world, job, token, task, error);
  } finally {
    done();
    await release(world, task, cost);
  }
}

/** Runs the tool under its timeout; a tool that ignores its signal is left behind, not waited for. */
async function attempt(
  world: TaskWorld,
  task: TaskJob,
  tool: Tool<TaskKind>,
  input: unknown,
  stop: AbortSignal,
): Promise<unknown> {
  const spec = TASKS[task.kind];
  const timeout = AbortSignal.timeout(spec.timeoutMs);
  const signal = AbortSignal.any([stop, timeout]);
  let progressIndex = 0;
  const progress = async (text: string) => {
    const finding = { ...base(task), outcome: "progress" as const, output: text, tookMs: 0 };
    world.metrics.delivered(task.kind, await world.state.deliver(task, finding, progressIndex++));
  };
  const run = (repeated: boolean) => tool.run(input as never, { task, signal, repeated, progress });
  const repeatable = tool.repeatable?.(task) ?? false;
  const work = spec.sideEffect ? runOnce(world.redis, task, repeatable, run) : run(false);
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  work.catch((error) => world.log.debug({ err: error, kind: task.kind }, "a stopped task ended"));
  return Promise.race([work, aborted]);
}

async function notStarted(
  world: TaskWorld,
  job: Job,
  token: string,
  task: TaskJob,
  cost: CostClass,
  verdict: Exclude<Verdict, "go">,
): Promise<undefined> {
  switch (verdict) {
    case "void":
      world.metrics.delivered(task.kind, "stale");
      return world.state.report(task, "dropped", "superseded or cancelled before it started").then(() => undefined);
    case "delivered":
      world.metrics.delivered(task.kind, "duplicate");
      return undefined;
    case "ended":
      world.metrics.ended(task.kind, "cancelled");
      return world.state.report(task, "cancelled", "the call has ended").then(() => undefined);
    case "call-busy":
    case "tenant-busy": {
      world.metrics.parked(task.kind, verdict);
      await job.moveToDelayed(Date.now() + PARKED_MS, token);
      const rank = (job.priority ?? 0) * 1e13 + job.timestamp;
      if (await world.state.park(task, cost, world.shares[cost], verdict, rank)) {
        await promote(world, cost, taskJobId(task.taskId, task.epoch));
      }
      throw new DelayedError();
    }
  }
}

/** What follows from an attempt that did not work. */
async function stopped(
  world: TaskWorld,
  job: Job,
  token: string,
  task: TaskJob,
  error: unknown,
): Promise<Finding | undefined> {
  if (error instanceof DelayedError) throw error;
  if (error instanceof TaskStopped) {
    if (error.reason === "draining") return delay(job, token, Date.now());
    const outcome = error.reason === "superseded" ? "superseded" : "cancelled";
    return deliver(world, job, task, outcome, { fault: new TaskFault("TASK_STOPPED", error.reason, false) });
  }
  const timedOut = error instanceof DOMException && error.name === "TimeoutError";
  const fault = timedOut
    ? new TaskFault("TASK_TIMED_OUT", `${task.kind} took longer than ${TASKS[task.kind].timeoutMs} ms`, true)
    : TaskFault.of(error);
  const attemptsLeft = (job.opts.attempts ?? 1) - (job.attemptsMade + 1);
  if (mustFinish(job, task, fault, attemptsLeft)) {
    world.metrics.retried(task.kind, fault.code);
    return delay(job, token, Date.now() + Math.max(PROMISED_RETRY_MS, fault.retryAfterMs ?? 0));
  }
  if (fault.retryable && !fault.notSoon && attemptsLeft > 0) {
    world.metrics.retried(task.kind, fault.code);
    throw new TaskFault(fault.code, `${fault.code}: ${fault.message}`, true, { cause: error });
  }
  return fail(world, job, task, fault, timedOut ? "timed-out" : "failed");
}

/**
 * What was promised to a caller waits for a service that is away or busy, beyond the attempts that a
 * lookup has; it becomes a dead letter only after an hour.
 */
const mustFinish = (job: Job, task: TaskJob, fault: TaskFault, attemptsLeft: number): boolean =>
  task.outlivesCall &&
  (fault.code === "CONNECTOR_DOWN" || fault.code === "CONNECTOR_RATE_LIMITED") &&
  (fault.notSoon || attemptsLeft <= 0) &&
  Date.now() - job.timestamp < PROMISE_MS;

/** Tells the call, then ends the job: an answer completes it, a fault makes it a dead letter. */
async function fail(
  world: TaskWorld,
  job: Job,
  task: TaskJob,
  fault: TaskFault,
  outcome: "failed" | "timed-out" = "failed",
): Promise<Finding | undefined> {
  const finding = await deliver(world, job, task, outcome, { fault });
  if (fault.expected) return finding;
  world.log.warn({ kind: task.kind, callId: task.callId, code: fault.code, err: fault }, "a task became a dead letter");
  throw new UnrecoverableError(`${fault.code}: ${fault.message}`);
}

async function deliver(
  world: TaskWorld,
  job: Job,
  task: TaskJob,
  outcome: Finding["outcome"],
  result: { output?: unknown; fault?: TaskFault },
): Promise<Finding> {
  const { fault } = result;
  const finding: Finding = {
    ...base(task),
    outcome,
    ...(result.output === undefined ? {} : { output: result.output }),
    ...(fault ? { error: { code: fault.code, message: fault.message, retryable: fault.retryable } } : {}),
    tookMs: Math.max(0, Date.now() - job.timestamp),
  };
  world.metrics.ended(task.kind, outcome);
  world.metrics.delivered(task.kind, await world.state.deliver(task, finding));
  return finding;
}

async function release(world: TaskWorld, task: TaskJob, cost: CostClass): Promise<void> {
  for (const id of await world.state.release(task, cost)) await promote(world, cost, id);
}

/** Moves a parked job to the front; one that is no longer parked (promoted, run, removed) is left alone. */
async function promote(world: TaskWorld, cost: CostClass, id: string): Promise<void> {
  try {
    const job = await world.queues[cost].getJob(id);
    await job?.promote();
  } catch (error) {
    world.log.debug({ err: error, job: id }, "a parked job was no longer waiting");
  }
}

async function delay(job: Job, token: string, untilMs: number): Promise<never> {
  await job.moveToDelayed(untilMs, token);
  throw new DelayedError();
}

const base = (task: TaskJob) => ({ taskId: task.taskId, epoch: task.epoch, kind: task.kind });

const waitedTooLong = (job: Job, timeoutMs: number): boolean =>
  Date.now() - job.timestamp > Math.max(30_000, timeoutMs * EXPIRY_FACTOR);
