import type { RerunResult } from "@sidetone/protocol";
import type { ExpectedFindings, RegressionBounds } from "@sidetone/store";
import { z } from "zod";

const folded = (text: string): string =>
  ` ${text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim()} `;

/** What of `wanted` is not in `found`, each as often as it was. */
function missing(wanted: readonly string[], found: readonly string[]): string[] {
  const left = [...found];
  return wanted.filter((each) => {
    const at = left.indexOf(each);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/**
 * What got worse in one call: what was expected of it and is not there; where nothing is expected, what the call itself
 * had found. Something more, or said in other words, is a change and no regression.
 */
export function regressionsOf(result: RerunResult, expected: ExpectedFindings | undefined): string[] {
  const { before, after } = result;
  const wanted = expected ?? { wants: before.wants, slots: before.slots, tasks: before.tasks.map((task) => task.kind) };
  const faults = missing(wanted.wants ?? [], after.wants).map((want) => `The want ${want} was not recognised.`);
  for (const [slot, value] of Object.entries(wanted.slots ?? {})) {
    const found = after.slots[slot];
    if (found === undefined) faults.push(`${slot} was not filled; it should be ${value}.`);
    else if (found !== value) faults.push(`${slot} is ${found}; it should be ${value}.`);
  }
  const kinds = after.tasks.map((task) => task.kind);
  faults.push(...missing(wanted.tasks ?? [], kinds).map((kind) => `${kind} was not delegated.`));
  const said = folded(result.turns.flatMap((turn) => turn.after.said).join(" "));
  for (const text of expected?.says ?? []) {
    if (!said.includes(folded(text))) faults.push(`The agent did not say "${text}".`);
  }
  const isTransfer = (ends: string | null) => ends?.startsWith("transfer") === true;
  if (isTransfer(after.ends) && !isTransfer(before.ends)) faults.push(`It ended in a ${after.ends}.`);
  return faults;
}

export interface RerunSummary {
  calls: number;
  ran: number;
  /** Something is otherwise. */
  changed: number;
  regressed: number;
  /** Could not be run again. */
  failed: number;
  /** Medians over all responses of all calls, milliseconds. */
  responseBeforeMs: number | null;
  responseAfterMs: number | null;
  cutInsBefore: number;
  cutInsAfter: number;
  yieldsBefore: number;
  yieldsAfter: number;
  /** How many calls changed in which way. */
  changes: Record<string, number>;
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

export const FiguresInShort = z.object({
  responseLatenciesMs: z.array(z.number()),
  cutIns: z.number(),
  yields: z.number(),
});

/** What the totals need of a call; `before` and `after` are null where it could not be run. */
interface JudgedCall {
  changed: readonly string[];
  regressions: readonly string[];
  before: z.infer<typeof FiguresInShort> | null;
  after: z.infer<typeof FiguresInShort> | null;
}

/** Adds calls up as they come, so that hundreds of results need not be in memory at once. */
export class SummaryFold {
  readonly #responses = { before: [] as number[], after: [] as number[] };
  readonly #summary: RerunSummary = {
    calls: 0,
    ran: 0,
    changed: 0,
    regressed: 0,
    failed: 0,
    responseBeforeMs: null,
    responseAfterMs: null,
    cutInsBefore: 0,
    cutInsAfter: 0,
    yieldsBefore: 0,
    yieldsAfter: 0,
    changes: {},
  };

  /** Nothing: it has not run yet. */
  take(call: JudgedCall | undefined): void {
    const summary = this.#summary;
    summary.calls++;
    if (!call) return;
    const { before, after } = call;
    if (!before || !after) {
      summary.failed++;
      return;
    }
    summary.ran++;
    if (call.changed.length > 0) summary.changed++;
    if (call.regressions.length > 0) summary.regressed++;
    for (const change of call.changed) summary.changes[change] = (summary.changes[change] ?? 0) + 1;
    this.#responses.before.push(...before.responseLatenciesMs);
    this.#responses.after.push(...after.responseLatenciesMs);
    summary.cutInsBefore += before.cutIns;
    summary.cutInsAfter += after.cutIns;
    summary.yieldsBefore += before.yields;
    summary.yieldsAfter += after.yields;
  }

  summary(): RerunSummary {
    return {
      ...this.#summary,
      responseBeforeMs: median(this.#responses.before),
      responseAfterMs: median(this.#responses.after),
    };
  }
}

/** Why a re-run is worse than the bounds allow; empty when it is not. */
export function beyondBounds(summary: RerunSummary, bounds: RegressionBounds): string[] {
  const reasons: string[] = [];
  const calls = (count: number) => (count === 1 ? "1 call" : `${count} calls`);
  if (summary.ran === 0) return ["No call of the set could be run."];
  if (summary.regressed > bounds.regressedCalls)
    reasons.push(`${calls(summary.regressed)} regressed; at most ${bounds.regressedCalls} may.`);
  // Of a call that could not be run nobody knows that it still goes well.
  else if (summary.regressed + summary.failed > bounds.regressedCalls)
    reasons.push(
      `${calls(summary.failed)} could not be run; at most ${bounds.regressedCalls} may be missing or worse.`,
    );
  const slowerMs = (summary.responseAfterMs ?? 0) - (summary.responseBeforeMs ?? 0);
  if (summary.responseBeforeMs !== null && summary.responseAfterMs !== null && slowerMs > bounds.slowerMs)
    reasons.push(`The median response is ${Math.round(slowerMs)} ms slower; ${bounds.slowerMs} ms are allowed.`);
  const more = summary.cutInsAfter - summary.cutInsBefore;
  if (more > bounds.moreCutIns) reasons.push(`There are ${more} cut-ins more; ${bounds.moreCutIns} are allowed.`);
  return reasons;
}
