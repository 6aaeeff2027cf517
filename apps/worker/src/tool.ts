import type { TaskInput, TaskJob, TaskKind, TaskOutput } from "@sidetone/protocol";

/** What a running task may use of the worker around it. */
export interface TaskContext {
  task: TaskJob;
  /** The task's time is up, it was cancelled, or the worker hands it back. */
  signal: AbortSignal;
  /** Side effects: an earlier attempt may have done it, nobody saw its end. `repeatable` tools look before they repeat. */
  repeated: boolean;
  /** Sends a progress finding: a sentence the agent may say while the task goes on. */
  progress: (text: string) => Promise<void>;
}

/** How one kind of task is done. */
export interface Tool<K extends TaskKind> {
  /** Answers undefined when there is nothing to be found. @throws TaskFault, CrmError */
  run: (input: TaskInput<K>, context: TaskContext) => Promise<TaskOutput<K> | undefined>;
  /**
   * Side effects only: may be repeated after an attempt whose end nobody saw, because whoever carries
   * it out knows idempotency keys, or can tell what was done. Default: no.
   */
  repeatable?: (task: TaskJob) => boolean;
  /** Wall clock before which the task is not due. It waits in Redis until then. */
  dueAt?: (input: TaskInput<K>, task: TaskJob) => number;
  /** Whether what the task waits for has come about. It is asked again and again, and waits in Redis in between. */
  isDue?: (input: TaskInput<K>, task: TaskJob) => Promise<boolean>;
}

export type Tools = { readonly [K in TaskKind]?: Tool<K> };
