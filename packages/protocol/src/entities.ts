import { z } from "zod";

/** What tools return, whatever CRM it came from. Dates are ISO calendar dates, money is in minor units. */
export const IsoDate = z.iso.date();

export const Address = z.object({
  line1: z.string(),
  line2: z.string().optional(),
  city: z.string(),
  region: z.string().optional(),
  postalCode: z.string(),
  country: z.string(),
});
export type Address = z.infer<typeof Address>;

export const Customer = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string().optional(),
  phone: z.string().optional(),
  loyaltyPoints: z.number().int().nonnegative().optional(),
  loyaltyTier: z.string().optional(),
  address: Address.optional(),
});
export type Customer = z.infer<typeof Customer>;

export const ORDER_STATUSES = [
  "processing",
  "shipped",
  "out-for-delivery",
  "delivered",
  "cancelled",
  "returned",
  "delayed",
] as const;

export const Order = z.object({
  orderNumber: z.string(),
  customerId: z.string(),
  status: z.enum(ORDER_STATUSES),
  placedOn: IsoDate,
  items: z.array(
    z.object({
      sku: z.string(),
      name: z.string(),
      quantity: z.number().int().positive(),
      priceCents: z.number().int(),
    }),
  ),
  totalCents: z.number().int(),
  currency: z.string().length(3),
  expectedOn: IsoDate.optional(),
  deliveredOn: IsoDate.optional(),
  deliveryWindow: z.string().optional(),
  carrier: z.string().optional(),
  trackingNumber: z.string().optional(),
});
export type Order = z.infer<typeof Order>;

export const Shipment = z.object({
  id: z.string(),
  orderNumber: z.string(),
  status: z.enum(["label-created", "in-transit", "out-for-delivery", "delivered", "exception"]),
  carrier: z.string(),
  trackingNumber: z.string(),
  expectedOn: IsoDate.optional(),
  events: z.array(z.object({ at: z.string(), place: z.string(), text: z.string() })),
});
export type Shipment = z.infer<typeof Shipment>;

export const Invoice = z.object({
  invoiceNumber: z.string(),
  orderNumber: z.string(),
  issuedOn: IsoDate,
  totalCents: z.number().int(),
  currency: z.string().length(3),
  paid: z.boolean(),
});
export type Invoice = z.infer<typeof Invoice>;

export const Case = z.object({
  id: z.string(),
  customerId: z.string().optional(),
  subject: z.string(),
  status: z.enum(["open", "pending", "solved", "closed"]),
  createdAt: z.string(),
});
export type Case = z.infer<typeof Case>;

export const Appointment = z.object({
  id: z.string(),
  customerName: z.string(),
  phone: z.string().optional(),
  service: z.string(),
  startsAt: z.string(),
  durationMinutes: z.number().int().positive(),
  status: z.enum(["booked", "cancelled"]),
});
export type Appointment = z.infer<typeof Appointment>;
