import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { z } from "zod";
import { CrmError } from "../errors.ts";
import { asList, Expression, evaluate, operationsOf } from "../mapping.ts";
import { checkedOutput, LISTS } from "../outputs.ts";
import { type Connector, CRM_OPERATIONS, type CrmContext, type CrmOperation, type CrmOperations } from "../port.ts";

const McpOperation = z.strictObject({
  tool: z.string(),
  /** Input to the tool's arguments; default: the input as it is. */
  arguments: Expression.optional(),
  /** `{ content, text, input }` to what the port answers; `content` is the structured content or the parsed text. */
  result: Expression,
  /** The tool takes `idempotencyKey` among its arguments and runs once per key. */
  idempotent: z.boolean().default(false),
});

/** Any MCP server. Source: modelcontextprotocol.io/specification. */
export const McpConfig = z.object({
  kind: z.literal("mcp"),
  name: z.string(),
  transport: z.discriminatedUnion("type", [
    z.object({ type: z.literal("http"), url: z.url(), headers: z.record(z.string(), z.string()).default({}) }),
    z.object({
      type: z.literal("stdio"),
      command: z.string(),
      args: z.array(z.string()).default([]),
      env: z.record(z.string(), z.string()).default({}),
    }),
  ]),
  operations: operationsOf(McpOperation).default({}),
  /** Tools that tasks of kind `mcp-tool` may call; none by default. */
  tools: z.array(z.string()).default([]),
});
export type McpConfig = z.infer<typeof McpConfig>;

export interface McpAnswer {
  text: string;
  structured: unknown;
}
export interface McpConnector extends Connector {
  /** Tools open to `callTool`. */
  readonly tools: ReadonlySet<string>;
  /** @throws CrmError */
  callTool(tool: string, args: Record<string, unknown>, context: CrmContext): Promise<McpAnswer>;
}

export const isMcpConnector = (connector: Connector): connector is McpConnector => connector.kind === "mcp";

const ToolResult = z.looseObject({
  isError: z.boolean().optional(),
  structuredContent: z.unknown().optional(),
  content: z.array(z.looseObject({ type: z.string(), text: z.string().optional() })).default([]),
});

/** A session is opened at the first call and again after it broke. */
export function openMcpConnector(config: McpConfig): McpConnector {
  let session: Promise<Client> | undefined;
  const opened = (): Promise<Client> => {
    if (session) return session;
    const client = new Client({ name: "sidetone", version: "1" });
    const opening = client.connect(transportOf(config)).then(() => client);
    // A late end of this session must not forget the one that came after it.
    const forget = () => {
      if (session === opening) session = undefined;
    };
    client.onclose = forget;
    opening.catch(forget);
    session = opening;
    return opening;
  };
  const drop = async () => {
    const broken = session;
    session = undefined;
    await broken?.then((client) => client.close()).catch(() => undefined);
  };

  const call = async (tool: string, args: Record<string, unknown>, context: CrmContext, write: boolean) => {
    try {
      const client = await untilAborted(opened(), context.signal);
      // The signal decides; the SDK's own timeout must not come first.
      const options = { signal: context.signal, timeout: 600_000 };
      return ToolResult.parse(await client.callTool({ name: tool, arguments: args }, undefined, options));
    } catch (error) {
      if (context.signal.aborted) {
        const message = `${config.name} did not answer in time`;
        throw new CrmError("CONNECTOR_TIMED_OUT", message, { cause: error, uncertain: write });
      }
      const fault = mcpFault(error, config.name, write);
      if (fault.code === "CONNECTOR_DOWN" || fault.code === "CONNECTOR_AUTH") await drop();
      throw fault;
    }
  };
  const callTool = async (tool: string, args: Record<string, unknown>, context: CrmContext, write: boolean) => {
    const result = await call(tool, args, context, write);
    const text = result.content.flatMap((part) => (part.text === undefined ? [] : [part.text])).join("\n");
    if (result.isError) throw new CrmError("CONNECTOR_REFUSED", `${config.name} ${tool}: ${text}`);
    return { text, structured: result.structuredContent ?? parsedOrUndefined(text) };
  };

  const operations: Partial<Record<CrmOperation, unknown>> = {};
  for (const [key, mapped] of Object.entries(config.operations)) {
    const name = key as CrmOperation;
    operations[name] = async (input: Record<string, unknown>, context: CrmContext) => {
      const made = mapped.arguments ? await evaluate(mapped.arguments, input, `${name}.arguments`) : input;
      const idempotency =
        mapped.idempotent && context.idempotencyKey ? { idempotencyKey: context.idempotencyKey } : undefined;
      const args = { ...(made as Record<string, unknown>), ...idempotency };
      const write = CRM_OPERATIONS[name] === "write";
      const { text, structured } = await callTool(mapped.tool, args, context, write);
      const value = await evaluate(mapped.result, { content: structured, text, input }, `${name}.result`);
      return checkedOutput(name, LISTS.has(name) ? asList(value) : value, config.name);
    };
  }
  const idempotent = Object.entries(config.operations).flatMap(([name, mapped]) => (mapped.idempotent ? [name] : []));

  return {
    name: config.name,
    kind: "mcp",
    operations: operations as Partial<CrmOperations>,
    idempotent: new Set(idempotent as CrmOperation[]),
    tools: new Set(config.tools),
    callTool: (tool, args, context) => {
      if (!config.tools.includes(tool)) {
        throw new CrmError("CONNECTOR_UNSUPPORTED", `${config.name} does not open ${tool} to calls`);
      }
      return callTool(tool, args, context, true);
    },
    async check(context) {
      try {
        const client = await untilAborted(opened(), context.signal);
        const { tools } = await client.listTools({}, { signal: context.signal });
        return `${config.name} offers ${tools.length} tools.`;
      } catch (error) {
        throw mcpFault(error, config.name, false);
      }
    },
    close: drop,
  };
}

function transportOf(config: McpConfig): Transport {
  const { transport } = config;
  if (transport.type === "stdio") {
    const { command, args, env } = transport;
    return new StdioClientTransport({ command, args, env }) as Transport;
  }
  const options = { requestInit: { headers: transport.headers } };
  return new StreamableHTTPClientTransport(new URL(transport.url), options) as Transport;
}

/** Errors of the SDK: HTTP statuses of the transport, and JSON-RPC codes (-32602 is invalid params). */
function mcpFault(error: unknown, name: string, uncertain: boolean): CrmError {
  if (error instanceof CrmError) return error;
  const { code, message = String(error) } = error as { code?: unknown; message?: string };
  const said = `${name}: ${message.slice(0, 300)}`;
  if (code === 401 || code === 403 || (error as Error).name === "UnauthorizedError") {
    return new CrmError("CONNECTOR_AUTH", said, { cause: error });
  }
  if (code === 429) return new CrmError("CONNECTOR_RATE_LIMITED", said, { cause: error });
  if (code === -32602 || code === -32601) return new CrmError("CONNECTOR_REFUSED", said, { cause: error });
  return new CrmError("CONNECTOR_DOWN", said, { cause: error, uncertain });
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, aborted]);
}

function parsedOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Plain words are an answer too; they are in `text`.
    return undefined;
  }
}
