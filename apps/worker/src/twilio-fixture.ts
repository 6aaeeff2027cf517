import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** The account of tests; without the address. */
export const TWILIO_ACCOUNT = {
  accountSid: `AC${"0".repeat(32)}`,
  authToken: "secret",
  publicUrl: "https://voice.example.com",
};
const { accountSid, authToken } = TWILIO_ACCOUNT;
const BASIC = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString("base64")}`;
const KINDS = { "Messages.json": ["messages", "SM"], "Calls.json": ["calls", "CA"] } as const;

interface Made {
  sid: string;
  form: Record<string, string>;
  date_created: string;
}

/** A server that speaks the two resources of Twilio's REST API that we use, and refuses what Twilio refuses. */
export class TwilioFixture {
  readonly made: Record<keyof typeof KINDS, Made[]> = { "Messages.json": [], "Calls.json": [] };
  /** Carries this many requests out and breaks the connection instead of answering. */
  losingAnswers = 0;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get account() {
    const { port } = this.#server.address() as AddressInfo;
    const apiBase = `http://127.0.0.1:${port}`;
    return { ...TWILIO_ACCOUNT, apiBase };
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const url = new URL(request.url ?? "/", "http://carrier");
    const resource = (url.pathname.split("/").at(-1) ?? "") as keyof typeof KINDS;
    const send = (status: number, json: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
    if (request.headers.authorization !== BASIC) {
      send(401, { code: 20003, message: "Authenticate", status: 401 });
      return;
    }
    const [list, prefix] = KINDS[resource];
    if (request.method === "GET") {
      const to = url.searchParams.get("To");
      const from = url.searchParams.get("From");
      const found = this.made[resource].filter(({ form }) => form.To === to && form.From === from).reverse();
      const shown = found.map(({ sid, form, date_created }) => ({
        sid,
        date_created,
        to,
        from,
        body: form.Body ?? null,
      }));
      send(200, { [list]: shown, page: 0, page_size: 50, next_page_uri: null });
      return;
    }
    const form = Object.fromEntries(new URLSearchParams(body));
    if (!/^\+[1-9]\d{6,14}$/.test(form.To ?? "")) {
      send(400, { code: 21211, message: "Invalid 'To' Phone Number", status: 400 });
      return;
    }
    const sid = `${prefix}${this.made[resource].length + 1}`;
    // Twilio's dates are RFC 2822, to the second.
    this.made[resource].push({ sid, form, date_created: new Date().toUTCString() });
    if (this.losingAnswers > 0) {
      this.losingAnswers--;
      request.socket.destroy();
      return;
    }
    send(201, { sid });
  }
}
