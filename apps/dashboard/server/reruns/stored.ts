import { RerunResult, ThresholdChanges } from "@sidetone/protocol";
import { type RerunBatchRow, type RerunRow, type Rows, rerunsOf } from "@sidetone/store";
import type { Kysely } from "kysely";
import { z } from "zod";
import { type RerunSummary, SummaryFold } from "./judge.ts";

/** The rest of what a batch runs against, as its row keeps it. */
export const RerunAgainst = z.object({
  thresholds: ThresholdChanges.default({}),
  /** Name of a model folder; null is the one that is shipped. */
  model: z.string().nullable().default(null),
});
export type RerunAgainst = z.infer<typeof RerunAgainst>;

/** What a call's row keeps when it has run, or could not. */
export const RerunOutcome = z.union([
  z.object({ result: RerunResult, regressions: z.array(z.string()) }),
  z.object({ code: z.string(), message: z.string() }),
]);
export type RerunOutcome = z.infer<typeof RerunOutcome>;

export const againstOf = (batch: RerunBatchRow): RerunAgainst => RerunAgainst.parse(JSON.parse(batch.against));

export const outcomeOf = (row: RerunRow): RerunOutcome | undefined =>
  row.result === null ? undefined : RerunOutcome.parse(JSON.parse(row.result));

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

const middle = (values: readonly number[]): number | null => {
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
    const outcome = outcomeOf(row);
    const result = outcome && "result" in outcome ? outcome.result : undefined;
    const regressions = outcome && "result" in outcome ? outcome.regressions : [];
    fold.take({ result, regressed: regressions.length > 0, failed: row.state === "failed" });
    return {
      callId: row.call_id,
      state: row.state,
      progress: row.progress,
      changed: result?.changed ?? [],
      regressions,
      fault: outcome && "code" in outcome ? outcome.message : null,
      responseBeforeMs: result ? middle(result.before.figures.responseLatenciesMs) : null,
      responseAfterMs: result ? middle(result.after.figures.responseLatenciesMs) : null,
      cutInsBefore: result?.before.figures.cutIns ?? 0,
      cutInsAfter: result?.after.figures.cutIns ?? 0,
    };
  });
  return { summary: fold.summary(), calls };
}
