import { Appointment, Case, Customer, Invoice, Order, Shipment } from "@sidetone/protocol";
import { z } from "zod";
import { CrmError } from "./errors.ts";
import type { CrmOperation, CrmOutput } from "./port.ts";

const Acknowledged = z.object({ reference: z.string(), note: z.string().optional() });

/** What each operation answers: checked where a mapping of the admin's makes it. */
const OUTPUTS: Record<CrmOperation, z.ZodType> = {
  findCustomers: z.array(Customer),
  getOrder: Order.optional(),
  listOrders: z.array(Order),
  listShipments: z.array(Shipment),
  getInvoice: Invoice.optional(),
  listCases: z.array(Case),
  createCase: Case,
  updateCase: Case,
  addNote: Acknowledged,
  requestReturn: Acknowledged,
  requestRefund: Acknowledged.extend({ amountCents: z.number().int(), currency: z.string() }),
  cancelOrder: Acknowledged,
  changeAddress: Acknowledged,
  freeAppointments: z.array(z.object({ startsAt: z.string(), service: z.string() })),
  findAppointments: z.array(Appointment),
  bookAppointment: Appointment,
  rescheduleAppointment: Appointment,
  cancelAppointment: Acknowledged,
};

/** Operations that answer a list. */
export const LISTS: ReadonlySet<CrmOperation> = new Set([
  "findCustomers",
  "listOrders",
  "listShipments",
  "listCases",
  "freeAppointments",
  "findAppointments",
]);

/** Leaves out nulls, which foreign systems send for "nothing", at every depth. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== null && field !== undefined);
  return Object.fromEntries(entries.map(([key, field]) => [key, withoutNulls(field)]));
}

/** @throws CrmError CONNECTOR_ANSWER_INVALID naming the field. */
export function checkedOutput<O extends CrmOperation>(operation: O, value: unknown, connector: string): CrmOutput<O> {
  const parsed = OUTPUTS[operation].safeParse(withoutNulls(value) ?? undefined);
  if (parsed.success) return parsed.data as CrmOutput<O>;
  const issue = parsed.error.issues[0];
  throw new CrmError(
    "CONNECTOR_ANSWER_INVALID",
    `${connector} answered ${operation} with a wrong ${issue?.path.join(".") || "value"}: ${issue?.message}`,
  );
}
