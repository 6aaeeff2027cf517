import type { CallStory, StoryTask } from "./call-story.ts";

/** What became of a call for the contact centre. */
export interface CallReport {
  /** Plain sentences for whoever takes up the matter. */
  summary: string;
  outcome: "contained" | "unresolved" | "transferred" | "abandoned" | "failed";
  /** The want and how it ended: `order-status: answered`. */
  disposition: string;
  topWant: string | undefined;
  /** What was promised or left open. */
  followUps: string[];
  /** Times the caller wanted what no playbook covers. */
  uncovered: number;
  longestLookupMs: number;
}

const FAILED_END = /fail|error|lost|pod/i;
/** A caller who was answered nothing and said next to nothing left. */
const FEW_CALLER_TURNS = 2;

/** Rules over a call's story: always there, the same each time. A reasoning model may better the summary. */
export function reportOf(story: CallStory, endReason: string): CallReport {
  const matters = mattersOf(story);
  const topWant = story.wants[0];
  const outcome = outcomeOf(story, endReason, matters);
  const uncovered = story.tasks.filter(isFallback).length + (topWant === undefined && hasTalked(story) ? 1 : 0);
  const lookups = story.tasks.flatMap((task) => (task.endMs === undefined ? [] : [task.endMs - task.delegatedMs]));
  const followUps = followUpsOf(story, matters, outcome);
  return {
    summary: summaryOf(story, outcome, followUps),
    outcome,
    disposition: `${topWant ?? "no want"}: ${dispositionOf(story, outcome, matters)}`,
    topWant,
    followUps,
    uncovered,
    longestLookupMs: Math.max(0, ...lookups),
  };
}

const isFallback = (task: StoryTask): boolean => task.kind === "reason" || task.kind === "knowledge";
const callerTurns = (story: CallStory) => story.turns.filter((turn) => turn.who === "caller");
const hasTalked = (story: CallStory): boolean => callerTurns(story).length >= FEW_CALLER_TURNS;

/** How each kind of task stood when the call ended: a later one of the same kind was a better try at the same matter. */
function mattersOf(story: CallStory): StoryTask[] {
  const last = new Map<string, StoryTask>();
  for (const task of story.tasks) {
    const isOver = task.isCancelled || task.outcome === "cancelled" || task.outcome === "superseded";
    // What must finish, and does so after the call, is a promise that is being kept.
    const isUnderWay = task.outlivesCall && task.outcome === undefined;
    if (!isOver && !isUnderWay) last.set(task.kind, task);
  }
  return [...last.values()];
}

/**
 * Contained is a call in which the caller heard an answer and nothing was left: not an order that was not found, a
 * lookup that failed or never came back, a request that was refused.
 */
function outcomeOf(story: CallStory, endReason: string, matters: readonly StoryTask[]): CallReport["outcome"] {
  if (story.transfer) return "transferred";
  if (FAILED_END.test(endReason)) return "failed";
  if (story.answersHeard === 0 && story.wants.length === 0 && !hasTalked(story)) return "abandoned";
  const isDone = story.answersHeard > 0 && matters.every((task) => task.outcome === "found");
  return isDone ? "contained" : "unresolved";
}

function dispositionOf(story: CallStory, outcome: CallReport["outcome"], matters: readonly StoryTask[]): string {
  if (outcome === "contained") return "answered";
  if (outcome !== "unresolved") return outcome;
  const has = (...outcomes: StoryTask["outcome"][]) => matters.some((task) => outcomes.includes(task.outcome));
  if (matters.some(wasRefused)) return "refused";
  if (has("failed", "timed-out", "expired")) return "lookup failed";
  if (has("not-found")) return "not found";
  if (has(undefined)) return "left before the lookup was done";
  return story.wants.length === 0 ? "not understood" : "left without an answer";
}

const wasRefused = (task: StoryTask): boolean => task.outcome === "failed" && task.errorCode === "CONNECTOR_REFUSED";

/** What somebody has to do after the call. */
function followUpsOf(story: CallStory, matters: readonly StoryTask[], outcome: CallReport["outcome"]): string[] {
  const promised = story.tasks.flatMap((task) => {
    const input = task.input as Record<string, unknown> | null;
    if (task.kind === "call-back") return [`Call back at ${String(input?.at)}: ${String(input?.subject)}.`];
    if (task.kind === "create-case" && task.outcome === "found")
      return [`Work on the case "${String(input?.subject)}".`];
    return [];
  });
  const left = outcome === "transferred" ? [] : matters.flatMap(leftOpen);
  const unanswered =
    outcome === "unresolved" && matters.length === 0 && story.wants.length > 0
      ? [`The caller asked about ${listed(story.wants.map((want) => want.replaceAll("-", " ")))} and heard no answer.`]
      : [];
  return [...new Set([...promised, ...left, ...unanswered])];
}

function leftOpen(task: StoryTask): string[] {
  const what = task.kind.replaceAll("-", " ");
  const { orderNumber } = (task.input ?? {}) as { orderNumber?: unknown };
  const of = typeof orderNumber === "string" ? ` of order ${orderNumber}` : "";
  if (wasRefused(task)) return [];
  if (task.outcome === "failed" || task.outcome === "timed-out" || task.outcome === "expired")
    return [`The ${what}${of} failed and is open.`];
  if (task.outcome === "not-found") return [`Nothing was found for the ${what}${of}.`];
  return task.outcome === undefined ? [`The ${what}${of} was not done when the call ended.`] : [];
}

function summaryOf(story: CallStory, outcome: CallReport["outcome"], followUps: readonly string[]): string {
  const sentences: string[] = [];
  const wants = story.wants.map((want) => want.replaceAll("-", " "));
  sentences.push(
    wants.length > 0 ? `The caller asked about ${listed(wants)}.` : "The caller did not say what they wanted.",
  );
  const slots = Object.entries(story.slots).map(([slot, value]) => `${slot.replaceAll("-", " ")} ${value}`);
  if (slots.length > 0) sentences.push(`They gave ${listed(slots)}.`);
  for (const task of story.tasks) {
    if (task.outcome !== undefined && !task.isCancelled)
      sentences.push(`${task.kind.replaceAll("-", " ")}: ${told(task)}.`);
  }
  if (story.transfer) sentences.push(`The call went to ${story.transfer.target} (${story.transfer.reason}).`);
  else if (outcome === "abandoned") sentences.push("They hung up before anything was answered.");
  return [...sentences, ...followUps].map((s) => s.charAt(0).toUpperCase() + s.slice(1)).join(" ");
}

/** The gist of a finding: a status, a reference, a count. */
function told(task: StoryTask): string {
  const output = task.output as Record<string, Record<string, unknown> | unknown[] | string | number> | undefined;
  if (task.outcome !== "found" || !output) return (task.outcome ?? "open").replaceAll("-", " ");
  const status = (output.order as Record<string, unknown> | undefined)?.status;
  if (typeof status === "string") return status.replaceAll("-", " ");
  if (typeof output.reference === "string") return `done, reference ${output.reference}`;
  const caseId = (output.case as Record<string, unknown> | undefined)?.id;
  if (typeof caseId === "string") return `opened as ${caseId}`;
  return "found";
}

function listed(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? "") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

/** The customer that the findings name, for the note in the CRM. */
export function customerOf(story: CallStory): string | undefined {
  for (const task of story.tasks) {
    const output = task.output as
      | { order?: { customerId?: unknown }; customers?: { id?: unknown }[]; case?: { customerId?: unknown } }
      | undefined;
    // Of several customers none is known to be the caller.
    const only = output?.customers?.length === 1 ? output.customers[0]?.id : undefined;
    const id = output?.order?.customerId ?? only ?? output?.case?.customerId;
    if (typeof id === "string" && id !== "") return id;
  }
  return undefined;
}
