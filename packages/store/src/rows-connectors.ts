import type { Kysely } from "kysely";
import { z } from "zod";
import type { Rows } from "./rows-schema.ts";

const Sealed = z.record(z.string(), z.string());

/** A connector that was made in the dashboard. */
export interface StoredConnector {
  name: string;
  kind: string;
  /** YAML of one connector, with `${NAME}` in the place of secrets. */
  config: string;
  /** Name to sealed text. */
  secrets: Record<string, string>;
  enabled: boolean;
  createdAt: string;
  updatedBy: string;
  updatedAt: string;
}

/** What a secret of a connector is sealed for. */
export const secretPlace = (connector: string, secret: string): string => `connector/${connector}/${secret}`;

export async function listConnectors(db: Kysely<Rows>): Promise<StoredConnector[]> {
  const rows = await db.selectFrom("connectors").selectAll().orderBy("name").execute();
  return rows.map((row) => ({
    name: row.name,
    kind: row.kind,
    config: row.config,
    secrets: Sealed.parse(JSON.parse(row.secrets)),
    enabled: row.enabled === 1,
    createdAt: row.created_at,
    updatedBy: row.updated_by,
    updatedAt: row.updated_at,
  }));
}

export async function saveConnector(
  db: Kysely<Rows>,
  connector: Omit<StoredConnector, "createdAt" | "updatedAt">,
): Promise<void> {
  const now = new Date().toISOString();
  const given = {
    kind: connector.kind,
    config: connector.config,
    secrets: JSON.stringify(connector.secrets),
    enabled: Number(connector.enabled),
    updated_by: connector.updatedBy,
    updated_at: now,
  };
  await db
    .insertInto("connectors")
    .values({ name: connector.name, created_at: now, ...given })
    .onConflict((conflict) => conflict.column("name").doUpdateSet(given))
    .execute();
}

export async function removeConnector(db: Kysely<Rows>, name: string): Promise<boolean> {
  const result = await db.deleteFrom("connectors").where("name", "=", name).executeTakeFirst();
  return Number(result.numDeletedRows) > 0;
}

/** Changes whenever a connector or a route of operations is added, changed or removed. */
export async function connectorsMark(db: Kysely<Rows>): Promise<string> {
  const [found, routes] = await Promise.all([
    db
      .selectFrom("connectors")
      .select((eb) => [
        eb.fn.countAll().as("count"),
        eb.fn.sum("enabled").as("enabled"),
        eb.fn.max("updated_at").as("newest"),
      ])
      .executeTakeFirstOrThrow(),
    db.selectFrom("settings").select("updated_at").where("key", "=", CONNECTOR_ROUTES_KEY).executeTakeFirst(),
  ]);
  return `${found.count} ${found.enabled ?? 0} ${found.newest ?? ""} ${routes?.updated_at ?? ""}`;
}

/** Setting: operation to connector name. */
export const CONNECTOR_ROUTES_KEY = "connectors.routes";
