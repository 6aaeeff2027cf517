import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import pg from "pg";
import { z } from "zod";
import { CrmError } from "../errors.ts";
import { operationsOf } from "../mapping.ts";
import { checkedOutput, LISTS } from "../outputs.ts";
import { type Connector, CRM_OPERATIONS, type CrmContext, type CrmOperation, type CrmOperations } from "../port.ts";

const SqlOperation = z.strictObject({
  /** `:name` stands for a field of the input; columns are named as the port's entity ("orderNumber"). */
  query: z.string().min(1),
  /** Per row, a list from a query of its own; `:name` stands for a column of the row. */
  nested: z.record(z.string(), z.string()).default({}),
  /** Writes: a query that answers a row when the thing to be changed exists. */
  exists: z.string().optional(),
});
type SqlOperation = z.infer<typeof SqlOperation>;

/** Any SQL database, its queries written by the admin. */
export const SqlConfig = z.object({
  kind: z.literal("sql"),
  name: z.string(),
  /** `postgres://...`, or `sqlite:` and a path. */
  url: z.string().regex(/^(postgres(ql)?:\/\/|sqlite:)/, "must begin with postgres:// or sqlite:"),
  /** Where idempotency keys are kept, in the same transaction as the write; it is made if missing. */
  effectsTable: z
    .string()
    .regex(/^[a-z_][a-z0-9_]*$/)
    .default("sidetone_effects"),
  operations: operationsOf(SqlOperation),
});
export type SqlConfig = z.infer<typeof SqlConfig>;

type Row = Record<string, unknown>;
/** One connection within one transaction. */
interface Session {
  all(sql: string, parameters: Row): Promise<Row[]>;
}
interface Driver {
  /** Runs `work` on a connection; writes in a transaction that an exception rolls back. */
  session<T>(mode: "read" | "write", context: CrmContext, work: (session: Session) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function openSqlConnector(config: SqlConfig): Connector {
  const driver = config.url.startsWith("sqlite:") ? sqliteDriver(config) : postgresDriver(config);
  const operations: Partial<Record<CrmOperation, unknown>> = {};
  for (const [key, mapped] of Object.entries(config.operations)) {
    const name = key as CrmOperation;
    operations[name] = (input: Row, context: CrmContext) =>
      CRM_OPERATIONS[name] === "read"
        ? driver.session("read", context, async (session) => answer(session, config.name, name, mapped, input))
        : write(driver, config, name, mapped, input, context);
  }
  return {
    name: config.name,
    kind: "sql",
    operations: operations as Partial<CrmOperations>,
    // A write and its key are one transaction.
    idempotent: new Set(Object.keys(config.operations) as CrmOperation[]),
    async check(context) {
      await driver.session("read", context, (session) => session.all("select 1", {}));
      return `${config.name} answers queries.`;
    },
    close: () => driver.close(),
  };
}

async function answer(session: Session, connector: string, name: CrmOperation, mapped: SqlOperation, input: Row) {
  const rows = await session.all(mapped.query, input);
  for (const row of rows) {
    for (const [field, query] of Object.entries(mapped.nested)) row[field] = await session.all(query, row);
  }
  return checkedOutput(name, LISTS.has(name) ? rows : rows[0], connector);
}

/** A write with its idempotency key in one transaction: the key is taken first, so that two attempts queue on it. */
function write(
  driver: Driver,
  config: SqlConfig,
  name: CrmOperation,
  mapped: SqlOperation,
  input: Row,
  context: CrmContext,
): Promise<unknown> {
  const table = config.effectsTable;
  return driver.session("write", context, async (session) => {
    const key = context.idempotencyKey;
    if (key !== undefined) {
      const taken = await session.all(
        `insert into ${table} (idempotency_key, answer) values (:key, '') on conflict do nothing returning idempotency_key`,
        { key },
      );
      if (taken.length === 0) {
        const [seen] = await session.all(`select answer from ${table} where idempotency_key = :key`, { key });
        return checkedOutput(name, JSON.parse(String(seen?.answer)), config.name);
      }
    }
    if (mapped.exists !== undefined && (await session.all(mapped.exists, input)).length === 0) {
      throw new CrmError("CONNECTOR_NOT_FOUND", `${config.name} has nothing that ${name} could change`);
    }
    const rows = await session.all(mapped.query, input);
    if (rows.length === 0) throw new CrmError("CONNECTOR_REFUSED", `${config.name} does not allow ${name} here`);
    const output = checkedOutput(name, rows[0], config.name);
    if (key !== undefined) {
      const done = { key, answer: JSON.stringify(output) };
      await session.all(`update ${table} set answer = :answer where idempotency_key = :key`, done);
    }
    return output;
  });
}

const effectsDdl = (table: string) =>
  `create table if not exists ${table} (idempotency_key text primary key, answer text not null)`;

/** `:name` to positional parameters; `::type` casts and string literals stay. */
export function positional(sql: string, parameters: Row): { text: string; values: unknown[] } {
  const names: string[] = [];
  const text = sql.replace(/'(?:[^']|'')*'|::|:([a-zA-Z_]\w*)/g, (all, name: string | undefined) => {
    if (name === undefined) return all;
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}`;
  });
  const plain = (value: unknown) => (typeof value === "object" && value !== null ? JSON.stringify(value) : value);
  return { text, values: names.map((name) => plain(parameters[name]) ?? null) };
}

/** PostgreSQL: dates stay ISO text, bigints become numbers, JSON columns values. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") => {
    if (oid === pg.types.builtins.DATE) return (text: string) => text;
    if (oid === pg.types.builtins.INT8 || oid === pg.types.builtins.NUMERIC) return Number;
    if (oid === pg.types.builtins.TIMESTAMP || oid === pg.types.builtins.TIMESTAMPTZ) {
      return (text: string) => text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00");
    }
    return pg.types.getTypeParser(oid, format);
  }) as pg.CustomTypesConfig["getTypeParser"],
};

function postgresDriver(config: SqlConfig): Driver {
  const pool = new pg.Pool({ connectionString: config.url, max: 8, connectionTimeoutMillis: 3_000, types });
  // A connection that breaks while idle is replaced at the next query.
  pool.on("error", () => undefined);
  let prepared: Promise<unknown> | undefined;
  return {
    async session(mode, context, work) {
      let client: pg.PoolClient;
      try {
        client = await pool.connect();
      } catch (error) {
        throw sqlFault(error, config.name, false);
      }
      // Destroying the connection makes the server roll back; waiting for a slow query would hold the slot.
      let broken = false;
      const onAbort = () => {
        broken = true;
        client.release(true);
      };
      context.signal.addEventListener("abort", onAbort, { once: true });
      try {
        context.signal.throwIfAborted();
        if (mode === "write") {
          prepared ??= client.query(effectsDdl(config.effectsTable)).catch((error) => {
            prepared = undefined;
            throw error;
          });
          await prepared;
          await client.query("begin");
        }
        const output = await work({
          all: async (sql, parameters) => (await client.query(positional(sql, parameters))).rows as Row[],
        });
        if (mode === "write") await client.query("commit");
        return output;
      } catch (error) {
        if (mode === "write" && !broken) await client.query("rollback").catch(() => undefined);
        if (error instanceof CrmError) throw error;
        if (context.signal.aborted) {
          const message = `${config.name} did not answer in time`;
          throw new CrmError("CONNECTOR_TIMED_OUT", message, { cause: error, uncertain: mode === "write" });
        }
        throw sqlFault(error, config.name, mode === "write");
      } finally {
        context.signal.removeEventListener("abort", onAbort);
        if (!broken) client.release();
      }
    },
    close: () => pool.end(),
  };
}

/** SQLSTATE to code: authorization 28, constraints 23 and raised exceptions P0001, syntax 42; else the server is away. */
function sqlFault(error: unknown, name: string, uncertain: boolean): CrmError {
  const { code = "", message = String(error) } = error as { code?: string; message?: string };
  const said = `${name}: ${message}`;
  if (code.startsWith("28")) return new CrmError("CONNECTOR_AUTH", said, { cause: error });
  if (code.startsWith("23") || code.startsWith("22") || code === "P0001") {
    return new CrmError("CONNECTOR_REFUSED", said, { cause: error });
  }
  if (code.startsWith("42")) return new CrmError("CONNECTOR_CONFIG_INVALID", said, { cause: error });
  return new CrmError("CONNECTOR_DOWN", said, { cause: error, uncertain });
}

function sqliteDriver(config: SqlConfig): Driver {
  const database = new DatabaseSync(config.url.slice("sqlite:".length));
  database.exec("PRAGMA busy_timeout = 10000");
  database.exec(effectsDdl(config.effectsTable));
  const all = async (sql: string, parameters: Row): Promise<Row[]> => {
    // SQLite takes the same numbered form as PostgreSQL.
    const { text, values } = positional(sql, parameters);
    const numbered = text.replace(/\$(\d+)/g, "?$1");
    const bound = values.map((value) => (typeof value === "boolean" ? Number(value) : value) as SQLInputValue);
    return database
      .prepare(numbered)
      .all(...bound)
      .map((row) => ({ ...row }));
  };
  // One connection: transactions take turns.
  let turn: Promise<unknown> = Promise.resolve();
  return {
    session(mode, context, work) {
      const run = async () => {
        context.signal.throwIfAborted();
        if (mode === "write") database.exec("BEGIN IMMEDIATE");
        try {
          const output = await work({ all });
          if (mode === "write") database.exec("COMMIT");
          return output;
        } catch (error) {
          if (mode === "write") database.exec("ROLLBACK");
          if (error instanceof CrmError) throw error;
          throw new CrmError("CONNECTOR_CONFIG_INVALID", `${config.name}: ${String(error)}`, { cause: error });
        }
      };
      const next = turn.then(run, run);
      turn = next.catch(() => undefined);
      return next;
    },
    close: async () => database.close(),
  };
}
