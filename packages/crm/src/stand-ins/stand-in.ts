import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { addDays, generateRetailer, type Retailer } from "../embedded/retailer.ts";

/** Today of all stand-ins. */
export const TODAY = "2026-11-20";
export const TOMORROW = addDays(TODAY, 1);
/** A small shop: about ten orders a customer, so that every list has several pages of `PAGE`. */
export const makeShop = (): Retailer => generateRetailer(3, TODAY, { customers: 60, orders: 600 });
export const PAGE = 4;

export interface Call {
  method: string;
  url: URL;
  headers: IncomingMessage["headers"];
  /** Parsed JSON or form. */
  body: Record<string, unknown>;
}
export interface Reply {
  status: number;
  json?: unknown;
  headers?: Record<string, string>;
  /** Sent as it is instead of `json`. */
  text?: string;
  /** Never sent: the connection breaks. */
  isLost?: boolean;
}

/** What a test may make a stand-in do; every fault runs out by itself. */
export class Faults {
  /** Answers this many requests with the service's own rate-limit answer. */
  rateLimited = 0;
  retryAfterS = 0.2;
  /** Answers this many requests with this status. */
  failing = 0;
  failStatus = 503;
  /** Only requests whose path fits fail. */
  failPath = /./;
  slowMs = 0;
  /** Answers one request with something other than JSON. */
  garbled = false;
  refusesCredentials = false;
  /** Carries this many writes out and breaks the connection instead of answering. */
  losingAnswers = 0;
}

/** A server that speaks one service's documented API over its own shop. */
export abstract class StandIn {
  readonly faults = new Faults();
  /** Every request that was not the token service's. */
  readonly calls: Call[] = [];
  readonly shop = makeShop();
  readonly #server: Server;
  #tokens = new Set<string>();
  #issued = 0;

  constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get baseUrl(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    return `http://127.0.0.1:${address.port}`;
  }

  get tokensIssued(): number {
    return this.#issued;
  }

  expireTokens(): void {
    this.#tokens = new Set();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** Notes and comments that were written, for services that keep such. */
  written?(): string[];

  /** Where OAuth tokens come from. */
  protected abstract readonly tokenPath: string;
  protected abstract handle(call: Call): Reply | Promise<Reply>;
  protected abstract unauthorized(): Reply;
  protected abstract rateLimit(retryAfterS: number): Reply;
  protected abstract failure(status: number): Reply;

  protected authorized(call: Call): boolean {
    const bearer = /^Bearer (.+)$/.exec(call.headers.authorization ?? "")?.[1];
    return bearer !== undefined && this.#tokens.has(bearer);
  }

  #token(call: Call): Reply {
    const known = call.body.client_id === "client" && call.body.client_secret === "secret";
    const grant = call.body.grant_type;
    const fits = grant === "client_credentials" || (grant === "refresh_token" && call.body.refresh_token === "refresh");
    if (!known || this.faults.refusesCredentials) return { status: 401, json: { error: "invalid_client" } };
    if (!fits) return { status: 400, json: { error: "invalid_grant" } };
    const token = `token-${++this.#issued}`;
    this.#tokens.add(token);
    return { status: 200, json: { access_token: token, token_type: "Bearer", expires_in: 1_800 } };
  }

  async #answer(call: Call): Promise<Reply> {
    const { faults } = this;
    if (call.url.pathname === this.tokenPath) return this.#token(call);
    this.calls.push(call);
    if (faults.slowMs > 0) await new Promise((resolve) => setTimeout(resolve, faults.slowMs));
    if (faults.failing > 0 && faults.failPath.test(call.url.pathname)) {
      faults.failing--;
      return this.failure(faults.failStatus);
    }
    if (!this.authorized(call) || faults.refusesCredentials) return this.unauthorized();
    if (faults.rateLimited > 0) {
      faults.rateLimited--;
      return this.rateLimit(faults.retryAfterS);
    }
    if (faults.garbled) {
      faults.garbled = false;
      return { status: 200, text: "<html>Bad gateway</html>" };
    }
    if (faults.losingAnswers > 0 && this.isWrite(call)) {
      faults.losingAnswers--;
      const { status } = await this.handle(call);
      return { status, isLost: true };
    }
    return this.handle(call);
  }

  /** Whether a request changes anything; services differ in what they read by POST. */
  protected isWrite({ method }: Call): boolean {
    return method !== "GET";
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const isForm = request.headers["content-type"]?.includes("form-urlencoded");
    const body = (isForm ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text || "{}")) as Call["body"];
    const url = new URL(request.url ?? "/", this.baseUrl);
    const reply = await this.#answer({ method: request.method ?? "GET", url, headers: request.headers, body });
    if (reply.isLost) return void request.socket.destroy();
    response.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
    response.end(reply.text ?? (reply.json === undefined ? "" : JSON.stringify(reply.json)));
  }
}
