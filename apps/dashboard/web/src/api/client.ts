import createClient from "openapi-fetch";
import type { paths } from "./schema.generated.ts";

/** An answer of the server that is no success: its code, what was wrong, and what to do about it. */
export class ApiFault extends Error {
  readonly code: string;
  readonly remedy: string | undefined;
  readonly status: number;
  constructor(status: number, body: { code?: string; message?: string; remedy?: string } | undefined) {
    super(body?.message ?? `The server answered ${status}.`);
    this.code = body?.code ?? "UNKNOWN";
    this.remedy = body?.remedy;
    this.status = status;
  }
}

let csrfToken: string | undefined;
export const setCsrfToken = (token: string | null): void => {
  csrfToken = token ?? undefined;
};
export const csrfHeaders = (): Record<string, string> => (csrfToken ? { "x-csrf-token": csrfToken } : {});

/** The typed client; its types come from the server's routes. */
export const api = createClient<paths>({ baseUrl: location.origin });
api.use({
  onRequest({ request }) {
    if (csrfToken && request.method !== "GET") request.headers.set("x-csrf-token", csrfToken);
    return request;
  },
});

/** Unwraps an answer: its data, or an `ApiFault`. */
export async function ask<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) throw new ApiFault(response.status, error as { code?: string; message?: string } | undefined);
  return data as T;
}
