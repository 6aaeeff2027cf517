import type { Customer, Order } from "@sidetone/protocol";
import { phoneDigits } from "../embedded/database.ts";
import { type Call, PAGE, type Reply, StandIn } from "./stand-in.ts";

type SObject = Record<string, unknown>;
const STATUS: Record<Order["status"], string> = {
  processing: "Activated",
  shipped: "Shipped",
  "out-for-delivery": "Out for Delivery",
  delivered: "Delivered",
  cancelled: "Cancelled",
  returned: "Returned",
  delayed: "Delayed",
};
const KEY_FIELD = "Sidetone_Key__c";

/** Salesforce REST API: SOQL and SOSL as the connector writes them, pages by `nextRecordsUrl`, upserts by external id. */
export class SalesforceStandIn extends StandIn {
  protected readonly tokenPath = "/services/oauth2/token";
  readonly objects: Record<string, SObject[]> = {
    Contact: this.shop.customers.map(toContact),
    Order: this.shop.orders.map(toSalesOrder),
    Case: this.shop.cases.map((c) => ({
      Id: c.id,
      ContactId: c.customerId ?? null,
      Subject: c.subject,
      Status: c.status === "open" ? "New" : "Closed",
      CreatedDate: c.createdAt.replace("Z", ".000+0000"),
    })),
    Task: [],
  };
  readonly #cursors = new Map<string, SObject[]>();

  override written(): string[] {
    return (this.objects.Task ?? []).map((task) => String(task.Description));
  }
  protected unauthorized(): Reply {
    return fault(401, "INVALID_SESSION_ID", "Session expired or invalid");
  }
  protected rateLimit(): Reply {
    return fault(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
  }
  protected failure(status: number): Reply {
    return fault(status, "SERVER_UNAVAILABLE", "The server is temporarily unavailable");
  }

  protected handle({ method, url, body }: Call): Reply {
    const path = url.pathname.replace(/^\/services\/data\/v\d+\.0/, "");
    if (path === "/limits") return { status: 200, json: {} };
    if (path === "/query") return this.#query(url.searchParams.get("q") ?? "");
    if (path.startsWith("/query/")) return this.#page(path.slice("/query/".length));
    if (path === "/search") return this.#search(url.searchParams.get("q") ?? "");
    const upsert = /^\/sobjects\/(Case|Task)\/(\w+__c)\/(.+)$/.exec(path);
    if (upsert && method === "PATCH") {
      return this.#upsert(upsert[1] ?? "", upsert[2] ?? "", decodeURIComponent(upsert[3] ?? ""), body);
    }
    const update = /^\/sobjects\/Case\/([^/]+)$/.exec(path);
    if (update && method === "PATCH") {
      const found = this.objects.Case?.find((c) => c.Id === update[1]);
      if (!found) return fault(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible");
      Object.assign(found, body);
      return { status: 204 };
    }
    return fault(404, "NOT_FOUND", "The requested resource does not exist");
  }

  #query(soql: string): Reply {
    const form =
      /^SELECT (.+) FROM (Order|Contact|Case) WHERE (\w+) (=|LIKE) '((?:[^'\\]|\\.)*)'(?: ORDER BY (\w+) DESC(?:, \w+ DESC)?)?(?: LIMIT (\d+))?\s*$/.exec(
        soql,
      );
    if (!form) return fault(400, "MALFORMED_QUERY", `unexpected token: ${soql.slice(0, 40)}`);
    const [, fields = "", type = "", where = "", operator, literal = "", orderBy, limit] = form;
    const known = new Set(this.objects[type]?.flatMap((o) => Object.keys(o)));
    for (const field of fields.replace(/\(.*\)/, "").split(",")) {
      const name = field.trim();
      if (name !== "" && !known.has(name)) return fault(400, "INVALID_FIELD", `No such column '${name}' on ${type}`);
    }
    const value = literal.replace(/\\(.)/g, "$1").toLowerCase();
    const fits = (o: SObject) => {
      const has = String(o[where] ?? "").toLowerCase();
      return operator === "=" ? has === value : has.includes(value.replaceAll("%", ""));
    };
    let found = (this.objects[type] ?? []).filter(fits);
    if (orderBy) {
      const keyOf = (o: SObject) => `${String(o[orderBy])} ${String(o.OrderNumber ?? "")}`;
      found = found.toSorted((a, b) => keyOf(b).localeCompare(keyOf(a)));
    }
    const cursor = `cursor-${this.#cursors.size}`;
    this.#cursors.set(cursor, found.slice(0, limit === undefined ? undefined : Number(limit)));
    return this.#page(`${cursor}-0`);
  }

  #page(name: string): Reply {
    const [, cursor = "", at = ""] = /^(cursor-\d+)-(\d+)$/.exec(name) ?? [];
    const all = this.#cursors.get(cursor);
    if (!all) return fault(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
    const from = Number(at);
    const done = from + PAGE >= all.length;
    const next = done ? {} : { nextRecordsUrl: `/services/data/v62.0/query/${cursor}-${from + PAGE}` };
    return { status: 200, json: { totalSize: all.length, done, ...next, records: all.slice(from, from + PAGE) } };
  }

  #search(sosl: string): Reply {
    const form = /^FIND \{(.+)\} IN PHONE FIELDS RETURNING Contact\(.+ LIMIT \d+\)$/.exec(sosl);
    if (!form) return fault(400, "MALFORMED_SEARCH", "FIND must be followed by a search term in braces");
    const digits = phoneDigits(form[1] ?? "");
    const found = this.objects.Contact?.filter((c) => phoneDigits(String(c.Phone ?? "")) === digits);
    return { status: 200, json: { searchRecords: found } };
  }

  #upsert(type: string, field: string, key: string, fields: SObject): Reply {
    if (field !== KEY_FIELD) {
      return fault(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible");
    }
    if (field in fields || "Id" in fields) return fault(400, "INVALID_FIELD", "The Id field should not be specified");
    if (type === "Case" && !fields.Subject) return fault(400, "REQUIRED_FIELD_MISSING", "Required: [Subject]");
    const list = this.objects[type] ?? [];
    const found = list.find((o) => o[KEY_FIELD] === key);
    if (found) Object.assign(found, fields);
    const id = String(found?.Id ?? `500${list.length}`);
    if (!found) {
      const made = { Id: id, [KEY_FIELD]: key, Status: "New", CreatedDate: new Date().toISOString(), ...fields };
      list.push({ ContactId: null, ...made });
    }
    return { status: found ? 200 : 201, json: { id, success: true, errors: [], created: !found } };
  }
}

const fault = (status: number, errorCode: string, message: string): Reply => ({
  status,
  json: [{ message, errorCode }],
});

const toContact = (c: Customer): SObject => ({
  Id: c.id,
  Name: c.name,
  Email: c.email ?? null,
  // As people type them.
  Phone: c.phone?.replace(/^\+44(\d{4})(\d{6})$/, "0$1 $2") ?? null,
  MailingStreet: c.address?.line1 ?? null,
  MailingCity: c.address?.city ?? null,
  MailingState: c.address?.region ?? null,
  MailingPostalCode: c.address?.postalCode ?? null,
  MailingCountry: c.address?.country ?? null,
});

const toSalesOrder = (o: Order): SObject => ({
  Id: `801${o.orderNumber}`,
  OrderNumber: o.orderNumber,
  Status: STATUS[o.status],
  EffectiveDate: o.placedOn,
  TotalAmount: o.totalCents / 100,
  BillToContactId: o.customerId,
  Expected_On__c: o.expectedOn ?? null,
  Tracking__c: o.trackingNumber ?? null,
  OrderItems: {
    records: o.items.map((i) => ({
      Quantity: i.quantity,
      UnitPrice: i.priceCents / 100,
      Product2: { Name: i.name, StockKeepingUnit: i.sku },
    })),
  },
});

/** What an admin of this org writes in the connector's config. */
export const SALESFORCE_STATUSES = Object.fromEntries(
  Object.entries(STATUS).map(([status, label]) => [label, status as Order["status"]]),
);
