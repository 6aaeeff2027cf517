import { randomUUID } from "node:crypto";
import type { Kysely, Selectable } from "kysely";
import { z } from "zod";
import type { CallSearch } from "./rows-calls.ts";
import type { RerunBatchesTable, RerunsTable, Rows } from "./rows-schema.ts";

/** What a re-run of a call must give, whatever the call itself gave. */
export const ExpectedFindings = z.object({
  /** All of these are recognised. */
  wants: z.array(z.string()).optional(),
  /** Last value of each. */
  slots: z.record(z.string(), z.string()).optional(),
  /** Kinds of tasks that are delegated. */
  tasks: z.array(z.string()).optional(),
  /** Words that the agent says, somewhere. */
  says: z.array(z.string()).optional(),
});
export type ExpectedFindings = z.infer<typeof ExpectedFindings>;

export interface SavedSet {
  id: string;
  name: string;
  /** A `search` finds its calls anew whenever it is run; `calls` are picked. */
  kind: "calls" | "search";
  query: CallSearch | undefined;
  calls: number;
  createdBy: string;
  createdAt: string;
}

const setOf = (row: Selectable<Rows["saved_sets"]>, calls: number): SavedSet => ({
  id: row.id,
  name: row.name,
  kind: row.kind === "search" ? "search" : "calls",
  query: row.query === null ? undefined : (JSON.parse(row.query) as CallSearch),
  calls,
  createdBy: row.created_by,
  createdAt: row.created_at,
});

/** `calls` of a set that follows a search is 0: the search has to be asked. */
export async function listSets(db: Kysely<Rows>): Promise<SavedSet[]> {
  const [sets, counts] = await Promise.all([
    db.selectFrom("saved_sets").selectAll().orderBy("name").execute(),
    db
      .selectFrom("saved_set_calls")
      .select((eb) => ["set_id", eb.fn.countAll().as("calls")])
      .groupBy("set_id")
      .execute(),
  ]);
  return sets.map((row) => setOf(row, Number(counts.find((each) => each.set_id === row.id)?.calls ?? 0)));
}

export const findSet = async (db: Kysely<Rows>, id: string): Promise<SavedSet | undefined> =>
  (await listSets(db)).find((set) => set.id === id);

export async function createSet(
  db: Kysely<Rows>,
  set: { name: string; kind: SavedSet["kind"]; query?: CallSearch | undefined; by: string },
): Promise<string> {
  const id = randomUUID();
  await db
    .insertInto("saved_sets")
    .values({
      id,
      name: set.name,
      kind: set.kind,
      query: set.query === undefined ? null : JSON.stringify(set.query),
      created_by: set.by,
      created_at: new Date().toISOString(),
    })
    .execute();
  return id;
}

export async function renameSet(db: Kysely<Rows>, id: string, name: string): Promise<boolean> {
  const result = await db.updateTable("saved_sets").set({ name }).where("id", "=", id).executeTakeFirst();
  return Number(result.numUpdatedRows) > 0;
}

/** Its re-runs stay: they are a record of what was run. */
export async function removeSet(db: Kysely<Rows>, id: string): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    await trx.deleteFrom("saved_set_calls").where("set_id", "=", id).execute();
    const result = await trx.deleteFrom("saved_sets").where("id", "=", id).executeTakeFirst();
    return Number(result.numDeletedRows) > 0;
  });
}

/** Adds calls; those that are in it already keep what is expected of them. Returns how many are new. */
export async function addToSet(db: Kysely<Rows>, setId: string, callIds: readonly string[]): Promise<number> {
  let added = 0;
  await db.transaction().execute(async (trx) => {
    for (let from = 0; from < callIds.length; from += 500) {
      const result = await trx
        .insertInto("saved_set_calls")
        .values(callIds.slice(from, from + 500).map((call_id) => ({ set_id: setId, call_id, expected: null })))
        .onConflict((conflict) => conflict.columns(["set_id", "call_id"]).doNothing())
        .executeTakeFirst();
      added += Number(result.numInsertedOrUpdatedRows ?? 0);
    }
  });
  return added;
}

export async function removeFromSet(db: Kysely<Rows>, setId: string, callId: string): Promise<boolean> {
  const result = await db
    .deleteFrom("saved_set_calls")
    .where("set_id", "=", setId)
    .where("call_id", "=", callId)
    .executeTakeFirst();
  return Number(result.numDeletedRows) > 0;
}

export async function expectOf(
  db: Kysely<Rows>,
  setId: string,
  callId: string,
  expected: ExpectedFindings | undefined,
): Promise<boolean> {
  const result = await db
    .updateTable("saved_set_calls")
    .set({ expected: expected === undefined ? null : JSON.stringify(expected) })
    .where("set_id", "=", setId)
    .where("call_id", "=", callId)
    .executeTakeFirst();
  return Number(result.numUpdatedRows) > 0;
}

export async function setCalls(
  db: Kysely<Rows>,
  setId: string,
): Promise<{ callId: string; expected: ExpectedFindings | undefined }[]> {
  const rows = await db
    .selectFrom("saved_set_calls")
    .select(["call_id", "expected"])
    .where("set_id", "=", setId)
    .orderBy("call_id")
    .execute();
  return rows.map((row) => ({
    callId: row.call_id,
    expected: row.expected === null ? undefined : ExpectedFindings.parse(JSON.parse(row.expected)),
  }));
}

export const RERUN_STATES = ["queued", "running", "done", "cancelled", "failed"] as const;
export type RerunState = (typeof RERUN_STATES)[number];
export type RerunBatchRow = Selectable<RerunBatchesTable>;
export type RerunRow = Selectable<RerunsTable>;

export async function createRerunBatch(
  db: Kysely<Rows>,
  batch: {
    name: string;
    playbookId?: string | undefined;
    playbookVersion?: number | undefined;
    sourceHash?: string | undefined;
    against: unknown;
    setId?: string | undefined;
    callIds: readonly string[];
    by: string;
  },
): Promise<string> {
  const id = randomUUID();
  const now = new Date().toISOString();
  const against = JSON.stringify(batch.against);
  await db.transaction().execute(async (trx) => {
    await trx
      .insertInto("rerun_batches")
      .values({
        id,
        name: batch.name,
        playbook_id: batch.playbookId ?? null,
        playbook_version: batch.playbookVersion ?? null,
        source_hash: batch.sourceHash ?? null,
        against,
        state: "queued",
        fault: null,
        calls: batch.callIds.length,
        created_by: batch.by,
        created_at: now,
        finished_at: null,
        claimed_by: null,
        claimed_until: null,
      })
      .execute();
    const rows = batch.callIds.map((callId) => ({
      id: randomUUID(),
      call_id: callId,
      set_id: batch.setId ?? null,
      against: "",
      state: "queued",
      result: null,
      created_by: batch.by,
      created_at: now,
      finished_at: null,
      batch_id: id,
      progress: 0,
      short: null,
    }));
    for (let from = 0; from < rows.length; from += 500) {
      await trx
        .insertInto("reruns")
        .values(rows.slice(from, from + 500))
        .execute();
    }
  });
  return id;
}

export const findRerunBatch = (db: Kysely<Rows>, id: string) =>
  db.selectFrom("rerun_batches").selectAll().where("id", "=", id).executeTakeFirst();

/** Newest first. */
export const listRerunBatches = (db: Kysely<Rows>, limit: number) =>
  db.selectFrom("rerun_batches").selectAll().orderBy("created_at", "desc").orderBy("id").limit(limit).execute();

/** A batch's calls in short; `result` only of those that were run before there was a short form. */
export const rerunsOf = (db: Kysely<Rows>, batchId: string) =>
  db
    .selectFrom("reruns")
    .select(["call_id", "set_id", "state", "progress", "short"])
    .select((eb) => eb.case().when("short", "is", null).then(eb.ref("result")).else(null).end().as("result"))
    .where("batch_id", "=", batchId)
    .orderBy("call_id")
    .execute();

export const findRerun = (db: Kysely<Rows>, batchId: string, callId: string) =>
  db.selectFrom("reruns").selectAll().where("batch_id", "=", batchId).where("call_id", "=", callId).executeTakeFirst();

/** How many of a batch's calls are in which state, and how far the whole is, 0 to 1. */
export async function rerunProgress(
  db: Kysely<Rows>,
  batchIds: readonly string[],
): Promise<Map<string, { states: Partial<Record<RerunState, number>>; progress: number }>> {
  const found = new Map<string, { states: Partial<Record<RerunState, number>>; progress: number }>();
  if (batchIds.length === 0) return found;
  const rows = await db
    .selectFrom("reruns")
    .select((eb) => ["batch_id", "state", eb.fn.countAll().as("calls"), eb.fn.sum("progress").as("progress")])
    .where("batch_id", "in", [...batchIds])
    .groupBy(["batch_id", "state"])
    .execute();
  const totals = new Map<string, number>();
  for (const row of rows) {
    const id = row.batch_id ?? "";
    const known = found.get(id) ?? { states: {}, progress: 0 };
    known.states[row.state as RerunState] = Number(row.calls);
    known.progress += Number(row.progress ?? 0);
    totals.set(id, (totals.get(id) ?? 0) + Number(row.calls));
    found.set(id, known);
  }
  for (const [id, known] of found) known.progress /= totals.get(id) || 1;
  return found;
}

/** Writes how far a call is, or what came of it. */
export async function updateRerun(
  db: Kysely<Rows>,
  batchId: string,
  callId: string,
  change: {
    state: RerunState;
    progress: number;
    result?: unknown;
    /** The result in short, for lists of hundreds of calls. */
    short?: unknown;
  },
): Promise<void> {
  const over = change.state === "done" || change.state === "failed";
  await db
    .updateTable("reruns")
    .set({
      state: change.state,
      progress: change.progress,
      ...(change.result !== undefined && { result: JSON.stringify(change.result) }),
      ...(change.short !== undefined && { short: JSON.stringify(change.short) }),
      ...(over && { finished_at: new Date().toISOString() }),
    })
    .where("batch_id", "=", batchId)
    .where("call_id", "=", callId)
    // Whoever cancelled it meant it.
    .where("state", "in", ["queued", "running"])
    .execute();
}

/** Calls of the batch that nobody runs any more begin again from the start. */
export async function requeueReruns(db: Kysely<Rows>, batchId: string): Promise<void> {
  await db
    .updateTable("reruns")
    .set({ state: "queued", progress: 0 })
    .where("batch_id", "=", batchId)
    .where("state", "=", "running")
    .execute();
}

export async function cancelRerunBatch(db: Kysely<Rows>, id: string): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const result = await trx
      .updateTable("rerun_batches")
      .set({ state: "cancelled", finished_at: new Date().toISOString() })
      .where("id", "=", id)
      .where("state", "in", ["queued", "running"])
      .executeTakeFirst();
    if (Number(result.numUpdatedRows) === 0) return false;
    await trx
      .updateTable("reruns")
      .set({ state: "cancelled" })
      .where("batch_id", "=", id)
      .where("state", "in", ["queued", "running"])
      .execute();
    return true;
  });
}

/** How much worse than the calls themselves a re-run may be. */
export const RegressionBounds = z.object({
  /** Calls that lost a want, a slot, a task, or missed what was expected. */
  regressedCalls: z.number().int().min(0).max(10_000).default(0),
  /** How much slower the median response may be, milliseconds. */
  slowerMs: z.number().min(0).max(10_000).default(150),
  /** Cut-ins more than before, over all calls. */
  moreCutIns: z.number().int().min(0).max(10_000).default(0),
});
export type RegressionBounds = z.infer<typeof RegressionBounds>;

export interface PlaybookGate {
  setId: string;
  bounds: RegressionBounds;
  updatedBy: string;
  updatedAt: string;
}

export async function readGate(db: Kysely<Rows>, playbookId: string): Promise<PlaybookGate | undefined> {
  const row = await db
    .selectFrom("playbook_gates")
    .selectAll()
    .where("playbook_id", "=", playbookId)
    .executeTakeFirst();
  if (!row) return undefined;
  return {
    setId: row.set_id,
    bounds: RegressionBounds.parse(JSON.parse(row.bounds)),
    updatedBy: row.updated_by,
    updatedAt: row.updated_at,
  };
}

export async function writeGate(
  db: Kysely<Rows>,
  playbookId: string,
  gate: { setId: string; bounds: RegressionBounds; by: string } | undefined,
): Promise<void> {
  if (gate === undefined) {
    await db.deleteFrom("playbook_gates").where("playbook_id", "=", playbookId).execute();
    return;
  }
  const given = {
    set_id: gate.setId,
    bounds: JSON.stringify(gate.bounds),
    updated_by: gate.by,
    updated_at: new Date().toISOString(),
  };
  await db
    .insertInto("playbook_gates")
    .values({ playbook_id: playbookId, ...given })
    .onConflict((conflict) => conflict.column("playbook_id").doUpdateSet(given))
    .execute();
}

/** The newest finished re-run of a set against exactly this text of a playbook. */
export const latestRerunOf = (db: Kysely<Rows>, playbookId: string, sourceHash: string, setId: string) =>
  db
    .selectFrom("rerun_batches")
    .selectAll()
    .where("playbook_id", "=", playbookId)
    .where("source_hash", "=", sourceHash)
    .where("state", "=", "done")
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom("reruns")
          .select("reruns.id")
          .whereRef("reruns.batch_id", "=", "rerun_batches.id")
          .where("reruns.set_id", "=", setId),
      ),
    )
    .orderBy("created_at", "desc")
    .executeTakeFirst();
