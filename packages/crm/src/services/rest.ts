import { readFileSync } from "node:fs";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { CrmError } from "../errors.ts";
import { asList, Expression, evaluate, operationsOf } from "../mapping.ts";
import { checkedOutput, LISTS } from "../outputs.ts";
import { type Connector, CRM_OPERATIONS, type CrmContext, type CrmOperation, type CrmOperations } from "../port.ts";
import {
  type Credentials,
  fixedCredentials,
  type HttpRequest,
  HttpService,
  OAuthConfig,
  oauthCredentials,
} from "./http-service.ts";

const Method = z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]);

const RestOperation = z
  .strictObject({
    /** Operation of the OpenAPI document; or method and path. */
    operationId: z.string().optional(),
    method: Method.default("GET"),
    /** `{name}` stands for a field of the input. */
    path: z.string().optional(),
    /** Query parameters: input to object. */
    query: Expression.optional(),
    /** JSON body: input to value. */
    body: Expression.optional(),
    /** `{ body, input }` to what the port's operation answers. */
    result: Expression,
    /** `{ body, headers }` to the address of the next page, or nothing. */
    next: Expression.optional(),
    /** Header that carries the idempotency key, where the service knows one. */
    idempotencyHeader: z.string().optional(),
  })
  .refine((op) => op.operationId !== undefined || op.path !== undefined, "needs an operationId or a path");
type RestOperation = z.infer<typeof RestOperation>;

/** Any JSON API, its operations mapped by the admin; `openapi` names a document (JSON or YAML) to find them in. */
export const RestConfig = z.object({
  kind: z.literal("rest"),
  name: z.string(),
  baseUrl: z.url().optional(),
  openapi: z.string().optional(),
  auth: z
    .discriminatedUnion("type", [
      z.object({ type: z.literal("none") }),
      z.object({ type: z.literal("bearer"), token: z.string() }),
      z.object({ type: z.literal("basic"), username: z.string(), password: z.string() }),
      z.object({ type: z.literal("header"), header: z.string(), value: z.string() }),
      OAuthConfig.extend({ type: z.literal("oauth2") }),
    ])
    .default({ type: "none" }),
  operations: operationsOf(RestOperation),
  /** Cheap read that proves address and credentials. */
  checkPath: z.string(),
});
export type RestConfig = z.infer<typeof RestConfig>;

const OpenApi = z.looseObject({
  servers: z.array(z.object({ url: z.string() })).optional(),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
});
const MOST_PAGES = 10;

/** @throws CrmError CONNECTOR_CONFIG_INVALID when the document lacks an operation. */
export function openRestConnector(config: RestConfig): Connector {
  const document = config.openapi === undefined ? undefined : readOpenApi(config.openapi);
  const baseUrl = config.baseUrl ?? document?.servers?.[0]?.url;
  if (baseUrl === undefined) throw new CrmError("CONNECTOR_CONFIG_INVALID", `${config.name} has no baseUrl`);
  const service = new HttpService(config.name, baseUrl, credentialsOf(config));
  const idempotent = new Set<CrmOperation>();
  const operations: Partial<Record<CrmOperation, unknown>> = {};
  for (const [key, mapped] of Object.entries(config.operations)) {
    const name = key as CrmOperation;
    const place = placeOf(mapped, document, config.name);
    if (mapped.idempotencyHeader !== undefined) idempotent.add(name);
    operations[name] = (input: Record<string, unknown>, context: CrmContext) =>
      run(service, config.name, name, mapped, place, input, context);
  }
  return {
    name: config.name,
    kind: "rest",
    idempotent,
    operations: operations as Partial<CrmOperations>,
    async check(context) {
      await service.request({ path: config.checkPath }, context);
      return `${config.name} answers at ${new URL(baseUrl).host}.`;
    },
    close: async () => undefined,
  };
}

interface Place {
  method: z.infer<typeof Method>;
  path: string;
}

async function run(
  service: HttpService,
  connector: string,
  name: CrmOperation,
  mapped: RestOperation,
  place: Place,
  input: Record<string, unknown>,
  context: CrmContext,
): Promise<unknown> {
  const query = mapped.query && ((await evaluate(mapped.query, input, `${name}.query`)) as Record<string, string>);
  const key = context.idempotencyKey;
  const request: HttpRequest = {
    method: place.method,
    path: place.path.replace(/\{(\w+)\}/g, (_all, field: string) => encodeURIComponent(String(input[field] ?? ""))),
    write: CRM_OPERATIONS[name] === "write",
    // A read that finds nothing answers nothing.
    accept: CRM_OPERATIONS[name] === "read" ? [404] : [],
    ...(query === undefined ? {} : { query }),
    ...(mapped.body ? { body: await evaluate(mapped.body, input, `${name}.body`) } : {}),
    ...(mapped.idempotencyHeader && key ? { headers: { [mapped.idempotencyHeader]: key } } : {}),
  };
  const isList = LISTS.has(name);
  const items: unknown[] = [];
  let answer = await service.request(request, context);
  for (let page = 1; ; page++) {
    if (answer.status === 404) return checkedOutput(name, isList ? [] : undefined, connector);
    const value = await evaluate(mapped.result, { body: answer.json, input }, `${name}.result`);
    if (!isList) return checkedOutput(name, value, connector);
    items.push(...asList(value));
    const view = { body: answer.json, headers: Object.fromEntries(answer.headers) };
    const next = mapped.next && (await evaluate(mapped.next, view, `${name}.next`));
    const enough = typeof input.limit === "number" && items.length >= input.limit;
    if (typeof next !== "string" || enough || page === MOST_PAGES) {
      return checkedOutput(name, items.slice(0, enough ? Number(input.limit) : undefined), connector);
    }
    answer = await service.request({ ...request, path: next, query: {} }, context);
  }
}

function credentialsOf(config: RestConfig): Credentials {
  const { auth } = config;
  switch (auth.type) {
    case "none":
      return fixedCredentials({});
    case "bearer":
      return fixedCredentials({ authorization: `Bearer ${auth.token}` });
    case "basic": {
      const pair = Buffer.from(`${auth.username}:${auth.password}`).toString("base64");
      return fixedCredentials({ authorization: `Basic ${pair}` });
    }
    case "header":
      return fixedCredentials({ [auth.header]: auth.value });
    case "oauth2":
      return oauthCredentials(auth, config.name);
  }
}

function readOpenApi(path: string): z.infer<typeof OpenApi> {
  // YAML 1.2 is a superset of JSON: one parser reads both forms of a document.
  const parsed = OpenApi.safeParse(parseYaml(readFileSync(path, "utf8")));
  if (!parsed.success) throw new CrmError("CONNECTOR_CONFIG_INVALID", `${path} is no OpenAPI document`);
  return parsed.data;
}

function placeOf(mapped: RestOperation, document: z.infer<typeof OpenApi> | undefined, connector: string): Place {
  if (mapped.operationId === undefined) return { method: mapped.method, path: mapped.path ?? "" };
  for (const [path, methods] of Object.entries(document?.paths ?? {})) {
    for (const [name, operation] of Object.entries(methods)) {
      const method = Method.safeParse(name.toUpperCase());
      const id = (operation as { operationId?: unknown } | null)?.operationId;
      if (method.success && id === mapped.operationId) return { method: method.data, path };
    }
  }
  throw new CrmError(
    "CONNECTOR_CONFIG_INVALID",
    `${connector}: the OpenAPI document has no operation ${mapped.operationId}`,
  );
}
