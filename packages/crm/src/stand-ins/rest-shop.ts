import { randomUUID } from "node:crypto";
import { phoneDigits } from "../embedded/database.ts";
import type { RestConfig } from "../services/rest.ts";
import { type Call, PAGE, type Reply, StandIn } from "./stand-in.ts";

/** A shop's own REST API, as many look: snake case, dollars, `Link` headers for pages, problem details (RFC 9457). */
export class RestShopStandIn extends StandIn {
  protected readonly tokenPath = "/token";
  readonly tickets = this.shop.cases.map((c) => ({ ...c }));
  readonly remarks: { about: string; text: string }[] = [];
  readonly #byKey = new Map<string, Reply>();

  protected unauthorized(): Reply {
    return problem(401, "The token is missing or expired");
  }
  protected rateLimit(retryAfterS: number): Reply {
    return { ...problem(429, "Slow down"), headers: { "retry-after": String(retryAfterS) } };
  }
  protected failure(status: number): Reply {
    return problem(status, "Try again later");
  }

  protected handle(call: Call): Reply {
    const key = call.headers["idempotency-key"];
    if (call.method === "GET" || typeof key !== "string") return this.#route(call);
    const reply = this.#byKey.get(key) ?? this.#route(call);
    this.#byKey.set(key, reply);
    return reply;
  }

  #route({ method, url, body }: Call): Reply {
    const [root, id = "", action] = url.pathname.slice(1).split("/");
    const order = this.shop.orders.find((o) => o.orderNumber === id);
    if (root === "ping") return { status: 200, json: { ok: true } };
    if (root === "people") return { status: 200, json: { people: this.#people(url.searchParams) } };
    if (root === "customers" && action === "orders") return this.#orders(id, url);
    if (root === "customers" && action === "tickets") {
      return { status: 200, json: this.tickets.filter((t) => t.customerId === id) };
    }
    if (root === "tickets" && method === "POST" && id === "") return this.#open(body);
    if (root === "tickets" && method === "PATCH") return this.#change(id, body);
    if (root === "remarks" && method === "POST") {
      if (!body.text) return problem(422, "text: must not be empty");
      this.remarks.push({ about: String(body.about), text: String(body.text) });
      return { status: 201, json: { id: this.remarks.length } };
    }
    if (root !== "orders") return problem(404, "No such resource");
    if (!order) return problem(404, `No order ${id}`);
    if (action === "cancellation" && method === "POST") {
      if (order.status !== "processing") return problem(409, `The order is already ${order.status}`);
      order.status = "cancelled";
      return { status: 201, json: { confirmation: `C-${id}` } };
    }
    return { status: 200, json: toWire(order) };
  }

  #people(query: URLSearchParams) {
    const { phone, email, name, order } = Object.fromEntries(query);
    const buyer = this.shop.orders.find((o) => o.orderNumber === order)?.customerId;
    return this.shop.customers
      .filter(
        (c) =>
          c.id === buyer ||
          (phone !== undefined && phoneDigits(c.phone ?? "") === phoneDigits(phone)) ||
          (email !== undefined && c.email === email) ||
          (name !== undefined && c.name.toLowerCase().includes(name.toLowerCase())),
      )
      .map((c) => ({ key: c.id, full_name: c.name, mail: c.email, tel: c.phone }));
  }

  #orders(customerId: string, url: URL): Reply {
    const from = Number(url.searchParams.get("offset") ?? 0);
    const all = this.shop.orders
      .filter((o) => o.customerId === customerId)
      .toSorted((a, b) => b.orderNumber.localeCompare(a.orderNumber));
    const next = new URL(url);
    next.searchParams.set("offset", String(from + PAGE));
    const link = from + PAGE < all.length ? { link: `<${next.href}>; rel="next"` } : undefined;
    return { status: 200, json: all.slice(from, from + PAGE).map(toWire), ...(link ? { headers: link } : {}) };
  }

  #open(body: Record<string, unknown>): Reply {
    if (!body.title) return problem(422, "title: must not be empty");
    const made = {
      id: randomUUID(),
      subject: String(body.title),
      status: "open" as const,
      createdAt: new Date().toISOString(),
      ...(body.customer === undefined ? {} : { customerId: String(body.customer) }),
    };
    this.tickets.push(made);
    return { status: 201, json: made };
  }

  #change(id: string, body: Record<string, unknown>): Reply {
    const ticket = this.tickets.find((t) => t.id === id);
    if (!ticket) return problem(404, `No ticket ${id}`);
    if (body.status !== undefined) ticket.status = body.status as typeof ticket.status;
    return { status: 200, json: ticket };
  }
}

const problem = (status: number, detail: string): Reply => ({ status, json: { status, detail } });

const toWire = (o: RestShopStandIn["shop"]["orders"][number]) => ({
  number: o.orderNumber,
  customer: o.customerId,
  state: o.status.toUpperCase(),
  placed_at: `${o.placedOn}T12:00:00Z`,
  eta: o.expectedOn ?? null,
  tracking: o.trackingNumber ?? null,
  lines: o.items.map((i) => ({ sku: i.sku, title: i.name, qty: i.quantity, unit_price: i.priceCents / 100 })),
  total: { amount: o.totalCents / 100, currency: o.currency },
});

const ORDER = `{
  "orderNumber": number, "customerId": customer, "status": $lowercase(state), "placedOn": $substring(placed_at, 0, 10),
  "items": [lines.{ "sku": sku, "name": title, "quantity": qty, "priceCents": $round(unit_price * 100) }],
  "totalCents": $round(total.amount * 100), "currency": total.currency, "expectedOn": eta, "trackingNumber": tracking
}`;

/** What an admin writes to map this API. */
export const restShopMapping = (baseUrl: string, openapi: string): Record<string, unknown> => ({
  kind: "rest" satisfies RestConfig["kind"],
  name: "rest-shop",
  baseUrl,
  openapi,
  auth: { type: "oauth2", tokenUrl: `${baseUrl}/token`, clientId: "client", clientSecret: "secret" },
  checkPath: "/ping",
  operations: {
    findCustomers: {
      path: "/people",
      query: '{ "phone": phone, "email": email, "name": name, "order": orderNumber }',
      result: 'body.people.{ "id": key, "name": full_name, "email": mail, "phone": tel }',
    },
    getOrder: {
      operationId: "readOrder",
      result: `($c := input.customerId; body[$not($exists($c)) or customer = $c].${ORDER})`,
    },
    listOrders: {
      path: "/customers/{customerId}/orders",
      result: `body.${ORDER}`,
      next: '$match(headers.link, /<([^>]+)>; rel="next"/).groups[0]',
    },
    listCases: { path: "/customers/{customerId}/tickets", result: "body" },
    createCase: {
      method: "POST",
      path: "/tickets",
      body: '{ "title": subject, "text": description, "customer": customerId, "order": orderNumber }',
      result: "body",
      idempotencyHeader: "idempotency-key",
    },
    updateCase: {
      method: "PATCH",
      path: "/tickets/{caseId}",
      body: '{ "status": status, "comment": comment }',
      result: "body",
    },
    addNote: {
      method: "POST",
      path: "/remarks",
      body: '{ "about": customerId ? customerId : caseId, "text": text }',
      result: '{ "reference": $string(body.id) }',
      idempotencyHeader: "idempotency-key",
    },
    cancelOrder: {
      operationId: "cancelOrder",
      body: '{ "reason": reason }',
      result: '{ "reference": body.confirmation }',
      idempotencyHeader: "idempotency-key",
    },
  },
});

export const REST_SHOP_OPENAPI = `
openapi: 3.1.0
info: { title: Shop, version: "1" }
paths:
  /orders/{orderNumber}:
    get: { operationId: readOrder, responses: { "200": { description: The order } } }
  /orders/{orderNumber}/cancellation:
    post: { operationId: cancelOrder, responses: { "201": { description: Cancelled } } }
`;
