import { z } from "zod";
import { TaskFault } from "./task-fault.ts";

/** Outbound messages and calls. */
export interface Telephone {
  /** Sends a text message. Answers the carrier's id. @throws TaskFault */
  text(to: string, from: string, body: string, signal: AbortSignal): Promise<string>;
  /** Places a call that our own webhook answers. Answers the carrier's id. @throws TaskFault */
  call(to: string, from: string, signal: AbortSignal): Promise<string>;
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

/** Twilio's REST API: `Messages.json` and `Calls.json`, form-encoded, basic authentication. Not idempotent. */
export function twilioTelephone(account: TwilioAccount): Telephone {
  const authorization = `Basic ${Buffer.from(`${account.accountSid}:${account.authToken}`).toString("base64")}`;
  const post = async (resource: string, form: Record<string, string>, signal: AbortSignal): Promise<string> => {
    const url = `${account.apiBase}/2010-04-01/Accounts/${account.accountSid}/${resource}.json`;
    const body = new URLSearchParams(form);
    const answer = await fetch(url, { method: "POST", body, signal, headers: { authorization } });
    const json: unknown = await answer.json();
    if (answer.ok) return Created.parse(json).sid;
    const refusal = Refused.safeParse(json).data;
    const message = `the carrier answered ${answer.status}, code ${refusal?.code ?? "none"}: ${refusal?.message ?? ""}`;
    // 5xx leaves open whether it was done; 4xx is a clear no.
    throw new TaskFault("CARRIER_REFUSED", message, answer.status === 429 || answer.status >= 500, {
      uncertain: answer.status >= 500,
    });
  };
  return {
    text: (To, From, Body, signal) => post("Messages", { To, From, Body }, signal),
    call: (To, From, signal) => post("Calls", { To, From, Url: `${account.publicUrl}/voice`, Method: "POST" }, signal),
  };
}

/** Without an account nothing can be sent, and the agent says so. */
export const noTelephone: Telephone = {
  text: () => Promise.reject(unsupported("text messages")),
  call: () => Promise.reject(unsupported("outbound calls")),
};

const unsupported = (what: string) =>
  new TaskFault("CONNECTOR_UNSUPPORTED", `no carrier account is set up for ${what}`, false, { expected: true });
