import type { Logger, Stop } from "@sidetone/platform";
import { CONNECTOR_CHECKS_LIST, CONNECTORS_HASH, ConnectorCheck, connectorCheckedKey } from "@sidetone/protocol";
import type { Redis } from "ioredis";
import type { Connectors } from "./connectors.ts";

/** How soon a change in the dashboard is in use. */
const LOOK_EVERY_MS = 1_000;
const TELL_EVERY_MS = 10_000;
const WAIT_SECONDS = 5;
const AFTER_FAULT_MS = 500;
const ANSWER_SECONDS = 60;

export interface ConnectorDeskOptions {
  connectors: Connectors;
  /** Names this worker among others. */
  workerId: string;
  redis: Redis;
  connect: () => Redis;
  log: Logger;
}

/** Between the dashboard and this worker's connectors: takes changes, tells how they do, and tries them when asked. */
export class ConnectorDesk {
  readonly #options: ConnectorDeskOptions;
  readonly #blocking: Redis;
  readonly #checking: Promise<void>;
  #closed = false;
  #stops: Stop[] = [];
  #busy: Promise<void> | undefined;

  constructor(options: ConnectorDeskOptions) {
    this.#options = options;
    this.#blocking = options.connect();
    this.#checking = this.#takeChecks();
    const every = (ms: number, run: () => Promise<void>): Stop => {
      const timer = setInterval(() => void run(), ms);
      return () => clearInterval(timer);
    };
    this.#stops = [every(LOOK_EVERY_MS, () => this.#look()), every(TELL_EVERY_MS, () => this.#tell())];
    void this.#tell();
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    await this.#busy;
    this.#closed = true;
    // A wait for the next check ends with its connection.
    this.#blocking.disconnect();
    await this.#checking;
    if (this.#options.redis.status === "ready") await this.#options.redis.hdel(CONNECTORS_HASH, this.#options.workerId);
  }

  async #takeChecks(): Promise<void> {
    while (!this.#closed) {
      try {
        const taken = await this.#blocking.brpop(CONNECTOR_CHECKS_LIST, WAIT_SECONDS);
        if (taken) await this.#answer(taken[1]);
      } catch (error) {
        if (this.#closed) return;
        this.#options.log.debug({ err: error }, "connector checks could not be taken");
        await new Promise((resolve) => setTimeout(resolve, AFTER_FAULT_MS));
      }
    }
  }

  async #answer(json: string): Promise<void> {
    const check = ConnectorCheck.parse(JSON.parse(json));
    if (check.untilMs < Date.now()) return;
    const answer = await this.#options.connectors.check(check);
    const key = connectorCheckedKey(check.id);
    await this.#options.redis.multi().lpush(key, JSON.stringify(answer)).expire(key, ANSWER_SECONDS).exec();
  }

  #look(): Promise<void> {
    this.#busy ??= this.#options.connectors
      .refresh()
      .then((changed) => (changed ? this.#tell() : undefined))
      .catch((error: unknown) =>
        this.#options.log.warn({ err: error }, "connectors could not be read; the old ones stay"),
      )
      .finally(() => {
        this.#busy = undefined;
      });
    return this.#busy;
  }

  async #tell(): Promise<void> {
    const { redis, workerId, connectors, log } = this.#options;
    if (redis.status !== "ready") return;
    await redis
      .hset(CONNECTORS_HASH, workerId, JSON.stringify(connectors.states()))
      .catch((error: unknown) => log.debug({ err: error }, "how connectors do could not be told"));
  }
}
