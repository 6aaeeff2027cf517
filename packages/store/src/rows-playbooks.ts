import type { Kysely } from "kysely";
import type { Rows } from "./rows-schema.ts";

export const PLAYBOOK_STATES = ["draft", "tested", "published", "retired"] as const;
export type PlaybookState = (typeof PLAYBOOK_STATES)[number];

/** Every playbook with its newest and its published version. */
export async function listPlaybooks(db: Kysely<Rows>) {
  const [playbooks, versions] = await Promise.all([
    db.selectFrom("playbooks").selectAll().where("archived", "=", 0).orderBy("name").execute(),
    db
      .selectFrom("playbook_versions")
      .select(["playbook_id", "version", "state", "created_at", "created_by", "published_at"])
      .orderBy("version")
      .execute(),
  ]);
  return playbooks.map((playbook) => {
    const own = versions.filter((version) => version.playbook_id === playbook.id);
    return {
      id: playbook.id,
      name: playbook.name,
      createdAt: playbook.created_at,
      newest: own.at(-1),
      published: own.findLast((version) => version.state === "published"),
    };
  });
}

export const playbookVersions = (db: Kysely<Rows>, playbookId: string) =>
  db
    .selectFrom("playbook_versions")
    .selectAll()
    .where("playbook_id", "=", playbookId)
    .orderBy("version", "desc")
    .execute();

export const findPlaybookVersion = (db: Kysely<Rows>, playbookId: string, version: number) =>
  db
    .selectFrom("playbook_versions")
    .selectAll()
    .where("playbook_id", "=", playbookId)
    .where("version", "=", version)
    .executeTakeFirst();

export const publishedVersion = (db: Kysely<Rows>, playbookId: string) =>
  db
    .selectFrom("playbook_versions")
    .selectAll()
    .where("playbook_id", "=", playbookId)
    .where("state", "=", "published")
    .orderBy("version", "desc")
    .executeTakeFirst();

/** Adds a draft after the newest version; makes the playbook when it is new. Returns its number. */
export async function addPlaybookDraft(
  db: Kysely<Rows>,
  draft: { playbookId: string; name: string; source: string; note?: string | undefined; by: string },
): Promise<number> {
  const now = new Date().toISOString();
  return db.transaction().execute(async (trx) => {
    await trx
      .insertInto("playbooks")
      .values({ id: draft.playbookId, name: draft.name, created_at: now, archived: 0 })
      .onConflict((conflict) => conflict.column("id").doUpdateSet({ name: draft.name, archived: 0 }))
      .execute();
    const newest = await trx
      .selectFrom("playbook_versions")
      .select((eb) => eb.fn.max("version").as("version"))
      .where("playbook_id", "=", draft.playbookId)
      .executeTakeFirst();
    const version = Number(newest?.version ?? 0) + 1;
    await trx
      .insertInto("playbook_versions")
      .values({
        playbook_id: draft.playbookId,
        version,
        state: "draft",
        source: draft.source,
        note: draft.note ?? null,
        created_by: draft.by,
        created_at: now,
        tested_at: null,
        test_report: null,
        published_at: null,
        published_by: null,
        override_reason: null,
      })
      .execute();
    return version;
  });
}

/** Changes a draft in place. False when the version is no draft any more: published text never changes. */
export async function saveDraft(
  db: Kysely<Rows>,
  draft: { playbookId: string; version: number; name: string; source: string; note?: string | undefined },
): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const result = await trx
      .updateTable("playbook_versions")
      .set({ source: draft.source, note: draft.note ?? null, state: "draft", tested_at: null, test_report: null })
      .where("playbook_id", "=", draft.playbookId)
      .where("version", "=", draft.version)
      .where("state", "in", ["draft", "tested"])
      .executeTakeFirst();
    if (Number(result.numUpdatedRows) === 0) return false;
    await trx.updateTable("playbooks").set({ name: draft.name }).where("id", "=", draft.playbookId).execute();
    return true;
  });
}

/** Records a test run of exactly `source`; false when the draft has changed since. */
export async function markTested(
  db: Kysely<Rows>,
  tested: { playbookId: string; version: number; source: string; passed: boolean; report: unknown },
): Promise<boolean> {
  const result = await db
    .updateTable("playbook_versions")
    .set({
      state: tested.passed ? "tested" : "draft",
      tested_at: new Date().toISOString(),
      test_report: JSON.stringify(tested.report),
    })
    .where("playbook_id", "=", tested.playbookId)
    .where("version", "=", tested.version)
    .where("source", "=", tested.source)
    .where("state", "in", ["draft", "tested"])
    .executeTakeFirst();
  return Number(result.numUpdatedRows) > 0;
}

/**
 * Publishes a tested version, or (roll-back) one that was published before; the former one retires. With an
 * `overrideReason` a draft will do; the reason stays with the version.
 */
export async function publishVersion(
  db: Kysely<Rows>,
  publish: { playbookId: string; version: number; by: string; overrideReason?: string | undefined },
): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const result = await trx
      .updateTable("playbook_versions")
      .set({
        state: "published",
        published_at: new Date().toISOString(),
        published_by: publish.by,
        override_reason: publish.overrideReason ?? null,
      })
      .where("playbook_id", "=", publish.playbookId)
      .where("version", "=", publish.version)
      .where(
        "state",
        "in",
        publish.overrideReason === undefined ? ["tested", "retired"] : ["draft", "tested", "retired"],
      )
      .executeTakeFirst();
    if (Number(result.numUpdatedRows) === 0) return false;
    await trx
      .updateTable("playbook_versions")
      .set({ state: "retired" })
      .where("playbook_id", "=", publish.playbookId)
      .where("version", "!=", publish.version)
      .where("state", "=", "published")
      .execute();
    return true;
  });
}
