import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Customer, Order } from "@sidetone/protocol";
import { ConnectorConfig, openConnector } from "./connectors.ts";
import { openEmbeddedConnector } from "./embedded/connector.ts";
import { KNOWN_ORDER_NUMBER } from "./embedded/retailer.ts";
import { CrmError, type CrmErrorCode } from "./errors.ts";
import { GuardedCrm } from "./guarded-crm.ts";
import { type Connector, CRM_OPERATION_NAMES, CRM_OPERATIONS, type CrmOperation } from "./port.ts";
import { HubSpotStandIn } from "./stand-ins/hubspot.ts";
import { McpShopStandIn } from "./stand-ins/mcp-shop.ts";
import { PostgresShop, postgresMapping, sqliteMapping, startPostgresShop } from "./stand-ins/postgres-shop.ts";
import { REST_SHOP_OPENAPI, RestShopStandIn, restShopMapping } from "./stand-ins/rest-shop.ts";
import { SALESFORCE_STATUSES, SalesforceStandIn } from "./stand-ins/salesforce.ts";
import { type Faults, makeShop, type StandIn, TODAY, TOMORROW } from "./stand-ins/stand-in.ts";
import { ZendeskStandIn } from "./stand-ins/zendesk.ts";

interface Subject {
  connector: Connector;
  faults?: Faults;
  /** Requests that reached the service. */
  requests?: () => number;
  standIn?: StandIn;
  /** A customer's id in this system. */
  idOf?: (customer: Customer) => string;
  close: () => Promise<void>;
}

const shop = makeShop();
const known = shop.orders.find((o) => o.orderNumber === KNOWN_ORDER_NUMBER) as Order;
const buyer = shop.customers.find((c) => c.id === known.customerId) as Customer;
const processing = shop.orders.filter((o) => o.status === "processing");
const oauth = (baseUrl: string, path: string) => ({
  tokenUrl: `${baseUrl}${path}`,
  clientId: "client",
  clientSecret: "secret",
  refreshToken: "refresh",
});
const folder = mkdtempSync(join(tmpdir(), "sidetone-conformance-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const context = (idempotencyKey?: string, withinMs = 5_000) => ({
  signal: AbortSignal.timeout(withinMs),
  ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
});
const opened = (config: Record<string, unknown>) => openConnector(ConnectorConfig.parse(config), () => TODAY);
/** What is left of the writes whose answers were lost, each once. */
const WRITTEN_ONCE = ["Commented once.", "Said once about the case.", "Said once."];
const code = (expected: CrmErrorCode) => (error: unknown) => {
  assert.ok(error instanceof CrmError, String(error));
  assert.equal(error.code, expected, error.message);
  return true;
};
const over = (standIn: StandIn, connector: Connector, idOf?: Subject["idOf"]): Subject => ({
  connector,
  standIn,
  faults: standIn.faults,
  requests: () => standIn.calls.length,
  ...(idOf ? { idOf } : {}),
  close: async () => {
    await connector.close();
    await standIn.close();
  },
});

/** What every connector promises, whatever it can do. `can` is its documented list, so that none is lost unnoticed. */
function conformance(name: string, can: readonly CrmOperation[], open: () => Promise<Subject | string>): void {
  describe(name, () => {
    let subject: Subject | undefined;
    let crm: GuardedCrm;
    before(async (t) => {
      const made = await open();
      if (typeof made === "string") return (t as { skip?: (why: string) => void }).skip?.(made);
      subject = made;
      crm = new GuardedCrm(made.connector, { failures: 3, halfOpenAfterMs: 150 });
    });
    after(async () => subject?.close());
    const idOf = (customer: Customer) => subject?.idOf?.(customer) ?? customer.id;
    const when = (...operations: CrmOperation[]) => ({ skip: !operations.every((o) => can.includes(o)) });

    test("says what it can and cannot do", async () => {
      assert.deepEqual(new Set(crm.capabilities), new Set(can));
      for (const operation of CRM_OPERATION_NAMES.filter((o) => !can.includes(o))) {
        await assert.rejects(crm.call(operation, {} as never, context()), code("CONNECTOR_UNSUPPORTED"));
      }
      assert.ok((await crm.check(context())).length > 10);
    });

    test(
      "finds a customer by phone, e-mail, name and order, and nobody for a stranger",
      when("findCustomers"),
      async () => {
        const keys: Record<string, string | undefined>[] = [{ phone: buyer.phone }];
        if (name !== "MCP") keys.push({ email: buyer.email }, { name: buyer.name });
        if (can.includes("getOrder") && name !== "MCP") keys.push({ orderNumber: KNOWN_ORDER_NUMBER });
        for (const key of keys) {
          const found = await crm.call("findCustomers", key, context());
          assert.ok(
            found.some((c) => c.id === idOf(buyer)),
            `${JSON.stringify(key)} gave ${JSON.stringify(found)}`,
          );
          assert.ok(found.some((c) => c.name === buyer.name));
        }
        assert.deepEqual(await crm.call("findCustomers", { phone: "+441632960999" }, context()), []);
      },
    );

    test(
      "reads an order whole; an unknown one is nothing; another customer's is nothing",
      when("getOrder"),
      async () => {
        const order = await crm.call("getOrder", { orderNumber: KNOWN_ORDER_NUMBER }, context());
        assert.equal(order?.status, "shipped");
        assert.equal(order?.expectedOn, TOMORROW);
        assert.equal(order?.totalCents, known.totalCents);
        assert.deepEqual(
          order?.items.map((i) => [i.sku, i.name, i.quantity, i.priceCents]),
          known.items.map((i) => [i.sku, i.name, i.quantity, i.priceCents]),
        );
        assert.equal(await crm.call("getOrder", { orderNumber: "99999" }, context()), undefined);
        if (name === "MCP") return;
        const ref = { orderNumber: KNOWN_ORDER_NUMBER, customerId: idOf(shop.customers[1] as Customer) };
        assert.equal(await crm.call("getOrder", ref, context()), undefined);
        assert.ok(await crm.call("getOrder", { ...ref, customerId: idOf(buyer) }, context()));
      },
    );

    test("lists orders over all pages, newest first, as many as asked for", when("listOrders"), async () => {
      const expected = shop.orders
        .filter((o) => o.customerId === buyer.id)
        .toSorted((a, b) => b.orderNumber.localeCompare(a.orderNumber))
        .map((o) => o.orderNumber);
      const all = await crm.call("listOrders", { customerId: idOf(buyer), limit: 50 }, context());
      assert.ok(expected.length > 5);
      assert.deepEqual(new Set(all.map((o) => o.orderNumber)), new Set(expected));
      for (const [n, order] of all.slice(1).entries()) assert.ok(order.placedOn <= (all[n] as Order).placedOn);
      assert.equal((await crm.call("listOrders", { customerId: idOf(buyer), limit: 5 }, context())).length, 5);
    });

    test("opens a case once per key, lists it, changes it, notes on it", when("createCase", "listCases"), async () => {
      const customerId = idOf(buyer);
      const before = (await crm.call("listCases", { customerId }, context())).length;
      const input = { customerId, subject: "Lamp arrived broken", description: "The shade is cracked." };
      const made = await crm.call("createCase", input, context("case-key-1"));
      assert.equal(made.subject, input.subject);
      assert.equal(made.status, "open");
      if (crm.isRepeatable("createCase")) {
        assert.equal((await crm.call("createCase", input, context("case-key-1"))).id, made.id);
      }
      // More than one page of them.
      for (let n = 0; n < 5; n++) await crm.call("createCase", input, context(`case-key-more-${n}`));
      const after = await crm.call("listCases", { customerId }, context());
      assert.equal(after.length, before + 6);
      const changed = await crm.call("updateCase", { caseId: made.id, status: "pending" }, context("update-1"));
      assert.equal(changed.id, made.id);
      assert.ok((await crm.call("addNote", { caseId: made.id, text: "Called back." }, context("note-1"))).reference);
      assert.ok((await crm.call("addNote", { customerId, text: "Prefers e-mail." }, context("note-2"))).reference);
      const unknown = { caseId: "999999999", status: "closed" as const };
      await assert.rejects(crm.call("updateCase", unknown, context("update-2")), code("CONNECTOR_NOT_FOUND"));
    });

    test(
      "a write whose answer is lost is done once, however often it is tried again",
      when("createCase"),
      async (t) => {
        const { standIn } = subject ?? {};
        if (!standIn) return t.skip("loses no answers");
        const customerId = idOf(buyer);
        const made = await crm.call("createCase", { customerId, subject: "Once", description: "d" }, context("lost-0"));
        const writes = [
          ["createCase", { customerId, subject: "Only once", description: "Lost." }],
          ["addNote", { customerId, text: "Said once." }],
          ["addNote", { caseId: made.id, text: "Said once about the case." }],
          ["updateCase", { caseId: made.id, comment: "Commented once.", status: "pending" }],
        ] as const;
        for (const [n, [operation, input]] of writes.entries()) {
          if (!crm.isRepeatable(operation)) continue;
          const key = `lost-${n + 1}`;
          standIn.faults.losingAnswers = 1;
          const isUncertain = (error: unknown) => error instanceof CrmError && error.uncertain;
          await assert.rejects(crm.call(operation, input as never, context(key)), isUncertain);
          for (let again = 0; again < 2; again++) {
            await crm.call(operation, input as never, { ...context(key), repeated: true });
          }
        }
        const cases = await crm.call("listCases", { customerId }, context());
        assert.equal(cases.filter(({ subject }) => subject === "Only once").length, 1);
        const written = standIn.written?.().filter((text) => / once/.test(text));
        if (written) assert.deepEqual(written.map((text) => text.split("\n")[0]).toSorted(), WRITTEN_ONCE);
      },
    );

    test("a validation error is a refusal in the service's words, not an outage", when("createCase"), async () => {
      if (name === "embedded") return;
      const input = { subject: "", description: "" };
      await assert.rejects(crm.call("createCase", input, context("invalid-1")), code("CONNECTOR_REFUSED"));
      assert.equal(crm.circuit, "closed");
    });

    test("cancels what may be cancelled, once; says why not otherwise", when("cancelOrder"), async () => {
      const orderNumber = processing[0]?.orderNumber ?? "";
      const done = await crm.call("cancelOrder", { orderNumber }, context("cancel-1"));
      assert.deepEqual(await crm.call("cancelOrder", { orderNumber }, context("cancel-1")), done);
      assert.equal((await crm.call("getOrder", { orderNumber }, context()))?.status, "cancelled");
      await assert.rejects(crm.call("cancelOrder", { orderNumber }, context("cancel-2")), code("CONNECTOR_REFUSED"));
      const known = { orderNumber: KNOWN_ORDER_NUMBER };
      await assert.rejects(crm.call("cancelOrder", known, context("cancel-3")), code("CONNECTOR_REFUSED"));
      const none = { orderNumber: "99999" };
      await assert.rejects(crm.call("cancelOrder", none, context("cancel-4")), code("CONNECTOR_NOT_FOUND"));
    });

    const probe = can.includes("getOrder")
      ? (withinMs = 3_000) => crm.call("getOrder", { orderNumber: KNOWN_ORDER_NUMBER }, context(undefined, withinMs))
      : (withinMs = 3_000) => crm.call("findCustomers", { phone: buyer.phone }, context(undefined, withinMs));

    test("an expired token is renewed once for all that find it expired", async (t) => {
      if (!subject?.standIn || subject.standIn.tokensIssued === 0) return t.skip("has no tokens that expire");
      const { standIn } = subject;
      await probe();
      const issued = standIn.tokensIssued;
      standIn.expireTokens();
      await Promise.all([probe(), probe(), probe(), probe()]);
      assert.ok(standIn.tokensIssued - issued <= 2, `renewed ${standIn.tokensIssued - issued} times`);
    });

    test("a short rate limit is waited out as the service asks, a long one is an answer", async (t) => {
      const { standIn } = subject ?? {};
      if (!standIn) return t.skip("limits no rates");
      if (standIn instanceof SalesforceStandIn) {
        standIn.faults.rateLimited = 1;
        await assert.rejects(probe(), code("CONNECTOR_RATE_LIMITED"));
        return;
      }
      standIn.faults.retryAfterS = 0.2;
      standIn.faults.rateLimited = 1;
      const startedMs = performance.now();
      assert.ok(await probe());
      assert.ok(performance.now() - startedMs >= 190);
      standIn.faults.rateLimited = 1;
      standIn.faults.retryAfterS = 60;
      await assert.rejects(
        probe(),
        (error: CrmError) => code("CONNECTOR_RATE_LIMITED")(error) && error.retryAfterMs === 60_000,
      );
      assert.equal(crm.circuit, "closed");
    });

    test("a slow answer is given up when its time is over", async (t) => {
      if (!subject?.faults) return t.skip("is in process");
      subject.faults.slowMs = 1_500;
      const startedMs = performance.now();
      await assert.rejects(probe(300), code("CONNECTOR_TIMED_OUT"));
      assert.ok(performance.now() - startedMs < 900);
      subject.faults.slowMs = 0;
      assert.ok(await probe());
    });

    test("an answer that is no JSON is told as such", async (t) => {
      if (!subject?.standIn) return t.skip("sends no JSON of its own");
      subject.faults = Object.assign(subject.standIn.faults, { garbled: true });
      await assert.rejects(probe(), code("CONNECTOR_ANSWER_INVALID"));
    });

    test("an outage opens the circuit: then it fails at once, asks nobody, and mends by itself", async (t) => {
      if (!subject?.faults || !subject.requests) return t.skip("is in process");
      const { faults, requests } = subject;
      faults.failing = 1_000;
      for (let n = 0; n < 3; n++) await assert.rejects(probe(), code("CONNECTOR_DOWN"));
      assert.equal(crm.circuit, "open");
      const reached = requests();
      const startedMs = performance.now();
      for (let n = 0; n < 20; n++) await assert.rejects(probe(), code("CONNECTOR_DOWN"));
      assert.ok((performance.now() - startedMs) / 20 < 5, "an open circuit answers in milliseconds");
      assert.equal(requests(), reached);
      faults.failing = 0;
      const untilMs = performance.now() + 3_000;
      const isClosed = () => crm.circuit === "closed";
      while (!isClosed() && performance.now() < untilMs) {
        await probe().catch(() => new Promise((resolve) => setTimeout(resolve, 20)));
      }
      assert.ok(isClosed());
    });

    test("refused credentials are told as such and do not open the circuit", async (t) => {
      if (!subject?.faults) return t.skip("has no credentials");
      subject.faults.refusesCredentials = true;
      await assert.rejects(probe(), code("CONNECTOR_AUTH"));
      subject.faults.refusesCredentials = false;
      assert.equal(crm.circuit, "closed");
      assert.ok(await probe());
    });
  });
}

const MAPPED: CrmOperation[] = [
  "findCustomers",
  "getOrder",
  "listOrders",
  "listCases",
  "createCase",
  "updateCase",
  "addNote",
  "cancelOrder",
];

conformance("embedded", CRM_OPERATION_NAMES, async () => {
  const options = { path: ":memory:", seed: 3, size: { customers: 60, orders: 600 }, today: () => TODAY };
  const connector = openEmbeddedConnector("shop", options);
  return { connector, close: () => connector.close() };
});

conformance("REST with OpenAPI", MAPPED, async () => {
  const standIn = await new RestShopStandIn().listen();
  const document = join(folder, "openapi.yaml");
  writeFileSync(document, REST_SHOP_OPENAPI);
  return over(standIn, opened(restShopMapping(standIn.baseUrl, document)));
});

const CRM_WITH_ORDERS = MAPPED.filter((o) => o !== "cancelOrder");

conformance("HubSpot", CRM_WITH_ORDERS, async () => {
  const standIn = await new HubSpotStandIn().listen();
  const { baseUrl } = standIn;
  const auth = oauth(baseUrl, "/oauth/v1/token");
  return over(standIn, opened({ kind: "hubspot", name: "hubspot", baseUrl, auth, expectedOnProperty: "expected_on" }));
});

conformance("Salesforce", CRM_WITH_ORDERS, async () => {
  const standIn = await new SalesforceStandIn().listen();
  const config = {
    kind: "salesforce",
    name: "salesforce",
    instanceUrl: standIn.baseUrl,
    auth: oauth(standIn.baseUrl, "/services/oauth2/token"),
    statuses: SALESFORCE_STATUSES,
    expectedOnField: "Expected_On__c",
    trackingNumberField: "Tracking__c",
  };
  return over(standIn, opened(config));
});

conformance("Zendesk", ["findCustomers", "listCases", "createCase", "updateCase", "addNote"], async () => {
  const standIn = await new ZendeskStandIn().listen();
  const { baseUrl } = standIn;
  const config = { kind: "zendesk", name: "zendesk", baseUrl, auth: oauth(baseUrl, "/oauth/tokens") };
  return over(standIn, opened(config), (customer) => customer.id.replace(/\D/g, ""));
});

conformance("MCP", ["getOrder", "findCustomers", "createCase"], async () => {
  const standIn = await new McpShopStandIn().listen();
  const connector = opened({
    kind: "mcp",
    name: "mcp",
    transport: { type: "http", url: standIn.url, headers: { authorization: "Bearer secret" } },
    tools: ["stock"],
    operations: {
      getOrder: { tool: "get_order", arguments: '{ "number": orderNumber }', result: "content" },
      findCustomers: { tool: "find_people", arguments: '{ "phone": phone }', result: "content" },
      createCase: { tool: "open_case", arguments: '{ "subject": subject }', result: "content", idempotent: true },
    },
  });
  return {
    connector,
    faults: standIn.faults,
    requests: () => standIn.calls,
    close: async () => {
      await connector.close();
      await standIn.close();
    },
  };
});

conformance("PostgreSQL", MAPPED, async () => {
  const postgres = await startPostgresShop();
  if (typeof postgres === "string") return postgres;
  const connector = opened(postgresMapping(postgres.url()));
  return {
    connector,
    close: async () => {
      await connector.close();
      await postgres.close();
    },
  };
});

conformance("SQLite", ["findCustomers", "getOrder", "cancelOrder"], async () => {
  const path = join(folder, "shop.db");
  const options = { path, seed: 3, size: { customers: 60, orders: 600 }, today: () => TODAY };
  const owner = openEmbeddedConnector("shop", options);
  const connector = opened(sqliteMapping(path));
  return {
    connector,
    close: async () => {
      await connector.close();
      await owner.close();
    },
  };
});

test("PostgreSQL away, with a wrong password, and too slow", async (t) => {
  const postgres = await startPostgresShop();
  if (!(postgres instanceof PostgresShop)) return t.skip(postgres);
  const ask = (connector: Connector, withinMs = 3_000) =>
    new GuardedCrm(connector).call("getOrder", { orderNumber: KNOWN_ORDER_NUMBER }, context(undefined, withinMs));
  const wrong = opened(postgresMapping(postgres.url("wrong")));
  await assert.rejects(ask(wrong), code("CONNECTOR_AUTH"));
  const slow = opened({
    ...postgresMapping(postgres.url()),
    operations: { getOrder: { query: "select pg_sleep(5), :orderNumber as x" } },
  });
  await assert.rejects(ask(slow, 200), code("CONNECTOR_TIMED_OUT"));
  const right = opened(postgresMapping(postgres.url()));
  assert.ok(await ask(right));
  await postgres.stop();
  await assert.rejects(ask(right), code("CONNECTOR_DOWN"));
  await postgres.start();
  assert.ok(await ask(right));
  for (const connector of [wrong, slow, right]) await connector.close();
  await postgres.close();
});

test("a partial outage: orders fail, contacts answer; another connector's circuit is untouched", async () => {
  const hubspot = await new HubSpotStandIn().listen();
  const zendesk = await new ZendeskStandIn().listen();
  const auth = oauth(hubspot.baseUrl, "/oauth/v1/token");
  const first = new GuardedCrm(opened({ kind: "hubspot", name: "hubspot", baseUrl: hubspot.baseUrl, auth }));
  const zendeskAuth = { email: "a@example.com", apiToken: "none" };
  const second = new GuardedCrm(
    opened({ kind: "zendesk", name: "zendesk", baseUrl: zendesk.baseUrl, auth: zendeskAuth }),
  );
  hubspot.faults.failPath = /orders/;
  hubspot.faults.failing = 1_000;
  const order = () => first.call("getOrder", { orderNumber: KNOWN_ORDER_NUMBER }, context());
  await assert.rejects(order(), code("CONNECTOR_DOWN"));
  assert.equal((await first.call("findCustomers", { phone: buyer.phone }, context())).length, 1);
  for (let n = 0; n < 5; n++) await assert.rejects(order(), code("CONNECTOR_DOWN"));
  assert.equal(first.circuit, "open");
  assert.equal(second.circuit, "closed");
  await assert.rejects(second.call("listCases", { customerId: "1" }, context()), code("CONNECTOR_AUTH"));
  await hubspot.close();
  await zendesk.close();
});

test("MCP: only tools that the admin opened can be called; a tool's own error is a refusal", async () => {
  const standIn = await new McpShopStandIn().listen();
  const transport = { type: "http", url: standIn.url, headers: { authorization: "Bearer secret" } };
  const { openMcpConnector, McpConfig } = await import("./services/mcp.ts");
  const connector = openMcpConnector(McpConfig.parse({ kind: "mcp", name: "mcp", transport, tools: ["stock"] }));
  assert.equal((await connector.callTool("stock", { sku: "HL-1001" }, context())).text, "Seven in stock.");
  await assert.rejects(connector.callTool("stock", { sku: "x" }, context()), code("CONNECTOR_REFUSED"));
  await assert.rejects(async () => connector.callTool("open_case", {}, context()), code("CONNECTOR_UNSUPPORTED"));
  await connector.close();
  await standIn.close();
});

test("every write of the port is told from every read", () => {
  assert.equal(Object.values(CRM_OPERATIONS).filter((kind) => kind === "write").length, 10);
});
