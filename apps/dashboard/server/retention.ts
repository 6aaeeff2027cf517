import { readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@sidetone/platform";
import { type Database, deleteCall, findRerun, type TapeStorage, writeAudit } from "@sidetone/store";
import { noneYet, type Replays } from "./replay/replays.ts";
import { rerunsFolder, rerunTapePath } from "./reruns/rerunner.ts";

const DAY_MS = 24 * 3_600_000;
const SWEEP_EVERY_MS = 3_600_000;
/** Calls removed before the database gets a pause. */
const AT_ONCE = 100;

export interface RetentionOptions {
  database: Database;
  tapes: TapeStorage;
  replays: Replays;
  rerunReplays: Replays;
  dataDir: string;
  /** Days after its end at which a call is removed; undefined: never. */
  retentionDays: number | undefined;
  log: Logger;
}

/**
 * Keeps the promise of how long calls are kept: an old call goes with its tape, its words, scores and comments, what was
 * derived from it, and every tape of it being run again. What several dashboards remove at once is removed once.
 */
export class Retention {
  readonly #options: RetentionOptions;
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Looks now and every hour. */
  start(): void {
    if (this.#options.retentionDays === undefined) return;
    const look = (): void => {
      this.#sweeping = this.sweep(Date.now()).catch((error: Error) =>
        this.#options.log.error({ err: error }, "removing old calls failed; it is tried again within the hour"),
      );
    };
    this.#timer = setInterval(look, SWEEP_EVERY_MS).unref();
    look();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  /** Removes what is older than the setting says at that time; returns how many calls went. */
  async sweep(nowMs: number): Promise<number> {
    const { database, retentionDays, log } = this.#options;
    if (retentionDays === undefined) return 0;
    const before = new Date(nowMs - retentionDays * DAY_MS).toISOString();
    let removed = 0;
    for (;;) {
      const calls = await database.db
        .selectFrom("calls")
        .select(["id", "tape_path"])
        .where((eb) => eb(eb.fn.coalesce("ended_at", "started_at"), "<", before))
        .limit(AT_ONCE)
        .execute();
      if (calls.length === 0 || this.#stopped) break;
      for (const call of calls) await this.#remove(call.id, call.tape_path);
      removed += calls.length;
    }
    if (removed > 0) {
      log.info({ removed, before }, "old calls removed");
      await writeAudit(database.db, {
        actor: "retention",
        actorKind: "system",
        act: "call.removed-by-retention",
        subject: removed === 1 ? "1 call" : `${removed} calls`,
        detail: `They ended before ${before}; RETENTION_DAYS is ${retentionDays}.`,
      });
    }
    await this.#removeOrphans();
    return removed;
  }

  /** Its row goes last: what a failure leaves behind is found again by it. */
  async #remove(callId: string, tapePath: string | null): Promise<void> {
    const { database, tapes } = this.#options;
    if (tapePath !== null) await tapes.remove(tapePath);
    await deleteCall(database.db, callId);
  }

  /** What lies on this machine of calls that are gone, whichever dashboard removed them. */
  async #removeOrphans(): Promise<void> {
    const { database, replays, rerunReplays, dataDir } = this.#options;
    const { db } = database;
    for (const callId of await replays.kept()) {
      const call = await db.selectFrom("calls").select("id").where("id", "=", callId).executeTakeFirst();
      if (!call) await replays.forget(callId);
    }
    const root = rerunsFolder(dataDir);
    for (const batchId of await readdir(root).catch(noneYet)) {
      const rows = await db.selectFrom("reruns").select("call_id").where("batch_id", "=", batchId).execute();
      const known = new Set(rows.map((row) => rerunTapePath(dataDir, batchId, row.call_id)));
      const tapes = (await readdir(join(root, batchId))).map((name) => join(root, batchId, name));
      for (const path of tapes) if (!known.has(path)) await rm(path);
      if (rows.length === 0) await rmdir(join(root, batchId));
    }
    for (const replayId of await rerunReplays.kept()) {
      const [batchId = "", callId = ""] = replayId.split(" ");
      if (!(await findRerun(db, batchId, callId))) await rerunReplays.forget(replayId);
    }
  }
}
