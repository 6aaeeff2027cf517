import type { TaskKind } from "@sidetone/protocol";
import { addDays } from "../understanding/moments.ts";

/** Findings for trying a playbook without a background tier: one fictional customer whose order is on its way. */
export function cannedOutput(kind: TaskKind, input: Record<string, unknown>, today: string): unknown {
  const orderNumber = String(input.orderNumber ?? "47291");
  const order = {
    orderNumber,
    customerId: "c-1",
    status: "shipped",
    placedOn: addDays(today, -3),
    items: [{ sku: "L-1", name: "desk lamp", quantity: 1, priceCents: 4250 }],
    totalCents: 4250,
    currency: "GBP",
    expectedOn: addDays(today, 1),
    carrier: "Swift Parcels",
  };
  const shipment = {
    id: "s-1",
    orderNumber,
    status: "in-transit",
    carrier: "Swift Parcels",
    trackingNumber: "SP100",
    expectedOn: addDays(today, 1),
    events: [],
  };
  const appointment = {
    id: "a-1",
    customerName: "John Smith",
    service: "check-up",
    startsAt: `${addDays(today, 2)}T10:30:00`,
    durationMinutes: 30,
    status: "booked",
  };
  switch (kind) {
    case "find-customer":
      return {
        customers: [
          { id: "c-1", name: "John Smith", phone: "+447700900999", loyaltyPoints: 1200, loyaltyTier: "silver" },
        ],
      };
    case "order-status":
      return { order };
    case "list-orders":
      return { orders: [order] };
    case "delivery-status":
      return { order, shipments: [shipment] };
    case "invoice":
      return {
        invoice: {
          invoiceNumber: "I-9",
          orderNumber,
          issuedOn: addDays(today, -3),
          totalCents: 4250,
          currency: "GBP",
          paid: true,
        },
      };
    case "loyalty-balance":
      return { points: 1200, tier: "silver" };
    case "request-refund":
      return { reference: "RF7", amountCents: 4250, currency: "GBP" };
    case "create-case":
      return { case: { id: "case-1", subject: String(input.subject ?? ""), status: "open", createdAt: today } };
    case "free-appointments": {
      const date = String(input.on ?? addDays(today, 1));
      return {
        slots: ["09:00", "11:30", "15:00"].map((time) => ({
          startsAt: `${date}T${time}:00`,
          service: String(input.service ?? "check-up"),
        })),
      };
    }
    case "find-appointment":
      return { appointments: [appointment] };
    case "book-appointment":
    case "reschedule-appointment":
      return {
        appointment: {
          ...appointment,
          service: String(input.service ?? appointment.service),
          startsAt: String(input.startsAt ?? appointment.startsAt),
        },
      };
    case "knowledge":
      return { answer: "Delivery is free for orders over forty pounds.", passages: [] };
    case "reason":
      return { sentences: ["I'm not sure, but a colleague can tell you."], refused: false };
    case "mcp-tool":
      return { text: "Done." };
    case "remind":
      return { text: String(input.text ?? "") };
    case "after-call":
      return { summary: "", disposition: "" };
    default:
      return { reference: "RF7" };
  }
}
