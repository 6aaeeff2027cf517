import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** An order service under a demonstration's control, and the connectors file that leads orders to it. */
export class OrderService {
  /** Order numbers in the order in which they were asked for. */
  readonly asked: string[] = [];
  isDown = false;
  readonly #held = new Map<string, (() => void)[]>();
  readonly #server = createServer((request, response) => {
    const number = decodeURIComponent((request.url ?? "").slice("/orders/".length));
    this.asked.push(number);
    const held = this.#held.get(number);
    if (held) held.push(() => this.#answer(number, response));
    else this.#answer(number, response);
  });

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  /** Takes its time over an order, until it is told to answer. */
  hold(orderNumber: string): void {
    this.#held.set(orderNumber, []);
  }

  release(orderNumber: string): void {
    for (const answer of this.#held.get(orderNumber) ?? []) answer();
    this.#held.delete(orderNumber);
  }

  /** Orders come from here; everything else from the embedded shop. */
  connectors(dataDir: string): string {
    const { port } = this.#server.address() as AddressInfo;
    return JSON.stringify({
      connectors: [
        { kind: "embedded", name: "shop", path: `${dataDir}/crm.db` },
        {
          kind: "rest",
          name: "orders",
          baseUrl: `http://127.0.0.1:${port}`,
          checkPath: "/",
          operations: { getOrder: { path: "/orders/{orderNumber}", result: "body" } },
        },
      ],
      routes: { getOrder: "orders" },
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #answer(orderNumber: string, response: ServerResponse): void {
    if (response.destroyed) return;
    if (this.isDown) return void response.writeHead(503).end();
    const order = {
      orderNumber,
      customerId: "c-1",
      status: "shipped",
      placedOn: "2026-01-05",
      items: [],
      totalCents: 4_200,
      currency: "GBP",
    };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(order));
  }
}
