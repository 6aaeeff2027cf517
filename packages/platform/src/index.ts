export { Backoff, backoffMs } from "./backoff.ts";
export { type Clock, realClock, type Stop, VirtualClock } from "./clock.ts";
export { ConfigError, type ConfigFault, fields, readConfig } from "./config.ts";
export { ERRORS, type ErrorCode, SidetoneError } from "./errors.ts";
export { createLog, type Logger } from "./log.ts";
export {
  Counter,
  Gauge,
  type Health,
  Histogram,
  LATENCY_BUCKETS_MS,
  Metrics,
  type PartStatus,
  serveOperations,
  TICK_BUCKETS_MS,
} from "./metrics.ts";
export { connectRedis } from "./redis.ts";
export { Shutdown } from "./shutdown.ts";
