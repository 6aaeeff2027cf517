import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { z } from "zod";
import { Faults, makeShop } from "./stand-in.ts";

/** A shop as an MCP server over Streamable HTTP, with a bearer token; made with the protocol's own SDK. */
export class McpShopStandIn {
  readonly faults = new Faults();
  readonly shop = makeShop();
  readonly cases: { id: string; subject: string; status: "open"; createdAt: string; key: string }[] = [];
  calls = 0;
  readonly #http: Server;

  constructor() {
    this.#http = createServer((request, response) => void this.#serve(request, response));
  }

  async listen(): Promise<this> {
    this.#http.listen(0, "127.0.0.1");
    await once(this.#http, "listening");
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as { port: number }).port}/mcp`;
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, "close");
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { faults } = this;
    this.calls++;
    if (faults.slowMs > 0) await new Promise((resolve) => setTimeout(resolve, faults.slowMs));
    if (faults.failing > 0) {
      faults.failing--;
      response.writeHead(faults.failStatus).end();
    } else if (request.headers.authorization !== "Bearer secret" || faults.refusesCredentials) {
      response.writeHead(401, { "www-authenticate": "Bearer" }).end();
    } else {
      // Stateless: every request has a server of its own, so a restart loses nothing.
      const server = this.#makeServer();
      const transport = new StreamableHTTPServerTransport();
      response.on("close", () => void transport.close());
      await server.connect(transport as Transport);
      await transport.handleRequest(request, response);
    }
  }

  #makeServer(): McpServer {
    const server = new McpServer({ name: "shop", version: "1" });
    const say = (value: unknown) => ({ content: [{ type: "text" as const, text: JSON.stringify(value) }] });
    server.registerTool(
      "get_order",
      { description: "An order by its number", inputSchema: { number: z.string().regex(/^\d{5}$/) } },
      ({ number }) => say(this.shop.orders.find((o) => o.orderNumber === number) ?? null),
    );
    server.registerTool(
      "find_people",
      { description: "Customers by phone", inputSchema: { phone: z.string() } },
      ({ phone }) => say(this.shop.customers.filter((c) => c.phone === phone)),
    );
    server.registerTool(
      "open_case",
      { description: "Opens a case", inputSchema: { subject: z.string().min(1), idempotencyKey: z.string() } },
      ({ subject, idempotencyKey }) => {
        const seen = this.cases.find((c) => c.key === idempotencyKey);
        const made = {
          id: `m-${this.cases.length}`,
          subject,
          status: "open" as const,
          createdAt: new Date().toISOString(),
        };
        if (!seen) this.cases.push({ ...made, key: idempotencyKey });
        return say(seen ?? made);
      },
    );
    server.registerTool("stock", { description: "Items in stock", inputSchema: { sku: z.string() } }, ({ sku }) =>
      sku === "HL-1001"
        ? { content: [{ type: "text", text: "Seven in stock." }] }
        : { content: [{ type: "text", text: `No item ${sku}` }], isError: true },
    );
    return server;
  }
}
