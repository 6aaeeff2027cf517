import type { Finding, TASK_KINDS } from "@sidetone/protocol";
import { type TapedAnswer, taskKey } from "./taped-call.ts";

/** How long a task takes that nobody answers: 1 s. */
const UNANSWERED_HOPS = 25;
type TaskKind = (typeof TASK_KINDS)[number];

export interface DueFinding {
  hop: number;
  finding: Finding;
}

/** The background tier of a re-run: every task is answered as it was in the call, after the same time. */
export class TapedAnswers {
  readonly #byKey = new Map<string, TapedAnswer[]>();
  #due: DueFinding[] = [];
  readonly #open = new Set<string>();
  unanswered = 0;

  constructor(answers: readonly TapedAnswer[]) {
    for (const answer of answers) this.#byKey.set(answer.key, [...(this.#byKey.get(answer.key) ?? []), answer]);
  }

  get openTasks(): number {
    return this.#open.size;
  }

  /** Takes a task; false when no answer to this question is on the tape. */
  ask(task: { taskId: string; epoch: number; kind: TaskKind; input: unknown }, hop: number): boolean {
    const known = this.#byKey.get(taskKey(task.kind, task.input));
    // Asked again more often than in the call: the last answer holds.
    const answer = known && known.length > 1 ? known.shift() : known?.[0];
    const { taskId, epoch, kind } = task;
    if (!answer) {
      this.unanswered++;
      const error = { code: "TASK_NOT_ON_TAPE", message: "The call never asked this.", retryable: false };
      const finding: Finding = { taskId, epoch, kind, outcome: "failed", error, tookMs: UNANSWERED_HOPS * 40 };
      this.#open.add(taskId);
      this.#due.push({ hop: hop + UNANSWERED_HOPS, finding });
      return false;
    }
    if (answer.findings.some(({ finding }) => finding.outcome !== "progress")) this.#open.add(taskId);
    for (const { afterHops, finding } of answer.findings) {
      this.#due.push({ hop: hop + afterHops, finding: { ...finding, taskId, epoch } });
    }
    return true;
  }

  drop(taskId: string): void {
    this.#open.delete(taskId);
    this.#due = this.#due.filter(({ finding }) => finding.taskId !== taskId);
  }

  /** A corrected question: what was asked before is void. */
  supersede(taskId: string, epoch: number): void {
    this.#due = this.#due.filter(({ finding }) => finding.taskId !== taskId || finding.epoch >= epoch);
  }

  /** What has come in by this hop, oldest first. */
  take(hop: number): Finding[] {
    const now = this.#due.filter((each) => each.hop <= hop).sort((a, b) => a.hop - b.hop);
    this.#due = this.#due.filter((each) => each.hop > hop);
    for (const { finding } of now) if (finding.outcome !== "progress") this.#open.delete(finding.taskId);
    return now.map(({ finding }) => finding);
  }
}
