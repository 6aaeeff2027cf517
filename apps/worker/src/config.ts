import { join } from "node:path";
import { fields } from "@sidetone/platform";
import { z } from "zod";

/** The worker's environment. README.md lists it. */
export const WorkerConfig = z.object({
  WORKER_PORT: fields.port(8092),
  WORKER_HOST: fields.host,
  REDIS_URL: fields.redisUrl,
  DATA_DIR: fields.dataDir,
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, "must begin with postgres://")
    .optional()
    .describe("postgres://user:password@host/database, or leave it unset for SQLite under DATA_DIR."),
  STORAGE_URL: z
    .string()
    .regex(/^s3:\/\/[^/]+/, "must be s3://bucket or s3://bucket/prefix")
    .optional()
    .describe("s3://bucket/prefix, or leave it unset to keep tapes under DATA_DIR."),
  LOG_LEVEL: fields.logLevel,
  WORKER_DRAIN_MS: fields.ms(0, 600_000, 10_000),
  WORKER_CONCURRENCY: fields.count(4, 1_000, 32),
  CONNECTORS_FILE: z
    .string()
    .optional()
    .describe("A YAML file of connectors; unset, DATA_DIR/connectors.yaml where it exists, else the embedded shop."),
  KNOWLEDGE_DIR: z
    .string()
    .default(join(import.meta.dirname, "../knowledge"))
    .describe("A folder of Markdown, HTML and PDF files that questions are answered from."),
  TIME_ZONE: z
    .string()
    .refine((zone) => Intl.supportedValuesOf("timeZone").includes(zone) || zone === "UTC", "is no IANA time zone")
    .default("UTC")
    .describe("An IANA zone such as America/New_York; what callers mean by today."),
  PUBLIC_URL: fields.url(),
  TWILIO_ACCOUNT_SID: z.string().optional().describe("The account SID from the Twilio console."),
  TWILIO_AUTH_TOKEN: z.string().optional().describe("The auth token from the Twilio console."),
  TWILIO_API_BASE: fields.url(),
  REASONING_URL: fields.url(),
  REASONING_MODEL: z.string().default("default").describe("The model's name at REASONING_URL."),
  REASONING_KEY: z.string().optional().describe("The key for REASONING_URL, where it wants one."),
});
export type WorkerConfig = z.infer<typeof WorkerConfig>;
