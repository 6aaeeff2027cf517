import type { CallStory, StoryTask } from "./call-story.ts";

/** What became of a call for the contact centre. */
export interface CallReport {
  /** Plain sentences for whoever takes up the matter. */
  summary: string;
  outcome: "contained" | "transferred" | "abandoned" | "failed";
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
  const answered = story.tasks.filter((task) => task.outcome === "found" || task.outcome === "not-found");
  const topWant = story.wants[0];
  const outcome = outcomeOf(story, endReason, answered.length);
  const uncovered = story.tasks.filter(isFallback).length + (topWant === undefined && hasTalked(story) ? 1 : 0);
  const lookups = story.tasks.flatMap((task) => (task.endMs === undefined ? [] : [task.endMs - task.delegatedMs]));
  const followUps = followUpsOf(story);
  return {
    summary: summaryOf(story, outcome, followUps),
    outcome,
    disposition: `${topWant ?? "no want"}: ${dispositionOf(story, outcome, answered.length)}`,
    topWant,
    followUps,
    uncovered,
    longestLookupMs: Math.max(0, ...lookups),
  };
}

const isFallback = (task: StoryTask): boolean => task.kind === "reason" || task.kind === "knowledge";
const callerTurns = (story: CallStory) => story.turns.filter((turn) => turn.who === "caller");
const hasTalked = (story: CallStory): boolean => callerTurns(story).length >= FEW_CALLER_TURNS;

function outcomeOf(story: CallStory, endReason: string, answered: number): CallReport["outcome"] {
  if (story.transfer) return "transferred";
  if (FAILED_END.test(endReason)) return "failed";
  return answered === 0 && story.wants.length === 0 && !hasTalked(story) ? "abandoned" : "contained";
}

function dispositionOf(story: CallStory, outcome: CallReport["outcome"], answered: number): string {
  if (outcome !== "contained") return outcome;
  if (story.tasks.some((task) => task.outcome === "failed" || task.outcome === "timed-out")) return "lookup failed";
  if (answered > 0 && story.tasks.every((task) => task.outcome === "not-found" || task.outcome === undefined)) {
    return "not found";
  }
  return answered > 0 ? "answered" : "talked";
}

function followUpsOf(story: CallStory): string[] {
  const followUps = story.tasks.flatMap((task) => {
    const input = task.input as Record<string, unknown> | null;
    if (task.kind === "call-back") return [`Call back at ${String(input?.at)}: ${String(input?.subject)}.`];
    if (task.kind === "create-case" && task.outcome === "found")
      return [`Work on the case "${String(input?.subject)}".`];
    if (task.outcome === "failed" || task.outcome === "timed-out") return [`${task.kind} failed and is open.`];
    return [];
  });
  return [...new Set(followUps)];
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
    if (task.outcome !== undefined) sentences.push(`${task.kind.replaceAll("-", " ")}: ${told(task)}.`);
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
