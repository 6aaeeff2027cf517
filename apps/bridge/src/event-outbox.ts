import { Backoff, type Logger } from "@sidetone/platform";
import { CALL_EVENTS_MAX_LENGTH, CALL_EVENTS_STREAM, type CallEvent } from "@sidetone/protocol";
import type { Redis } from "ioredis";
import type { BridgeMetrics } from "./metrics.ts";

/** Events that may wait for Redis: about a minute of 500 calls. Then the oldest are dropped, counted. */
const MAX_WAITING = 20_000;
const MAX_BATCH = 500;
/** How soon a Redis that did not answer is tried again. */
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;

export interface EventOutboxOptions {
  redis: Redis;
  metrics: BridgeMetrics;
  log: Logger;
}

/** Call events on their way to the Redis stream: put in on the road, written off it, in order, in batches. */
export class EventOutbox {
  readonly #options: EventOutboxOptions;
  readonly #backoff = new Backoff(FIRST_RETRY_MS, LONGEST_RETRY_MS);
  #waiting: CallEvent[] = [];
  #writing: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: EventOutboxOptions) {
    this.#options = options;
    options.redis.on("ready", () => this.#start());
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  put(event: CallEvent): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#waiting.shift();
      this.#options.metrics.outboxDropped.inc({ queue: "events" });
    }
    this.#waiting.push(event);
    this.#start();
  }

  /** Writes what waits, if Redis is there, and stops. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#writing;
    if (this.#options.redis.status === "ready" && this.#waiting.length > 0) await this.#write();
  }

  #start(): void {
    if (this.#writing || this.#retry || this.#closed || this.#waiting.length === 0) return;
    if (this.#options.redis.status !== "ready") return;
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined;
      this.#start();
    });
  }

  async #write(): Promise<void> {
    // Whatever else this turn of the event loop puts in shares the batch, and the road goes first.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, MAX_BATCH);
      const pipeline = this.#options.redis.pipeline();
      for (const event of batch) {
        pipeline.xadd(CALL_EVENTS_STREAM, "MAXLEN", "~", CALL_EVENTS_MAX_LENGTH, "*", "json", JSON.stringify(event));
      }
      const written = await this.#run(() => pipeline.exec());
      if (!written) {
        this.#retry = setTimeout(() => {
          this.#retry = undefined;
          this.#start();
        }, this.#backoff.nextMs()).unref();
        return;
      }
      this.#backoff.succeeded();
      // The oldest may have been dropped meanwhile; what was written is gone in any case.
      const sent = new Set(batch);
      this.#waiting = this.#waiting.filter((event) => !sent.has(event));
    }
  }

  async #run(exec: () => Promise<[Error | null, unknown][] | null>): Promise<boolean> {
    try {
      const results = await exec();
      const failed = results?.find(([error]) => error);
      if (failed?.[0]) throw failed[0];
      return results !== null;
    } catch (error) {
      this.#options.log.debug({ err: { message: String(error) } }, "events wait for redis");
      return false;
    }
  }
}
