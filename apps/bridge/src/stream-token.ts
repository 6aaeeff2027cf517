import { createHmac, timingSafeEqual } from "node:crypto";
import { SidetoneError } from "@sidetone/platform";
import { z } from "zod";

/** What a token vouches for, once and for a short time. */
export interface StreamClaims {
  /** Ours; also what makes the token single-use. */
  callId: string;
  from: string;
  to: string;
  /** Key of the playbook that was chosen. */
  playbook: string;
  /** Id of the rule that chose it, if one did. */
  route?: string | undefined;
  direction: "inbound" | "outbound";
  /** A browser cannot sign its upgrade; its token says that it need not. */
  browser: boolean;
}

const Body = z.tuple([
  z.number(),
  z.string(),
  z.string(),
  z.string(),
  z.string(),
  z.enum(["inbound", "outbound"]),
  z.boolean(),
  z.string(),
]);
const SIGNATURE_BYTES = 16;

/**
 * Makes and redeems the tokens that open a media socket: the claims and an expiry, signed together with the carrier's
 * call. They hold no secret. Any bridge with the same auth token can redeem one; each bridge redeems a call once.
 */
export class StreamTokens {
  readonly #key: Buffer;
  readonly #ttlMs: number;
  readonly #wallMs: () => number;
  /** Calls redeemed, with the time at which their token expires anyway; oldest first. */
  readonly #redeemed = new Map<string, number>();

  constructor(secret: string, options: { ttlMs: number; wallMs: () => number }) {
    this.#key = createHmac("sha256", secret).update("sidetone stream token").digest();
    this.#ttlMs = options.ttlMs;
    this.#wallMs = options.wallMs;
  }

  /** @param carrierCallId the carrier's call, which `start` must name; empty for a browser */
  issue(claims: StreamClaims, carrierCallId: string): string {
    const { callId, from, to, playbook, direction, browser, route = "" } = claims;
    const body = JSON.stringify([this.#wallMs() + this.#ttlMs, callId, from, to, playbook, direction, browser, route]);
    const text = Buffer.from(body).toString("base64url");
    return `${text}.${this.#sign(text, carrierCallId).toString("base64url")}`;
  }

  /**
   * Accepts a token once and says what it vouches for.
   * @throws SidetoneError TOKEN_INVALID (forged, altered, another call's, used before) or TOKEN_EXPIRED.
   */
  redeem(token: string, carrierCallId: string): StreamClaims {
    const [text = "", signature = "", ...rest] = token.split(".");
    const claims = readBody(text);
    if (!claims || rest.length > 0) throw new SidetoneError("TOKEN_INVALID");
    const [untilMs, callId, from, to, playbook, direction, browser, route] = claims;
    const given = Buffer.from(signature, "base64url");
    // A browser makes up the carrier's call of its stream; its token is bound to none.
    const expected = this.#sign(text, browser ? "" : carrierCallId);
    if (given.length !== SIGNATURE_BYTES || !timingSafeEqual(given, expected)) throw new SidetoneError("TOKEN_INVALID");
    const nowMs = this.#wallMs();
    if (untilMs < nowMs) throw new SidetoneError("TOKEN_EXPIRED");
    for (const [redeemed, expiresMs] of this.#redeemed) {
      if (expiresMs >= nowMs) break;
      this.#redeemed.delete(redeemed);
    }
    if (this.#redeemed.has(callId)) throw new SidetoneError("TOKEN_INVALID", "It was used before.");
    this.#redeemed.set(callId, untilMs);
    return { callId, from, to, playbook, direction, browser, ...(route !== "" && { route }) };
  }

  #sign(text: string, carrierCallId: string): Buffer {
    return createHmac("sha256", this.#key).update(`${text}\n${carrierCallId}`).digest().subarray(0, SIGNATURE_BYTES);
  }
}

function readBody(text: string): z.infer<typeof Body> | undefined {
  try {
    return Body.safeParse(JSON.parse(Buffer.from(text, "base64url").toString("utf8"))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
