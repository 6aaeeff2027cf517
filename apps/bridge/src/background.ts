import { type Clock, connectRedis, type Logger, type PartStatus } from "@sidetone/platform";
import type { Redis } from "ioredis";
import type { CallListener, Calls, FinishedCall } from "./calls.ts";
import { EventOutbox } from "./event-outbox.ts";
import { Inbox } from "./inbox.ts";
import type { BridgeMetrics } from "./metrics.ts";
import { Presence } from "./presence.ts";
import { Supervision } from "./supervision.ts";
import { TaskOutbox } from "./task-outbox.ts";

/** How long tasks that wait for Redis may hold up the process's end. */
const CLOSE_MS = 3_000;

export interface BackgroundOptions {
  redisUrl: string;
  clock: Clock;
  wallMs: () => number;
  log: Logger;
  metrics: BridgeMetrics;
  calls: Calls;
  bridgeId: string;
  publicUrl: string;
}

/** Everything that reaches others through Redis, on connections of its own. Redis may come and go: calls go on. */
export class Background implements CallListener {
  readonly tasks: TaskOutbox;
  readonly presence: Presence;
  readonly #road: Redis;
  readonly #worker: Redis;
  readonly #subscriber: Redis;
  readonly #events: EventOutbox;
  readonly #inbox: Inbox;
  readonly #supervision: Supervision;

  constructor(options: BackgroundOptions) {
    const { redisUrl, log, metrics, clock, wallMs, bridgeId, calls } = options;
    this.#road = connectRedis(redisUrl, log, "road");
    this.#worker = connectRedis(redisUrl, log, "worker");
    this.#subscriber = connectRedis(redisUrl, log, "worker");
    this.#events = new EventOutbox({ redis: this.#road, metrics, log });
    const event = this.event.bind(this);
    this.tasks = new TaskOutbox({ redis: this.#worker, metrics, log, bridgeId, wallMs, event });
    this.#supervision = new Supervision({
      calls,
      clock,
      redis: this.#road,
      subscriber: this.#subscriber,
      metrics,
      log,
      event,
    });
    this.#inbox = new Inbox({
      redis: connectRedis(redisUrl, log, "worker"),
      bridgeId,
      log,
      handle: (command) => this.#supervision.handle(command),
    });
    this.presence = new Presence({
      redis: this.#road,
      clock,
      log,
      bridgeId,
      publicUrl: options.publicUrl,
      startedAt: new Date(wallMs()).toISOString(),
      wallMs,
      calls: () => [...calls.all].map((call) => call.info.callId),
    });
  }

  get status(): PartStatus {
    return this.#road.status === "ready" ? "ok" : "degraded";
  }

  start(): void {
    this.#inbox.start();
    this.presence.start();
  }

  event(event: Parameters<CallListener["event"]>[0]): void {
    this.#events.put(event);
  }

  task: CallListener["task"] = (call, output) => this.tasks.put(call.info, call.atMs, output);

  listen: CallListener["listen"] = (call, hop, caller, agent) => this.#supervision.pass(call, hop, caller, agent);

  started: CallListener["started"] = () => this.presence.renew();

  ended: CallListener["ended"] = (call) => {
    this.#supervision.forget(call.info.callId);
    this.presence.release(call.info.callId);
  };

  finished(call: FinishedCall): void {
    this.tasks.afterCall(call.info, call.tapePath, call.reason);
  }

  /** What waits is written, for a while; then the connections close. */
  async close(): Promise<void> {
    this.#inbox.close();
    await this.tasks.close(CLOSE_MS);
    await this.presence.close();
    await this.#events.close();
    for (const redis of [this.#road, this.#worker, this.#subscriber]) redis.disconnect();
  }
}
