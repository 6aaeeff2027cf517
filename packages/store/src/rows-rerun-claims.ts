import type { Kysely } from "kysely";
import type { RerunBatchRow } from "./rows-reruns.ts";
import type { Rows } from "./rows-schema.ts";

/** Who runs a batch, and for how long nobody else may unless the claim is renewed. */
export interface RerunClaim {
  by: string;
  leaseMs: number;
}

const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

/**
 * Takes the oldest batch that nobody runs: one that waits, or one whose runner has not renewed its claim in time. Of all
 * that ask at once, one gets it. Clocks of the machines may differ by less than the lease.
 */
export async function claimRerunBatch(db: Kysely<Rows>, claim: RerunClaim): Promise<RerunBatchRow | undefined> {
  for (;;) {
    const now = inMs(0);
    const oldest = await db
      .selectFrom("rerun_batches")
      .selectAll()
      .where("state", "in", ["queued", "running"])
      .where((eb) => eb.or([eb("claimed_until", "is", null), eb("claimed_until", "<", now)]))
      .orderBy("created_at")
      .orderBy("id")
      .executeTakeFirst();
    if (!oldest) return undefined;
    const claimed = { state: "running", claimed_by: claim.by, claimed_until: inMs(claim.leaseMs) };
    const result = await db
      .updateTable("rerun_batches")
      .set(claimed)
      .where("id", "=", oldest.id)
      .where("state", "in", ["queued", "running"])
      // Nobody else was quicker.
      .where("claimed_until", "is not distinct from", oldest.claimed_until)
      .executeTakeFirst();
    if (Number(result.numUpdatedRows) > 0) return { ...oldest, ...claimed };
  }
}

/** False when the batch is not the claimer's any more: it was cancelled, or somebody else has taken it. */
export async function renewRerunClaim(db: Kysely<Rows>, id: string, claim: RerunClaim): Promise<boolean> {
  const result = await db
    .updateTable("rerun_batches")
    .set({ claimed_until: inMs(claim.leaseMs) })
    .where("id", "=", id)
    .where("state", "=", "running")
    .where("claimed_by", "=", claim.by)
    .executeTakeFirst();
  return Number(result.numUpdatedRows) > 0;
}

/** Lets go of a batch that is not finished: whoever looks next goes on with it. */
export async function releaseRerunClaim(db: Kysely<Rows>, id: string, by: string): Promise<void> {
  await db
    .updateTable("rerun_batches")
    .set({ claimed_by: null, claimed_until: null })
    .where("id", "=", id)
    .where("claimed_by", "=", by)
    .execute();
}

/** The batch is over; nothing happens where it is no longer the claimer's, or was cancelled. */
export async function endRerunBatch(
  db: Kysely<Rows>,
  id: string,
  end: { by: string; state: "done" | "failed"; fault?: string },
): Promise<void> {
  await db
    .updateTable("rerun_batches")
    .set({ state: end.state, fault: end.fault ?? null, finished_at: inMs(0), claimed_by: null, claimed_until: null })
    .where("id", "=", id)
    .where("state", "=", "running")
    .where("claimed_by", "=", end.by)
    .execute();
}
