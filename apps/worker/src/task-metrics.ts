import type { Metrics } from "@sidetone/platform";
import type { TaskKind, TaskOutcome } from "@sidetone/protocol";
import type { Delivery, Verdict } from "./task-state.ts";

const BUCKETS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 30_000, 120_000];

/** Everything counted of tasks, per kind. */
export class TaskMetrics {
  readonly #wait;
  readonly #run;
  readonly #outcomes;
  readonly #deliveries;
  readonly #retries;
  readonly #parked;

  constructor(metrics: Metrics) {
    const kind = ["kind"] as const;
    this.#wait = metrics.histogram("task_queue_wait_ms", "From delegation to start", BUCKETS_MS, kind);
    this.#run = metrics.histogram("task_run_ms", "One attempt at a task", BUCKETS_MS, kind);
    this.#outcomes = metrics.counter("task_outcomes_total", "How tasks ended", ["kind", "outcome"] as const);
    this.#deliveries = metrics.counter(
      "task_deliveries_total",
      "What became of findings: delivered, stale, duplicate, call-over",
      ["kind", "delivery"] as const,
    );
    this.#retries = metrics.counter("task_retries_total", "Attempts that will be repeated", ["kind", "code"] as const);
    this.#parked = metrics.counter("task_parked_total", "Tasks that waited for their share", ["kind", "why"] as const);
  }

  waited(kind: TaskKind, ms: number): void {
    this.#wait.observe({ kind }, Math.max(0, ms));
  }
  ran(kind: TaskKind, ms: number): void {
    this.#run.observe({ kind }, ms);
  }
  ended(kind: TaskKind, outcome: TaskOutcome): void {
    this.#outcomes.inc({ kind, outcome });
  }
  delivered(kind: TaskKind, delivery: Delivery): void {
    this.#deliveries.inc({ kind, delivery });
  }
  retried(kind: TaskKind, code: string): void {
    this.#retries.inc({ kind, code });
  }
  parked(kind: TaskKind, why: Verdict): void {
    this.#parked.inc({ kind, why });
  }
}
