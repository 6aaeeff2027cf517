import type { TaskJob } from "@sidetone/protocol";

export type StopReason = "superseded" | "cancelled" | "call-ended" | "draining";

/** The reason an AbortSignal carries when a task is stopped from outside. */
export class TaskStopped extends Error {
  readonly reason: StopReason;
  constructor(reason: StopReason) {
    super(`task stopped: ${reason}`);
    this.name = "TaskStopped";
    this.reason = reason;
  }
}

interface Running {
  task: TaskJob;
  stop: AbortController;
}

/** The tasks this process is running now, so that they can be stopped. */
export class RunningTasks {
  readonly #running = new Set<Running>();

  get size(): number {
    return this.#running.size;
  }

  add(task: TaskJob): { signal: AbortSignal; done: () => void } {
    const running: Running = { task, stop: new AbortController() };
    this.#running.add(running);
    return { signal: running.stop.signal, done: () => this.#running.delete(running) };
  }

  /** Stops what the task's newer epoch has replaced. */
  supersede(taskId: string, epoch: number): void {
    this.#stop("superseded", (task) => task.taskId === taskId && task.epoch < epoch);
  }

  cancel(taskId: string): void {
    this.#stop("cancelled", (task) => task.taskId === taskId);
  }

  /** Stops what only served the talk. */
  endCall(callId: string): void {
    this.#stop("call-ended", (task) => task.callId === callId && !task.outlivesCall);
  }

  handBack(): void {
    this.#stop("draining", () => true);
  }

  #stop(reason: StopReason, which: (task: TaskJob) => boolean): void {
    for (const running of this.#running) if (which(running.task)) running.stop.abort(new TaskStopped(reason));
  }
}
