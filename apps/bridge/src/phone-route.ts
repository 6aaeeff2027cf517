import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { SidetoneError } from "@sidetone/platform";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { PlaybookSource } from "./playbook-source.ts";
import type { StreamTokens } from "./stream-token.ts";

/** Clocks of two processes on one site differ by less. */
const MAX_AGE_MS = 60_000;

const PhoneBody = z.object({
  /** Who calls, as the dashboard knows them. */
  by: z.string().min(1).max(120),
  playbook: z.string().max(60).optional(),
});

export interface PhoneRouteOptions {
  authToken: string;
  streamUrl: string;
  tokens: StreamTokens;
  playbooks: PlaybookSource;
  wallMs: () => number;
  refusal: (model: string) => SidetoneError | undefined;
}

/**
 * `POST /phone`, for the dashboard's server: a call from a browser. `Authorization: Bearer` is the base64url
 * HMAC-SHA256, keyed with the auth token, of `<X-Sidetone-Timestamp>.<body>`; the timestamp is milliseconds.
 * The token it answers opens one media socket from the dashboard's origin, without the carrier's signature.
 */
export function phoneRoute(server: FastifyInstance, options: PhoneRouteOptions): void {
  void server.register(async (scope) => {
    // The signature is over the body's own bytes.
    scope.removeContentTypeParser("application/json");
    scope.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => done(null, body));

    scope.post("/phone", async (request) => {
      const text = typeof request.body === "string" ? request.body : "";
      checkBearer(options, request.headers.authorization, request.headers["x-sidetone-timestamp"], text);
      const body = PhoneBody.parse(parseJson(text));
      const from = `browser:${body.by}`;
      const callId = randomUUID().replaceAll("-", "");
      const key = body.playbook ?? options.playbooks.forCall({ to: "", from, carrierCallId: callId }).key;
      const playbook = options.playbooks.byKey(key);
      const refusal = options.refusal(playbook.model);
      if (refusal) throw refusal;
      const claims = {
        callId,
        from,
        to: "phone",
        playbook: key,
        direction: "inbound",
        browser: true,
      } as const;
      const token = options.tokens.issue(claims, "");
      return { streamUrl: options.streamUrl, token, callId, parameters: { token, callId } };
    });
  });
}

function checkBearer(options: PhoneRouteOptions, authorization: string | undefined, timestamp: unknown, body: string) {
  const [scheme, given = ""] = (authorization ?? "").split(" ");
  if (scheme !== "Bearer" || typeof timestamp !== "string") throw new SidetoneError("UNAUTHENTICATED");
  const expected = createHmac("sha256", options.authToken).update(`${timestamp}.${body}`).digest();
  const signature = Buffer.from(given, "base64url");
  const fresh = Math.abs(options.wallMs() - Number(timestamp)) <= MAX_AGE_MS;
  if (!fresh || signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
    throw new SidetoneError("UNAUTHENTICATED");
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SidetoneError("REQUEST_INVALID", "The body is not JSON.", { cause: error });
  }
}
