import { type DestinationStream, type Logger, type LoggerOptions, pino } from "pino";
import pretty from "pino-pretty";

export type { Logger } from "pino";

/**
 * Paths that may carry a secret or a caller's data. Call code must not log those in the first
 * place; this is the net below it.
 */
const REDACTED = [
  "authToken",
  "token",
  "*.token",
  "password",
  "*.password",
  "authorization",
  "*.authorization",
  "req.headers.authorization",
  "req.headers.cookie",
  'req.headers["x-twilio-signature"]',
  "payload",
  "*.payload",
  "audio",
  "transcript",
  "text",
  "words",
];

/**
 * JSON lines in production, pretty on a terminal. Everything about one call is logged through
 * `log.child({ callId })`.
 */
export function createLog(options: { process: string; level?: string; destination?: DestinationStream }): Logger {
  const settings: LoggerOptions = {
    level: options.level ?? "info",
    base: { process: options.process },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: REDACTED, censor: "[redacted]" },
    formatters: { level: (label) => ({ level: label }) },
  };
  if (options.destination) return pino(settings, options.destination);
  if (process.stdout.isTTY) {
    return pino(
      settings,
      pretty({ colorize: true, ignore: "pid,hostname,process", messageFormat: "{process}: {msg}" }),
    );
  }
  return pino(settings);
}
