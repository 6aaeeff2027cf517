import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { Kysely, PostgresDialect, type SqliteDatabase, SqliteDialect } from "kysely";
import { Migrator } from "kysely/migration";
import pg from "pg";
import { migrations } from "./rows-migrations.ts";
import type { Rows } from "./rows-schema.ts";

export type DatabaseKind = "sqlite" | "postgres";

export interface Database {
  readonly kind: DatabaseKind;
  readonly db: Kysely<Rows>;
  /** Brings the schema up to date; safe to call from several processes at once. */
  migrate(): Promise<void>;
  close(): Promise<void>;
}

/** A database error of this package. `code` is of the same style as the platform's catalogue. */
export class RowsError extends Error {
  readonly code: "STORE_UNAVAILABLE" | "CONFIG_INVALID";
  constructor(code: RowsError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RowsError";
    this.code = code;
  }
}

/** Statements kept prepared per connection; the oldest goes first. */
const STATEMENTS_KEPT = 256;

/** Presents `node:sqlite` as the driver surface that Kysely's SQLite dialect asks for. */
function asKyselyDatabase(database: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, ReturnType<SqliteDatabase["prepare"]>>();
  return {
    close: () => database.close(),
    prepare(sql) {
      const kept = statements.get(sql);
      if (kept) return kept;
      const statement = database.prepare(sql);
      const prepared = {
        reader: statement.columns().length > 0,
        all: (parameters: readonly unknown[]) => statement.all(...(parameters as SQLInputValue[])),
        run: (parameters: readonly unknown[]) => statement.run(...(parameters as SQLInputValue[])),
        iterate: (parameters: readonly unknown[]) => statement.iterate(...(parameters as SQLInputValue[])),
      };
      // A schema change invalidates the column list; DDL is rare and never worth keeping.
      if (!/^\s*(create|alter|drop|pragma|begin|commit|rollback)/i.test(sql)) {
        if (statements.size >= STATEMENTS_KEPT) {
          const oldest = statements.keys().next().value;
          if (oldest !== undefined) statements.delete(oldest);
        }
        statements.set(sql, prepared);
      }
      return prepared;
    },
  };
}

function openSqlite(path: string): Kysely<Rows> {
  if (path !== ":memory:") mkdirSync(dirname(resolve(path)), { recursive: true });
  const database = new DatabaseSync(path);
  // Several processes share the file: readers never wait for a writer, writers wait for each other.
  database.exec("pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 5000");
  database.exec("pragma foreign_keys = on");
  return new Kysely<Rows>({ dialect: new SqliteDialect({ database: asKyselyDatabase(database) }) });
}

function openPostgres(url: string): Kysely<Rows> {
  const pool = new pg.Pool({ connectionString: url, max: 10, connectionTimeoutMillis: 5_000 });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on("error", () => undefined);
  return new Kysely<Rows>({ dialect: new PostgresDialect({ pool }) });
}

/**
 * Opens the rows by URL: `postgres://...`, `sqlite:PATH` or `file:PATH`; none given means
 * `sidetone.db` in `dataDir`. The same queries and migrations run on both.
 * @throws RowsError `CONFIG_INVALID` for any other scheme.
 */
export function openDatabase(url: string | undefined, dataDir: string): Database {
  const kind: DatabaseKind = url && /^postgres(ql)?:\/\//.test(url) ? "postgres" : "sqlite";
  let db: Kysely<Rows>;
  if (kind === "postgres") db = openPostgres(url ?? "");
  else {
    const path = url === undefined ? resolve(dataDir, "sidetone.db") : /^(?:sqlite|file):(?:\/\/)?(.+)$/.exec(url)?.[1];
    if (!path) throw new RowsError("CONFIG_INVALID", "DATABASE_URL must begin with postgres://, sqlite: or file:.");
    db = openSqlite(path);
  }
  return {
    kind,
    db,
    async migrate() {
      const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations(kind) } });
      // Two processes that start at once race for SQLite's schema; the loser looks again.
      for (let attempt = 1; ; attempt++) {
        const { error } = await migrator.migrateToLatest();
        if (!error) return;
        const raced = kind === "sqlite" && /already exists|database is locked|UNIQUE/.test(String(error));
        if (!raced || attempt === 3)
          throw new RowsError("STORE_UNAVAILABLE", `The database could not be migrated. ${String(error)}`, {
            cause: error,
          });
      }
    },
    close: () => db.destroy(),
  };
}
