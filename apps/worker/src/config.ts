import { fields } from "@sidetone/platform";
import { z } from "zod";

/** The worker's environment. README.md lists it. */
export const WorkerConfig = z.object({
  WORKER_PORT: fields.port(8092),
  WORKER_HOST: fields.host,
  REDIS_URL: fields.redisUrl,
  DATA_DIR: fields.dataDir,
  LOG_LEVEL: fields.logLevel,
  WORKER_DRAIN_MS: fields.ms(0, 600_000, 10_000),
  WORKER_CONCURRENCY: fields.count(1, 1_000, 32),
  CONNECTORS_FILE: z
    .string()
    .optional()
    .describe("A YAML file of connectors; unset, DATA_DIR/connectors.yaml where it exists, else the embedded shop."),
  TIME_ZONE: z
    .string()
    .refine((zone) => Intl.supportedValuesOf("timeZone").includes(zone) || zone === "UTC", "is no IANA time zone")
    .default(Intl.DateTimeFormat().resolvedOptions().timeZone)
    .describe("An IANA zone such as America/New_York."),
});
export type WorkerConfig = z.infer<typeof WorkerConfig>;
