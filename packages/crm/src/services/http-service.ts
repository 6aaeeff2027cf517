import { z } from "zod";
import { CrmError } from "../errors.ts";
import type { CrmContext } from "../port.ts";

/** Where a request's credentials come from. */
export interface Credentials {
  headers(signal: AbortSignal): Promise<Record<string, string>>;
  /** After a 401: fetches new ones. False when there is nothing to refresh. */
  refresh(signal: AbortSignal): Promise<boolean>;
}

export const fixedCredentials = (headers: Record<string, string>): Credentials => ({
  headers: async () => headers,
  refresh: async () => false,
});

export const OAuthConfig = z.object({
  tokenUrl: z.url(),
  clientId: z.string(),
  clientSecret: z.string(),
  /** With one, it is exchanged; without, the client's own credentials are. */
  refreshToken: z.string().optional(),
  scope: z.string().optional(),
});
export type OAuthConfig = z.infer<typeof OAuthConfig>;

const TokenAnswer = z.object({ access_token: z.string(), refresh_token: z.string().optional() });

/** OAuth 2 (RFC 6749, sections 4.4 and 6): one token for all requests, renewed once however many find it expired. */
export function oauthCredentials(config: OAuthConfig, name: string): Credentials {
  let token: string | undefined;
  let refreshToken = config.refreshToken;
  let renewing: Promise<string> | undefined;
  const renew = async (signal: AbortSignal): Promise<string> => {
    const form: Record<string, string> = {
      grant_type: refreshToken === undefined ? "client_credentials" : "refresh_token",
      client_id: config.clientId,
      client_secret: config.clientSecret,
      ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
      ...(config.scope === undefined ? {} : { scope: config.scope }),
    };
    const answer = await send(
      config.tokenUrl,
      { method: "POST", body: new URLSearchParams(form), signal },
      name,
      false,
    );
    if (answer.status >= 500) throw new CrmError("CONNECTOR_DOWN", `${name}'s token service answered ${answer.status}`);
    const parsed = TokenAnswer.safeParse(await readJson(answer, name));
    if (!answer.ok || !parsed.success) {
      throw new CrmError("CONNECTOR_AUTH", `${name} refused to renew its token (${answer.status})`);
    }
    refreshToken = parsed.data.refresh_token ?? refreshToken;
    return parsed.data.access_token;
  };
  const renewed = async (signal: AbortSignal): Promise<string> => {
    renewing ??= renew(signal).finally(() => {
      renewing = undefined;
    });
    token = await renewing;
    return token;
  };
  return {
    headers: async (signal) => ({ authorization: `Bearer ${token ?? (await renewed(signal))}` }),
    refresh: async (signal) => {
      token = undefined;
      await renewed(signal);
      return true;
    },
  };
}

export interface HttpRequest {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path below the base, or a whole URL of the same origin (a next page). */
  path: string;
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  /** Changes the world: an attempt without an answer is uncertain. Default: every method but GET. */
  write?: boolean;
  /** Statuses besides 2xx that are an answer and no error. */
  accept?: readonly number[];
}

export interface HttpAnswer {
  status: number;
  json: unknown;
  headers: Headers;
}

/** How a service words its refusals: undefined leaves the status to speak. */
export type Refusal = (status: number, json: unknown, headers: Headers) => CrmError | undefined;

/** JSON over HTTP to one service: credentials, one refresh, statuses to coded errors. No retries: the guard's task. */
export class HttpService {
  readonly #name: string;
  readonly #base: URL;
  readonly #credentials: Credentials;
  readonly #refusal: Refusal;

  constructor(name: string, baseUrl: string, credentials: Credentials, refusal: Refusal = () => undefined) {
    this.#name = name;
    this.#base = new URL(baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`);
    this.#credentials = credentials;
    this.#refusal = refusal;
  }

  /** @throws CrmError */
  async request(request: HttpRequest, context: CrmContext): Promise<HttpAnswer> {
    const answer = await this.#attempt(request, context);
    if (answer.status !== 401 || !(await this.#credentials.refresh(context.signal))) {
      return this.#settle(request, answer);
    }
    return this.#settle(request, await this.#attempt(request, context));
  }

  /** The parsed body. @throws CrmError */
  async read<S extends z.ZodType>(schema: S, request: HttpRequest, context: CrmContext): Promise<z.infer<S>> {
    return this.parse(schema, (await this.request(request, context)).json);
  }

  parse<S extends z.ZodType>(schema: S, json: unknown): z.infer<S> {
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw new CrmError(
      "CONNECTOR_ANSWER_INVALID",
      `${this.#name} answered a wrong ${issue?.path.join(".")}: ${issue?.message}`,
    );
  }

  async #attempt(request: HttpRequest, { signal }: CrmContext): Promise<HttpAnswer> {
    const url = new URL(request.path.replace(/^\//, ""), this.#base);
    if (url.origin !== this.#base.origin) {
      throw new CrmError("CONNECTOR_ANSWER_INVALID", `${this.#name} sent us to another host`);
    }
    for (const [key, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(key, String(value));
    }
    const body = request.body === undefined ? {} : { body: JSON.stringify(request.body) };
    const headers = {
      accept: "application/json",
      ...(request.body === undefined ? {} : { "content-type": "application/json" }),
      ...(await this.#credentials.headers(signal)),
      ...request.headers,
    };
    const method = request.method ?? "GET";
    const answer = await send(url, { method, headers, signal, ...body }, this.#name, isWrite(request));
    return { status: answer.status, json: await readJson(answer, this.#name), headers: answer.headers };
  }

  #settle(request: HttpRequest, answer: HttpAnswer): HttpAnswer {
    const { status, json, headers } = answer;
    if ((status >= 200 && status < 300) || request.accept?.includes(status)) return answer;
    const refusal = this.#refusal(status, json, headers);
    if (refusal) throw refusal;
    const said = `${this.#name} answered ${status} to ${request.method ?? "GET"} ${request.path.split("?")[0]}`;
    if (status === 401 || status === 403) throw new CrmError("CONNECTOR_AUTH", said);
    if (status === 404) throw new CrmError("CONNECTOR_NOT_FOUND", said);
    if (status === 429) {
      throw new CrmError("CONNECTOR_RATE_LIMITED", said, { retryAfterMs: retryAfterMs(headers) });
    }
    if (status >= 500) {
      const options = { retryAfterMs: retryAfterMs(headers), uncertain: isWrite(request) };
      throw new CrmError("CONNECTOR_DOWN", said, options);
    }
    throw new CrmError("CONNECTOR_REFUSED", `${said}: ${messageOf(json)}`);
  }
}

const isWrite = (request: HttpRequest): boolean => request.write ?? (request.method ?? "GET") !== "GET";

/** `Retry-After` in milliseconds: seconds or a date (RFC 9110, section 10.2.3). */
export function retryAfterMs(headers: Headers): number | undefined {
  const value = headers.get("retry-after");
  if (value === null) return undefined;
  const seconds = Number(value);
  if (!Number.isNaN(seconds)) return Math.max(0, seconds * 1_000);
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

/** The words of an error body, wherever the service puts them. */
function messageOf(json: unknown): string {
  const body = (Array.isArray(json) ? json[0] : json) as Record<string, unknown> | undefined;
  const found = body?.message ?? body?.description ?? body?.detail ?? body?.error;
  return (typeof found === "string" ? found : JSON.stringify(json ?? "")).slice(0, 300);
}

async function send(url: string | URL, init: RequestInit, name: string, write: boolean): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted) {
      throw new CrmError("CONNECTOR_TIMED_OUT", `${name} did not answer in time`, { cause: error, uncertain: write });
    }
    const cause = (error as { cause?: { code?: string } }).cause;
    // Nobody took the connection, so nobody did anything.
    const untouched = cause?.code === "ECONNREFUSED" || cause?.code === "ENOTFOUND";
    const message = `${name} cannot be reached: ${cause?.code ?? String(error)}`;
    throw new CrmError("CONNECTOR_DOWN", message, { cause: error, uncertain: write && !untouched });
  }
}

async function readJson(answer: Response, name: string): Promise<unknown> {
  let text: string;
  try {
    text = await answer.text();
  } catch (error) {
    const aborted = error instanceof DOMException;
    const code = aborted ? "CONNECTOR_TIMED_OUT" : "CONNECTOR_DOWN";
    throw new CrmError(code, `${name} broke off its answer`, { cause: error, uncertain: true });
  }
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!answer.ok) return undefined;
    throw new CrmError("CONNECTOR_ANSWER_INVALID", `${name} answered something other than JSON`, { cause: error });
  }
}
