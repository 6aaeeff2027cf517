import { Redis } from "ioredis";
import { backoffMs } from "./backoff.ts";
import type { Logger } from "./log.ts";

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;

/**
 * Connects to Redis for good: reconnects for ever with a bounded, jittered delay, logs changes of state once,
 * and never throws into the caller's face. `role: "road"` fails commands at once while the server is
 * away (nobody on the hop's road may wait for it); `role: "worker"` queues them, as BullMQ wants.
 */
export function connectRedis(url: string, log: Logger, role: "road" | "worker"): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: role === "worker" ? null : 1,
    enableOfflineQueue: role === "worker",
    retryStrategy: (attempt: number) => backoffMs(attempt, FIRST_RETRY_MS, LONGEST_RETRY_MS),
    connectionName: "sidetone",
  });
  let up: boolean | undefined;
  redis.on("ready", () => {
    if (up === false) log.info("redis is back");
    up = true;
  });
  redis.on("error", (error: Error) => {
    if (up !== false) log.warn({ err: { message: error.message } }, "redis is away");
    up = false;
  });
  return redis;
}
