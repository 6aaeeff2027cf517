import { type Call, PAGE, type Reply, StandIn } from "./stand-in.ts";

interface Ticket {
  id: number;
  subject: string;
  status: string;
  requester_id: number | null;
  created_at: string;
  comments: { body: string; public: boolean }[];
  /** The metadata of each update. */
  audits: Record<string, unknown>[];
}
const STATUSES = ["new", "open", "pending", "hold", "solved", "closed"];

/** Zendesk Support API v2: users, tickets, cursor pages, `Idempotency-Key`, 422 for invalid records. */
export class ZendeskStandIn extends StandIn {
  protected readonly tokenPath = "/oauth/tokens";
  readonly tickets: Ticket[] = this.shop.cases.map((c, n) => ({
    id: 9_000 + n,
    subject: c.subject,
    status: c.status,
    requester_id: userId(c.customerId ?? ""),
    created_at: c.createdAt,
    comments: [],
    audits: [],
  }));
  readonly #byKey = new Map<string, { ticket: Ticket; sent: string }>();
  readonly #users = this.shop.customers.map((c) => ({
    id: userId(c.id),
    name: c.name,
    email: c.email ?? null,
    phone: c.phone ?? null,
    role: "end-user",
  }));

  override written(): string[] {
    return this.tickets.flatMap((ticket) => ticket.comments.map((comment) => comment.body));
  }
  protected unauthorized(): Reply {
    return { status: 401, json: { error: "Couldn't authenticate you" } };
  }
  protected rateLimit(retryAfterS: number): Reply {
    const headers = { "retry-after": String(retryAfterS), "x-rate-limit": "700", "x-rate-limit-remaining": "0" };
    return {
      status: 429,
      headers,
      json: { error: "APIRateLimitExceeded", description: "Number of allowed API requests per minute exceeded" },
    };
  }
  protected failure(status: number): Reply {
    return { status, json: { error: "ServiceUnavailable" } };
  }

  protected handle({ method, url, headers, body }: Call): Reply {
    const path = url.pathname.replace("/api/v2/", "").replace(/\.json$/, "");
    if (path === "users/me") return { status: 200, json: { user: { ...this.#users[0], name: "Agent Smithers" } } };
    if (path === "users/search")
      return { status: 200, json: { users: this.#search(url.searchParams.get("query") ?? "") } };
    const requested = /^users\/(\d+)\/tickets\/requested$/.exec(path);
    if (requested) return this.#requested(Number(requested[1]), url);
    if (path === "tickets" && method === "POST") return this.#create(body.ticket as Record<string, unknown>, headers);
    const audits = /^tickets\/(\d+)\/audits$/.exec(path);
    if (audits) return this.#audits(Number(audits[1]), url);
    const update = /^tickets\/(\d+)$/.exec(path);
    if (update && method === "GET") return this.#show(Number(update[1]));
    if (update && method === "PUT") return this.#update(Number(update[1]), body.ticket as Record<string, unknown>);
    return { status: 404, json: { error: "InvalidEndpoint", description: "Not found" } };
  }

  #search(query: string) {
    const [, field, value] = /^type:user (phone|email|name):"(.*)"$/.exec(query) ?? [];
    if (field === undefined || value === undefined) return [];
    const wanted = value.toLowerCase();
    return this.#users.filter((user) => {
      const has = String(user[field as "phone"] ?? "").toLowerCase();
      return field === "name" ? has.includes(wanted) : has === wanted;
    });
  }

  #requested(user: number, url: URL): Reply {
    const size = Math.min(PAGE, Number(url.searchParams.get("page[size]") ?? 100));
    const from = Number(url.searchParams.get("page[after]") ?? 0);
    const all = this.tickets.filter((ticket) => ticket.requester_id === user);
    const next = new URL(url);
    next.searchParams.set("page[after]", String(from + size));
    const more = from + size < all.length;
    return {
      status: 200,
      json: {
        tickets: all.slice(from, from + size),
        meta: { has_more: more, after_cursor: more ? String(from + size) : null },
        links: { next: more ? next.href : null },
      },
    };
  }

  #create(ticket: Record<string, unknown>, headers: Call["headers"]): Reply {
    const key = headers["idempotency-key"];
    const sent = JSON.stringify(ticket);
    const seen = typeof key === "string" ? this.#byKey.get(key) : undefined;
    if (seen && seen.sent !== sent) {
      return {
        status: 400,
        json: { error: "IdempotentRequestError", description: "Idempotency key was used with other parameters" },
      };
    }
    if (seen) return { status: 201, headers: { "x-idempotency-lookup": "hit" }, json: { ticket: seen.ticket } };
    const comment = ticket.comment as { body?: string; public?: boolean } | undefined;
    if (!comment?.body) {
      const details = { base: [{ description: "Description: cannot be blank", error: "BlankValue" }] };
      return { status: 422, json: { error: "RecordInvalid", description: "Record validation errors", details } };
    }
    const made: Ticket = {
      id: 9_000 + this.tickets.length,
      subject: String(ticket.subject ?? ""),
      status: String(ticket.status ?? "open"),
      requester_id: (ticket.requester_id as number | undefined) ?? null,
      created_at: new Date().toISOString(),
      comments: [{ body: comment.body, public: comment.public ?? true }],
      audits: [],
    };
    this.tickets.push(made);
    if (typeof key === "string") this.#byKey.set(key, { ticket: made, sent });
    return { status: 201, headers: { "x-idempotency-lookup": "miss" }, json: { ticket: made } };
  }

  #show(id: number): Reply {
    const ticket = this.tickets.find((t) => t.id === id);
    if (!ticket) return { status: 404, json: { error: "RecordNotFound", description: "Not found" } };
    return { status: 200, json: { ticket } };
  }

  /** Each update is an audit; what was sent as `metadata` is its `metadata.custom`. */
  #audits(id: number, url: URL): Reply {
    const ticket = this.tickets.find((t) => t.id === id);
    if (!ticket) return { status: 404, json: { error: "RecordNotFound", description: "Not found" } };
    const size = Math.min(PAGE, Number(url.searchParams.get("page[size]") ?? 100));
    const from = Number(url.searchParams.get("page[after]") ?? 0);
    const more = from + size < ticket.audits.length;
    const next = new URL(url);
    next.searchParams.set("page[after]", String(from + size));
    const audits = ticket.audits.slice(from, from + size).map((custom, n) => ({
      id: from + n,
      ticket_id: id,
      metadata: { system: {}, custom },
    }));
    return { status: 200, json: { audits, meta: { has_more: more }, links: { next: more ? next.href : null } } };
  }

  #update(id: number, change: Record<string, unknown>): Reply {
    const ticket = this.tickets.find((t) => t.id === id);
    if (!ticket) return { status: 404, json: { error: "RecordNotFound", description: "Not found" } };
    if (change.status !== undefined && !STATUSES.includes(String(change.status))) {
      return {
        status: 422,
        json: { error: "RecordInvalid", description: `Status: ${String(change.status)} is not valid` },
      };
    }
    if (change.status !== undefined) ticket.status = String(change.status);
    const comment = change.comment as Ticket["comments"][number] | undefined;
    if (comment) ticket.comments.push(comment);
    ticket.audits.push((change.metadata ?? {}) as Record<string, unknown>);
    return { status: 200, json: { ticket } };
  }
}

const userId = (customerId: string): number => Number(customerId.replace(/\D/g, ""));
