import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { openEmbeddedConnector } from "./embedded/connector.ts";
import { FULL_SIZE } from "./embedded/retailer.ts";
import { CrmError } from "./errors.ts";
import { type Connector, CRM_OPERATION_NAMES, type CrmOperation } from "./port.ts";
import { HubSpotConfig, openHubSpotConnector } from "./services/hubspot.ts";
import { McpConfig, openMcpConnector } from "./services/mcp.ts";
import { openRestConnector, RestConfig } from "./services/rest.ts";
import { openSalesforceConnector, SalesforceConfig } from "./services/salesforce.ts";
import { openSqlConnector, SqlConfig } from "./services/sql.ts";
import { openZendeskConnector, ZendeskConfig } from "./services/zendesk.ts";

const EmbeddedConfig = z.object({
  kind: z.literal("embedded"),
  name: z.string(),
  path: z.string(),
  seed: z.number().int().nonnegative().default(1),
});

export const ConnectorConfig = z.discriminatedUnion("kind", [
  EmbeddedConfig,
  SqlConfig,
  RestConfig,
  HubSpotConfig,
  SalesforceConfig,
  ZendeskConfig,
  McpConfig,
]);
export type ConnectorConfig = z.infer<typeof ConnectorConfig>;

/** The connectors file: which there are, and which of them does what. */
export const ConnectorsConfig = z
  .object({
    connectors: z.array(ConnectorConfig).min(1),
    /** Operation to connector name; without a route the first that can does it. */
    routes: z.partialRecord(z.enum(CRM_OPERATION_NAMES as [CrmOperation, ...CrmOperation[]]), z.string()).default({}),
  })
  .superRefine(({ connectors, routes }, context) => {
    const names = connectors.map((c) => c.name);
    if (new Set(names).size < names.length)
      context.addIssue({ code: "custom", message: "two connectors share a name" });
    for (const [operation, name] of Object.entries(routes)) {
      if (!names.includes(name)) {
        context.addIssue({ code: "custom", message: `${operation} goes to ${name}, which is no connector` });
      }
    }
  });
export type ConnectorsConfig = z.infer<typeof ConnectorsConfig>;

/**
 * Reads a connectors file. `${NAME}` stands for a variable of the environment, so that secrets stay out
 * of the file.
 * @throws CrmError CONNECTOR_CONFIG_INVALID naming every wrong place.
 */
export function parseConnectors(yaml: string, env: Readonly<Record<string, string | undefined>>): ConnectorsConfig {
  const missing: string[] = [];
  // Filled in after parsing, so that no value can be taken for YAML.
  const fill = (value: unknown): unknown => {
    if (typeof value === "string") {
      return value.replace(/\$\{([A-Z][A-Z0-9_]*)\}/g, (_all, name: string) => {
        if (env[name] === undefined) missing.push(name);
        return env[name] ?? "";
      });
    }
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, fill(field)]));
  };
  const filled = fill(parseYaml(yaml));
  if (missing.length > 0) {
    throw new CrmError("CONNECTOR_CONFIG_INVALID", `the connectors file names unset variables: ${missing.join(", ")}`);
  }
  const parsed = ConnectorsConfig.safeParse(filled);
  if (parsed.success) return parsed.data;
  throw new CrmError("CONNECTOR_CONFIG_INVALID", z.prettifyError(parsed.error));
}

/** `today` is the date in the shop's time zone, for the embedded shop. */
export function openConnector(config: ConnectorConfig, today: () => string): Connector {
  switch (config.kind) {
    case "embedded":
      return openEmbeddedConnector(config.name, { path: config.path, seed: config.seed, size: FULL_SIZE, today });
    case "sql":
      return openSqlConnector(config);
    case "rest":
      return openRestConnector(config);
    case "hubspot":
      return openHubSpotConnector(config);
    case "salesforce":
      return openSalesforceConnector(config);
    case "zendesk":
      return openZendeskConnector(config);
    case "mcp":
      return openMcpConnector(config);
  }
}
