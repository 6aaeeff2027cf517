import { randomUUID } from "node:crypto";
import type { Kysely, Selectable } from "kysely";
import { z } from "zod";
import type { Rows, ScoresTable } from "./rows-schema.ts";

/** What an automatic score looks at; the figures are those of the call's row. */
export const AutoRule = z.object({
  figure: z.enum([
    "response_max_ms",
    "response_p50_ms",
    "stop_max_ms",
    "longest_silence_ms",
    "longest_lookup_ms",
    "cut_ins",
    "uncovered",
    "lost_hops",
  ]),
  /** Full points up to here. */
  atMost: z.number(),
});
export type AutoRule = z.infer<typeof AutoRule>;

export const Criterion = z.object({
  id: z.string().regex(/^[a-z0-9-]{1,60}$/, "lower-case letters, digits and hyphens"),
  question: z.string().min(1).max(300),
  weight: z.number().positive().max(100),
  required: z.boolean().default(true),
  /** A "no" here fails the whole call, whatever else it earned. */
  autoFail: z.boolean().default(false),
  auto: AutoRule.optional(),
});
export type Criterion = z.infer<typeof Criterion>;

export const ScorecardDocument = z.object({ criteria: z.array(Criterion).min(1).max(50) });
export type ScorecardDocument = z.infer<typeof ScorecardDocument>;

/** `met` is 1 for yes, 0 for no, between for partly; absent means not applicable. */
export const Answer = z.object({
  criterionId: z.string(),
  met: z.number().min(0).max(1).optional(),
  note: z.string().max(2000).optional(),
  /** The moment that shows it. */
  atMs: z.number().nonnegative().optional(),
});
export type Answer = z.infer<typeof Answer>;

/**
 * Points out of 100: the weighted share of what applied. A required criterion without an answer is an
 * error; an auto-fail criterion that is not fully met makes the total 0.
 * @throws RangeError naming the criterion.
 */
export function totalOf(card: ScorecardDocument, answers: readonly Answer[]): { total: number; failed: boolean } {
  const known = new Set(card.criteria.map((criterion) => criterion.id));
  for (const answer of answers) {
    if (!known.has(answer.criterionId)) throw new RangeError(`The scorecard has no criterion "${answer.criterionId}".`);
  }
  let earned = 0;
  let possible = 0;
  let failed = false;
  for (const criterion of card.criteria) {
    const met = answers.find((answer) => answer.criterionId === criterion.id)?.met;
    if (met === undefined) {
      if (criterion.required) throw new RangeError(`"${criterion.question}" needs an answer.`);
      continue;
    }
    earned += met * criterion.weight;
    possible += criterion.weight;
    if (criterion.autoFail && met < 1) failed = true;
  }
  const total = failed || possible === 0 ? 0 : Math.round((earned / possible) * 1000) / 10;
  return { total, failed };
}

export const listScorecards = (db: Kysely<Rows>) =>
  db.selectFrom("scorecards").selectAll().orderBy("name").orderBy("version", "desc").execute();

export const findScorecard = (db: Kysely<Rows>, id: string, version?: number) => {
  let query = db.selectFrom("scorecards").selectAll().where("id", "=", id).orderBy("version", "desc");
  if (version !== undefined) query = query.where("version", "=", version);
  return query.executeTakeFirst();
};

/** Adds a version: old scores keep the card they were given with. */
export async function saveScorecard(
  db: Kysely<Rows>,
  card: { id?: string | undefined; name: string; document: ScorecardDocument; active: boolean; by: string },
): Promise<{ id: string; version: number }> {
  const id = card.id ?? randomUUID();
  return db.transaction().execute(async (trx) => {
    const newest = await trx
      .selectFrom("scorecards")
      .select((eb) => eb.fn.max("version").as("version"))
      .where("id", "=", id)
      .executeTakeFirst();
    const version = Number(newest?.version ?? 0) + 1;
    await trx.updateTable("scorecards").set({ active: 0 }).where("id", "=", id).execute();
    await trx
      .insertInto("scorecards")
      .values({
        id,
        version,
        name: card.name,
        document: JSON.stringify(card.document),
        active: Number(card.active),
        created_by: card.by,
        created_at: new Date().toISOString(),
      })
      .execute();
    return { id, version };
  });
}

export type ScoreRow = Selectable<ScoresTable>;

/** Writes one scorer's score of a call under a card; a second one replaces the first. */
export async function saveScore(
  db: Kysely<Rows>,
  score: {
    callId: string;
    scorecardId: string;
    scorecardVersion: number;
    scorer: string;
    scorerKind: "human" | "auto";
    total: number;
    failed: boolean;
    answers: readonly Answer[];
    note?: string | undefined;
  },
): Promise<void> {
  const now = new Date().toISOString();
  const given = {
    scorecard_version: score.scorecardVersion,
    scorer_kind: score.scorerKind,
    total: score.total,
    failed: Number(score.failed),
    answers: JSON.stringify(score.answers),
    note: score.note ?? null,
    updated_at: now,
  };
  await db.transaction().execute(async (trx) => {
    await trx
      .insertInto("scores")
      .values({
        id: randomUUID(),
        call_id: score.callId,
        scorecard_id: score.scorecardId,
        scorer: score.scorer,
        dispute: null,
        dispute_state: null,
        created_at: now,
        ...given,
      })
      .onConflict((conflict) => conflict.columns(["call_id", "scorecard_id", "scorer"]).doUpdateSet(given))
      .execute();
    const mean = await trx
      .selectFrom("scores")
      .select((eb) => eb.fn.avg("total").as("mean"))
      .where("call_id", "=", score.callId)
      .where("scorer_kind", "=", score.scorerKind)
      .executeTakeFirst();
    const column = score.scorerKind === "human" ? "human_score" : "auto_score";
    await trx
      .updateTable("calls")
      .set({ [column]: mean?.mean == null ? null : Number(mean.mean) })
      .where("id", "=", score.callId)
      .execute();
  });
}

export const scoresOf = (db: Kysely<Rows>, callId: string) =>
  db.selectFrom("scores").selectAll().where("call_id", "=", callId).orderBy("created_at").execute();

/** A dispute is opened by whoever disagrees, and closed by an admin or supervisor. */
export async function disputeScore(
  db: Kysely<Rows>,
  scoreId: string,
  dispute: { text: string; state: "open" | "upheld" | "rejected" },
): Promise<boolean> {
  const result = await db
    .updateTable("scores")
    .set({ dispute: dispute.text, dispute_state: dispute.state, updated_at: new Date().toISOString() })
    .where("id", "=", scoreId)
    .executeTakeFirst();
  return Number(result.numUpdatedRows) > 0;
}

/**
 * Cohen's kappa of two raters over the same items (J. Cohen, "A Coefficient of Agreement for Nominal
 * Scales", Educational and Psychological Measurement 20, 1960). `undefined` without items; 1 when both
 * always gave the same single category.
 */
export function cohensKappa(pairs: readonly (readonly [string, string])[]): number | undefined {
  if (pairs.length === 0) return undefined;
  const first = new Map<string, number>();
  const second = new Map<string, number>();
  let agreed = 0;
  for (const [a, b] of pairs) {
    first.set(a, (first.get(a) ?? 0) + 1);
    second.set(b, (second.get(b) ?? 0) + 1);
    if (a === b) agreed++;
  }
  const n = pairs.length;
  let byChance = 0;
  for (const [category, count] of first) byChance += (count / n) * ((second.get(category) ?? 0) / n);
  const observed = agreed / n;
  return byChance === 1 ? 1 : (observed - byChance) / (1 - byChance);
}
