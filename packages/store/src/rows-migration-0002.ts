import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Re-runs in batches, gates before publishing, ordered routes that calls remember, connectors made in the dashboard. */
export const rerunsRoutesConnectors = (kind: "sqlite" | "postgres"): Migration => ({
  async up(db: Kysely<unknown>) {
    const real = kind === "postgres" ? "double precision" : "real";
    await db.schema.alterTable("calls").addColumn("route_id", "text").execute();
    await db.schema.alterTable("calls").addColumn("route_label", "text").execute();
    await db.schema.alterTable("playbook_versions").addColumn("override_reason", "text").execute();
    await db.schema
      .alterTable("routes")
      .addColumn("position", "integer", (c) => c.notNull().defaultTo(0))
      .execute();
    await db.schema.alterTable("routes").addColumn("label", "text").execute();
    await db.schema.alterTable("reruns").addColumn("batch_id", "text").execute();
    await db.schema
      .alterTable("reruns")
      .addColumn("progress", real, (c) => c.notNull().defaultTo(0))
      .execute();
    await db.schema.createIndex("reruns_by_batch").on("reruns").columns(["batch_id", "state"]).execute();
    await db.schema
      .createTable("playbook_gates")
      .addColumn("playbook_id", "text", (c) => c.notNull())
      .addColumn("set_id", "text", (c) => c.notNull())
      .addColumn("bounds", "text", (c) => c.notNull())
      .addColumn("updated_by", "text", (c) => c.notNull())
      .addColumn("updated_at", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("playbook_gates_pk", ["playbook_id"])
      .execute();
    await db.schema
      .createTable("rerun_batches")
      .addColumn("id", "text", (c) => c.notNull())
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("playbook_id", "text")
      .addColumn("playbook_version", "integer")
      .addColumn("source_hash", "text")
      .addColumn("against", "text", (c) => c.notNull())
      .addColumn("state", "text", (c) => c.notNull())
      .addColumn("fault", "text")
      .addColumn("calls", "integer", (c) => c.notNull())
      .addColumn("created_by", "text", (c) => c.notNull())
      .addColumn("created_at", "text", (c) => c.notNull())
      .addColumn("finished_at", "text")
      .addPrimaryKeyConstraint("rerun_batches_pk", ["id"])
      .execute();
    await db.schema.createIndex("rerun_batches_by_created").on("rerun_batches").column("created_at").execute();
    await db.schema
      .createTable("connectors")
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("kind", "text", (c) => c.notNull())
      .addColumn("config", "text", (c) => c.notNull())
      .addColumn("secrets", "text", (c) => c.notNull())
      .addColumn("enabled", "integer", (c) => c.notNull().defaultTo(1))
      .addColumn("created_at", "text", (c) => c.notNull())
      .addColumn("updated_by", "text", (c) => c.notNull())
      .addColumn("updated_at", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("connectors_pk", ["name"])
      .execute();
  },
});
