import type { Clock, Logger, Stop } from "@sidetone/platform";
import { BRIDGES_HASH, callOwnerKey, TASK_KINDS, taskDurationsKey } from "@sidetone/protocol";
import type { Redis } from "ioredis";

/** Owner keys expire a minute after the last renewal. */
const RENEW_MS = 15_000;
const OWNER_SECONDS = 60;
/** Durations that a median is taken of. */
const DURATIONS = 20;

export interface PresenceOptions {
  redis: Redis;
  clock: Clock;
  log: Logger;
  bridgeId: string;
  publicUrl: string;
  startedAt: string;
  wallMs: () => number;
  calls: () => Iterable<string>;
}

/** Tells others that this bridge lives and which calls it holds, and learns how long tasks take. All off the road. */
export class Presence {
  /** Median of the latest durations of each task kind, milliseconds. */
  taskMediansMs: Record<string, number> = {};
  readonly #options: PresenceOptions;
  #stop: Stop | undefined;
  #renewing: Promise<void> | undefined;

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.redis.on("ready", () => this.renew());
    this.renew();
    this.#stop = this.#options.clock.every(RENEW_MS, () => this.renew());
  }

  /** Renews at once: a call that has just begun is claimed without waiting for the beat. */
  renew(): void {
    if (this.#options.redis.status !== "ready") return;
    this.#renewing ??= this.#renew()
      .catch((error: unknown) => this.#options.log.debug({ err: { message: String(error) } }, "presence not renewed"))
      .finally(() => {
        this.#renewing = undefined;
      });
  }

  release(callId: string): void {
    if (this.#options.redis.status !== "ready") return;
    this.#options.redis
      .del(callOwnerKey(callId))
      .catch(() => this.#options.log.debug("an owner key expires by itself"));
  }

  async close(): Promise<void> {
    this.#stop?.();
    await this.#renewing;
    if (this.#options.redis.status === "ready") await this.#options.redis.hdel(BRIDGES_HASH, this.#options.bridgeId);
  }

  async #renew(): Promise<void> {
    const { redis, bridgeId, publicUrl, startedAt, wallMs } = this.#options;
    const calls = [...this.#options.calls()];
    const pipeline = redis.pipeline();
    const seenAt = new Date(wallMs()).toISOString();
    pipeline.hset(BRIDGES_HASH, bridgeId, JSON.stringify({ publicUrl, startedAt, calls: calls.length, seenAt }));
    for (const callId of calls) pipeline.set(callOwnerKey(callId), bridgeId, "EX", OWNER_SECONDS);
    for (const kind of TASK_KINDS) pipeline.lrange(taskDurationsKey(kind), 0, DURATIONS - 1);
    const results = (await pipeline.exec()) ?? [];
    const medians: Record<string, number> = {};
    for (const [index, kind] of TASK_KINDS.entries()) {
      const found = results[1 + calls.length + index]?.[1];
      const median = medianOf(Array.isArray(found) ? found.map(Number) : []);
      if (median !== undefined) medians[kind] = median;
    }
    this.taskMediansMs = medians;
  }
}

function medianOf(values: number[]): number | undefined {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
