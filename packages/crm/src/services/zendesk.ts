import type { Case, Customer } from "@sidetone/protocol";
import { z } from "zod";
import { CrmError } from "../errors.ts";
import type { Connector, CrmContext } from "../port.ts";
import { markOf } from "../write-mark.ts";
import { fixedCredentials, HttpService, OAuthConfig, oauthCredentials } from "./http-service.ts";

/** Zendesk Support API v2. Source: developer.zendesk.com/api-reference/ticketing. */
export const ZendeskConfig = z.object({
  kind: z.literal("zendesk"),
  name: z.string(),
  /** Such as https://larkfield.zendesk.com. */
  baseUrl: z.url(),
  auth: z.union([z.object({ email: z.string(), apiToken: z.string() }), OAuthConfig]),
});
export type ZendeskConfig = z.infer<typeof ZendeskConfig>;

const User = z.object({
  id: z.number(),
  name: z.string(),
  email: z.string().nullish(),
  phone: z.string().nullish(),
});
const Ticket = z.object({
  id: z.number(),
  subject: z.string().nullish(),
  status: z.enum(["new", "open", "pending", "hold", "solved", "closed"]),
  requester_id: z.number().nullish(),
  created_at: z.string(),
});
const TicketPage = z.object({
  tickets: z.array(Ticket),
  meta: z.object({ has_more: z.boolean() }).optional(),
  links: z.object({ next: z.string().nullish() }).optional(),
});

const AuditPage = z.object({
  audits: z.array(z.object({ metadata: z.object({ custom: z.record(z.string(), z.unknown()).nullish() }).nullish() })),
  meta: z.object({ has_more: z.boolean() }).optional(),
  links: z.object({ next: z.string().nullish() }).optional(),
});

const STATUS: Record<z.infer<typeof Ticket>["status"], Case["status"]> = {
  new: "open",
  open: "open",
  pending: "pending",
  hold: "pending",
  solved: "solved",
  closed: "closed",
};
const PAGE_SIZE = 100;
const MOST_PAGES = 10;
/** Where an update's mark is among the metadata of its audit. */
const MARK = "sidetone_ref";

const toCustomer = (user: z.infer<typeof User>): Customer => ({
  id: String(user.id),
  name: user.name,
  ...(user.email ? { email: user.email } : {}),
  ...(user.phone ? { phone: user.phone } : {}),
});
const toCase = (ticket: z.infer<typeof Ticket>): Case => ({
  id: String(ticket.id),
  ...(ticket.requester_id ? { customerId: String(ticket.requester_id) } : {}),
  subject: ticket.subject ?? "",
  status: STATUS[ticket.status],
  createdAt: ticket.created_at,
});

/**
 * Zendesk knows users and tickets, no orders. Tickets are created with an `Idempotency-Key`; an update of a ticket knows
 * none, so its audit carries a mark, by which a repeated attempt finds it.
 */
export function openZendeskConnector(config: ZendeskConfig): Connector {
  const credentials =
    "apiToken" in config.auth
      ? fixedCredentials({
          authorization: `Basic ${Buffer.from(`${config.auth.email}/token:${config.auth.apiToken}`).toString("base64")}`,
        })
      : oauthCredentials(config.auth, config.name);
  const service = new HttpService(config.name, `${config.baseUrl}/api/v2/`, credentials);

  const findUsers = async (query: string, context: CrmContext) =>
    (await service.read(z.object({ users: z.array(User) }), { path: "users/search.json", query: { query } }, context))
      .users;
  const createTicket = async (ticket: Record<string, unknown>, context: CrmContext) => {
    const key = context.idempotencyKey;
    const answer = await service.read(
      z.object({ ticket: Ticket }),
      {
        method: "POST",
        path: "tickets.json",
        body: { ticket },
        headers: key === undefined ? {} : { "idempotency-key": key },
      },
      context,
    );
    return answer.ticket;
  };
  const updatedBefore = async (id: string, mark: string, context: CrmContext) => {
    let path: string | undefined = `tickets/${id}/audits.json?page[size]=${PAGE_SIZE}`;
    for (let page = 0; path !== undefined && page < MOST_PAGES; page++) {
      const answer: z.infer<typeof AuditPage> = await service.read(AuditPage, { path }, context);
      if (answer.audits.some((audit) => audit.metadata?.custom?.[MARK] === mark)) return true;
      path = answer.meta?.has_more ? (answer.links?.next ?? undefined) : undefined;
    }
    return false;
  };
  const updateTicket = async (id: string, ticket: Record<string, unknown>, context: CrmContext) => {
    if (!/^\d+$/.test(id)) throw new CrmError("CONNECTOR_NOT_FOUND", `there is no ticket ${id}`);
    const path = `tickets/${id}.json`;
    const one = z.object({ ticket: Ticket });
    const mark = markOf(context);
    if (context.repeated && (await updatedBefore(id, mark, context)))
      return (await service.read(one, { path }, context)).ticket;
    const body = { ticket: { ...ticket, metadata: { [MARK]: mark } } };
    return (await service.read(one, { method: "PUT", path, body }, context)).ticket;
  };
  const requester = (customerId: string | undefined) =>
    customerId === undefined ? {} : { requester_id: Number(customerId) };

  return {
    name: config.name,
    kind: "zendesk",
    idempotent: new Set(["createCase", "updateCase", "addNote"]),
    operations: {
      async findCustomers({ phone, email, name }, context) {
        if (phone !== undefined) {
          const found = await findUsers(`type:user phone:"${phone}"`, context);
          if (found.length > 0) return found.map(toCustomer);
        }
        if (email !== undefined) {
          const found = await findUsers(`type:user email:"${email}"`, context);
          if (found.length > 0) return found.map(toCustomer);
        }
        return name === undefined ? [] : (await findUsers(`type:user name:"${name}"`, context)).map(toCustomer);
      },
      async listCases({ customerId }, context) {
        const cases: Case[] = [];
        let path: string | undefined =
          `users/${encodeURIComponent(customerId)}/tickets/requested.json?page[size]=${PAGE_SIZE}`;
        for (let page = 0; path !== undefined && page < MOST_PAGES; page++) {
          const answer: z.infer<typeof TicketPage> = await service.read(TicketPage, { path }, context);
          cases.push(...answer.tickets.map(toCase));
          path = answer.meta?.has_more ? (answer.links?.next ?? undefined) : undefined;
        }
        return cases.sort((a, b) => b.createdAt.localeCompare(a.createdAt));
      },
      async createCase({ customerId, subject, description, orderNumber }, context) {
        const body = orderNumber === undefined ? description : `${description}\n\nOrder ${orderNumber}`;
        return toCase(
          await createTicket({ subject, comment: { body: body || subject }, ...requester(customerId) }, context),
        );
      },
      async updateCase({ caseId, status, comment }, context) {
        const change = {
          ...(status === undefined ? {} : { status }),
          ...(comment === undefined ? {} : { comment: { body: comment, public: false } }),
        };
        return toCase(await updateTicket(caseId, change, context));
      },
      async addNote({ customerId, caseId, text }, context) {
        const comment = { body: text, public: false };
        if (caseId !== undefined) return { reference: String((await updateTicket(caseId, { comment }, context)).id) };
        // A user has one notes field, which would be overwritten: a solved ticket keeps every note.
        const ticket = { subject: "Note from a call", comment, status: "solved", ...requester(customerId) };
        return { reference: String((await createTicket(ticket, context)).id) };
      },
    },
    async check(context) {
      const me = await service.read(z.object({ user: User }), { path: "users/me.json" }, context);
      return `Signed in to Zendesk as ${me.user.name}.`;
    },
    close: async () => undefined,
  };
}
