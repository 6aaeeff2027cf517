import { timingSafeEqual } from "node:crypto";
import formBody from "@fastify/formbody";
import fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import type { Call } from "./call.ts";
import type { Carrier } from "./carrier.ts";

/** A number of the account, as far as calls need it; the names are the REST API's. */
export interface PhoneNumber {
  sid: string;
  phone_number: string;
  friendly_name: string;
  voice_url: string;
  voice_method: "GET" | "POST";
  status_callback: string;
}

interface RestError {
  status: number;
  code: number;
  message: string;
}

const API = "/2010-04-01/Accounts/:account";

/** A text as the API tells of it. */
export interface TextMessage {
  sid: string;
  to: string;
  from: string;
  body: string;
  /** RFC 2822, to the second. */
  date_created: string;
}

/**
 * The part of Twilio's REST API (2010-04-01) that a voice application calls, with its error bodies:
 * https://www.twilio.com/docs/usage/troubleshooting/debugging-your-application.
 */
export class RestApi {
  readonly #carrier: Carrier;
  readonly #server: FastifyInstance;

  constructor(carrier: Carrier) {
    this.#carrier = carrier;
    this.#server = fastify({ logger: false });
    this.#server.register(formBody);
    this.#server.addHook("onRequest", async (request, reply) => {
      const { account } = request.params as { account?: string };
      if (!this.#authentic(request.headers.authorization)) {
        return refuse(reply, { status: 401, code: 20003, message: "Authenticate" });
      }
      if (account !== undefined && account !== this.#carrier.accountSid) return notFound(reply, request.url);
    });
    this.#server.setNotFoundHandler((request, reply) => notFound(reply, request.url));
    this.#calls();
    this.#numbers();
    this.#messages();
    this.#server.get(`${API}.json`, async () => ({
      sid: this.#carrier.accountSid,
      friendly_name: "Test account",
      status: "active",
      type: "Full",
    }));
  }

  async listen(port: number): Promise<string> {
    return this.#server.listen({ host: "127.0.0.1", port });
  }

  async close(): Promise<void> {
    await this.#server.close();
  }

  #calls(): void {
    this.#server.get(`${API}/Calls.json`, async () =>
      this.#page("calls", [...this.#carrier.calls.values()].map(callBody(this.#carrier))),
    );
    this.#server.get<{ Params: { call: string } }>(`${API}/Calls/:call.json`, async (request, reply) => {
      const call = this.#carrier.calls.get(request.params.call);
      return call === undefined ? notFound(reply, request.url) : callBody(this.#carrier)(call);
    });
    this.#server.post<{ Params: { call: string }; Body: Record<string, string> | undefined }>(
      `${API}/Calls/:call.json`,
      async (request, reply) => {
        const call = this.#carrier.calls.get(request.params.call);
        if (call === undefined) return notFound(reply, request.url);
        const fault = updateCall(call, request.body ?? {});
        return fault === undefined ? callBody(this.#carrier)(call) : refuse(reply, fault);
      },
    );
  }

  #messages(): void {
    this.#server.get<{ Querystring: { To?: string; From?: string } }>(`${API}/Messages.json`, async ({ query }) =>
      this.#page(
        "messages",
        this.#carrier.messages.filter(({ to, from }) => to === query.To && from === query.From).toReversed(),
      ),
    );
    this.#server.post<{ Body: Record<string, string> | undefined }>(`${API}/Messages.json`, async (request, reply) => {
      const { To: to = "", From: from = "", Body: body = "" } = request.body ?? {};
      if (!/^\+[1-9]\d{6,14}$/.test(to))
        return refuse(reply, { status: 400, code: 21211, message: `Invalid 'To' Phone Number: ${to}` });
      if (body === "") return refuse(reply, { status: 400, code: 21602, message: "Message body is required." });
      const message = { sid: this.#carrier.newSid("SM"), to, from, body, date_created: new Date().toUTCString() };
      this.#carrier.messages.push(message);
      return reply.code(201).send(message);
    });
  }

  #numbers(): void {
    this.#server.get<{ Querystring: { PhoneNumber?: string } }>(`${API}/IncomingPhoneNumbers.json`, async (request) => {
      const wanted = request.query.PhoneNumber;
      const found = this.#carrier.numbers.filter(
        ({ phone_number }) => wanted === undefined || phone_number.includes(wanted),
      );
      return this.#page(
        "incoming_phone_numbers",
        found.map((number) => ({ ...number, account_sid: this.#carrier.accountSid })),
      );
    });
    this.#server.post<{ Params: { number: string }; Body: Record<string, string> | undefined }>(
      `${API}/IncomingPhoneNumbers/:number.json`,
      async (request, reply) => {
        const number = this.#carrier.numbers.find(({ sid }) => sid === request.params.number);
        if (number === undefined) return notFound(reply, request.url);
        const { VoiceUrl, VoiceMethod, StatusCallback, FriendlyName } = request.body ?? {};
        for (const url of [VoiceUrl, StatusCallback]) {
          if (url && !isHttpUrl(url))
            return refuse(reply, { status: 400, code: 21502, message: `VoiceUrl is not valid: ${url}` });
        }
        if (VoiceUrl !== undefined) number.voice_url = VoiceUrl;
        if (VoiceMethod !== undefined) number.voice_method = VoiceMethod === "GET" ? "GET" : "POST";
        if (StatusCallback !== undefined) number.status_callback = StatusCallback;
        if (FriendlyName !== undefined) number.friendly_name = FriendlyName;
        return { ...number, account_sid: this.#carrier.accountSid };
      },
    );
  }

  #page(name: string, items: object[]): object {
    return {
      [name]: items,
      page: 0,
      page_size: 50,
      start: 0,
      end: items.length,
      next_page_uri: null,
      previous_page_uri: null,
    };
  }

  #authentic(header: string | undefined): boolean {
    const given = Buffer.from(header?.replace(/^Basic /, "") ?? "", "base64");
    const expected = Buffer.from(`${this.#carrier.accountSid}:${this.#carrier.authToken}`);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}

/** Carries out `POST Calls/{sid}`: new TwiML, a new URL, or the end. */
function updateCall(call: Call, { Twiml, Url, Method, Status }: Record<string, string>): RestError | undefined {
  if (call.over)
    return {
      status: 400,
      code: 21220,
      message: `Call is not in-progress. Cannot redirect. Call status: ${call.status}`,
    };
  if (Url !== undefined && !isHttpUrl(Url))
    return { status: 400, code: 21205, message: `Url is not a valid URL: ${Url}` };
  if (Twiml !== undefined) call.redirect({ document: Twiml });
  else if (Url !== undefined) call.redirect({ fetch: Url, method: Method === "GET" ? "GET" : "POST" });
  else if (Status === "completed" || Status === "canceled") call.hangUp();
  else return { status: 400, code: 21218, message: `Invalid CallStatus: ${Status ?? "no Url, Twiml or Status given"}` };
}

function callBody(carrier: Carrier): (call: Call) => object {
  return (call) => ({
    sid: call.sid,
    account_sid: carrier.accountSid,
    api_version: "2010-04-01",
    status: call.status,
    direction: "inbound",
    from: call.from,
    to: call.to,
    uri: `/2010-04-01/Accounts/${carrier.accountSid}/Calls/${call.sid}.json`,
  });
}

function notFound(reply: FastifyReply, url: string): FastifyReply {
  return refuse(reply, { status: 404, code: 20404, message: `The requested resource ${url} was not found` });
}

function refuse(reply: FastifyReply, { status, code, message }: RestError): FastifyReply {
  return reply.code(status).send({ code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status });
}

function isHttpUrl(url: string): boolean {
  return /^https?:$/.test(URL.parse(url)?.protocol ?? "");
}
