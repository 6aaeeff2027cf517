import { type Call, PAGE, type Reply, StandIn } from "./stand-in.ts";

interface Thing {
  id: string;
  properties: Record<string, string | null>;
  createdAt: string;
}
interface Filter {
  propertyName: string;
  operator: string;
  value: string;
}
const LABEL: Record<string, string> = {
  processing: "Packing",
  shipped: "Shipped",
  "out-for-delivery": "Out for delivery",
  delivered: "Delivered",
  cancelled: "Cancelled",
  returned: "Returned",
  delayed: "Delayed",
};
const STAGES = ["1", "2", "3", "4"];

/** HubSpot CRM v3 and v4 associations: search with `paging.next.after`, batch read and upsert, validation errors. */
export class HubSpotStandIn extends StandIn {
  protected readonly tokenPath = "/oauth/v1/token";
  readonly things: Record<string, Thing[]> = { contacts: [], orders: [], line_items: [], tickets: [], notes: [] };
  /** "orders/1/contacts" to ids. */
  readonly #links = new Map<string, string[]>();

  constructor() {
    super();
    for (const c of this.shop.customers) {
      const [firstname = "", ...rest] = c.name.split(" ");
      const { line1, city, region, postalCode, country } = c.address ?? {};
      const at = { address: line1, city, state: region, zip: postalCode, country };
      this.#make("contacts", { firstname, lastname: rest.join(" "), email: c.email, phone: c.phone, ...at }, c.id);
    }
    for (const o of this.shop.orders) {
      const order = this.#make("orders", {
        hs_external_order_id: o.orderNumber,
        hs_fulfillment_status: LABEL[o.status],
        hs_total_price: String(o.totalCents / 100),
        hs_currency_code: o.currency,
        hs_external_created_date: `${o.placedOn}T12:00:00Z`,
        hs_shipping_tracking_number: o.trackingNumber,
        expected_on: o.expectedOn,
      });
      this.#link("orders", order.id, "contacts", o.customerId);
      for (const i of o.items) {
        const price = String(i.priceCents / 100);
        const item = this.#make("line_items", { name: i.name, hs_sku: i.sku, quantity: String(i.quantity), price });
        this.#link("orders", order.id, "line_items", item.id);
      }
    }
    for (const c of this.shop.cases) {
      const stage = c.status === "open" ? "1" : "4";
      const ticket = this.#make("tickets", { subject: c.subject, hs_pipeline_stage: stage }, undefined, c.createdAt);
      this.#link("tickets", ticket.id, "contacts", c.customerId ?? "");
    }
  }

  override written(): string[] {
    return (this.things.notes ?? []).map((note) => note.properties.hs_note_body ?? "");
  }
  protected override isWrite({ method, url }: Call): boolean {
    return method !== "GET" && !/\/(search|batch\/read)$/.test(url.pathname);
  }
  protected unauthorized(): Reply {
    const message = "The OAuth token used to make this call expired";
    return { status: 401, json: { status: "error", category: "EXPIRED_AUTHENTICATION", message } };
  }
  protected rateLimit(retryAfterS: number): Reply {
    const headers = {
      "x-hubspot-ratelimit-max": "190",
      "x-hubspot-ratelimit-remaining": "0",
      "x-hubspot-ratelimit-interval-milliseconds": String(retryAfterS * 1_000),
    };
    const message = "You have reached your ten_secondly_rolling limit.";
    const json = { status: "error", category: "RATE_LIMITS", message, policyName: "TEN_SECONDLY_ROLLING" };
    return { status: 429, headers, json };
  }
  protected failure(status: number): Reply {
    return { status, json: { status: "error", category: "INTERNAL_ERROR", message: "internal error" } };
  }

  protected handle({ method, url, body }: Call): Reply {
    const [version, kind, type = "", ...rest] = url.pathname.slice("/crm/".length).split("/");
    if (kind !== "objects" || !(type in this.things)) return missing();
    const list = this.things[type] as Thing[];
    if (version === "v4") return this.#associations(method, type, rest);
    if (rest[0] === "search") return this.#search(type, body);
    if (rest[0] === "batch" && rest[1] === "read") {
      const ids = (body.inputs as { id: string }[]).map((input) => input.id);
      if (ids.length > 100) return invalid("The maximum number of inputs supported is 100");
      return { status: 200, json: { status: "COMPLETE", results: list.filter((thing) => ids.includes(thing.id)) } };
    }
    if (rest[0] === "batch" && rest[1] === "upsert") return this.#upsert(type, body);
    if (rest.length === 0 && method === "POST") return this.#create(type, body);
    if (rest.length === 0) return { status: 200, json: { results: list.slice(0, 1) } };
    const thing = list.find((t) => t.id === rest[0]);
    if (!thing) return missing();
    if (method === "PATCH") {
      const properties = body.properties as Thing["properties"];
      if (!STAGES.includes(properties.hs_pipeline_stage ?? "1")) return invalid("hs_pipeline_stage is not an option");
      Object.assign(thing.properties, properties);
    }
    return { status: 200, json: thing };
  }

  #search(type: string, body: Record<string, unknown>): Reply {
    const filters = (body.filterGroups as { filters: Filter[] }[] | undefined)?.[0]?.filters;
    const limit = Number(body.limit ?? 10);
    if (!filters || filters.length === 0) return invalid("filterGroups is required");
    if (limit > 200) return invalid("limit may be at most 200");
    const properties = new Set(this.things[type]?.flatMap((t) => Object.keys(t.properties)));
    for (const { propertyName } of filters) {
      if (propertyName !== "associations.contact" && !properties.has(propertyName)) {
        return invalid(`There was a problem with the request: property ${propertyName} does not exist`);
      }
    }
    const fits = (thing: Thing) =>
      filters.every(({ propertyName, operator, value }) => {
        if (propertyName === "associations.contact") {
          return this.#links.get(`${type}/${thing.id}/contacts`)?.includes(value);
        }
        const has = (thing.properties[propertyName] ?? "").toLowerCase();
        return operator === "EQ" ? has === value.toLowerCase() : has.split(/\s+/).includes(value.toLowerCase());
      });
    let found = (this.things[type] ?? []).filter(fits);
    const sort = (body.sorts as { propertyName: string }[] | undefined)?.[0]?.propertyName;
    if (sort) {
      const keyOf = (t: Thing) => `${t.properties[sort] ?? t.createdAt} ${t.properties.hs_external_order_id ?? ""}`;
      found = found.toSorted((a, b) => keyOf(b).localeCompare(keyOf(a)));
    }
    const from = Number(body.after ?? 0);
    const size = Math.min(PAGE, limit);
    const next = from + size < found.length ? { paging: { next: { after: String(from + size) } } } : {};
    return { status: 200, json: { total: found.length, results: found.slice(from, from + size), ...next } };
  }

  #upsert(type: string, body: Record<string, unknown>): Reply {
    const [input] = body.inputs as { id: string; idProperty: string; properties: Thing["properties"] }[];
    if (input?.idProperty !== "sidetone_key") return invalid("idProperty is not a unique property");
    if (!input.properties.subject || !input.properties.hs_pipeline_stage)
      return invalid("Required properties weren't set");
    const found = this.things[type]?.find((t) => t.properties.sidetone_key === input.id);
    if (found) Object.assign(found.properties, input.properties);
    const thing = found ?? this.#make(type, input.properties);
    return { status: 200, json: { status: "COMPLETE", results: [{ ...thing, new: !found }] } };
  }

  #create(type: string, body: Record<string, unknown>): Reply {
    const properties = body.properties as Thing["properties"] | undefined;
    if (type === "notes" && !properties?.hs_timestamp) return invalid("hs_timestamp was not set");
    const associations = (body.associations ?? []) as { to: { id: string }; types: { associationTypeId: number }[] }[];
    for (const { to, types } of associations) {
      const target = types[0]?.associationTypeId === 202 ? "contacts" : "tickets";
      if (!this.things[target]?.some((t) => t.id === to.id)) return missing();
    }
    const made = this.#make(type, properties ?? {});
    for (const { to, types } of associations) {
      this.#link(types[0]?.associationTypeId === 202 ? "contacts" : "tickets", to.id, type, made.id);
    }
    return { status: 201, json: made };
  }

  #associations(method: string, type: string, [id = "", , ...rest]: string[]): Reply {
    if (method === "PUT") {
      // .../associations/default/contacts/{id}
      this.#link(type, id, rest[1] ?? "", rest[2] ?? "");
      return { status: 200, json: { status: "COMPLETE", results: [] } };
    }
    const ids = this.#links.get(`${type}/${id}/${rest[0]}`) ?? [];
    return { status: 200, json: { results: ids.map((toObjectId) => ({ toObjectId, associationTypes: [] })) } };
  }

  #make(type: string, properties: Record<string, string | null | undefined>, id?: string, createdAt?: string): Thing {
    const list = this.things[type] as Thing[];
    const set = Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, value ?? null]));
    const unique = type === "tickets" ? { sidetone_key: null } : {};
    const thing = {
      id: id ?? `${type.length}${10_000 + list.length}`,
      properties: { ...unique, ...set },
      createdAt: createdAt ?? new Date().toISOString(),
    };
    list.push(thing);
    return thing;
  }

  #link(type: string, id: string, to: string, toId: string): void {
    const key = `${type}/${id}/${to}`;
    const ids = this.#links.get(key) ?? [];
    if (!ids.includes(toId)) this.#links.set(key, [...ids, toId]);
  }
}

const invalid = (message: string): Reply => ({
  status: 400,
  json: { status: "error", category: "VALIDATION_ERROR", message },
});
const missing = (): Reply => ({
  status: 404,
  json: { status: "error", category: "OBJECT_NOT_FOUND", message: "resource not found" },
});
