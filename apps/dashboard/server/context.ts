import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger, Metrics } from "@sidetone/platform";
import type { Database, TapeStorage } from "@sidetone/store";
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Redis } from "ioredis";
import type { DashboardConfig } from "../src/config.ts";
import type { Accounts } from "./auth.ts";
import type { EventFeed } from "./live/event-feed.ts";
import type { LiveCalls } from "./live/live-calls.ts";
import type { Mask } from "./masking.ts";
import type { Replays } from "./replay/replays.ts";

/** What the routes work on; made once in app.ts. */
export interface DashboardContext {
  config: DashboardConfig;
  log: Logger;
  metrics: Metrics;
  database: Database;
  accounts: Accounts;
  secret: string;
  /** For commands; fails at once while Redis is away. */
  redis: Redis;
  liveCalls: LiveCalls;
  feed: EventFeed;
  /** Where finished calls' tapes are. */
  tapes: TapeStorage;
  replays: Replays;
  /** Of re-runs' tapes, which lie apart from the calls' own. */
  rerunReplays: Replays;
  /** For those who may not read everything. */
  mask: Mask;
}

/** A Fastify instance whose handlers are typed by their zod schemas. */
export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse<IncomingMessage>,
  FastifyBaseLogger,
  ZodTypeProvider
>;
