import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CrmError } from "../errors.ts";
import { openEmbeddedConnector } from "./connector.ts";
import {
  addDays,
  FULL_SIZE,
  generateRetailer,
  KNOWN_CUSTOMER_NAME,
  KNOWN_CUSTOMER_PHONE,
  KNOWN_ORDER_NUMBER,
} from "./retailer.ts";

const TODAY = "2026-11-20";
const SMALL = { customers: 200, orders: 800 };
const context = (idempotencyKey?: string) => ({
  signal: AbortSignal.timeout(5_000),
  ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
});
const open = (today = () => TODAY, path = ":memory:") =>
  openEmbeddedConnector("shop", { path, seed: 7, size: SMALL, today });

test("the generator is deterministic by seed and consistent within itself", () => {
  const shop = generateRetailer(7, TODAY);
  assert.deepEqual(shop, generateRetailer(7, TODAY));
  assert.notDeepEqual(shop.orders[0], generateRetailer(8, TODAY).orders[0]);
  assert.equal(shop.customers.length, FULL_SIZE.customers);
  assert.equal(shop.orders.length, FULL_SIZE.orders);
  assert.equal(new Set(shop.orders.map((o) => o.orderNumber)).size, FULL_SIZE.orders);
  assert.equal(new Set(shop.customers.map((c) => c.phone)).size, FULL_SIZE.customers);
  assert.equal(new Set(shop.customers.map((c) => c.email)).size, FULL_SIZE.customers);
  const ids = new Set(shop.customers.map((c) => c.id));
  for (const order of shop.orders) {
    assert.match(order.orderNumber, /^\d{5}$/);
    assert.ok(ids.has(order.customerId));
    assert.equal(
      order.totalCents,
      order.items.reduce((sum, item) => sum + item.quantity * item.priceCents, 0),
    );
    assert.ok(order.placedOn <= TODAY);
    if (order.status === "delivered") assert.ok(order.deliveredOn !== undefined && order.deliveredOn <= TODAY);
    if (order.status === "shipped") assert.ok(order.trackingNumber !== undefined && order.deliveredOn === undefined);
  }
});

test("order 47291 is shipped and expected tomorrow", async () => {
  const order = await open().operations.getOrder?.({ orderNumber: KNOWN_ORDER_NUMBER }, context());
  assert.equal(order?.status, "shipped");
  assert.equal(order?.expectedOn, addDays(TODAY, 1));
  const [buyer] = (await open().operations.findCustomers?.({ phone: KNOWN_CUSTOMER_PHONE }, context())) ?? [];
  assert.equal(buyer?.id, order?.customerId);
  assert.equal(buyer?.name, KNOWN_CUSTOMER_NAME);
});

test("dates move with today, also under an open database, and time of day stays", async () => {
  let today = TODAY;
  const shop = open(() => today);
  const before = await shop.operations.listShipments?.({ orderNumber: KNOWN_ORDER_NUMBER }, context());
  today = addDays(TODAY, 45);
  const order = await shop.operations.getOrder?.({ orderNumber: KNOWN_ORDER_NUMBER }, context());
  const after = await shop.operations.listShipments?.({ orderNumber: KNOWN_ORDER_NUMBER }, context());
  assert.equal(order?.expectedOn, addDays(today, 1));
  assert.equal(after?.[0]?.events[0]?.at, `${addDays(before?.[0]?.events[0]?.at.slice(0, 10) ?? "", 45)}T18:20:00`);
});

test("two processes may open one file; it is seeded once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sidetone-crm-"));
  const path = join(folder, "crm.db");
  const first = open(() => TODAY, path);
  const second = open(() => TODAY, path);
  const booked = await first.operations.createCase?.({ subject: "A", description: "b" }, context("k1"));
  const again = await second.operations.createCase?.({ subject: "A", description: "b" }, context("k1"));
  assert.deepEqual(again, booked);
  assert.equal(await second.check(context()), "The embedded shop holds 800 orders.");
  await first.close();
  await second.close();
  rmSync(folder, { recursive: true });
});

test("a slot that is offered can be booked once, moved and cancelled", async () => {
  const { operations } = open();
  const slots = await operations.freeAppointments?.({ service: "measuring visit", partOfDay: "morning" }, context());
  assert.ok(slots && slots.length > 1);
  for (const slot of slots) assert.ok(slot.startsAt.slice(11) < "12:00");
  const input = { name: "Maya Lindqvist", service: "measuring visit", startsAt: slots[0]?.startsAt ?? "" };
  const booked = await operations.bookAppointment?.(input, context("b1"));
  assert.deepEqual(await operations.bookAppointment?.(input, context("b1")), booked);
  await assert.rejects(
    async () => operations.bookAppointment?.(input, context("b2")),
    (error: unknown) => error instanceof CrmError && error.code === "CONNECTOR_REFUSED",
  );
  const id = booked?.id ?? "";
  const moved = await operations.rescheduleAppointment?.({ id, startsAt: slots[1]?.startsAt ?? "" }, context("m1"));
  assert.equal(moved?.startsAt, slots[1]?.startsAt);
  assert.equal((await operations.findAppointments?.({ name: "maya lindqvist" }, context()))?.length, 1);
  await operations.cancelAppointment?.({ id }, context("c1"));
  assert.deepEqual(await operations.findAppointments?.({ id }, context()), []);
});

test("a shop's rules refuse with a reason", async () => {
  const { operations } = open();
  await assert.rejects(
    async () => operations.cancelOrder?.({ orderNumber: KNOWN_ORDER_NUMBER }, context("x1")),
    /already shipped/,
  );
  await assert.rejects(async () => operations.cancelOrder?.({ orderNumber: "00000" }, context("x2")), /no order 00000/);
});
