import { SidetoneError } from "@sidetone/platform";
import { z } from "zod";
import type { DashboardConfig } from "../src/config.ts";

const TIMEOUT_MS = 8_000;
/** The API's pages are at most 1,000 long; more pages than this are no contact centre. */
const MOST_PAGES = 20;

/** What Twilio's codes mean here; https://www.twilio.com/docs/api/errors has all of them. */
const REMEDIES: Readonly<Record<number, string>> = {
  20003:
    "TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN is wrong, or the token was rotated: copy both from the carrier's console.",
  20005: "The account is suspended: see its billing in the carrier's console.",
  20404: "The number is no longer in this account: reload the page.",
  20429: "Twilio limits how often it may be asked: wait a minute.",
  21402: "The webhook's address is not valid: check PUBLIC_URL.",
  21502:
    "Twilio does not take the webhook's address: PUBLIC_URL must be one that it can reach from outside, with https.",
};

const Fault = z.object({ code: z.number().optional(), message: z.string() });

const IncomingNumber = z.object({
  sid: z.string(),
  phone_number: z.string(),
  friendly_name: z.string().nullable(),
  voice_url: z.string().nullable(),
  status_callback: z.string().nullish(),
  capabilities: z.object({ voice: z.boolean() }).partial().optional(),
});
export type IncomingNumber = z.infer<typeof IncomingNumber>;
const Page = z.object({ incoming_phone_numbers: z.array(IncomingNumber), next_page_uri: z.string().nullish() });

/** The few calls of Twilio's REST API (2010-04-01) that the dashboard makes. Every refusal says what to do about it. */
export class TwilioRest {
  readonly #settings: DashboardConfig["twilio"];

  constructor(settings: DashboardConfig["twilio"]) {
    this.#settings = settings;
  }

  /** All numbers of the account. @throws SidetoneError CARRIER_REFUSED */
  async numbers(): Promise<IncomingNumber[]> {
    const found: IncomingNumber[] = [];
    let path: string | undefined = `${this.#account}/IncomingPhoneNumbers.json?PageSize=200`;
    for (let page = 0; path !== undefined && page < MOST_PAGES; page++) {
      const answer: z.infer<typeof Page> = Page.parse(await this.#ask(path));
      found.push(...answer.incoming_phone_numbers);
      path = answer.next_page_uri ?? undefined;
    }
    return found;
  }

  /** Points a number's calls and status reports somewhere. @throws SidetoneError CARRIER_REFUSED */
  async setWebhook(sid: string, urls: { voice: string; status: string }): Promise<void> {
    await this.#ask(`${this.#account}/IncomingPhoneNumbers/${sid}.json`, {
      VoiceUrl: urls.voice,
      VoiceMethod: "POST",
      StatusCallback: urls.status,
      StatusCallbackMethod: "POST",
    });
  }

  get #account(): string {
    const { accountSid, authToken } = this.#settings;
    if (!accountSid || !authToken)
      throw new SidetoneError("CARRIER_REFUSED", "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set.");
    return `/2010-04-01/Accounts/${accountSid}`;
  }

  async #ask(path: string, form?: Record<string, string>): Promise<unknown> {
    const { accountSid, authToken, apiBase } = this.#settings;
    let response: Response;
    try {
      response = await fetch(new URL(path, apiBase), {
        method: form ? "POST" : "GET",
        headers: { authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString("base64")}` },
        ...(form && { body: new URLSearchParams(form) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      throw new SidetoneError("CARRIER_REFUSED", `${apiBase} does not answer: is this machine online?`, {
        cause: error,
      });
    }
    const body: unknown = await response.json().catch(() => undefined);
    if (response.ok) return body;
    const said = Fault.safeParse(body);
    const code = said.success ? said.data.code : undefined;
    const text = said.success
      ? `Twilio answered ${code ?? response.status}: ${said.data.message}.`
      : `Twilio answered ${response.status}.`;
    const remedy = code === undefined ? undefined : REMEDIES[code];
    throw new SidetoneError("CARRIER_REFUSED", [text.replace(/\.\.$/, "."), remedy].filter(Boolean).join(" "));
  }
}
