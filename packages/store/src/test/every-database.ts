import { after, before, describe, it } from "node:test";
import { type Database, openDatabase } from "../rows-database.ts";
import { startPostgres } from "./postgres.ts";

type Opened = { database: Database; stop: () => Promise<void> } | { absent: string };

/** A case of the table; skipped, with the reason, where its database is not on this machine. */
type Check = (title: string, run: (database: Database) => Promise<void>) => void;

/** The same table of expectations for SQLite and for PostgreSQL, each migrated and empty. */
export function onEveryDatabase(subject: string, table: (check: Check) => void): void {
  on(`${subject} on SQLite`, openSqlite, table);
  on(`${subject} on PostgreSQL`, openPostgres, table);
}

async function openSqlite(): Promise<Opened> {
  return { database: await openDatabase("sqlite::memory:", "unused"), stop: async () => undefined };
}

async function openPostgres(): Promise<Opened> {
  const server = await startPostgres();
  if (typeof server === "string") return { absent: server };
  return { database: await openDatabase(server.url, "unused"), stop: () => server.stop() };
}

function on(name: string, open: () => Promise<Opened>, table: (check: Check) => void): void {
  describe(name, () => {
    let opened: Opened;
    before(async () => {
      opened = await open();
      if ("database" in opened) await opened.database.migrate();
    });
    after(async () => {
      if ("absent" in opened) return;
      await opened.database.close();
      await opened.stop();
    });
    table((title, run) =>
      it(title, async (t) => {
        if ("absent" in opened) return t.skip(opened.absent);
        await run(opened.database);
      }),
    );
  });
}
