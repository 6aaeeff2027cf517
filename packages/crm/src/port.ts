import type { Address, Appointment, Case, Customer, Invoice, Order, Shipment } from "@sidetone/protocol";

/** What every call of a connector carries. */
export interface CrmContext {
  /** Aborts the call: the task timed out, was cancelled, or the worker drains. */
  signal: AbortSignal;
  /** Present on writes: the same key twice is one effect, where the connector can promise that. */
  idempotencyKey?: string;
  /**
   * Writes: an earlier attempt with the same key may have been carried out, nobody saw its end. A connector whose service
   * knows no keys looks for what it left behind before it writes again.
   */
  repeated?: boolean;
}

export interface OrderRef {
  orderNumber: string;
  /** When known, an order of another customer is answered as not found. */
  customerId?: string | undefined;
}
export interface CustomerQuery {
  phone?: string | undefined;
  email?: string | undefined;
  name?: string | undefined;
  orderNumber?: string | undefined;
}
export interface Acknowledged {
  reference: string;
  note?: string | undefined;
}
export type CaseStatus = Case["status"];

/**
 * The port: every operation a CRM, shop or calendar may offer. Reads answer `undefined` or `[]` when
 * there is nothing; writes throw `CONNECTOR_NOT_FOUND` instead. Money is in minor units, dates are ISO.
 */
export interface CrmOperations {
  findCustomers(query: CustomerQuery, context: CrmContext): Promise<Customer[]>;
  getOrder(ref: OrderRef, context: CrmContext): Promise<Order | undefined>;
  /** Newest first. */
  listOrders(query: { customerId: string; limit: number }, context: CrmContext): Promise<Order[]>;
  listShipments(ref: OrderRef, context: CrmContext): Promise<Shipment[]>;
  getInvoice(ref: OrderRef, context: CrmContext): Promise<Invoice | undefined>;
  listCases(query: { customerId: string }, context: CrmContext): Promise<Case[]>;
  createCase(
    input: {
      customerId?: string | undefined;
      subject: string;
      description: string;
      orderNumber?: string | undefined;
    },
    context: CrmContext,
  ): Promise<Case>;
  updateCase(
    input: { caseId: string; status?: CaseStatus | undefined; comment?: string | undefined },
    context: CrmContext,
  ): Promise<Case>;
  addNote(
    input: { customerId?: string | undefined; caseId?: string | undefined; text: string },
    context: CrmContext,
  ): Promise<Acknowledged>;
  requestReturn(input: OrderRef & { reason?: string | undefined }, context: CrmContext): Promise<Acknowledged>;
  requestRefund(
    input: OrderRef & { reason?: string | undefined; amountCents?: number | undefined },
    context: CrmContext,
  ): Promise<Acknowledged & { amountCents: number; currency: string }>;
  cancelOrder(input: OrderRef & { reason?: string | undefined }, context: CrmContext): Promise<Acknowledged>;
  changeAddress(input: OrderRef & { address: Address | string }, context: CrmContext): Promise<Acknowledged>;
  freeAppointments(
    query: { service?: string | undefined; on?: string | undefined; partOfDay?: string | undefined },
    context: CrmContext,
  ): Promise<{ startsAt: string; service: string }[]>;
  findAppointments(
    query: { name?: string | undefined; phone?: string | undefined; id?: string | undefined },
    context: CrmContext,
  ): Promise<Appointment[]>;
  bookAppointment(
    input: { name: string; phone?: string | undefined; service: string; startsAt: string },
    context: CrmContext,
  ): Promise<Appointment>;
  rescheduleAppointment(input: { id: string; startsAt: string }, context: CrmContext): Promise<Appointment>;
  cancelAppointment(input: { id: string }, context: CrmContext): Promise<Acknowledged>;
}

export type CrmOperation = keyof CrmOperations;
export type CrmInput<O extends CrmOperation> = Parameters<CrmOperations[O]>[0];
export type CrmOutput<O extends CrmOperation> = Awaited<ReturnType<CrmOperations[O]>>;

/** All operations; `write` ones change the world. */
export const CRM_OPERATIONS: Record<CrmOperation, "read" | "write"> = {
  findCustomers: "read",
  getOrder: "read",
  listOrders: "read",
  listShipments: "read",
  getInvoice: "read",
  listCases: "read",
  createCase: "write",
  updateCase: "write",
  addNote: "write",
  requestReturn: "write",
  requestRefund: "write",
  cancelOrder: "write",
  changeAddress: "write",
  freeAppointments: "read",
  findAppointments: "read",
  bookAppointment: "write",
  rescheduleAppointment: "write",
  cancelAppointment: "write",
};
export const CRM_OPERATION_NAMES = Object.keys(CRM_OPERATIONS) as CrmOperation[];

/** One service behind the port. An operation that is absent is one the connector cannot do. */
export interface Connector {
  /** The name an admin gave it. */
  readonly name: string;
  readonly kind: string;
  readonly operations: Partial<CrmOperations>;
  /**
   * Writes that are done at most once per idempotency key, by the service itself or because the connector finds what an
   * earlier attempt did; the others must not be repeated blindly.
   */
  readonly idempotent: ReadonlySet<CrmOperation>;
  /** Proves that address and credentials are right. Answers a sentence for the admin; throws CrmError. */
  check(context: CrmContext): Promise<string>;
  close(): Promise<void>;
}
