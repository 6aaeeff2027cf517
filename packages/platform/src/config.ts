import { z } from "zod";
import { SidetoneError } from "./errors.ts";

/** A fault in one variable: which, what its value's fault is, and the remedy its schema describes. */
export interface ConfigFault {
  variable: string;
  fault: string;
  remedy: string;
}

/** Variables whose values never appear in a message. */
const SECRET = /TOKEN|KEY|SECRET|PASSWORD|_URL$/;

/** Thrown when a process's environment does not fit its schema; names every wrong variable at once. */
export class ConfigError extends SidetoneError {
  readonly faults: readonly ConfigFault[];
  constructor(faults: readonly ConfigFault[]) {
    super("CONFIG_INVALID", faults.map((f) => `${f.variable}: ${f.fault}. ${f.remedy}`).join("\n"));
    this.faults = faults;
  }
}

/**
 * Reads a process's configuration. Empty variables count as unset. A field's `.describe()` text is
 * the remedy that the error shows.
 * @throws ConfigError naming every wrong variable.
 */
export function readConfig<S extends z.ZodObject>(
  schema: S,
  env: Readonly<Record<string, string | undefined>>,
): z.infer<S> {
  const given: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = env[name];
    if (value !== undefined && value !== "") given[name] = value;
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue): ConfigFault => {
    const variable = String(issue.path[0] ?? "?");
    const value = given[variable];
    const shown =
      value === undefined ? "is not set" : SECRET.test(variable) ? "has a value that does not fit" : `is "${value}"`;
    const field = schema.shape[variable] as z.ZodType | undefined;
    return {
      variable,
      fault: `${shown} (${issue.message})`,
      remedy: field?.description ?? "See README.md, Configuration.",
    };
  });
  throw new ConfigError(faults);
}

const integer = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

/** Field schemas that several processes share: one meaning, one default, one remedy. */
export const fields = {
  port: (byDefault: number) =>
    integer(0, 65_535).default(byDefault).describe("A TCP port from 1 to 65535, or 0 for any free one."),
  host: z.string().min(1).default("127.0.0.1").describe("The address to listen on, such as 127.0.0.1 or 0.0.0.0."),
  count: (min: number, max: number, byDefault: number) =>
    integer(min, max).default(byDefault).describe(`A whole number from ${min} to ${max}.`),
  ms: (min: number, max: number, byDefault: number) =>
    integer(min, max).default(byDefault).describe(`Milliseconds, a whole number from ${min} to ${max}.`),
  flag: (byDefault: boolean) =>
    z
      .enum(["0", "1", "true", "false"])
      .default(byDefault ? "1" : "0")
      .transform((v) => v === "1" || v === "true")
      .describe("1 or 0."),
  dataDir: z.string().min(1).default(".data").describe("A folder this process may write in."),
  redisUrl: z
    .string()
    .regex(/^rediss?:\/\//, "must begin with redis:// or rediss://")
    .default("redis://127.0.0.1:6379")
    .describe("Such as redis://127.0.0.1:6379, or leave it unset with `npm start`, which runs its own."),
  logLevel: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"])
    .default("info")
    .describe("One of trace, debug, info, warn, error, fatal, silent."),
  url: (byDefault?: string) => {
    const url = z
      .url({ protocol: /^(https?|wss?)$/ })
      .describe("A whole URL with its scheme, such as https://example.com.");
    return byDefault === undefined ? url.optional() : url.default(byDefault).describe(url.description ?? "");
  },
} as const;
