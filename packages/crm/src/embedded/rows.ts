import { Appointment, Case, Customer, Invoice, Order, Shipment } from "@sidetone/protocol";
import type { z } from "zod";

/** A row of SQLite as the port's entity: null columns are left out, JSON columns parsed, all checked. */
type Row = Record<string, unknown>;

function entity<S extends z.ZodType>(schema: S, fields: Row): z.infer<S> {
  const present: Row = {};
  for (const [key, value] of Object.entries(fields)) if (value !== null && value !== undefined) present[key] = value;
  return schema.parse(present);
}

export const toCustomer = (row: Row): Customer =>
  entity(Customer, {
    id: row.id,
    name: row.name,
    email: row.email,
    phone: row.phone,
    loyaltyPoints: row.loyalty_points,
    loyaltyTier: row.loyalty_tier,
    address: JSON.parse(String(row.address)),
  });

export const toOrder = (row: Row): Order =>
  entity(Order, {
    orderNumber: row.order_number,
    customerId: row.customer_id,
    status: row.status,
    placedOn: row.placed_on,
    items: JSON.parse(String(row.items)),
    totalCents: row.total_cents,
    currency: row.currency,
    expectedOn: row.expected_on,
    deliveredOn: row.delivered_on,
    deliveryWindow: row.delivery_window,
    carrier: row.carrier,
    trackingNumber: row.tracking_number,
  });

export const toShipment = (row: Row, events: Row[]): Shipment =>
  entity(Shipment, {
    id: row.id,
    orderNumber: row.order_number,
    status: row.status,
    carrier: row.carrier,
    trackingNumber: row.tracking_number,
    expectedOn: row.expected_on,
    events: events.map((e) => ({ at: e.at, place: e.place, text: e.text })),
  });

export const toInvoice = (row: Row): Invoice =>
  entity(Invoice, {
    invoiceNumber: row.invoice_number,
    orderNumber: row.order_number,
    issuedOn: row.issued_on,
    totalCents: row.total_cents,
    currency: row.currency,
    paid: row.paid === 1,
  });

export const toCase = (row: Row): Case =>
  entity(Case, {
    id: row.id,
    customerId: row.customer_id,
    subject: row.subject,
    status: row.status,
    createdAt: row.created_at,
  });

export const toAppointment = (row: Row): Appointment =>
  entity(Appointment, {
    id: row.id,
    customerName: row.customer_name,
    phone: row.phone,
    service: row.service,
    startsAt: row.starts_at,
    durationMinutes: row.duration_minutes,
    status: row.status,
  });
