import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { createLog, Metrics } from "@sidetone/platform";
import {
  CONNECTOR_ROUTES_KEY,
  type Database,
  openDatabase,
  removeConnector,
  Sealer,
  saveConnector,
  secretPlace,
  writeSetting,
} from "@sidetone/store";
import { tempFolder } from "@sidetone/testkit";
import { Connectors } from "./connectors.ts";

const TOKEN = "s3cret-of-the-shop";

describe("connectors that are made in the dashboard", () => {
  const folder = tempFolder("connectors");
  const sealer = new Sealer(Buffer.alloc(32, 7));
  let service: Server;
  let baseUrl: string;
  let database: Database;
  let connectors: Connectors;
  let asked: string[] = [];

  before(async () => {
    service = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      const isKnown = request.headers.authorization === `Bearer ${TOKEN}`;
      response.writeHead(isKnown ? 200 : 401, { "content-type": "application/json" });
      response.end(isKnown ? JSON.stringify({ confirmation: "C1" }) : JSON.stringify({ message: "bad token" }));
    }).listen(0, "127.0.0.1");
    await once(service, "listening");
    baseUrl = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    database = openDatabase("sqlite::memory:", "unused");
    await database.migrate();
    connectors = new Connectors({
      config: { DATA_DIR: folder.path, TIME_ZONE: "UTC", CONNECTORS_FILE: undefined },
      env: {},
      database,
      sealer,
      metrics: new Metrics("test", { defaults: false }),
      log: createLog({ process: "test", level: "silent" }),
    });
    await connectors.start();
  });
  after(async () => {
    await connectors.close();
    await database.close();
    service.close();
    await once(service, "close");
    folder.remove();
  });

  const config = () => `kind: rest
baseUrl: ${baseUrl}
auth: { type: bearer, token: "\${SHOP_TOKEN}" }
checkPath: /status
operations:
  cancelOrder:
    method: POST
    path: /orders/{orderNumber}/cancellation
    result: '{ "reference": body.confirmation }'
    idempotencyHeader: idempotency-key
`;
  const save = (token: string, more: { enabled?: boolean; config?: string; sealed?: string } = {}) =>
    saveConnector(database.db, {
      name: "fulfilment",
      kind: "rest",
      config: more.config ?? config(),
      secrets: { SHOP_TOKEN: more.sealed ?? sealer.seal(secretPlace("fulfilment", "SHOP_TOKEN"), token) },
      enabled: more.enabled ?? true,
      updatedBy: "ann",
    });
  const names = () => connectors.crm.connectors.map((connector) => connector.name);
  const cancel = () =>
    connectors.crm.call("cancelOrder", { orderNumber: "47291" }, { signal: AbortSignal.timeout(5_000) });

  it("are not there at first: the embedded shop does everything", () => assert.deepEqual(names(), ["shop"]));

  it("are used at once, without a restart, before the embedded shop", async () => {
    await save(TOKEN);
    assert.equal(await connectors.refresh(), true);
    assert.equal(await connectors.refresh(), false);
    assert.deepEqual(names(), ["fulfilment", "shop"]);
    asked = [];
    assert.deepEqual(await cancel(), { reference: "C1" });
    assert.deepEqual(asked, ["POST /orders/47291/cancellation"]);
  });

  it("keep their circuit when something else is changed", async () => {
    const before = connectors.crm.named("fulfilment");
    await writeSetting(database.db, CONNECTOR_ROUTES_KEY, { cancelOrder: "fulfilment" });
    assert.equal(await connectors.refresh(), true);
    assert.equal(connectors.crm.named("fulfilment"), before);
  });

  it("are tried as they are being written: the right secret, a wrong one, a wrong address", async () => {
    const sealed = (token: string) => ({ SHOP_TOKEN: sealer.seal(secretPlace("draft", "SHOP_TOKEN"), token) });
    const good = await connectors.check({ name: "draft", config: config(), secrets: sealed(TOKEN) });
    assert.deepEqual([good.ok, good.operations], [true, ["cancelOrder"]]);
    const wrong = await connectors.check({ name: "draft", config: config(), secrets: sealed("no") });
    assert.deepEqual([wrong.ok, wrong.code], [false, "CONNECTOR_AUTH"]);
    const nobody = config().replace(baseUrl, "http://127.0.0.1:1");
    const down = await connectors.check({ name: "draft", config: nobody, secrets: sealed(TOKEN) });
    assert.deepEqual([down.ok, down.code], [false, "CONNECTOR_DOWN"]);
    const lacking = await connectors.check({ name: "draft", config: config(), secrets: {} });
    assert.match(lacking.detail, /lacks the secret SHOP_TOKEN/);
    assert.deepEqual(names(), ["fulfilment", "shop"]);
  });

  it("that are wrong cost only themselves, and say why", async () => {
    for (const [more, why] of [
      [{ config: "kind: rest\nbaseUrl: nowhere\noperations: {}\n" }, /baseUrl/],
      [{ sealed: new Sealer(Buffer.alloc(32, 8)).seal(secretPlace("fulfilment", "SHOP_TOKEN"), TOKEN) }, /another key/],
    ] as const) {
      await save(TOKEN, more);
      await connectors.refresh();
      assert.deepEqual(names(), ["shop"]);
      const state = connectors.states().connectors.find((each) => each.name === "fulfilment");
      assert.match(state?.fault ?? "", why);
    }
  });

  it("can be switched off and removed; so can the embedded shop", async () => {
    await save(TOKEN, { enabled: false });
    await connectors.refresh();
    assert.deepEqual(names(), ["shop"]);
    await saveConnector(database.db, {
      name: "shop",
      kind: "embedded",
      config: "",
      secrets: {},
      enabled: false,
      updatedBy: "ann",
    });
    await connectors.refresh();
    assert.deepEqual(names(), []);
    await assert.rejects(cancel(), /no connector is enabled/);
    await removeConnector(database.db, "shop");
    await removeConnector(database.db, "fulfilment");
    await connectors.refresh();
    assert.deepEqual(names(), ["shop"]);
  });
});
