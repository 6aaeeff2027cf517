import type { Case, Customer, Order } from "@sidetone/protocol";
import { z } from "zod";
import { CrmError } from "../errors.ts";
import type { Connector, CrmContext } from "../port.ts";
import { HttpService, OAuthConfig, oauthCredentials } from "./http-service.ts";

const OrderStatus = z.enum([
  "processing",
  "shipped",
  "out-for-delivery",
  "delivered",
  "cancelled",
  "returned",
  "delayed",
]);

/** Salesforce REST API. Source: developer.salesforce.com/docs, REST API Developer Guide. */
export const SalesforceConfig = z.object({
  kind: z.literal("salesforce"),
  name: z.string(),
  /** The org's own domain, such as https://larkfield.my.salesforce.com. */
  instanceUrl: z.url(),
  apiVersion: z
    .string()
    .regex(/^v\d+\.0$/)
    .default("v62.0"),
  auth: OAuthConfig,
  /** Currency of an org without multiple currencies. */
  currency: z.string().length(3).default("USD"),
  /** External id field (unique text) on Case and Task that makes writes repeatable. */
  idempotencyField: z
    .string()
    .regex(/^\w+__c$/)
    .default("Sidetone_Key__c"),
  orderNumberField: z.string().regex(/^\w+$/).default("OrderNumber"),
  /** Fields of Order that hold what Salesforce has no standard field for. */
  expectedOnField: z.string().regex(/^\w+$/).optional(),
  trackingNumberField: z.string().regex(/^\w+$/).optional(),
  statuses: z.record(z.string(), OrderStatus).default({ Draft: "processing", Activated: "processing" }),
});
export type SalesforceConfig = z.infer<typeof SalesforceConfig>;

const Contact = z.object({
  Id: z.string(),
  Name: z.string(),
  Email: z.string().nullish(),
  Phone: z.string().nullish(),
  MailingStreet: z.string().nullish(),
  MailingCity: z.string().nullish(),
  MailingState: z.string().nullish(),
  MailingPostalCode: z.string().nullish(),
  MailingCountry: z.string().nullish(),
});
const CONTACT_FIELDS = Object.keys(Contact.shape).join(", ");
const SalesOrder = z.looseObject({
  Id: z.string(),
  Status: z.string(),
  EffectiveDate: z.string(),
  TotalAmount: z.number(),
  BillToContactId: z.string().nullish(),
  OrderItems: z
    .object({
      records: z.array(
        z.object({
          Quantity: z.number(),
          UnitPrice: z.number(),
          Product2: z.object({ Name: z.string(), StockKeepingUnit: z.string().nullish() }),
        }),
      ),
    })
    .nullish(),
});
const SalesCase = z.object({
  Id: z.string(),
  ContactId: z.string().nullish(),
  Subject: z.string().nullish(),
  Status: z.string(),
  CreatedDate: z.string(),
});
const CASE_FIELDS = Object.keys(SalesCase.shape).join(", ");
const QueryPage = z.object({
  done: z.boolean(),
  nextRecordsUrl: z.string().optional(),
  records: z.array(z.unknown()),
});
const Faults = z.array(z.object({ errorCode: z.string(), message: z.string() })).min(1);
const MOST_PAGES = 10;
const CASE_STATUS: Record<string, Case["status"]> = {
  New: "open",
  Working: "open",
  Escalated: "open",
  Closed: "closed",
};
const CASE_STATUS_OUT: Record<Case["status"], string> = {
  open: "Working",
  pending: "Working",
  solved: "Closed",
  closed: "Closed",
};

/** A string literal of SOQL. */
const quoted = (text: string): string => `'${text.replace(/[\\'"]/g, (c) => `\\${c}`)}'`;
/** A search term of SOSL: its reserved characters escaped. */
const searched = (text: string): string => text.replace(/[?&|!{}[\]()^~*:\\"'+-]/g, (c) => `\\${c}`);

function refusal(status: number, json: unknown): CrmError | undefined {
  const fault = Faults.safeParse(json).data?.[0];
  if (!fault) return undefined;
  const said = `Salesforce answered ${fault.errorCode}: ${fault.message}`;
  // A spent allowance is a 403 and names no time: it is counted over 24 hours.
  if (fault.errorCode === "REQUEST_LIMIT_EXCEEDED") return new CrmError("CONNECTOR_RATE_LIMITED", said);
  if (fault.errorCode === "INVALID_SESSION_ID") return new CrmError("CONNECTOR_AUTH", said);
  if (fault.errorCode === "NOT_FOUND" || fault.errorCode === "ENTITY_IS_DELETED") {
    return new CrmError("CONNECTOR_NOT_FOUND", said);
  }
  return status === 400 ? new CrmError("CONNECTOR_REFUSED", said) : undefined;
}

/** Contacts, orders and cases. Cases and notes (completed tasks) are upserted by an external id, which makes them repeatable. */
export function openSalesforceConnector(config: SalesforceConfig): Connector {
  const data = `/services/data/${config.apiVersion}`;
  const credentials = oauthCredentials(config.auth, config.name);
  const service = new HttpService(config.name, config.instanceUrl, credentials, refusal);
  const extra = [config.expectedOnField, config.trackingNumberField].filter((f) => f !== undefined);
  const orderFields = [
    ...new Set([config.orderNumberField, "Id", "Status", "EffectiveDate", "TotalAmount", "BillToContactId", ...extra]),
    "(SELECT Quantity, UnitPrice, Product2.Name, Product2.StockKeepingUnit FROM OrderItems)",
  ].join(", ");

  const query = async <S extends z.ZodType>(schema: S, soql: string, context: CrmContext): Promise<z.infer<S>[]> => {
    const records: unknown[] = [];
    let path: string | undefined = `${data}/query?q=${encodeURIComponent(soql)}`;
    for (let page = 0; path !== undefined && page < MOST_PAGES; page++) {
      const answer: z.infer<typeof QueryPage> = await service.read(QueryPage, { path }, context);
      records.push(...answer.records);
      path = answer.done ? undefined : answer.nextRecordsUrl;
    }
    return service.parse(z.array(schema), records);
  };

  /** Creates or finds again the record with this key. Answers its id. */
  const upsert = async (type: string, key: string, fields: Record<string, unknown>, context: CrmContext) => {
    const path = `${data}/sobjects/${type}/${config.idempotencyField}/${encodeURIComponent(key)}`;
    const answer = await service.read(z.object({ id: z.string() }), { method: "PATCH", path, body: fields }, context);
    return answer.id;
  };
  const keyOf = (context: CrmContext) => context.idempotencyKey ?? crypto.randomUUID();
  const note = (key: string, text: string, links: Record<string, string>, context: CrmContext) =>
    upsert("Task", key, { Subject: "Call", Description: text, Status: "Completed", ...links }, context);

  const toOrder = (record: z.infer<typeof SalesOrder>): Order => ({
    orderNumber: String(record[config.orderNumberField] ?? ""),
    customerId: record.BillToContactId ?? "",
    status: config.statuses[record.Status] ?? "processing",
    placedOn: record.EffectiveDate,
    items: (record.OrderItems?.records ?? []).map((item) => ({
      sku: item.Product2.StockKeepingUnit ?? "",
      name: item.Product2.Name,
      quantity: item.Quantity,
      priceCents: Math.round(item.UnitPrice * 100),
    })),
    totalCents: Math.round(record.TotalAmount * 100),
    currency: config.currency,
    ...given("expectedOn", config.expectedOnField && record[config.expectedOnField]),
    ...given("trackingNumber", config.trackingNumberField && record[config.trackingNumberField]),
  });
  const caseById = async (id: string, context: CrmContext): Promise<Case> => {
    const [found] = await query(SalesCase, `SELECT ${CASE_FIELDS} FROM Case WHERE Id = ${quoted(id)}`, context);
    if (!found) throw new CrmError("CONNECTOR_NOT_FOUND", `there is no case ${id}`);
    return toCase(found);
  };
  const orderWhere = (where: string, tail: string, context: CrmContext) =>
    query(SalesOrder, `SELECT ${orderFields} FROM Order WHERE ${where} ${tail}`, context);
  const contactsWhere = (where: string, context: CrmContext) =>
    query(Contact, `SELECT ${CONTACT_FIELDS} FROM Contact WHERE ${where} LIMIT 10`, context);

  return {
    name: config.name,
    kind: "salesforce",
    idempotent: new Set(["createCase", "updateCase", "addNote"]),
    operations: {
      async findCustomers({ orderNumber, phone, email, name }, context) {
        if (orderNumber !== undefined) {
          const [order] = await orderWhere(`${config.orderNumberField} = ${quoted(orderNumber)}`, "LIMIT 1", context);
          if (order?.BillToContactId) {
            return (await contactsWhere(`Id = ${quoted(order.BillToContactId)}`, context)).map(toCustomer);
          }
        }
        if (phone !== undefined) {
          // Numbers are stored as typed; search, unlike query, matches them in any writing.
          const sosl = `FIND {${searched(phone)}} IN PHONE FIELDS RETURNING Contact(${CONTACT_FIELDS} LIMIT 10)`;
          const path = `${data}/search?q=${encodeURIComponent(sosl)}`;
          const answer = await service.read(z.object({ searchRecords: z.array(Contact) }), { path }, context);
          if (answer.searchRecords.length > 0) return answer.searchRecords.map(toCustomer);
        }
        if (email !== undefined) {
          const found = await contactsWhere(`Email = ${quoted(email)}`, context);
          if (found.length > 0) return found.map(toCustomer);
        }
        if (name === undefined) return [];
        return (await contactsWhere(`Name LIKE ${quoted(`%${name.replace(/[%_]/g, "")}%`)}`, context)).map(toCustomer);
      },
      async getOrder({ orderNumber, customerId }, context) {
        const [order] = await orderWhere(`${config.orderNumberField} = ${quoted(orderNumber)}`, "LIMIT 1", context);
        if (!order || (customerId !== undefined && order.BillToContactId !== customerId)) return undefined;
        return toOrder(order);
      },
      async listOrders({ customerId, limit }, context) {
        const tail = `ORDER BY EffectiveDate DESC, ${config.orderNumberField} DESC LIMIT ${limit}`;
        return (await orderWhere(`BillToContactId = ${quoted(customerId)}`, tail, context)).map(toOrder);
      },
      async listCases({ customerId }, context) {
        const soql = `SELECT ${CASE_FIELDS} FROM Case WHERE ContactId = ${quoted(customerId)} ORDER BY CreatedDate DESC`;
        return (await query(SalesCase, soql, context)).map(toCase);
      },
      async createCase({ customerId, subject, description, orderNumber }, context) {
        const fields = {
          Subject: subject,
          Description: orderNumber === undefined ? description : `${description}\n\nOrder ${orderNumber}`,
          Origin: "Phone",
          ...(customerId === undefined ? {} : { ContactId: customerId }),
        };
        return caseById(await upsert("Case", keyOf(context), fields, context), context);
      },
      async updateCase({ caseId, status, comment }, context) {
        await caseById(caseId, context);
        if (status !== undefined) {
          const path = `${data}/sobjects/Case/${encodeURIComponent(caseId)}`;
          await service.request({ method: "PATCH", path, body: { Status: CASE_STATUS_OUT[status] } }, context);
        }
        if (comment !== undefined) await note(`${keyOf(context)}:comment`, comment, { WhatId: caseId }, context);
        return caseById(caseId, context);
      },
      async addNote({ customerId, caseId, text }, context) {
        if (caseId !== undefined) await caseById(caseId, context);
        const links = {
          ...(caseId === undefined ? {} : { WhatId: caseId }),
          ...(customerId === undefined ? {} : { WhoId: customerId }),
        };
        return { reference: await note(keyOf(context), text, links, context) };
      },
    },
    async check(context) {
      await service.request({ path: `${data}/limits` }, context);
      return `Signed in to Salesforce at ${new URL(config.instanceUrl).host}.`;
    },
    close: async () => undefined,
  };
}

const given = <K extends string>(key: K, value: unknown): { [P in K]?: string } =>
  typeof value === "string" && value !== "" ? ({ [key]: value } as { [P in K]?: string }) : {};

function toCustomer(contact: z.infer<typeof Contact>): Customer {
  const { MailingStreet, MailingCity, MailingPostalCode } = contact;
  return {
    id: contact.Id,
    name: contact.Name,
    ...(contact.Email ? { email: contact.Email } : {}),
    ...(contact.Phone ? { phone: contact.Phone } : {}),
    ...(MailingStreet && MailingCity && MailingPostalCode
      ? {
          address: {
            line1: MailingStreet,
            city: MailingCity,
            postalCode: MailingPostalCode,
            country: contact.MailingCountry ?? "",
            ...(contact.MailingState ? { region: contact.MailingState } : {}),
          },
        }
      : {}),
  };
}

const toCase = (record: z.infer<typeof SalesCase>): Case => ({
  id: record.Id,
  ...(record.ContactId ? { customerId: record.ContactId } : {}),
  subject: record.Subject ?? "",
  status: CASE_STATUS[record.Status] ?? "open",
  createdAt: record.CreatedDate,
});
