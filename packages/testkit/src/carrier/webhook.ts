import twilioWebhooks from "twilio/lib/webhooks/webhooks.js";
import type { HttpMethod } from "./twiml.ts";

/** Twilio gives a webhook this long. */
const TIMEOUT_MS = 15_000;

export interface WebhookAnswer {
  url: string;
  params: Record<string, string>;
  /** 0 where there was no answer. */
  status: number;
  contentType: string;
  body: string;
}

/** `X-Twilio-Signature` of a request: https://www.twilio.com/docs/usage/security#validating-requests. */
export function signatureOf(authToken: string, url: string, params: Record<string, string>): string {
  return twilioWebhooks.getExpectedTwilioSignature(authToken, url, params);
}

/**
 * Requests `url` as Twilio does: a signed form by POST, or signed parameters in the query by GET.
 * @param resolve where the public address is reached from here
 */
export async function callWebhook(
  authToken: string,
  url: string,
  method: HttpMethod,
  params: Record<string, string>,
  resolve: (url: URL) => URL,
): Promise<WebhookAnswer> {
  const full = new URL(url);
  if (method === "GET") for (const [name, value] of Object.entries(params)) full.searchParams.append(name, value);
  const signed = method === "GET" ? full.href : url;
  const headers: Record<string, string> = {
    "X-Twilio-Signature": signatureOf(authToken, signed, method === "GET" ? {} : params),
    "User-Agent": "TwilioProxy/1.1",
    Accept: "*/*",
  };
  const post = { method: "POST", body: new URLSearchParams(params) };
  try {
    const answer = await fetch(resolve(full), {
      headers,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: "manual",
      ...(method === "GET" ? {} : post),
    });
    const contentType = answer.headers.get("content-type") ?? "";
    return { url, params, status: answer.status, contentType, body: await answer.text() };
  } catch (error) {
    return { url, params, status: 0, contentType: "", body: String((error as Error).cause ?? error) };
  }
}
