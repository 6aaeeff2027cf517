import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { openConnector, parseConnectors } from "./connectors.ts";
import { CrmError } from "./errors.ts";

const EXAMPLE = readFileSync(new URL("../connectors.example.yaml", import.meta.url), "utf8");
const SECRETS = {
  HUBSPOT_TOKEN: "a",
  SALESFORCE_CLIENT_ID: "b",
  SALESFORCE_CLIENT_SECRET: "c",
  ZENDESK_TOKEN: "d",
  WAREHOUSE_URL: "postgres://localhost/x",
  FULFILMENT_TOKEN: "e",
  MCP_TOKEN: "f",
};
const invalid = (message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof CrmError);
  assert.equal(error.code, "CONNECTOR_CONFIG_INVALID");
  assert.match(error.message, message);
  return true;
};

test("the example file is valid, and each of its connectors opens", async () => {
  const { connectors, routes } = parseConnectors(EXAMPLE, SECRETS);
  assert.equal(routes.getOrder, "warehouse");
  for (const config of connectors) {
    if (config.kind === "embedded") continue;
    const connector = openConnector(config, () => "2026-11-20");
    assert.equal(connector.kind, config.kind);
    await connector.close();
  }
});

test("a wrong file is refused at the door, and says where", () => {
  const parse = (yaml: string, env = {}) => parseConnectors(yaml, env);
  assert.throws(() => parse(EXAMPLE), invalid(/HUBSPOT_TOKEN, SALESFORCE_CLIENT_ID/));
  assert.throws(() => parse("connectors: []"), invalid(/connectors/));
  const shop = "- { kind: embedded, name: shop, path: ':memory:' }";
  assert.throws(() => parse(`connectors:\n${shop}\n${shop}`), invalid(/share a name/));
  assert.throws(() => parse(`connectors:\n${shop}\nroutes: { getOrder: other }`), invalid(/which is no connector/));
  assert.throws(() => parse(`connectors:\n${shop}\nroutes: { fly: shop }`), invalid(/routes/));
  const rest = (result: string) =>
    `connectors:\n- { kind: rest, name: r, baseUrl: 'http://x.example', checkPath: /, operations: { getOrder: { path: /, result: '${result}' } } }`;
  assert.throws(() => parse(rest("{ broken")), invalid(/JSONata/));
  assert.throws(
    () => openConnector(parse(rest("body").replace("path: /,", "operationId: nowhere,")).connectors[0]!, () => ""),
    invalid(/no operation nowhere/),
  );
});
