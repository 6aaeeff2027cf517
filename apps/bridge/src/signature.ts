import { SidetoneError } from "@sidetone/platform";
import type { FastifyRequest } from "fastify";
import twilio from "twilio";

const HEADER = "x-twilio-signature";

/** Checks that requests come from the carrier, against the address it was given for us. */
export class CarrierSignature {
  readonly #authToken: string;
  readonly #publicUrl: string;

  constructor(authToken: string, publicUrl: string) {
    this.#authToken = authToken;
    this.#publicUrl = publicUrl;
  }

  /** @throws SidetoneError SIGNATURE_MISSING or SIGNATURE_INVALID */
  checkWebhook(request: FastifyRequest): void {
    const params = (request.body ?? {}) as Record<string, unknown>;
    this.#check(request, [`${this.#publicUrl}${request.raw.url}`], params);
  }

  /** The upgrade is signed over the stream's own address, with or without a slash at its end. */
  checkUpgrade(request: FastifyRequest, streamUrl: string): void {
    this.#check(request, [streamUrl, `${streamUrl}/`], {});
  }

  #check(request: FastifyRequest, urls: string[], params: Record<string, unknown>): void {
    const signature = request.headers[HEADER];
    if (typeof signature !== "string" || signature === "") throw new SidetoneError("SIGNATURE_MISSING");
    if (!urls.some((url) => twilio.validateRequest(this.#authToken, signature, url, params))) {
      throw new SidetoneError("SIGNATURE_INVALID");
    }
  }
}
