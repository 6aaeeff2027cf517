import type { Appointment, Case, Customer, Invoice, Order, Shipment } from "@sidetone/protocol";
import {
  CARRIERS,
  CASE_SUBJECTS,
  CITIES,
  DELIVERY_WINDOWS,
  FIRST_NAMES,
  LAST_NAMES,
  PRODUCTS,
  SERVICES,
  STREETS,
  TIERS,
} from "./retailer-words.ts";

/** All of a fictional retailer, consistent within itself: totals add up, shipments fit their order's status. */
export interface Retailer {
  customers: Customer[];
  orders: Order[];
  shipments: Shipment[];
  invoices: Invoice[];
  cases: Case[];
  appointments: Appointment[];
}

export interface RetailerSize {
  customers: number;
  orders: number;
}
export const FULL_SIZE: RetailerSize = { customers: 5_000, orders: 20_000 };

/** The order that demonstrations and whole-call tests ask for: shipped, expected tomorrow. */
export const KNOWN_ORDER_NUMBER = "47291";
/** Who ordered it, and the number they call from. */
export const KNOWN_CUSTOMER_NAME = "Grace Carter";
export const KNOWN_CUSTOMER_PHONE = "+447700900123";
/** Letters that the inward part of a postcode uses. */
const POSTCODE_LETTERS = [..."ABDEFGHJLNPQRSTUWXYZ"];
/** Number of the newest order; the others count down from it. */
const NEWEST_ORDER_NUMBER = 47_499;
const ORDERS_PER_DAY = 37;

const DAY_MS = 86_400_000;
/** Adds days to an ISO calendar date. */
export const addDays = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

/** mulberry32: 32 bits of state, the same sequence on every machine. */
function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The same seed, size and day give the same retailer. `today` is an ISO calendar date. */
export function generateRetailer(seed: number, today: string, size: RetailerSize = FULL_SIZE): Retailer {
  const random = randomSource(seed);
  const below = (n: number): number => Math.floor(random() * n);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;

  const customers = Array.from({ length: size.customers }, (_, index) => makeCustomer(index, below, pick));
  const byId = new Map(customers.map((customer) => [customer.id, customer]));
  const retailer: Retailer = { customers, orders: [], shipments: [], invoices: [], cases: [], appointments: [] };

  for (let index = size.orders - 1; index >= 0; index--) {
    const orderNumber = String(NEWEST_ORDER_NUMBER - index);
    const ageDays = Math.floor(index / ORDERS_PER_DAY);
    const customer = pick(customers);
    const order = makeOrder(orderNumber, customer, ageDays, today, below, pick);
    if (orderNumber === KNOWN_ORDER_NUMBER) makeKnown(order, customers[0] as Customer, today);
    retailer.orders.push(order);
    if (order.trackingNumber !== undefined)
      retailer.shipments.push(makeShipment(order, byId.get(order.customerId) ?? customer, today));
    if (order.status !== "cancelled") {
      retailer.invoices.push({
        invoiceNumber: `INV-${orderNumber}`,
        orderNumber,
        issuedOn: order.placedOn,
        totalCents: order.totalCents,
        currency: order.currency,
        paid: below(50) !== 0,
      });
    }
    if (below(40) === 0) {
      retailer.cases.push({
        id: `case-${1000 + retailer.cases.length}`,
        customerId: order.customerId,
        subject: `${pick(CASE_SUBJECTS)} (order ${orderNumber})`,
        status: ageDays < 10 ? "open" : "solved",
        createdAt: `${addDays(order.placedOn, Math.min(ageDays, 3))}T10:${String(below(60)).padStart(2, "0")}:00Z`,
      });
    }
  }
  retailer.appointments = makeAppointments(customers, today, below, pick);
  return retailer;
}

type Below = (n: number) => number;
type Pick = <T>(from: readonly T[]) => T;

function makeCustomer(index: number, below: Below, pick: Pick): Customer {
  // Co-prime strides walk through all pairs of names before one repeats.
  const first = FIRST_NAMES[index % FIRST_NAMES.length] as string;
  const last =
    LAST_NAMES[(Math.floor(index / FIRST_NAMES.length) + index * 7 + below(2)) % LAST_NAMES.length] ?? "Finch";
  const [city, region, district, prefix] = CITIES[index % CITIES.length] as (typeof CITIES)[number];
  const points = below(4_000);
  const number = `+44${prefix}${String(Math.floor(index / CITIES.length)).padStart(3, "0")}`;
  const name = index === 0 ? KNOWN_CUSTOMER_NAME : `${first} ${last}`;
  return {
    id: `cust-${10_000 + index}`,
    name,
    email: `${name.replace(" ", ".")}.${index}@example.com`.toLowerCase(),
    // The first customer has the number that demonstrations call from; whose it would be gets the first's.
    phone: index === 0 ? KNOWN_CUSTOMER_PHONE : number === KNOWN_CUSTOMER_PHONE ? `+44${prefix}000` : number,
    loyaltyPoints: points,
    loyaltyTier: TIERS[points < 1_500 ? 0 : points < 3_000 ? 1 : 2] as string,
    address: {
      line1: `${1 + below(220)} ${pick(STREETS)}`,
      city,
      region,
      postalCode: `${district} ${1 + below(9)}${pick(POSTCODE_LETTERS)}${pick(POSTCODE_LETTERS)}`,
      country: "GB",
    },
  };
}

function makeOrder(
  orderNumber: string,
  customer: Customer,
  ageDays: number,
  today: string,
  below: Below,
  pick: Pick,
): Order {
  const items = Array.from({ length: 1 + Math.floor(below(7) / 3) }, () => {
    const [sku, name, priceCents] = pick(PRODUCTS);
    return { sku, name, quantity: priceCents < 16_000 ? 1 + below(3) : 1, priceCents };
  });
  const placedOn = addDays(today, -ageDays);
  const leadDays = 4 + below(4);
  const carrier = pick(CARRIERS);
  const trackingNumber = `${carrier.slice(0, 2).toUpperCase()}${String(below(1_000_000_000)).padStart(9, "0")}`;
  const fate = below(100);
  const order: Order = {
    orderNumber,
    customerId: customer.id,
    status: "processing",
    placedOn,
    items,
    totalCents: items.reduce((sum, item) => sum + item.quantity * item.priceCents, 0),
    currency: "GBP",
    expectedOn: addDays(placedOn, leadDays),
  };
  if (fate < 3) {
    delete order.expectedOn;
    return { ...order, status: "cancelled" };
  }
  if (ageDays < 2) return order;
  const shipped = { ...order, status: "shipped" as const, carrier, trackingNumber };
  if (ageDays < leadDays) return { ...shipped, deliveryWindow: pick(DELIVERY_WINDOWS) };
  if (ageDays === leadDays) {
    return { ...shipped, status: "out-for-delivery", expectedOn: today, deliveryWindow: pick(DELIVERY_WINDOWS) };
  }
  if (fate < 6 && ageDays < leadDays + 5) return { ...shipped, status: "delayed", expectedOn: addDays(today, 3) };
  const deliveredOn = addDays(placedOn, leadDays);
  return { ...shipped, status: fate < 10 && ageDays > 20 ? "returned" : "delivered", deliveredOn };
}

function makeKnown(order: Order, customer: Customer, today: string): void {
  order.customerId = customer.id;
  order.status = "shipped";
  order.placedOn = addDays(today, -4);
  order.items = [
    { sku: "HL-1008", name: "floor lamp", quantity: 1, priceCents: 12_900 },
    { sku: "HL-1012", name: "down pillow", quantity: 2, priceCents: 4_900 },
  ];
  order.totalCents = 22_700;
  order.expectedOn = addDays(today, 1);
  order.deliveryWindow = "between ten and two";
  order.carrier = "Northline Express";
  order.trackingNumber = "NO472910042";
  delete order.deliveredOn;
}

function makeShipment(order: Order, customer: Customer, today: string): Shipment {
  const city = customer.address?.city ?? "Southampton";
  const events = [
    { at: `${addDays(order.placedOn, 1)}T18:20:00`, place: "Southampton", text: "Left our warehouse" },
    { at: `${addDays(order.placedOn, 2)}T06:45:00`, place: "Southampton", text: "Sorted at the carrier's depot" },
  ];
  let status: Shipment["status"] = "in-transit";
  if (order.status === "out-for-delivery") {
    status = "out-for-delivery";
    events.push({ at: `${today}T07:10:00`, place: city, text: "Out for delivery" });
  } else if (order.status === "delayed") {
    status = "exception";
    events.push({ at: `${addDays(today, -1)}T21:00:00`, place: city, text: "Delayed by the carrier" });
  } else if (order.deliveredOn !== undefined) {
    status = "delivered";
    events.push({ at: `${order.deliveredOn}T14:05:00`, place: city, text: "Delivered" });
  }
  return {
    id: `ship-${order.orderNumber}`,
    orderNumber: order.orderNumber,
    status,
    carrier: order.carrier ?? CARRIERS[0],
    trackingNumber: order.trackingNumber ?? "",
    ...(order.expectedOn === undefined ? {} : { expectedOn: order.expectedOn }),
    events,
  };
}

function makeAppointments(customers: readonly Customer[], today: string, below: Below, pick: Pick): Appointment[] {
  const appointments: Appointment[] = [];
  for (let day = 0; day < 21; day++) {
    const date = addDays(today, day);
    for (let hour = 9; hour < 17; hour++) {
      if (below(5) < 3) continue;
      const customer = pick(customers);
      const [service, durationMinutes] = pick(SERVICES);
      appointments.push({
        id: `appt-${2000 + appointments.length}`,
        customerName: customer.name,
        ...(customer.phone === undefined ? {} : { phone: customer.phone }),
        service,
        startsAt: `${date}T${String(hour).padStart(2, "0")}:${below(2) === 0 ? "00" : "30"}:00`,
        durationMinutes,
        status: "booked",
      });
    }
  }
  return appointments;
}
