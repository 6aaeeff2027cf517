import { fields } from "@sidetone/platform";
import { z } from "zod";

/** What the supervisor itself decides; each process reads its own part of the environment. */
export const SupervisorConfig = z.object({
  PORT: fields.port(8080),
  DASHBOARD_PORT: fields.port(8081),
  POD_PORT: fields.port(8090),
  WORKER_PORT: fields.port(8092),
  PUBLIC_URL: fields.url(),
  DATA_DIR: fields.dataDir,
  REDIS_URL: fields.redisUrl
    .unwrap()
    .optional()
    .describe("Such as redis://127.0.0.1:6379; unset, `npm start` runs its own."),
  TWILIO_ACCOUNT_SID: z
    .string()
    .regex(/^AC[0-9a-f]{32}$/, "must be AC and 32 hexadecimal digits")
    .optional()
    .describe("The account SID from the Twilio console, or leave it unset to try things out."),
  TWILIO_AUTH_TOKEN: z
    .string()
    .min(16, "is too short for an auth token")
    .optional()
    .describe("The auth token from the Twilio console, or leave it unset to try things out."),
  LOG_LEVEL: fields.logLevel,
});
export type SupervisorConfig = z.infer<typeof SupervisorConfig>;
