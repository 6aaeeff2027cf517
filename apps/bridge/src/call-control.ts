import type { Clock, Logger } from "@sidetone/platform";
import twilio from "twilio";
import type { AfterPlans } from "./after-plans.ts";
import type { AfterCall } from "./call-info.ts";

/** How long the carrier may take to ask what follows, before it is told. */
const PATIENCE_MS = 5_000;
const TIMEOUT_MS = 5_000;

export interface CallControlOptions {
  accountSid: string;
  authToken: string;
  /** Where REST calls go; the carrier's own address when undefined. */
  apiBase: string | undefined;
  publicUrl: string;
  plans: AfterPlans;
  clock: Clock;
  log: Logger;
}

/**
 * Tells the carrier what to do with a call over its REST API. The ordinary way is the webhook that follows a closed
 * stream; this is for when it does not come, so that no caller is left on a dead line.
 */
export class CallControl {
  readonly #options: CallControlOptions;
  readonly #client: twilio.Twilio;

  constructor(options: CallControlOptions) {
    this.#options = options;
    this.#client = twilio(options.accountSid, options.authToken, {
      timeout: TIMEOUT_MS,
      autoRetry: true,
      maxRetries: 2,
    });
    if (options.apiBase !== undefined) this.#client.api.baseUrl = options.apiBase.replace(/\/$/, "");
  }

  /** Looks, a while after the stream was closed, whether the carrier has asked what follows; tells it if not. */
  ensure(carrierCallId: string): void {
    const { clock, plans } = this.#options;
    clock.after(PATIENCE_MS, () => {
      const after = plans.pending(carrierCallId);
      if (after) void this.#tell(carrierCallId, after);
    });
  }

  hangUp(carrierCallId: string): Promise<unknown> {
    return this.#client.calls(carrierCallId).update({ status: "completed" });
  }

  /** Sends the call to another of our webhooks. */
  redirect(carrierCallId: string, path: string): Promise<unknown> {
    return this.#client.calls(carrierCallId).update({ url: `${this.#options.publicUrl}${path}`, method: "POST" });
  }

  async #tell(carrierCallId: string, after: AfterCall): Promise<void> {
    const { log } = this.#options;
    log.warn({ carrierCallId, after: after.kind }, "the carrier did not ask what follows; telling it");
    try {
      if (after.kind === "hang-up") await this.hangUp(carrierCallId);
      else await this.redirect(carrierCallId, "/voice/after");
    } catch (error) {
      // Most often the call is over and nobody said so.
      const { code, status, message } = error as { code?: number; status?: number; message?: string };
      log.warn({ carrierCallId, carrierCode: code, status, message, code: "CARRIER_REFUSED" }, "the carrier refused");
    }
  }
}
