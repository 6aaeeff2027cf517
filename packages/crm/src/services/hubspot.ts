import type { Case, Customer, Order } from "@sidetone/protocol";
import { z } from "zod";
import { CrmError } from "../errors.ts";
import type { Connector, CrmContext } from "../port.ts";
import { markOf } from "../write-mark.ts";
import { fixedCredentials, HttpService, OAuthConfig, oauthCredentials, retryAfterMs } from "./http-service.ts";

/** HubSpot CRM API v3 and v4 associations. Source: developers.hubspot.com/docs/api-reference. */
export const HubSpotConfig = z.object({
  kind: z.literal("hubspot"),
  name: z.string(),
  baseUrl: z.url().default("https://api.hubapi.com"),
  auth: z.union([z.object({ privateAppToken: z.string() }), OAuthConfig]),
  /** A unique text property on tickets that makes their creation repeatable. */
  idempotencyProperty: z.string().default("sidetone_key"),
  /** Properties of orders that hold what HubSpot has no standard property for. */
  expectedOnProperty: z.string().optional(),
  ticketPipeline: z.string().default("0"),
  ticketStages: z
    .object({ open: z.string(), pending: z.string(), solved: z.string(), closed: z.string() })
    .default({ open: "1", pending: "2", solved: "4", closed: "4" }),
});
export type HubSpotConfig = z.infer<typeof HubSpotConfig>;

const Thing = z.object({
  id: z.string(),
  properties: z.record(z.string(), z.string().nullish()),
  createdAt: z.string(),
});
type Thing = z.infer<typeof Thing>;
const Page = z.object({
  results: z.array(Thing),
  paging: z.object({ next: z.object({ after: z.string() }).optional() }).optional(),
});
const Links = z.object({ results: z.array(z.object({ toObjectId: z.union([z.number(), z.string()]) })) });
const Fault = z.object({ category: z.string(), message: z.string().optional(), policyName: z.string().optional() });

const CONTACT = ["firstname", "lastname", "email", "phone", "address", "city", "state", "zip", "country"];
const ORDER = [
  "hs_external_order_id",
  "hs_fulfillment_status",
  "hs_total_price",
  "hs_currency_code",
  "hs_external_created_date",
  "hs_shipping_tracking_number",
];
const TICKET = ["subject", "hs_pipeline_stage"];
const LINE_ITEM = ["name", "hs_sku", "quantity", "price"];
/** Ids of HubSpot's own association types: note to contact, note to ticket. */
const NOTE_TO = { contacts: 202, tickets: 228 };
const FULFILMENT: Record<string, Order["status"]> = {
  shipped: "shipped",
  "out for delivery": "out-for-delivery",
  delivered: "delivered",
  cancelled: "cancelled",
  returned: "returned",
  delayed: "delayed",
};
const MOST_PAGES = 10;
/** HubSpot's bound for one batch. */
const BATCH = 100;

interface Filter {
  propertyName: string;
  operator: "EQ" | "CONTAINS_TOKEN";
  value: string;
}

function refusal(status: number, json: unknown, headers: Headers): CrmError | undefined {
  const fault = Fault.safeParse(json).data;
  if (status !== 429 || !fault) return undefined;
  // Only the daily policy cannot be waited out; the others roll over within the interval.
  const intervalMs = Number(headers.get("x-hubspot-ratelimit-interval-milliseconds") ?? Number.NaN);
  const waitMs = retryAfterMs(headers) ?? (Number.isNaN(intervalMs) ? undefined : intervalMs);
  return new CrmError("CONNECTOR_RATE_LIMITED", `HubSpot's ${fault.policyName ?? "rate"} limit is reached`, {
    retryAfterMs: fault.policyName === "DAILY" ? undefined : waitMs,
  });
}

/** Contacts, orders with their line items, tickets and notes. */
export function openHubSpotConnector(config: HubSpotConfig): Connector {
  const credentials =
    "privateAppToken" in config.auth
      ? fixedCredentials({ authorization: `Bearer ${config.auth.privateAppToken}` })
      : oauthCredentials(config.auth, config.name);
  const service = new HttpService(config.name, config.baseUrl, credentials, refusal);

  const search = async (
    type: string,
    filters: Filter[],
    properties: readonly string[],
    context: CrmContext,
    options: { most?: number; newestBy?: string } = {},
  ): Promise<Thing[]> => {
    const most = options.most ?? 10;
    const found: Thing[] = [];
    let after: string | undefined;
    for (let page = 0; page < MOST_PAGES; page++) {
      const body = {
        filterGroups: [{ filters }],
        properties,
        limit: Math.min(100, most),
        ...(after === undefined ? {} : { after }),
        ...(options.newestBy ? { sorts: [{ propertyName: options.newestBy, direction: "DESCENDING" }] } : {}),
      };
      const path = `/crm/v3/objects/${type}/search`;
      const answer: z.infer<typeof Page> = await service.read(
        Page,
        { method: "POST", path, body, write: false },
        context,
      );
      found.push(...answer.results);
      after = answer.paging?.next?.after;
      if (after === undefined || found.length >= most) break;
    }
    return found.slice(0, most);
  };
  const linked = async (type: string, id: string, to: string, context: CrmContext): Promise<string[]> => {
    const answer = await service.read(Links, { path: `/crm/v4/objects/${type}/${id}/associations/${to}` }, context);
    return answer.results.map((link) => String(link.toObjectId));
  };
  const read = async (type: string, ids: readonly string[], properties: readonly string[], context: CrmContext) => {
    if (ids.length === 0) return [];
    const body = { inputs: ids.map((id) => ({ id })), properties };
    const path = `/crm/v3/objects/${type}/batch/read`;
    return (await service.read(Page, { method: "POST", path, body, write: false }, context)).results;
  };

  const toOrder = async (thing: Thing, context: CrmContext): Promise<Order> => {
    const [[customerId = ""], itemIds] = await Promise.all([
      linked("orders", thing.id, "contacts", context),
      linked("orders", thing.id, "line_items", context),
    ]);
    const items = await read("line_items", itemIds, LINE_ITEM, context);
    const p = thing.properties;
    const expectedOn = config.expectedOnProperty && p[config.expectedOnProperty]?.slice(0, 10);
    return {
      orderNumber: p.hs_external_order_id ?? "",
      customerId,
      status: FULFILMENT[(p.hs_fulfillment_status ?? "").toLowerCase()] ?? "processing",
      placedOn: (p.hs_external_created_date ?? thing.createdAt).slice(0, 10),
      items: items.map(({ properties: i }) => ({
        sku: i.hs_sku ?? "",
        name: i.name ?? "",
        quantity: Number(i.quantity ?? 1),
        priceCents: Math.round(Number(i.price ?? 0) * 100),
      })),
      totalCents: Math.round(Number(p.hs_total_price ?? 0) * 100),
      currency: p.hs_currency_code ?? "USD",
      ...(expectedOn ? { expectedOn } : {}),
      ...(p.hs_shipping_tracking_number ? { trackingNumber: p.hs_shipping_tracking_number } : {}),
    };
  };
  const orderProperties = config.expectedOnProperty ? [...ORDER, config.expectedOnProperty] : ORDER;
  const orderThing = async (orderNumber: string, context: CrmContext) =>
    (
      await search(
        "orders",
        [{ propertyName: "hs_external_order_id", operator: "EQ", value: orderNumber }],
        orderProperties,
        context,
      )
    )[0];

  const stages = config.ticketStages;
  const toCase = (thing: Thing, customerId: string | undefined): Case => {
    const stage = thing.properties.hs_pipeline_stage;
    const status = stage === stages.closed ? "closed" : stage === stages.pending ? "pending" : "open";
    return {
      id: thing.id,
      ...(customerId === undefined ? {} : { customerId }),
      subject: thing.properties.subject ?? "",
      status,
      createdAt: thing.createdAt,
    };
  };
  /** Notes have no unique property, but what a record is linked with can be read at once after it was written. */
  const notedBefore = async (to: keyof typeof NOTE_TO, id: string, mark: string, context: CrmContext) => {
    const ids = await linked(to, id, "notes", context);
    for (let at = 0; at < ids.length; at += BATCH) {
      const notes = await read("notes", ids.slice(at, at + BATCH), ["hs_note_body"], context);
      const found = notes.find((note) => note.properties.hs_note_body?.includes(mark));
      if (found) return found.id;
    }
    return undefined;
  };
  const addNote = async (to: keyof typeof NOTE_TO, id: string, text: string, context: CrmContext) => {
    const mark = markOf(context);
    const before = context.repeated ? await notedBefore(to, id, mark, context) : undefined;
    if (before !== undefined) return before;
    const association = { associationCategory: "HUBSPOT_DEFINED", associationTypeId: NOTE_TO[to] };
    const body = {
      properties: { hs_note_body: `${text}\n\n${mark}`, hs_timestamp: new Date().toISOString() },
      associations: [{ to: { id }, types: [association] }],
    };
    return (await service.read(Thing, { method: "POST", path: "/crm/v3/objects/notes", body }, context)).id;
  };
  const contactsBy = (filters: Filter[], context: CrmContext) => search("contacts", filters, CONTACT, context);

  return {
    name: config.name,
    kind: "hubspot",
    idempotent: new Set(["createCase", "updateCase", "addNote"]),
    operations: {
      async findCustomers({ orderNumber, phone, email, name }, context) {
        const order = orderNumber === undefined ? undefined : await orderThing(orderNumber, context);
        if (order) {
          const ids = await linked("orders", order.id, "contacts", context);
          return (await read("contacts", ids, CONTACT, context)).map(toCustomer);
        }
        const words = (name ?? "").trim().split(/\s+/).filter(Boolean);
        const keys: Filter[][] = [];
        if (phone !== undefined) keys.push([{ propertyName: "phone", operator: "EQ", value: phone }]);
        if (email !== undefined) keys.push([{ propertyName: "email", operator: "EQ", value: email }]);
        const [first, ...rest] = words;
        if (first !== undefined && rest.length > 0) {
          keys.push([
            { propertyName: "firstname", operator: "EQ", value: first },
            { propertyName: "lastname", operator: "EQ", value: rest.join(" ") },
          ]);
        } else if (first !== undefined) {
          keys.push([{ propertyName: "lastname", operator: "CONTAINS_TOKEN", value: first }]);
        }
        for (const filters of keys) {
          const found = await contactsBy(filters, context);
          if (found.length > 0) return found.map(toCustomer);
        }
        return [];
      },
      async getOrder({ orderNumber, customerId }, context) {
        const thing = await orderThing(orderNumber, context);
        const order = thing && (await toOrder(thing, context));
        return order && (customerId === undefined || order.customerId === customerId) ? order : undefined;
      },
      async listOrders({ customerId, limit }, context) {
        const filter: Filter = { propertyName: "associations.contact", operator: "EQ", value: customerId };
        const options = { most: limit, newestBy: "hs_external_created_date" };
        const things = await search("orders", [filter], orderProperties, context, options);
        return Promise.all(things.map((thing) => toOrder(thing, context)));
      },
      async listCases({ customerId }, context) {
        const filter: Filter = { propertyName: "associations.contact", operator: "EQ", value: customerId };
        const options = { most: 100, newestBy: "createdate" };
        return (await search("tickets", [filter], TICKET, context, options)).map((thing) => toCase(thing, customerId));
      },
      async createCase({ customerId, subject, description, orderNumber }, context) {
        const key = context.idempotencyKey ?? crypto.randomUUID();
        const properties = {
          [config.idempotencyProperty]: key,
          subject,
          content: orderNumber === undefined ? description : `${description}\n\nOrder ${orderNumber}`,
          hs_pipeline: config.ticketPipeline,
          hs_pipeline_stage: stages.open,
        };
        const body = { inputs: [{ id: key, idProperty: config.idempotencyProperty, properties }] };
        const path = "/crm/v3/objects/tickets/batch/upsert";
        const [ticket] = (await service.read(Page, { method: "POST", path, body }, context)).results;
        if (!ticket) throw new CrmError("CONNECTOR_ANSWER_INVALID", "HubSpot answered no ticket");
        if (customerId !== undefined) {
          // An upsert takes no associations; setting one twice is setting it once.
          const link = `/crm/v4/objects/tickets/${ticket.id}/associations/default/contacts/${customerId}`;
          await service.request({ method: "PUT", path: link }, context);
        }
        return toCase(ticket, customerId);
      },
      async updateCase({ caseId, status, comment }, context) {
        const path = `/crm/v3/objects/tickets/${encodeURIComponent(caseId)}`;
        const request =
          status === undefined
            ? { path, query: { properties: TICKET.join(",") } }
            : { method: "PATCH" as const, path, body: { properties: { hs_pipeline_stage: stages[status] } } };
        const ticket = await service.read(Thing, request, context);
        if (comment !== undefined) await addNote("tickets", caseId, comment, context);
        return toCase(ticket, undefined);
      },
      async addNote({ customerId, caseId, text }, context) {
        if (caseId !== undefined) return { reference: await addNote("tickets", caseId, text, context) };
        if (customerId === undefined) throw new CrmError("CONNECTOR_REFUSED", "a note needs a contact or a ticket");
        return { reference: await addNote("contacts", customerId, text, context) };
      },
    },
    async check(context) {
      await service.request({ path: "/crm/v3/objects/contacts", query: { limit: 1 } }, context);
      return "HubSpot answers, and its contacts can be read.";
    },
    close: async () => undefined,
  };
}

function toCustomer(thing: Thing): Customer {
  const p = thing.properties;
  return {
    id: thing.id,
    name: [p.firstname, p.lastname].filter(Boolean).join(" "),
    ...(p.email ? { email: p.email } : {}),
    ...(p.phone ? { phone: p.phone } : {}),
    ...(p.address && p.city && p.zip
      ? {
          address: {
            line1: p.address,
            city: p.city,
            postalCode: p.zip,
            country: p.country ?? "",
            ...(p.state ? { region: p.state } : {}),
          },
        }
      : {}),
  };
}
