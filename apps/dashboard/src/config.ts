import { resolve } from "node:path";
import { fields, readConfig } from "@sidetone/platform";
import { z } from "zod";

const Environment = z.object({
  DASHBOARD_PORT: fields.port(8081),
  HOST: fields.host,
  DATA_DIR: fields.dataDir,
  REDIS_URL: fields.redisUrl,
  DATABASE_URL: z
    .string()
    .regex(/^(postgres(ql)?:\/\/|sqlite:|file:)/, "must begin with postgres://, sqlite: or file:")
    .optional()
    .describe("Such as postgres://user:password@host/sidetone; unset means SQLite under DATA_DIR."),
  STORAGE_URL: z
    .string()
    .regex(/^(s3:\/\/|file:)/, "must begin with s3:// or file:")
    .optional()
    .describe("Such as s3://bucket/prefix; unset means a folder under DATA_DIR."),
  BRIDGE_URL: fields.url(),
  WORKER_URL: fields.url(),
  PUBLIC_URL: fields.url(),
  DASHBOARD_ORIGIN: fields.url(),
  TWILIO_ACCOUNT_SID: z.string().optional().describe("The account SID from the carrier's console."),
  TWILIO_AUTH_TOKEN: z.string().min(8).optional().describe("The carrier's auth token; the bridge's must be the same."),
  TWILIO_API_BASE: fields.url(),
  CONNECTORS_FILE: z.string().optional().describe("The worker's connectors file; unset, DATA_DIR/connectors.yaml."),
  SEALING_KEY: z
    .string()
    .regex(/^[A-Za-z0-9+/]{43}=$/, "must be base64 of 32 bytes")
    .optional()
    .describe("The key of connectors' secrets, where worker and dashboard do not share DATA_DIR; the same for both."),
  RETENTION_DAYS: z.coerce
    .number("must be a whole number of days")
    .int("must be a whole number of days")
    .min(1, "must be at least 1")
    .optional()
    .describe("Calls that ended so many days ago are removed, tapes and all; unset, they are kept."),
  TRUST_PROXY: fields.flag(false),
  LOG_LEVEL: fields.logLevel,
});

export interface DashboardConfig {
  port: number;
  host: string;
  dataDir: string;
  redisUrl: string;
  databaseUrl: string | undefined;
  storageUrl: string | undefined;
  bridgeUrl: string;
  /** The worker's side port: what failed for good, and trying it again. */
  workerUrl: string;
  publicUrl: string;
  /** The address that people open; cookies are secure when it is https. */
  origin: string;
  twilio: { accountSid: string | undefined; authToken: string | undefined; apiBase: string };
  connectorsFile: string | undefined;
  sealingKey: string | undefined;
  /** Days after which a call is removed with all that is known of it; undefined: never. */
  retentionDays: number | undefined;
  trustProxy: boolean;
  logLevel: string;
}

/** @throws ConfigError naming every wrong variable. */
export function readDashboardConfig(env: Readonly<Record<string, string | undefined>>): DashboardConfig {
  const given = readConfig(Environment, env);
  const bridgeUrl = given.BRIDGE_URL ?? "http://127.0.0.1:8080";
  return {
    port: given.DASHBOARD_PORT,
    host: given.HOST,
    dataDir: resolve(given.DATA_DIR),
    redisUrl: given.REDIS_URL,
    databaseUrl: given.DATABASE_URL,
    storageUrl: given.STORAGE_URL,
    bridgeUrl,
    workerUrl: given.WORKER_URL ?? "http://127.0.0.1:8092",
    publicUrl: given.PUBLIC_URL ?? bridgeUrl,
    origin: given.DASHBOARD_ORIGIN ?? `http://127.0.0.1:${given.DASHBOARD_PORT}`,
    twilio: {
      accountSid: given.TWILIO_ACCOUNT_SID,
      authToken: given.TWILIO_AUTH_TOKEN,
      apiBase: given.TWILIO_API_BASE ?? "https://api.twilio.com",
    },
    connectorsFile: given.CONNECTORS_FILE,
    sealingKey: given.SEALING_KEY,
    retentionDays: given.RETENTION_DAYS,
    trustProxy: given.TRUST_PROXY,
    logLevel: given.LOG_LEVEL,
  };
}
