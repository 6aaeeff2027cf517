import { hostname } from "node:os";
import { fields, readConfig } from "@sidetone/platform";
import { z } from "zod";

const addresses = z
  .string()
  .transform((text) => text.split(",").map((entry) => entry.trim()))
  .pipe(z.array(z.string().regex(/^[A-Za-z0-9._-]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/, "must be host:port")).min(1));

export const BridgeConfig = z.object({
  PORT: fields.port(8080),
  HOST: fields.host,
  PUBLIC_URL: fields.url(),
  BRIDGE_ID: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,80}$/)
    .default(
      hostname()
        .replace(/[^A-Za-z0-9._-]/g, "-")
        .slice(0, 80) || "bridge",
    )
    .describe("A name for this bridge, the same after a restart: letters, digits, dots, hyphens."),
  TWILIO_ACCOUNT_SID: z
    .string()
    .regex(/^AC[0-9a-f]{32}$/, "must be AC and 32 hexadecimal digits")
    .describe("The account SID from the Twilio console; `npm start` makes one up for trying things out."),
  TWILIO_AUTH_TOKEN: z
    .string()
    .min(16, "is too short for an auth token")
    .describe("The auth token from the Twilio console; `npm start` makes one up for trying things out."),
  TWILIO_API_BASE: fields.url(),
  REDIS_URL: fields.redisUrl,
  DATA_DIR: fields.dataDir,
  STORAGE_URL: z
    .string()
    .regex(/^s3:\/\/[^/]+/, "must be s3://bucket or s3://bucket/prefix")
    .optional()
    .describe("s3://bucket/prefix, or leave it unset to keep tapes under DATA_DIR."),
  PODS: addresses
    .default(["127.0.0.1:8090"])
    .describe("Addresses of inference pods, host:port, comma-separated; a DNS name stands for all its addresses."),
  PODS_RESOLVE_MS: fields.ms(100, 600_000, 5_000),
  POD_STATUS_MS: fields.ms(50, 60_000, 1_000),
  POD_TIMEOUT_MS: fields.ms(200, 60_000, 2_000),
  POD_RECOVERY_MS: fields.ms(0, 120_000, 15_000),
  LEAD_MS: fields.ms(40, 1_000, 120),
  MAX_CALLS: fields.count(1, 10_000, 1_000),
  TOKEN_TTL_MS: fields.ms(1_000, 600_000, 30_000),
  START_TIMEOUT_MS: fields.ms(100, 60_000, 5_000),
  FALLBACK_NUMBER: z
    .string()
    .regex(/^\+[1-9]\d{6,14}$/, "must be in E.164 form")
    .optional()
    .describe(
      "Where callers go when no agent can take them, such as +441632960000; unset, they are asked to call again.",
    ),
  FALLBACK_LINE: z
    .string()
    .min(1)
    .max(500)
    .default("We cannot take your call right now.")
    .describe("What callers hear when no agent can take them."),
  DASHBOARD_ORIGIN: fields.url(),
  PLAYBOOK: z
    .string()
    .min(1)
    .max(120)
    .optional()
    .describe("The playbook of calls to numbers that NUMBERS does not name."),
  NUMBERS: z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: "custom", message: "is not JSON" });
        return z.NEVER;
      }
    })
    .pipe(z.record(z.string(), z.string()))
    .optional()
    .describe('Which number goes to which playbook, as JSON: {"+441632960001": "retail-order-support"}.'),
  TIME_ZONE: z
    .string()
    .refine((zone) => Intl.supportedValuesOf("timeZone").includes(zone) || zone === "UTC", "is no IANA time zone")
    .default("UTC")
    .describe("An IANA zone such as Europe/London; what callers mean by today."),
  DRAIN_MS: fields.ms(0, 86_400_000, 3_600_000),
  LOG_LEVEL: fields.logLevel,
});
export type BridgeConfig = z.infer<typeof BridgeConfig>;

export const bridgeConfig = (env: Readonly<Record<string, string | undefined>>): BridgeConfig =>
  readConfig(BridgeConfig, env);
