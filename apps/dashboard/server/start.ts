import { join } from "node:path";
import { connectRedis, type Logger, Metrics } from "@sidetone/platform";
import { createInvite, openDatabase, openTapeStorage, upsertCall } from "@sidetone/store";
import type { DashboardConfig } from "../src/config.ts";
import { buildApp } from "./app.ts";
import { Accounts, authSecret } from "./auth.ts";
import type { Api, DashboardContext } from "./context.ts";
import { EventFeed } from "./live/event-feed.ts";
import { LiveCalls } from "./live/live-calls.ts";
import { seedShipped } from "./playbooks/published.ts";
import { Replays } from "./replay/replays.ts";

const FIRST_ADMIN_MS = 24 * 3600 * 1000;

export interface Dashboard {
  app: Api;
  context: DashboardContext;
  /** Printed at the first start: where the first admin makes their account. */
  firstAdminUrl: string | undefined;
  close(): Promise<void>;
}

/** Starts everything but the listening; closes in the reverse order. */
export async function startDashboard(
  config: DashboardConfig,
  log: Logger,
  options: { webRoot?: string } = {},
): Promise<Dashboard> {
  const database = openDatabase(config.databaseUrl, config.dataDir);
  await database.migrate();
  await seedShipped(database);
  const secret = authSecret(config.dataDir);
  const accounts = new Accounts({ database, secret, origin: config.origin });
  const redis = connectRedis(config.redisUrl, log, "road");
  const liveCalls = new LiveCalls();
  const tapes = await openTapeStorage({ folder: join(config.dataDir, "tapes"), storageUrl: config.storageUrl });
  const replays = new Replays({
    folder: join(config.dataDir, "replays"),
    findTape: (tapePath) => tapes.find(tapePath),
    log,
  });
  const feed = new EventFeed({
    redisUrl: config.redisUrl,
    log,
    calls: liveCalls,
    onEnded: (event) => {
      // The row is there at once, whether or not a worker lives; the worker's after-call job adds the rest.
      const ended = { id: event.callId, endReason: event.reason, figures: event.figures, tapePath: event.tapePath };
      upsertCall(database.db, { ...ended, endedAt: new Date().toISOString() })
        .then(() => replays.open(event.callId, event.tapePath))
        .catch((error: Error) => log.warn({ err: error, callId: event.callId }, "indexing an ended call failed"));
    },
  });
  const context: DashboardContext = {
    config,
    log,
    metrics: new Metrics("dashboard"),
    database,
    accounts,
    secret,
    redis,
    liveCalls,
    feed,
    replays,
  };
  liveCalls.follow({
    changed: () => undefined,
    happened: (event) => {
      if (event.type !== "started" || !feed.caughtUp) return;
      upsertCall(database.db, { ...event, id: event.callId }).catch((error: Error) =>
        log.warn({ err: error, callId: event.callId }, "indexing a new call failed"),
      );
    },
  });
  feed.start();
  const app = await buildApp(context, options);

  let firstAdminUrl: string | undefined;
  if ((await accounts.count()) === 0) {
    const token = await createInvite(database.db, { role: "admin", kind: "first-admin", lifetimeMs: FIRST_ADMIN_MS });
    // In the fragment: it is not sent to any server, nor written to any log, on the way.
    firstAdminUrl = `${config.origin}/join#${token}`;
  }
  return {
    app,
    context,
    firstAdminUrl,
    async close() {
      await app.close();
      await feed.stop();
      redis.disconnect();
      await database.close();
    },
  };
}
