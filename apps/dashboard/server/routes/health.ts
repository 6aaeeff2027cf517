import { access, constants, mkdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { PartStatus } from "@sidetone/platform";
import { BRIDGES_HASH, COST_CLASSES, queueName, REDIS_PREFIX } from "@sidetone/protocol";
import { sql } from "kysely";
import { z } from "zod";
import type { Api, DashboardContext } from "../context.ts";
import { CarrierErrors, describeErrors } from "../health/carrier-errors.ts";

const Part = z.object({
  name: z.string(),
  status: z.enum(["ok", "degraded", "down"]),
  detail: z.string(),
  remedy: z.string().nullable(),
  since: z.string(),
});
type Part = z.infer<typeof Part>;
const BridgeRecord = z.object({ publicUrl: z.string(), startedAt: z.string(), calls: z.number(), seenAt: z.string() });
const BridgeHealth = z.object({
  status: z.enum(["ok", "degraded", "down"]),
  parts: z
    .record(z.string(), z.object({ status: z.enum(["ok", "degraded", "down"]), detail: z.string().optional() }))
    .default({}),
});
const PROBE_MS = 2_000;
const LOOK_EVERY_MS = 15_000;
/** A bridge renews its record every fifteen seconds. */
const BRIDGE_STALE_MS = 60_000;

/** What the bridge's state means for callers. */
const CALLS: Readonly<Record<PartStatus, string>> = {
  ok: "New calls are taken.",
  degraded: "Calls are taken, but not everything behind them works.",
  down: "No new call is taken.",
};
/** What to do about a part that the bridge says is not well. */
const PART_REMEDIES: Readonly<Record<string, string>> = {
  pods: "Start the pod that is missing, or look at its log; calls go on at the pods that are left, and without one new callers hear the fallback line.",
  redis: "Check REDIS_URL and the server; calls go on, live updates and lookups wait.",
};
/** A disk with less room than this is spoken of before it is full. */
const LITTLE_ROOM = 0.05;

/** What runs, what does not, since when, and what to do about it. */
export function healthRoutes(app: Api, context: DashboardContext): void {
  const { config, redis, database } = context;
  const since = new Map<string, { status: PartStatus; at: string }>();

  const part = (name: string, status: PartStatus, detail: string, remedy?: string): Part => {
    const known = since.get(name);
    const at = known?.status === status ? known.at : new Date().toISOString();
    since.set(name, { status, at });
    return { name, status, detail, remedy: status === "ok" ? null : (remedy ?? null), since: at };
  };

  /** What a part says of itself: that all is well, or that it is not quite. */
  type Said = string | { detail: string; remedy: string };
  const probe = async (name: string, remedy: string, look: () => Promise<Said>): Promise<Part> => {
    const timeout = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`no answer within ${PROBE_MS} ms`)), PROBE_MS).unref();
    });
    try {
      const said = await Promise.race([look(), timeout]);
      return typeof said === "string" ? part(name, "ok", said) : part(name, "degraded", said.detail, said.remedy);
    } catch (error) {
      return part(name, "down", (error as Error).message, remedy);
    }
  };

  const bridges = async (): Promise<Part[]> => {
    const found: Part[] = [];
    const records = await redis.hgetall(BRIDGES_HASH).catch(() => ({}) as Record<string, string>);
    for (const [id, text] of Object.entries(records)) {
      const record = BridgeRecord.safeParse(JSON.parse(text));
      if (!record.success) continue;
      const ageMs = Date.now() - Date.parse(record.data.seenAt);
      const calls = record.data.calls === 1 ? "1 call" : `${record.data.calls} calls`;
      // A bridge that was stopped on purpose leaves its record behind; after a day nobody waits for it.
      if (ageMs > 24 * 3_600_000) continue;
      found.push(
        ageMs > BRIDGE_STALE_MS
          ? part(
              `Bridge ${id}`,
              "down",
              `Not seen for ${Math.round(ageMs / 1000)} s.`,
              "Look at its process and log; its calls are lost, new ones go to other bridges.",
            )
          : part(`Bridge ${id}`, "ok", `${calls}, at ${record.data.publicUrl}`),
      );
    }
    return found;
  };

  const carrierErrors = new CarrierErrors();
  const carrier = (): Promise<Part> =>
    probe("Carrier", "The bridge does not tell its metrics; its log has the cause.", async () => {
      const response = await fetch(new URL("/metrics", config.bridgeUrl));
      const lately = carrierErrors.take(await response.text(), Date.now());
      return lately.size === 0 ? "Nothing of the carrier's was refused lately." : describeErrors(lately);
    });

  const bridgeParts = async (): Promise<Part[]> => {
    try {
      const response = await fetch(new URL("/health", config.bridgeUrl), { signal: AbortSignal.timeout(PROBE_MS) });
      const health = BridgeHealth.parse(await response.json());
      return [
        part("Calls", health.status, CALLS[health.status], "The parts below say what is wrong."),
        ...Object.entries(health.parts).map(([name, each]) =>
          part(
            `Bridge: ${name}`,
            each.status,
            each.detail ?? (each.status === "ok" ? "Works." : "Does not answer."),
            PART_REMEDIES[name] ?? "The bridge's log has the cause.",
          ),
        ),
        await carrier(),
      ];
    } catch (error) {
      return [
        part(
          "Calls",
          "down",
          `The bridge at ${config.bridgeUrl} does not answer: ${(error as Error).message}`,
          "Start the bridge, or set BRIDGE_URL to where it is.",
        ),
      ];
    }
  };

  const queues = async () => {
    const found: { name: string; waiting: number; active: number; failed: number; delayed: number }[] = [];
    for (const costClass of COST_CLASSES) {
      const name = queueName(costClass);
      const key = (list: string) => `${REDIS_PREFIX}:${name}:${list}`;
      try {
        const [waiting, prioritized, active, failed, delayed] = await Promise.all([
          redis.llen(key("wait")),
          redis.zcard(key("prioritized")),
          redis.llen(key("active")),
          redis.zcard(key("failed")),
          redis.zcard(key("delayed")),
        ]);
        found.push({ name, waiting: waiting + prioritized, active, failed, delayed });
      } catch {
        return found;
      }
    }
    return found;
  };

  const worker = async (): Promise<Part[]> => {
    const remedy = "Start the worker, or set WORKER_URL; calls go on, lookups wait in their queues.";
    try {
      const response = await fetch(new URL("/health", config.workerUrl), { signal: AbortSignal.timeout(PROBE_MS) });
      const health = BridgeHealth.parse(await response.json());
      const poor = Object.entries(health.parts).filter(([, each]) => each.status !== "ok");
      const detail = poor.map(([name, each]) => `${name}: ${each.detail ?? each.status}`).join("; ");
      return [part("Worker", health.status, detail || "Takes tasks.", "The worker's log has the cause.")];
    } catch (error) {
      return [part("Worker", "down", `It does not answer: ${(error as Error).message}`, remedy)];
    }
  };

  const storage = async (): Promise<Part[]> => {
    const { dataDir, retentionDays, storageUrl } = config;
    const kept = retentionDays === undefined ? "for ever" : `for ${retentionDays} days`;
    const folder = await probe("Data folder", "Check space and permissions under DATA_DIR.", async () => {
      await mkdir(join(dataDir, "replays"), { recursive: true });
      await access(dataDir, constants.W_OK);
      const { bavail, blocks, bsize } = await statfs(dataDir);
      const detail = `${((bavail * bsize) / 1e9).toFixed(1)} GB are free. Calls are kept ${kept}.`;
      if (bavail >= LITTLE_ROOM * blocks) return detail;
      return { detail, remedy: "Make room, or let calls go sooner with RETENTION_DAYS." };
    });
    if (storageUrl === undefined) return [folder];
    const remedy = "Check STORAGE_URL and its credentials; finished tapes wait in DATA_DIR until it answers.";
    const store = await probe("Tape storage", remedy, async () => {
      await context.tapes.find("health-probe.tape");
      return "Answers.";
    });
    return [folder, store];
  };

  const look = async (): Promise<Part[]> => {
    const groups = await Promise.all([
      bridgeParts(),
      probe("Redis", "Check REDIS_URL and the server; calls go on, live updates and lookups wait.", async () => {
        const startedAt = performance.now();
        await redis.ping();
        return `Answers in ${(performance.now() - startedAt).toFixed(1)} ms.`;
      }),
      probe("Database", "Check DATABASE_URL and the server; calls go on, this dashboard does not.", async () => {
        const startedAt = performance.now();
        await sql`select 1`.execute(database.db);
        return `${database.kind === "sqlite" ? "SQLite" : "PostgreSQL"} answers in ${(performance.now() - startedAt).toFixed(1)} ms.`;
      }),
      storage(),
      worker(),
      bridges(),
    ]);
    return groups.flat();
  };
  // "Since when" must be true also when nobody has the page open.
  const watch = setInterval(() => {
    look().catch((error: Error) => context.log.warn({ err: error }, "looking at the parts' health failed"));
  }, LOOK_EVERY_MS);
  watch.unref();
  app.addHook("onClose", async () => clearInterval(watch));

  app.get(
    "/api/health",
    {
      schema: {
        tags: ["Health"],
        summary: "Every part: what is degraded, since when, and what to do",
        response: {
          200: z.object({
            parts: z.array(Part),
            queues: z.array(
              z.object({
                name: z.string(),
                waiting: z.number(),
                active: z.number(),
                failed: z.number(),
                delayed: z.number(),
              }),
            ),
            liveCalls: z.number(),
            eventsRead: z.number(),
            eventsInvalid: z.number(),
          }),
        },
      },
    },
    async () => {
      return {
        parts: await look(),
        queues: await queues(),
        liveCalls: context.liveCalls.size,
        eventsRead: context.feed.read,
        eventsInvalid: context.feed.invalid,
      };
    },
  );
}
