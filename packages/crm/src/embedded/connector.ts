import type { Customer, Order } from "@sidetone/protocol";
import { CrmError } from "../errors.ts";
import {
  type Connector,
  CRM_OPERATION_NAMES,
  type CrmContext,
  type CrmOperation,
  type CrmOperations,
} from "../port.ts";
import { calendarOperations } from "./calendar.ts";
import { EmbeddedDatabase, type EmbeddedOptions, phoneDigits } from "./database.ts";
import { addDays } from "./retailer.ts";
import { toCase, toCustomer, toInvoice, toOrder, toShipment } from "./rows.ts";

const RETURN_DAYS = 30;

/** The seeded shop with its idempotency: an effect and its key are written in one transaction. */
export class EmbeddedShop {
  readonly database: EmbeddedDatabase;
  constructor(database: EmbeddedDatabase) {
    this.database = database;
  }

  /** Runs `work` unless this key ran before; then answers what it answered. */
  once<T>(operation: CrmOperation, context: CrmContext, work: (now: string) => T): T {
    this.database.freshen();
    context.signal.throwIfAborted();
    const { sql } = this.database;
    return this.database.transaction(() => {
      const key = context.idempotencyKey;
      const seen = key && sql.prepare("SELECT answer FROM effects WHERE idempotency_key = ?").get(key);
      if (seen) return JSON.parse(String(seen.answer)) as T;
      const now = new Date().toISOString();
      const answer = work(now);
      if (key) {
        sql.prepare("INSERT INTO effects VALUES (?, ?, ?, ?)").run(key, operation, JSON.stringify(answer), now);
      }
      return answer;
    });
  }

  order(orderNumber: string, customerId?: string): Order | undefined {
    const row = this.database.sql.prepare("SELECT * FROM orders WHERE order_number = ?").get(orderNumber);
    if (!row || (customerId !== undefined && row.customer_id !== customerId)) return undefined;
    return toOrder(row);
  }

  requireOrder(orderNumber: string, customerId?: string): Order {
    const order = this.order(orderNumber, customerId);
    if (!order) throw new CrmError("CONNECTOR_NOT_FOUND", `there is no order ${orderNumber}`);
    return order;
  }

  /** Keeps a request about an order; answers its reference, such as RET-1007. */
  request(kind: string, orderNumber: string, now: string, reason?: string, amountCents?: number): string {
    const done = this.database.sql
      .prepare("INSERT INTO requests (kind, order_number, reason, amount_cents, at) VALUES (?, ?, ?, ?, ?)")
      .run(kind, orderNumber, reason ?? null, amountCents ?? null, now);
    return `${kind}-${1000 + Number(done.lastInsertRowid)}`;
  }
}

/** The CRM that works out of the box: a fictional shop in SQLite. */
export function openEmbeddedConnector(name: string, options: EmbeddedOptions): Connector {
  const shop = new EmbeddedShop(new EmbeddedDatabase(options));
  const operations: CrmOperations = {
    ...readOperations(shop),
    ...orderOperations(shop),
    ...caseOperations(shop),
    ...calendarOperations(shop),
  };
  return {
    name,
    kind: "embedded",
    operations,
    idempotent: new Set(CRM_OPERATION_NAMES),
    async check() {
      const row = shop.database.sql.prepare("SELECT count(*) AS n FROM orders").get() as { n: number };
      return `The embedded shop holds ${row.n} orders.`;
    },
    async close() {
      shop.database.close();
    },
  };
}

type Some<O extends CrmOperation> = Pick<CrmOperations, O>;

function readOperations(
  shop: EmbeddedShop,
): Some<"findCustomers" | "getOrder" | "listOrders" | "listShipments" | "getInvoice" | "listCases"> {
  const { sql } = shop.database;
  const findCustomers = (where: string, ...values: string[]): Customer[] =>
    sql
      .prepare(`SELECT * FROM customers WHERE ${where} ORDER BY id LIMIT 10`)
      .all(...values)
      .map(toCustomer);
  return {
    async findCustomers({ orderNumber, phone, email, name }) {
      // The surest key first: an order number or a telephone number names one person, a name may not.
      if (orderNumber !== undefined) {
        const order = shop.order(orderNumber);
        if (order) return findCustomers("id = ?", order.customerId);
      }
      if (phone !== undefined && phoneDigits(phone).length >= 7) {
        const found = findCustomers("phone_digits = ?", phoneDigits(phone));
        if (found.length > 0) return found;
      }
      if (email !== undefined) {
        const found = findCustomers("email = ?", email.trim().toLowerCase());
        if (found.length > 0) return found;
      }
      if (name === undefined || name.trim() === "") return [];
      return findCustomers("name LIKE ? COLLATE NOCASE", `%${name.trim().replace(/[%_]/g, "").replace(/\s+/g, "%")}%`);
    },
    async getOrder({ orderNumber, customerId }) {
      shop.database.freshen();
      return shop.order(orderNumber, customerId);
    },
    async listOrders({ customerId, limit }) {
      shop.database.freshen();
      return sql
        .prepare("SELECT * FROM orders WHERE customer_id = ? ORDER BY placed_on DESC, order_number DESC LIMIT ?")
        .all(customerId, limit)
        .map(toOrder);
    },
    async listShipments({ orderNumber, customerId }) {
      shop.database.freshen();
      if (!shop.order(orderNumber, customerId)) return [];
      return sql
        .prepare("SELECT * FROM shipments WHERE order_number = ?")
        .all(orderNumber)
        .map((row) => {
          const events = sql
            .prepare("SELECT * FROM shipment_events WHERE shipment_id = ? ORDER BY at")
            .all(row.id ?? "");
          return toShipment(row, events);
        });
    },
    async getInvoice({ orderNumber, customerId }) {
      shop.database.freshen();
      if (!shop.order(orderNumber, customerId)) return undefined;
      const row = sql.prepare("SELECT * FROM invoices WHERE order_number = ?").get(orderNumber);
      return row ? toInvoice(row) : undefined;
    },
    async listCases({ customerId }) {
      shop.database.freshen();
      return sql
        .prepare("SELECT * FROM cases WHERE customer_id = ? ORDER BY created_at DESC")
        .all(customerId)
        .map(toCase);
    },
  };
}

function orderOperations(
  shop: EmbeddedShop,
): Some<"requestReturn" | "requestRefund" | "cancelOrder" | "changeAddress"> {
  const { sql } = shop.database;
  const setStatus = (orderNumber: string, status: Order["status"]) =>
    sql.prepare("UPDATE orders SET status = ? WHERE order_number = ?").run(status, orderNumber);
  return {
    async requestReturn({ orderNumber, customerId, reason }, context) {
      return shop.once("requestReturn", context, (now) => {
        const order = shop.requireOrder(orderNumber, customerId);
        if (order.status !== "delivered") {
          throw new CrmError("CONNECTOR_REFUSED", `order ${orderNumber} is ${order.status}, not delivered`);
        }
        if (order.deliveredOn !== undefined && addDays(order.deliveredOn, RETURN_DAYS) < shop.database.freshen()) {
          throw new CrmError("CONNECTOR_REFUSED", `the ${RETURN_DAYS} days to return order ${orderNumber} are over`);
        }
        return {
          reference: shop.request("RET", orderNumber, now, reason),
          note: "We send you a return label by e-mail.",
        };
      });
    },
    async requestRefund({ orderNumber, customerId, reason, amountCents }, context) {
      return shop.once("requestRefund", context, (now) => {
        const order = shop.requireOrder(orderNumber, customerId);
        const amount = amountCents ?? order.totalCents;
        if (amount > order.totalCents) {
          throw new CrmError("CONNECTOR_REFUSED", `order ${orderNumber} cost less than the refund asked for`);
        }
        if (order.status === "processing" || order.status === "shipped" || order.status === "out-for-delivery") {
          throw new CrmError("CONNECTOR_REFUSED", `order ${orderNumber} is ${order.status}: it can be refunded later`);
        }
        const reference = shop.request("REF", orderNumber, now, reason, amount);
        return { reference, amountCents: amount, currency: order.currency, note: "It takes three to five days." };
      });
    },
    async cancelOrder({ orderNumber, customerId, reason }, context) {
      return shop.once("cancelOrder", context, (now) => {
        const order = shop.requireOrder(orderNumber, customerId);
        if (order.status !== "processing") {
          throw new CrmError("CONNECTOR_REFUSED", `order ${orderNumber} is already ${order.status}`);
        }
        setStatus(orderNumber, "cancelled");
        return { reference: shop.request("CAN", orderNumber, now, reason) };
      });
    },
    async changeAddress({ orderNumber, customerId, address }, context) {
      return shop.once("changeAddress", context, (now) => {
        const order = shop.requireOrder(orderNumber, customerId);
        if (order.status !== "processing") {
          throw new CrmError("CONNECTOR_REFUSED", `order ${orderNumber} is already ${order.status}`);
        }
        const shipTo = typeof address === "string" ? address : JSON.stringify(address);
        sql.prepare("UPDATE orders SET ship_to = ? WHERE order_number = ?").run(shipTo, orderNumber);
        return { reference: shop.request("ADR", orderNumber, now) };
      });
    },
  };
}

function caseOperations(shop: EmbeddedShop): Some<"createCase" | "updateCase" | "addNote"> {
  const { sql } = shop.database;
  const requireCase = (id: string) => {
    const row = sql.prepare("SELECT * FROM cases WHERE id = ?").get(id);
    if (!row) throw new CrmError("CONNECTOR_NOT_FOUND", `there is no case ${id}`);
    return toCase(row);
  };
  const note = (text: string, now: string, customerId?: string, caseId?: string) =>
    sql
      .prepare("INSERT INTO notes (customer_id, case_id, text, at) VALUES (?, ?, ?, ?)")
      .run(customerId ?? null, caseId ?? null, text, now);
  return {
    async createCase({ customerId, subject, description, orderNumber }, context) {
      return shop.once("createCase", context, (now) => {
        const count = sql.prepare("SELECT count(*) AS n FROM cases").get() as { n: number };
        const id = `case-${1000 + count.n}`;
        sql
          .prepare("INSERT INTO cases VALUES (?, ?, ?, ?, 'open', ?, ?)")
          .run(id, customerId ?? null, subject, description, orderNumber ?? null, now);
        return requireCase(id);
      });
    },
    async updateCase({ caseId, status, comment }, context) {
      return shop.once("updateCase", context, (now) => {
        requireCase(caseId);
        if (status !== undefined) sql.prepare("UPDATE cases SET status = ? WHERE id = ?").run(status, caseId);
        if (comment !== undefined) note(comment, now, undefined, caseId);
        return requireCase(caseId);
      });
    },
    async addNote({ customerId, caseId, text }, context) {
      return shop.once("addNote", context, (now) => {
        if (caseId !== undefined) requireCase(caseId);
        return { reference: `note-${note(text, now, customerId, caseId).lastInsertRowid}` };
      });
    },
  };
}
