import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Claims, so that of several servers one runs a batch; results in short, so that hundreds of calls can be listed. */
export const rerunClaims: Migration = {
  async up(db: Kysely<unknown>) {
    for (const [table, column] of [
      ["rerun_batches", "claimed_by"],
      ["rerun_batches", "claimed_until"],
      ["reruns", "short"],
    ] as const) {
      await db.schema.alterTable(table).addColumn(column, "text").execute();
    }
  },
};
