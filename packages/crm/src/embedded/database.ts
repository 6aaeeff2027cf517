import { DatabaseSync } from "node:sqlite";
import { generateRetailer, type RetailerSize } from "./retailer.ts";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS customers (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT, phone TEXT, phone_digits TEXT,
  loyalty_points INTEGER NOT NULL, loyalty_tier TEXT NOT NULL, address TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS customers_phone ON customers (phone_digits);
CREATE INDEX IF NOT EXISTS customers_email ON customers (email);
CREATE INDEX IF NOT EXISTS customers_name ON customers (name COLLATE NOCASE);
CREATE TABLE IF NOT EXISTS orders (
  order_number TEXT PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customers (id), status TEXT NOT NULL,
  placed_on TEXT NOT NULL, items TEXT NOT NULL, total_cents INTEGER NOT NULL, currency TEXT NOT NULL,
  expected_on TEXT, delivered_on TEXT, delivery_window TEXT, carrier TEXT, tracking_number TEXT, ship_to TEXT) STRICT;
CREATE INDEX IF NOT EXISTS orders_customer ON orders (customer_id, placed_on);
CREATE TABLE IF NOT EXISTS shipments (
  id TEXT PRIMARY KEY, order_number TEXT NOT NULL, status TEXT NOT NULL, carrier TEXT NOT NULL,
  tracking_number TEXT NOT NULL, expected_on TEXT) STRICT;
CREATE INDEX IF NOT EXISTS shipments_order ON shipments (order_number);
CREATE TABLE IF NOT EXISTS shipment_events (
  shipment_id TEXT NOT NULL, at TEXT NOT NULL, place TEXT NOT NULL, text TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS shipment_events_shipment ON shipment_events (shipment_id);
CREATE TABLE IF NOT EXISTS invoices (
  invoice_number TEXT PRIMARY KEY, order_number TEXT NOT NULL, issued_on TEXT NOT NULL,
  total_cents INTEGER NOT NULL, currency TEXT NOT NULL, paid INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS invoices_order ON invoices (order_number);
CREATE TABLE IF NOT EXISTS cases (
  id TEXT PRIMARY KEY, customer_id TEXT, subject TEXT NOT NULL, description TEXT NOT NULL, status TEXT NOT NULL,
  order_number TEXT, created_at TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS cases_customer ON cases (customer_id);
CREATE TABLE IF NOT EXISTS notes (
  id INTEGER PRIMARY KEY, customer_id TEXT, case_id TEXT, text TEXT NOT NULL, at TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS requests (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, order_number TEXT NOT NULL, reason TEXT, amount_cents INTEGER, at TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS appointments (
  id TEXT PRIMARY KEY, customer_name TEXT NOT NULL, phone TEXT, service TEXT NOT NULL, starts_at TEXT NOT NULL,
  duration_minutes INTEGER NOT NULL, status TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS appointments_start ON appointments (starts_at);
CREATE TABLE IF NOT EXISTS effects (
  idempotency_key TEXT PRIMARY KEY, operation TEXT NOT NULL, answer TEXT NOT NULL, at TEXT NOT NULL) STRICT;
`;

/** Every column that holds a day or a time: they move with today, so that the shop is never a stale one. */
const DATED_COLUMNS: readonly (readonly [table: string, column: string])[] = [
  ["orders", "placed_on"],
  ["orders", "expected_on"],
  ["orders", "delivered_on"],
  ["shipments", "expected_on"],
  ["shipment_events", "at"],
  ["invoices", "issued_on"],
  ["cases", "created_at"],
  ["notes", "at"],
  ["requests", "at"],
  ["appointments", "starts_at"],
];

export interface EmbeddedOptions {
  /** A file, or `:memory:`. Several processes may open the same file. */
  path: string;
  seed: number;
  size: RetailerSize;
  /** Today's date in the shop's time zone; asked again at every operation. */
  today: () => string;
}

/** Last ten digits: what tells telephone numbers apart, however they are written. */
export const phoneDigits = (phone: string): string => phone.replace(/\D/g, "").slice(-10);

/** The seeded shop in SQLite. Seeding and moving the dates happen once, whichever process comes first. */
export class EmbeddedDatabase {
  readonly sql: DatabaseSync;
  readonly #options: EmbeddedOptions;
  #today = "";

  constructor(options: EmbeddedOptions) {
    this.#options = options;
    this.sql = new DatabaseSync(options.path);
    this.sql.exec("PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    this.transaction(() => {
      this.sql.exec(SCHEMA);
      if (this.#meta("seededOn") === undefined) this.#seed();
    });
    this.freshen();
  }

  /** Runs `work` alone among all writers of the file; an exception leaves no trace. */
  transaction<T>(work: () => T): T {
    this.sql.exec("BEGIN IMMEDIATE");
    try {
      const answer = work();
      this.sql.exec("COMMIT");
      return answer;
    } catch (error) {
      this.sql.exec("ROLLBACK");
      throw error;
    }
  }

  /** Moves all dates along when the day has changed since they were written. */
  freshen(): string {
    const today = this.#options.today();
    if (today === this.#today) return today;
    this.transaction(() => {
      const written = this.#meta("seededOn") ?? today;
      const days = Math.round((Date.parse(today) - Date.parse(written)) / 86_400_000);
      if (days > 0) {
        for (const [table, column] of DATED_COLUMNS) {
          // The part after the date (a time of day) stays as it is.
          this.sql.exec(
            `UPDATE ${table} SET ${column} = date(substr(${column}, 1, 10), '+${days} days') || substr(${column}, 11) WHERE ${column} IS NOT NULL`,
          );
        }
        this.#setMeta("seededOn", today);
      }
    });
    this.#today = today;
    return today;
  }

  close(): void {
    this.sql.close();
  }

  #meta(key: string): string | undefined {
    return (this.sql.prepare("SELECT value FROM meta WHERE key = ?").get(key) as { value: string } | undefined)?.value;
  }

  #setMeta(key: string, value: string): void {
    this.sql.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)").run(key, value);
  }

  #seed(): void {
    const today = this.#options.today();
    const shop = generateRetailer(this.#options.seed, today, this.#options.size);
    const customer = this.sql.prepare("INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    for (const c of shop.customers) {
      const digits = c.phone === undefined ? null : phoneDigits(c.phone);
      const address = JSON.stringify(c.address);
      const points = c.loyaltyPoints ?? 0;
      customer.run(c.id, c.name, c.email ?? null, c.phone ?? null, digits, points, c.loyaltyTier ?? "", address);
    }
    const order = this.sql.prepare("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)");
    for (const o of shop.orders) {
      order.run(
        o.orderNumber,
        o.customerId,
        o.status,
        o.placedOn,
        JSON.stringify(o.items),
        o.totalCents,
        o.currency,
        o.expectedOn ?? null,
        o.deliveredOn ?? null,
        o.deliveryWindow ?? null,
        o.carrier ?? null,
        o.trackingNumber ?? null,
      );
    }
    const shipment = this.sql.prepare("INSERT INTO shipments VALUES (?, ?, ?, ?, ?, ?)");
    const event = this.sql.prepare("INSERT INTO shipment_events VALUES (?, ?, ?, ?)");
    for (const s of shop.shipments) {
      shipment.run(s.id, s.orderNumber, s.status, s.carrier, s.trackingNumber, s.expectedOn ?? null);
      for (const e of s.events) event.run(s.id, e.at, e.place, e.text);
    }
    const invoice = this.sql.prepare("INSERT INTO invoices VALUES (?, ?, ?, ?, ?, ?)");
    for (const i of shop.invoices) {
      invoice.run(i.invoiceNumber, i.orderNumber, i.issuedOn, i.totalCents, i.currency, i.paid ? 1 : 0);
    }
    const crmCase = this.sql.prepare("INSERT INTO cases VALUES (?, ?, ?, '', ?, NULL, ?)");
    for (const c of shop.cases) crmCase.run(c.id, c.customerId ?? null, c.subject, c.status, c.createdAt);
    const appointment = this.sql.prepare("INSERT INTO appointments VALUES (?, ?, ?, ?, ?, ?, ?)");
    for (const a of shop.appointments) {
      appointment.run(a.id, a.customerName, a.phone ?? null, a.service, a.startsAt, a.durationMinutes, a.status);
    }
    this.#setMeta("seededOn", today);
  }
}
