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
  const { filled, missing } = fillIn(readYaml(yaml), env);
  if (missing.length > 0) {
    throw new CrmError("CONNECTOR_CONFIG_INVALID", `the connectors file names unset variables: ${missing.join(", ")}`);
  }
  const parsed = ConnectorsConfig.safeParse(filled);
  if (parsed.success) return parsed.data;
  throw new CrmError("CONNECTOR_CONFIG_INVALID", z.prettifyError(parsed.error));
}

/**
 * Reads one connector, written as it would be in the file, without its name.
 * @throws CrmError CONNECTOR_CONFIG_INVALID naming every wrong place.
 */
export function parseConnector(
  name: string,
  yaml: string,
  secrets: Readonly<Record<string, string | undefined>>,
): ConnectorConfig {
  const { filled, missing } = fillIn(readYaml(yaml), secrets);
  if (missing.length > 0) throw new CrmError("CONNECTOR_CONFIG_INVALID", `it lacks the secret ${missing.join(", ")}`);
  if (typeof filled !== "object" || filled === null)
    throw new CrmError("CONNECTOR_CONFIG_INVALID", "it has to be a mapping that begins with kind");
  const parsed = ConnectorConfig.safeParse({ ...filled, name });
  if (parsed.success) return parsed.data;
  throw new CrmError("CONNECTOR_CONFIG_INVALID", z.prettifyError(parsed.error));
}

/** The secrets that a connector's text names. */
export function secretNames(yaml: string): string[] {
  return [...new Set([...yaml.matchAll(PLACEHOLDER)].map((match) => match[1] as string))].sort();
}

/** Fields whose value is a secret wherever they stand. */
const SECRET_FIELD =
  /^(privateAppToken|token|apiToken|clientSecret|password|authorization|x-api-key|api-key|apiKey|secret)$/i;

/** Where secrets stand in a connector's text itself, by their paths: they belong in the place of a `${NAME}`. */
export function openSecrets(yaml: string): string[] {
  const found: string[] = [];
  const look = (value: unknown, path: string, field: string): void => {
    if (typeof value === "string") {
      const held = value.replaceAll(PLACEHOLDER, "");
      const isSecret = SECRET_FIELD.test(field) && held.replace(/^(bearer|basic|token)\s*/i, "") !== "";
      if (isSecret || /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i.test(held)) found.push(path);
    } else if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) look(inner, path === "" ? key : `${path}.${key}`, key);
    }
  };
  look(readYaml(yaml), "", "");
  return found;
}

/** What a connectors file names, without anything filled in. */
export function connectorsNamed(yaml: string): { name: string; kind: string }[] {
  const Named = z.object({ connectors: z.array(z.looseObject({ name: z.string(), kind: z.string() })).default([]) });
  const found = Named.safeParse(readYaml(yaml));
  return found.success ? found.data.connectors.map(({ name, kind }) => ({ name, kind })) : [];
}

const PLACEHOLDER = /\$\{([A-Z][A-Z0-9_]*)\}/g;

function readYaml(yaml: string): unknown {
  try {
    return parseYaml(yaml);
  } catch (error) {
    throw new CrmError("CONNECTOR_CONFIG_INVALID", error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

/** Fills in after parsing, so that no value can be taken for YAML. */
function fillIn(
  value: unknown,
  env: Readonly<Record<string, string | undefined>>,
): { filled: unknown; missing: string[] } {
  const missing = new Set<string>();
  const fill = (each: unknown): unknown => {
    if (typeof each === "string") {
      return each.replaceAll(PLACEHOLDER, (_all, name: string) => {
        if (env[name] === undefined) missing.add(name);
        return env[name] ?? "";
      });
    }
    if (Array.isArray(each)) return each.map(fill);
    if (typeof each !== "object" || each === null) return each;
    return Object.fromEntries(Object.entries(each).map(([key, field]) => [key, fill(field)]));
  };
  return { filled: fill(value), missing: [...missing] };
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
