import { join } from "node:path";
import { fields } from "@sidetone/platform";
import { z } from "zod";

/** The worker's environment. README.md lists it. */
const Environment = z.object({
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
  SEALING_KEY: z
    .string()
    .regex(/^[A-Za-z0-9+/]{43}=$/, "must be base64 of 32 bytes")
    .optional()
    .describe("The key of connectors' secrets, where worker and dashboard do not share DATA_DIR; the same for both."),
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
  SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\//, "must begin with smtp:// or smtps://")
    .optional()
    .describe("smtp://user:password@host:587 for e-mail to callers, or leave it unset for none."),
  MAIL_FROM: z
    .string()
    .regex(/^[^@]+@[^@]+$/, "must hold an e-mail address")
    .optional()
    .describe("The address that e-mail to callers comes from, such as Harbour and Lane <service@example.com>."),
  MAIL_SUBJECT: z.string().min(1).max(200).default("Your call").describe("The subject of e-mail to callers."),
  REASONING_URL: fields.url(),
  REASONING_MODEL: z.string().default("default").describe("The model's name at REASONING_URL."),
  REASONING_KEY: z.string().optional().describe("The key for REASONING_URL, where it wants one."),
});

export const WorkerConfig = Environment.refine(
  ({ SMTP_URL, MAIL_FROM }) => SMTP_URL === undefined || MAIL_FROM !== undefined,
  { path: ["MAIL_FROM"], message: "is needed with SMTP_URL" },
);
export type WorkerConfig = z.infer<typeof WorkerConfig>;
