import { join } from "node:path";
import { connectRedis, type Logger, Metrics } from "@sidetone/platform";
import { createInvite, type Database, openDatabase, openTapeStorage, upsertCall } from "@sidetone/store";
import type { DashboardConfig } from "../src/config.ts";
import { buildApp } from "./app.ts";
import { Accounts, authSecret } from "./auth.ts";
import type { Api, DashboardContext } from "./context.ts";
import { EventFeed } from "./live/event-feed.ts";
import { LiveCalls } from "./live/live-calls.ts";
import { PlaybookWords } from "./masking/playbook-words.ts";
import { Mask } from "./masking.ts";
import { seedShipped } from "./playbooks/published.ts";
import { ReplayBuilder } from "./replay/replay-builder.ts";
import { Replays } from "./replay/replays.ts";
import { rerunsFolder } from "./reruns/rerunner.ts";
import { Retention } from "./retention.ts";

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
  const storage = { folder: join(config.dataDir, "tapes"), storageUrl: config.storageUrl };
  const tapes = await openTapeStorage(storage);
  const builder = new ReplayBuilder(storage);
  const replays = new Replays({ folder: join(config.dataDir, "replays"), tapes, builder, log });
  const rerunStorage = { folder: rerunsFolder(config.dataDir) };
  const rerunBuilder = new ReplayBuilder(rerunStorage);
  const rerunReplays = new Replays({
    folder: join(config.dataDir, "rerun-replays"),
    tapes: await openTapeStorage(rerunStorage),
    builder: rerunBuilder,
    log,
  });
  const playbookWords = new PlaybookWords(database);
  await playbookWords.learn();
  const feed = new EventFeed({
    redisUrl: config.redisUrl,
    log,
    calls: liveCalls,
    onEnded: (event) => {
      // The row is there at once, whether or not a worker lives; the worker's after-call job adds the rest.
      const ended = { id: event.callId, endReason: event.reason, figures: event.figures, tapePath: event.tapePath };
      upsertCall(database.db, { ...ended, endedAt: new Date().toISOString() })
        .then(() => replays.prepare([{ id: event.callId, tapePath: event.tapePath }]))
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
    tapes,
    replays,
    rerunReplays,
    mask: new Mask(playbookWords),
  };
  liveCalls.follow({
    changed: () => undefined,
    happened: (event) => {
      if (event.type !== "started" || !feed.caughtUp) return;
      // A call may run a version that was published since.
      playbookWords.learn().catch((error: Error) => log.warn({ err: error }, "reading playbooks for masking failed"));
      upsertCall(database.db, { ...event, id: event.callId }).catch((error: Error) =>
        log.warn({ err: error, callId: event.callId }, "indexing a new call failed"),
      );
    },
  });
  feed.start();
  // Calls that ended while no dashboard ran.
  const prepared = recentTapes(database).then((calls) => replays.prepare(calls));
  prepared.catch((error: Error) => log.warn({ err: error }, "preparing replays failed"));
  const retention = new Retention({ database, tapes, replays, rerunReplays, log, ...config });
  retention.start();
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
      await retention.stop();
      await builder.close();
      await rerunBuilder.close();
      await prepared.catch(() => undefined);
      redis.disconnect();
      await database.close();
    },
  };
}

const PREPARED_AT_START = 200;

/** Calls that ended lately, newest first: those that somebody will want to see. */
async function recentTapes(database: Database): Promise<{ id: string; tapePath: string }[]> {
  const rows = await database.db
    .selectFrom("calls")
    .select(["id", "tape_path"])
    .where("ended_at", "is not", null)
    .where("tape_path", "is not", null)
    .orderBy("started_at", "desc")
    .limit(PREPARED_AT_START)
    .execute();
  return rows.flatMap((row) => (row.tape_path ? [{ id: row.id, tapePath: row.tape_path }] : []));
}
