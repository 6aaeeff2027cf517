import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { makeShop } from "./stand-in.ts";

/** A real PostgreSQL with a shop in tables of its own making; the reason as text where it cannot run. */
export async function startPostgresShop(): Promise<PostgresShop | string> {
  const versions = existsSync("/usr/lib/postgresql") ? readdirSync("/usr/lib/postgresql").sort() : [];
  const bin = `/usr/lib/postgresql/${versions.at(-1)}/bin`;
  if (!existsSync(join(bin, "initdb"))) return "PostgreSQL is not installed (apt-get install postgresql)";
  const folder = mkdtempSync(join(tmpdir(), "sidetone-crm-postgres-"));
  const isRoot = process.getuid?.() === 0;
  // PostgreSQL refuses to run as root; its package makes this user.
  const as = (command: string, args: string[]): [string, string[]] =>
    isRoot
      ? ["setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", command, ...args]]
      : [command, args];
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, "secret");
  if (isRoot) execFileSync("chown", ["-R", "postgres:postgres", folder]);
  const data = join(folder, "data");
  const init = ["-D", data, "-A", "scram-sha-256", "-U", "crm", `--pwfile=${passwordFile}`, "--no-sync"];
  execFileSync(...as(join(bin, "initdb"), init), { cwd: "/" });
  const port = await freePort();
  const shop = new PostgresShop(folder, port, () => {
    const args = ["-D", data, "-p", String(port), "-k", folder, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"];
    return spawn(...as(join(bin, "postgres"), args), { cwd: "/", stdio: ["ignore", "ignore", "pipe"] });
  });
  await shop.start();
  await shop.fill();
  return shop;
}

type Spawn = () => ReturnType<typeof spawn>;

export class PostgresShop {
  readonly #folder: string;
  readonly #port: number;
  readonly #spawn: Spawn;
  #server: ReturnType<typeof spawn> | undefined;

  constructor(folder: string, port: number, spawnServer: Spawn) {
    this.#folder = folder;
    this.#port = port;
    this.#spawn = spawnServer;
  }

  url(password = "secret"): string {
    return `postgres://crm:${password}@127.0.0.1:${this.#port}/postgres`;
  }

  async start(): Promise<void> {
    const server = this.#spawn();
    this.#server = server;
    const lines = server.stderr;
    if (!lines) throw new Error("no log of PostgreSQL");
    for await (const line of lines) if (String(line).includes("ready to accept connections")) break;
    lines.resume();
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server || server.exitCode !== null) return;
    server.kill("SIGINT");
    await once(server, "exit");
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async fill(): Promise<void> {
    const client = new pg.Client(this.url());
    await client.connect();
    await client.query(`
      create table buyer (id text primary key, full_name text not null, mail text, tel text);
      create table purchase (no text primary key, buyer_id text references buyer, state text not null, day date not null,
        eta date, tracking text, cents bigint not null);
      create table purchase_line (no text references purchase, sku text, title text, qty int, cents bigint);
      create table ticket (id text primary key, buyer_id text, title text not null check (title <> ''), body text,
        state text not null, at timestamptz not null);
      create table remark (id serial primary key, buyer_id text, ticket_id text, body text not null);
    `);
    const shop = makeShop();
    const rows = {
      buyer: shop.customers.map((c) => ({ id: c.id, full_name: c.name, mail: c.email, tel: c.phone })),
      purchase: shop.orders.map((o) => ({
        no: o.orderNumber,
        buyer_id: o.customerId,
        state: o.status,
        day: o.placedOn,
        eta: o.expectedOn ?? null,
        tracking: o.trackingNumber ?? null,
        cents: o.totalCents,
      })),
      purchase_line: shop.orders.flatMap((o) =>
        o.items.map((i) => ({ no: o.orderNumber, sku: i.sku, title: i.name, qty: i.quantity, cents: i.priceCents })),
      ),
      ticket: shop.cases.map((c) => ({
        id: c.id,
        buyer_id: c.customerId,
        title: c.subject,
        body: "",
        state: c.status,
        at: c.createdAt,
      })),
    };
    for (const [table, values] of Object.entries(rows)) {
      const insert = `insert into ${table} select * from json_populate_recordset(null::${table}, $1)`;
      await client.query(insert, [JSON.stringify(values)]);
    }
    await client.end();
  }
}

const ORDER = `select no as "orderNumber", buyer_id as "customerId", state as status, day as "placedOn", eta as "expectedOn",
  tracking as "trackingNumber", cents as "totalCents", 'GBP' as currency from purchase`;
const ITEMS =
  'select sku, title as name, qty as quantity, cents as "priceCents" from purchase_line where no = :orderNumber';
const CASE = `id, buyer_id as "customerId", title as subject, state as status, to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "createdAt"`;

/** What an admin writes to map these tables. */
export const postgresMapping = (url: string): Record<string, unknown> => ({
  kind: "sql",
  name: "postgres",
  url,
  operations: {
    findCustomers: {
      query: `select id, full_name as name, mail as email, tel as phone from buyer where tel = :phone::text or mail = :email::text
        or full_name ilike '%' || :name::text || '%' or id = (select buyer_id from purchase where no = :orderNumber::text) limit 10`,
    },
    getOrder: {
      query: `${ORDER} where no = :orderNumber and (:customerId::text is null or buyer_id = :customerId)`,
      nested: { items: ITEMS },
    },
    listOrders: {
      query: `${ORDER} where buyer_id = :customerId order by day desc, no desc limit :limit`,
      nested: { items: ITEMS },
    },
    listCases: { query: `select ${CASE} from ticket where buyer_id = :customerId order by at desc` },
    createCase: {
      query: `insert into ticket values ('t-' || gen_random_uuid(), :customerId, :subject, :description, 'open', now()) returning ${CASE}`,
    },
    updateCase: {
      exists: "select 1 from ticket where id = :caseId",
      query: `update ticket set state = coalesce(:status, state) where id = :caseId returning ${CASE}`,
    },
    addNote: {
      query: `insert into remark (buyer_id, ticket_id, body) values (:customerId, :caseId, :text) returning id::text as reference`,
    },
    cancelOrder: {
      exists: "select 1 from purchase where no = :orderNumber",
      query: `update purchase set state = 'cancelled' where no = :orderNumber and state = 'processing' returning 'C-' || no as reference`,
    },
  },
});

/** The same over the embedded shop's own SQLite tables. */
export const sqliteMapping = (path: string): Record<string, unknown> => ({
  kind: "sql",
  name: "sqlite",
  url: `sqlite:${path}`,
  operations: {
    findCustomers: {
      query: `select id, name, email, phone from customers where phone = :phone or email = :email or name like '%' || :name || '%'
        or id = (select customer_id from orders where order_number = :orderNumber) limit 10`,
    },
    getOrder: {
      query: `select order_number as orderNumber, customer_id as customerId, status, placed_on as placedOn, expected_on as expectedOn,
        tracking_number as trackingNumber, total_cents as totalCents, currency from orders
        where order_number = :orderNumber and (:customerId is null or customer_id = :customerId)`,
      nested: {
        items: `select value ->> 'sku' as sku, value ->> 'name' as name, value ->> 'quantity' as quantity,
          value ->> 'priceCents' as priceCents from orders, json_each(items) where order_number = :orderNumber`,
      },
    },
    cancelOrder: {
      exists: "select 1 from orders where order_number = :orderNumber",
      query: `update orders set status = 'cancelled' where order_number = :orderNumber and status = 'processing'
        returning 'C-' || order_number as reference`,
    },
  },
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
