import { z } from "zod";
import { TaskFault } from "./task-fault.ts";

export interface SendOptions {
  signal: AbortSignal;
  /** Set when an earlier attempt may have done the same: what was made since then (wall clock, ms) is looked through first. */
  repeatedSinceMs?: number | undefined;
}

/** Outbound messages and calls. A repeated one is found, not made again. */
export interface Telephone {
  /** Sends a text message. Answers the carrier's id. @throws TaskFault */
  text(to: string, from: string, body: string, options: SendOptions): Promise<string>;
  /** Places a call that our own webhook answers. Answers the carrier's id. @throws TaskFault */
  call(to: string, from: string, options: SendOptions): Promise<string>;
}

export interface TwilioAccount {
  /** Such as `https://api.twilio.com`. */
  apiBase: string;
  accountSid: string;
  authToken: string;
  /** Where our webhooks are. */
  publicUrl: string;
}

const Created = z.object({ sid: z.string() });
const Refused = z.object({ code: z.number().optional(), message: z.string().optional() });
const Made = z.object({ sid: z.string(), date_created: z.string().nullish(), body: z.string().nullish() });
const Listed = z.object({ messages: z.array(Made).default([]), calls: z.array(Made).default([]) });
/** The carrier's clock and ours need not agree to the second, and it counts in whole ones. */
const CLOCK_MARGIN_MS = 5_000;
/** The carrier answers newest first: what was made within minutes is on the first page. */
const PAGE_SIZE = 50;

/**
 * Twilio's REST API: `Messages.json` and `Calls.json`, form-encoded, basic authentication. It knows no idempotency keys;
 * what was made lately for the same number is listed instead.
 */
export function twilioTelephone(account: TwilioAccount): Telephone {
  const authorization = `Basic ${Buffer.from(`${account.accountSid}:${account.authToken}`).toString("base64")}`;
  const ask = async (resource: string, init: RequestInit, query = ""): Promise<unknown> => {
    const url = `${account.apiBase}/2010-04-01/Accounts/${account.accountSid}/${resource}.json${query}`;
    const answer = await fetch(url, { ...init, headers: { authorization } });
    const json: unknown = await answer.json();
    if (answer.ok) return json;
    const refusal = Refused.safeParse(json).data;
    const message = `the carrier answered ${answer.status}, code ${refusal?.code ?? "none"}: ${refusal?.message ?? ""}`;
    // 5xx leaves open whether it was done; 4xx is a clear no.
    throw new TaskFault("CARRIER_REFUSED", message, answer.status === 429 || answer.status >= 500, {
      uncertain: answer.status >= 500,
    });
  };
  const earlier = async (
    resource: "Messages" | "Calls",
    { To = "", From = "", Body }: Record<string, string>,
    { signal, repeatedSinceMs }: SendOptions,
  ): Promise<string | undefined> => {
    if (repeatedSinceMs === undefined) return undefined;
    const query = new URLSearchParams({ To, From, PageSize: String(PAGE_SIZE) });
    const listed = Listed.parse(await ask(resource, { signal }, `?${query}`));
    const sinceMs = repeatedSinceMs - CLOCK_MARGIN_MS;
    return [...listed.messages, ...listed.calls].find(
      (made) => Date.parse(made.date_created ?? "") >= sinceMs && (Body === undefined || made.body === Body),
    )?.sid;
  };
  const make = async (resource: "Messages" | "Calls", form: Record<string, string>, options: SendOptions) => {
    const before = await earlier(resource, form, options);
    if (before !== undefined) return before;
    const body = new URLSearchParams(form);
    return Created.parse(await ask(resource, { method: "POST", body, signal: options.signal })).sid;
  };
  return {
    text: (To, From, Body, options) => make("Messages", { To, From, Body }, options),
    call: (To, From, options) =>
      make("Calls", { To, From, Url: `${account.publicUrl}/voice`, Method: "POST" }, options),
  };
}

/** Without an account nothing can be sent, and the agent says so. */
export const noTelephone: Telephone = {
  text: () => Promise.reject(unsupported("text messages")),
  call: () => Promise.reject(unsupported("outbound calls")),
};

const unsupported = (what: string) =>
  new TaskFault("CONNECTOR_UNSUPPORTED", `no carrier account is set up for ${what}`, false, { expected: true });
