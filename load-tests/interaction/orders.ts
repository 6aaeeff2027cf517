import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Clock, realClock } from "@sidetone/platform";

/** How long a lookup takes: long enough that a caller can correct themselves while it runs. */
const LOOKUP_MS = 1_500;
const STATUSES = ["shipped", "processing", "delayed", "delivered"] as const;

/** Every order exists; what became of it follows from its number. */
export const statusOf = (digits: string): (typeof STATUSES)[number] =>
  STATUSES[Array.from(digits).reduce((sum, digit) => sum + Number(digit), 0) % STATUSES.length] ?? "shipped";

/** A shop's slow JSON API. */
export interface Orders {
  /** The connectors file that points a worker to it. */
  connectors: string;
  /** Numbers that are being looked up. */
  readonly waiting: ReadonlySet<string>;
  /** Called when a number has come, or its answer has gone out. */
  onChange: () => void;
  close(): void;
}

/** Starts the shop; its answers take their time on `clock`. */
export async function startOrders(clock: Clock = realClock): Promise<Orders> {
  const waiting = new Set<string>();
  const server = createServer((request, response) => {
    const [, digits] = /^\/orders\/(\d+)$/.exec(request.url ?? "") ?? [];
    const answer = (status: number, body: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (request.url === "/status") answer(200, {});
    else if (digits === undefined) answer(404, {});
    else {
      waiting.add(digits);
      orders.onChange();
      clock.after(LOOKUP_MS, () => {
        waiting.delete(digits);
        answer(200, { number: digits, status: statusOf(digits) });
        orders.onChange();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const result =
    '{ "orderNumber": body.number, "customerId": "bench", "status": body.status, "placedOn": "2026-01-05", "items": [], "totalCents": 1000, "currency": "GBP" }';
  const orders: Orders = {
    connectors: JSON.stringify({
      connectors: [
        {
          kind: "rest",
          name: "bench",
          baseUrl: `http://127.0.0.1:${port}`,
          checkPath: "/status",
          operations: { getOrder: { path: "/orders/{orderNumber}", result } },
        },
      ],
      routes: { getOrder: "bench" },
    }),
    waiting,
    onChange: () => undefined,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return orders;
}
