import { type Finding, TASKS, type TaskKind } from "@sidetone/protocol";
import type { Task, TaskPurpose } from "../state.ts";
import { type Draft, inputKeyOf, openThreads, progressOf, setProgress } from "./draft.ts";
import { inputOf, isDoubtful, situationOf, stepOf, taskOf } from "./situation.ts";
import { mustVerify, verifyInput } from "./verify.ts";

const KEPT_TASKS = 24;
/** A correction under way counts as finished after this pause. */
const SETTLED_AFTER_MS = 1200;

/** Starts, restarts, reorders and cancels tasks until they are what the understanding calls for. */
export function delegateWhatIsKnown(d: Draft): void {
  if (d.s.phase === "taken-over" || d.s.phase === "ended") return;
  goBackForCorrections(d);
  const threads = openThreads(d);
  const wanted = new Set<string>();
  threads.forEach((thread, order) => {
    const step = stepOf(d, thread);
    if (step === undefined) return;
    const unsettled = d.s.turn !== null && d.s.nowMs - d.s.turn.grewAtMs < SETTLED_AFTER_MS;
    const known = step.slots.every((slot) => {
      const value = d.s.understood.slots[slot];
      return value !== undefined && !(value.tentative && unsettled);
    });
    if (!known) {
      // A correction under way voids nothing yet: what it becomes supersedes in one step.
      if (step.slots.every((slot) => d.s.understood.slots[slot] !== undefined)) {
        for (const task of d.s.tasks)
          if (task.thread === thread.key || task.purpose === "verify") wanted.add(task.taskId);
      }
      return;
    }
    // What was heard poorly is asked about first.
    if (step.slots.some((slot) => isDoubtful(d, slot))) return;
    const priority = order === 0 ? 1 : 4;
    if (mustVerify(d, thread)) {
      const input = verifyInput(d);
      const policy = d.book.playbook.policy.verification;
      if (input !== null && policy !== undefined)
        wanted.add(start(d, "verify", "", 0, policy.task.kind, input, priority));
    }
    if (step.task === undefined) return;
    const { kind } = step.task;
    const input = inputOf(d, step);
    const existing = taskOf(d, thread);
    if (existing !== undefined && existing.inputKey === inputKeyOf(input)) {
      wanted.add(existing.taskId);
      reprioritise(d, existing, priority);
      return;
    }
    const situation = situationOf(d, thread);
    // Whatever changes the world waits for the end of the turn and an agreement that was really heard.
    if (TASKS[kind].sideEffect && (d.s.turn !== null || d.preview || situation.kind !== "start")) return;
    const blocked = situation.kind === "locked" || (mustVerify(d, thread) && situation.kind !== "start");
    if (blocked) return;
    wanted.add(start(d, "thread", thread.key, progressOf(d, thread.key).step, kind, input, priority));
  });
  for (const task of d.s.tasks) {
    if (
      task.status !== "running" ||
      (task.purpose !== "thread" && task.purpose !== "verify") ||
      wanted.has(task.taskId)
    )
      continue;
    if (TASKS[task.kind].sideEffect) continue;
    cancel(d, task, "no longer wanted");
  }
}

/** What was looked up is no longer what the caller means, even while they are still correcting it. */
export function isOutdated(d: Draft, task: Task): boolean {
  if (task.purpose !== "thread" || TASKS[task.kind].sideEffect) return false;
  const thread = d.s.understood.threads.find((one) => one.key === task.thread);
  const step = thread === undefined ? undefined : d.book.playbook.wants[thread.want]?.steps[task.step];
  if (step === undefined || step.slots.some((slot) => d.s.understood.slots[slot] === undefined)) return false;
  return inputKeyOf(inputOf(d, step)) !== task.inputKey;
}

/** A corrected value of an earlier step brings the talk back to that step; what was chosen from its finding is void. */
function goBackForCorrections(d: Draft): void {
  for (const thread of openThreads(d)) {
    const steps = d.book.playbook.wants[thread.want]?.steps ?? [];
    const { step: at } = progressOf(d, thread.key);
    for (let i = 0; i < at; i++) {
      const step = steps[i];
      const task = d.s.tasks.findLast((one) => one.thread === thread.key && one.step === i && one.status === "found");
      if (
        step?.task === undefined ||
        task === undefined ||
        TASKS[task.kind].sideEffect ||
        task.inputKey === inputKeyOf(inputOf(d, step))
      )
        continue;
      setProgress(d, thread.key, { step: i, agreed: "" });
      for (const later of steps.slice(i + 1)) {
        for (const slot of later.slots)
          if (d.book.playbook.slots[slot]?.from !== undefined) delete d.s.understood.slots[slot];
      }
      break;
    }
  }
}

/** Delegates a task of the talk itself (a call back, a message, a question for knowledge). Returns its id. */
export function delegateNew(
  d: Draft,
  purpose: TaskPurpose,
  kind: TaskKind,
  input: Record<string, unknown>,
  priority: number,
): string {
  return start(d, purpose, `${purpose}:${d.s.counters.task}`, 0, kind, input, priority);
}

function start(
  d: Draft,
  purpose: TaskPurpose,
  thread: string,
  step: number,
  kind: TaskKind,
  input: Record<string, unknown>,
  priority: number,
): string {
  const inputKey = inputKeyOf(input);
  const same = d.s.tasks.findLast(
    (task) =>
      task.purpose === purpose &&
      task.thread === thread &&
      task.step === step &&
      task.kind === kind &&
      task.status !== "cancelled",
  );
  if (same !== undefined && same.inputKey === inputKey) {
    reprioritise(d, same, priority);
    return same.taskId;
  }
  const parsed = TASKS[kind].input.safeParse(input);
  const sent = parsed.success ? (parsed.data as Record<string, unknown>) : input;
  const status = parsed.success ? "running" : "failed";
  const errorCode = parsed.success ? "" : "TASK_INPUT_INVALID";
  const fresh = {
    kind,
    input: sent,
    inputKey,
    priority,
    status,
    output: null,
    errorCode,
    delegatedAtMs: d.s.nowMs,
    settledAtMs: 0,
    remarks: 0,
    remarkedAtMs: 0,
  } as const;
  let task: Task;
  if (same !== undefined && !TASKS[kind].sideEffect) {
    Object.assign(same, fresh, { epoch: same.epoch + 1 });
    task = same;
    d.effects.push({ type: "supersede", taskId: task.taskId, epoch: task.epoch });
  } else {
    task = { taskId: `${d.s.call.callId}-t${++d.s.counters.task}`, epoch: 0, purpose, thread, step, ...fresh };
    d.s.tasks.push(task);
    const settled = d.s.tasks.findIndex((one) => one.status !== "running");
    if (d.s.tasks.length > KEPT_TASKS && settled >= 0) d.s.tasks.splice(settled, 1);
  }
  if (parsed.success) {
    const { costClass, sideEffect } = TASKS[kind];
    d.effects.push({
      type: "delegate",
      taskId: task.taskId,
      epoch: task.epoch,
      kind,
      input: sent,
      priority,
      outlivesCall: sideEffect || costClass === "timer",
    });
  }
  return task.taskId;
}

function reprioritise(d: Draft, task: Task, priority: number): void {
  if (task.status !== "running" || task.priority === priority) return;
  task.priority = priority;
  d.effects.push({ type: "reprioritise", taskId: task.taskId, priority });
}

export function cancel(d: Draft, task: Task, reason: string): void {
  task.status = "cancelled";
  d.effects.push({ type: "cancel", taskId: task.taskId, reason });
}

/** Takes a finding in, once, if it is of the task's present epoch. */
export function takeFinding(d: Draft, finding: Finding): void {
  const task = d.s.tasks.find((one) => one.taskId === finding.taskId);
  if (task === undefined || task.epoch !== finding.epoch) {
    d.s.counters.stale++;
    return;
  }
  if (task.status !== "running") {
    d.s.counters.duplicate++;
    return;
  }
  if (finding.outcome === "progress") return;
  task.status = finding.outcome;
  task.output = finding.output ?? null;
  task.errorCode = finding.error?.code ?? "";
  task.settledAtMs = d.s.nowMs;
}
