import { randomBytes } from "node:crypto";
import type { Kysely, Selectable } from "kysely";
import { NumberRoute, type NumberRoutes, WEEKDAYS } from "./number-routes.ts";
import type { RoutesTable, Rows } from "./rows-schema.ts";

const routeOf = (row: Selectable<RoutesTable>): NumberRoute =>
  NumberRoute.parse({
    id: row.id,
    label: row.label,
    playbookId: row.playbook_id,
    version: row.version,
    sharePercent: row.share_percent,
    days: row.days.split(" ").filter((day) => (WEEKDAYS as readonly string[]).includes(day)),
    fromMinute: row.from_minute,
    toMinute: row.to_minute,
    timeZone: row.time_zone,
  });

/** Every number's rules, in the order in which they are tried. */
export async function readRoutes(db: Kysely<Rows>): Promise<Record<string, NumberRoute[]>> {
  const rows = await db.selectFrom("routes").selectAll().orderBy("number").orderBy("position").orderBy("id").execute();
  const numbers: Record<string, NumberRoute[]> = {};
  for (const row of rows) {
    numbers[row.number] ??= [];
    numbers[row.number]?.push(routeOf(row));
  }
  return numbers satisfies NumberRoutes;
}

/** Puts these rules in the place of the number's former ones. A rule that keeps its id stays the same rule. */
export async function replaceRoutes(
  db: Kysely<Rows>,
  number: string,
  routes: readonly (Omit<NumberRoute, "id"> & { id?: string | undefined })[],
): Promise<void> {
  const now = new Date().toISOString();
  await db.transaction().execute(async (trx) => {
    await trx.deleteFrom("routes").where("number", "=", number).execute();
    if (routes.length === 0) return;
    await trx
      .insertInto("routes")
      .values(
        routes.map((route, position) => ({
          // Short: it travels in the token that a carrier carries as one parameter.
          id: route.id ?? randomBytes(6).toString("base64url"),
          number,
          playbook_id: route.playbookId,
          version: route.version,
          share_percent: route.sharePercent,
          days: route.days.join(" "),
          from_minute: route.fromMinute,
          to_minute: route.toMinute,
          time_zone: route.timeZone,
          created_at: now,
          position,
          label: route.label,
        })),
      )
      .execute();
  });
}
