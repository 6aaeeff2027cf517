import { type PromisedAnswer, TASKS } from "@sidetone/protocol";
import type { Task, Thread } from "../state.ts";
import { cancel, delegateNew } from "./delegation.ts";
import { type Draft, isOpen, scopeOf } from "./draft.ts";
import { reachedBy } from "./reach.ts";
import { foundValues } from "./situation.ts";

/** A lookup that takes longer than this may outlast its caller's patience. */
const WATCHED_AFTER_MS = 2_500;

type Address = Pick<PromisedAnswer, "channel" | "to">;

/**
 * Has a lookup's answer written to the caller, by a task of its own that outlives the call: it looks up, words and sends,
 * whatever becomes of this pod. Returns the task's id.
 */
export function promiseAnswer(
  d: Draft,
  thread: Thread,
  lookup: Task,
  { channel, to }: Address,
  when: PromisedAnswer["when"],
): string {
  const { playbook } = d.book;
  const scope = scopeOf(d, foundValues(d));
  const input: PromisedAnswer = {
    to,
    channel,
    when,
    lookup: { kind: lookup.kind, input: lookup.input },
    wording: {
      company: playbook.persona.company,
      answers: (playbook.wants[thread.want]?.steps[lookup.step]?.answers ?? []).flatMap(
        ({ outcome, when: fits, say }) =>
          outcome === "found" ? [{ outcome, say, ...(fits === undefined ? {} : { when: fits }) }] : [],
      ),
      values: [...scope.values],
      today: scope.today,
      seed: d.s.call.seed,
      neverSay: playbook.policy.neverSay,
    },
  };
  return delegateNew(d, when === "at-once" ? "message" : "watch", "send-answer", input, 5);
}

/**
 * Where the playbook says so and the caller agreed, whoever hangs up before a slow lookup is done has its answer in
 * writing: the task is there before they do, and is cancelled as soon as they have heard it.
 */
export function watchLookups(d: Draft): void {
  const { s } = d;
  if (d.preview || d.book.playbook.longWait.afterHangUp !== "always") return;
  s.watches = s.watches.filter((watch) => {
    const lookup = s.tasks.find((task) => task.taskId === watch.lookup);
    const isWanted =
      lookup !== undefined &&
      lookup.epoch === watch.epoch &&
      lookup.status !== "cancelled" &&
      s.handOver === null &&
      isOpen(d, lookup.thread);
    const task = s.tasks.find((one) => one.taskId === watch.task);
    if (!isWanted && task?.status === "running") cancel(d, task, "the caller has heard it, or wants it no longer");
    return isWanted;
  });
  const reached = hasConsented(d) && s.handOver === null ? reachedBy(d) : null;
  if (reached === null) return;
  for (const lookup of s.tasks) {
    const thread = s.understood.threads.find((one) => one.key === lookup.thread);
    if (thread === undefined || lookup.purpose !== "thread" || lookup.status !== "running") continue;
    if (TASKS[lookup.kind].sideEffect || s.nowMs - lookup.delegatedAtMs < WATCHED_AFTER_MS) continue;
    if (s.watches.some((watch) => watch.lookup === lookup.taskId) || !isOpen(d, thread.key)) continue;
    const task = promiseAnswer(d, thread, lookup, reached, "if-unanswered");
    s.watches.push({ task, lookup: lookup.taskId, epoch: lookup.epoch });
  }
}

/** Where the playbook asks for consent to keep what is said, it is needed here too; else the opening has told so. */
const hasConsented = (d: Draft): boolean =>
  d.s.recording === "on" || (d.book.playbook.opening.recording.mode === "never" && d.s.phase === "talking");
