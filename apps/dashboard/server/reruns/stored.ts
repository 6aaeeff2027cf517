import { createHash } from "node:crypto";
import { RerunResult, ThresholdChanges } from "@sidetone/protocol";
import { type ExpectedFindings, type RerunBatchRow, type Rows, rerunsOf } from "@sidetone/store";
import type { Kysely } from "kysely";
import { z } from "zod";
import { FiguresInShort, type RerunSummary, SummaryFold } from "./judge.ts";

/** The rest of what a batch runs against, as its row keeps it. */
export const RerunAgainst = z.object({
  thresholds: ThresholdChanges.default({}),
  /** Name of a model folder; null is the one that is shipped. */
  model: z.string().nullable().default(null),
  /** What the saved set held and expected then; null where its calls are those that a search finds. */
  suite: z.string().nullable().default(null),
});
export type RerunAgainst = z.infer<typeof RerunAgainst>;

/** Tells a saved set from the same set with other calls, or with others of their findings expected. */
export const suiteHash = (members: readonly { callId: string; expected: ExpectedFindings | undefined }[]): string =>
  createHash("sha256")
    .update(JSON.stringify(members.map(({ callId, expected }) => [callId, expected ?? null])))
    .digest("hex");

/** What a call's row keeps when it has run, or could not. */
export const RerunOutcome = z.union([
  z.object({ result: RerunResult, regressions: z.array(z.string()) }),
  z.object({ code: z.string(), message: z.string() }),
]);
export type RerunOutcome = z.infer<typeof RerunOutcome>;

export const againstOf = (batch: RerunBatchRow): RerunAgainst => RerunAgainst.parse(JSON.parse(batch.against));

export const outcomeOf = (row: { result: string | null }): RerunOutcome | undefined =>
  row.result === null ? undefined : RerunOutcome.parse(JSON.parse(row.result));

/** What lists and totals need of an outcome: a result itself holds every turn, and a batch hundreds of them. */
export const ShortOutcome = z.object({
  changed: z.array(z.string()),
  regressions: z.array(z.string()),
  fault: z.string().nullable(),
  before: FiguresInShort.nullable(),
  after: FiguresInShort.nullable(),
});
export type ShortOutcome = z.infer<typeof ShortOutcome>;

export function inShort(outcome: RerunOutcome): ShortOutcome {
  if ("code" in outcome) return { changed: [], regressions: [], fault: outcome.message, before: null, after: null };
  const { result, regressions } = outcome;
  const figures = ({ figures: { responseLatenciesMs, cutIns, yields } }: RerunResult["before"]) => ({
    responseLatenciesMs,
    cutIns,
    yields,
  });
  return {
    changed: result.changed,
    regressions,
    fault: null,
    before: figures(result.before),
    after: figures(result.after),
  };
}

/** What came of a call, in short; undefined while it has not run. */
function shortOf(row: { short: string | null; result: string | null }): ShortOutcome | undefined {
  if (row.short !== null) return ShortOutcome.parse(JSON.parse(row.short));
  const outcome = outcomeOf(row);
  return outcome && inShort(outcome);
}

export interface SummarisedCall {
  callId: string;
  state: string;
  progress: number;
  changed: string[];
  regressions: string[];
  fault: string | null;
  responseBeforeMs: number | null;
  responseAfterMs: number | null;
  cutInsBefore: number;
  cutInsAfter: number;
}

const middle = (values: readonly number[] = []): number | null => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? null;
};

/** A batch's calls in short, and their totals. */
export async function summarise(
  db: Kysely<Rows>,
  batchId: string,
): Promise<{ summary: RerunSummary; calls: SummarisedCall[] }> {
  const fold = new SummaryFold();
  const calls = (await rerunsOf(db, batchId)).map((row): SummarisedCall => {
    const outcome = shortOf(row);
    fold.take(outcome);
    return {
      callId: row.call_id,
      state: row.state,
      progress: row.progress,
      changed: outcome?.changed ?? [],
      regressions: outcome?.regressions ?? [],
      fault: outcome?.fault ?? null,
      responseBeforeMs: middle(outcome?.before?.responseLatenciesMs),
      responseAfterMs: middle(outcome?.after?.responseLatenciesMs),
      cutInsBefore: outcome?.before?.cutIns ?? 0,
      cutInsAfter: outcome?.after?.cutIns ?? 0,
    };
  });
  return { summary: fold.summary(), calls };
}
