import { createHmac } from "node:crypto";
import { SidetoneError } from "@sidetone/platform";
import { z } from "zod";
import type { Api, DashboardContext } from "../context.ts";
import { audit, who } from "../guard.ts";

/** What the bridge answers: where the page opens its Media Streams socket, and the parameters of its `start`. */
const BridgeAnswer = z.object({
  streamUrl: z.url({ protocol: /^wss?$/ }),
  token: z.string().min(16),
  callId: z.string().optional(),
  parameters: z.record(z.string(), z.string()).optional(),
});
const BRIDGE_TIMEOUT_MS = 5_000;

/** Lets a signed-in person place a call from the browser. */
export function phoneRoutes(app: Api, context: DashboardContext): void {
  const { config } = context;

  app.post(
    "/api/phone",
    {
      config: { rateLimit: { max: 30, timeWindow: "1 minute" } },
      schema: {
        tags: ["Phone"],
        summary: "A one-time token for a call from this browser",
        body: z.object({
          playbookId: z.string().max(120).optional(),
          playbookVersion: z.number().int().nonnegative().optional(),
        }),
        response: { 200: BridgeAnswer },
      },
    },
    async (request) => {
      const key = config.twilio.authToken;
      if (!key) {
        throw new SidetoneError(
          "CARRIER_REFUSED",
          "The dashboard has no TWILIO_AUTH_TOKEN, with which it vouches for you to the bridge.",
        );
      }
      const body = JSON.stringify({
        by: who(request).name,
        origin: request.headers.origin ?? config.origin,
        ...(request.body.playbookId !== undefined && { playbook: request.body.playbookId }),
        ...(request.body.playbookVersion !== undefined && { version: request.body.playbookVersion }),
      });
      const timestamp = String(Date.now());
      const signature = createHmac("sha256", key).update(`${timestamp}.${body}`).digest("base64url");
      let response: Response;
      try {
        response = await fetch(new URL("/phone", config.bridgeUrl), {
          method: "POST",
          headers: {
            "content-type": "application/json",
            authorization: `Bearer ${signature}`,
            "x-sidetone-timestamp": timestamp,
          },
          body,
          signal: AbortSignal.timeout(BRIDGE_TIMEOUT_MS),
        });
      } catch (error) {
        throw new SidetoneError("CARRIER_REFUSED", `The bridge at ${config.bridgeUrl} does not answer.`, {
          cause: error,
        });
      }
      const answer: unknown = await response.json().catch(() => undefined);
      if (!response.ok) {
        const message = z.object({ message: z.string() }).safeParse(answer);
        throw new SidetoneError(
          response.status === 503 ? "NO_CAPACITY" : "CARRIER_REFUSED",
          message.success ? `The bridge said: ${message.data.message}` : `The bridge answered ${response.status}.`,
        );
      }
      await audit(context.database, request, "phone.call", request.body.playbookId);
      return BridgeAnswer.parse(answer);
    },
  );
}
