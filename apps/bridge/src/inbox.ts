import { Backoff, type Logger } from "@sidetone/platform";
import { BridgeCommand, bridgeInboxStream } from "@sidetone/protocol";
import type { Redis } from "ioredis";

const BLOCK_MS = 5_000;
const MAX_COMMANDS = 200;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1_000;

export interface InboxOptions {
  /** A connection of its own: it blocks. */
  redis: Redis;
  bridgeId: string;
  log: Logger;
  handle: (command: BridgeCommand) => void;
}

/** What others ask of this bridge: findings and supervision, read from its stream as they come. */
export class Inbox {
  readonly #options: InboxOptions;
  #closed = false;
  #reading = false;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#reading) return;
    this.#reading = true;
    void this.#read();
  }

  /** Takes no further command. A read that hangs on a Redis that is away is left to its fate. */
  close(): void {
    this.#closed = true;
    this.#options.redis.disconnect();
  }

  async #read(): Promise<void> {
    const { redis, bridgeId, log } = this.#options;
    const stream = bridgeInboxStream(bridgeId);
    const backoff = new Backoff(FIRST_RETRY_MS, LONGEST_RETRY_MS);
    // What was meant for calls of an earlier run of this bridge is not read; what comes while Redis is away, is.
    let from: string | undefined;
    while (!this.#closed) {
      try {
        from ??= await this.#newest(stream);
        const read = await redis.xread("COUNT", MAX_COMMANDS, "BLOCK", BLOCK_MS, "STREAMS", stream, from);
        backoff.succeeded();
        for (const [id, fields] of read?.[0]?.[1] ?? []) {
          from = id;
          this.#take(fields[fields.indexOf("json") + 1]);
        }
      } catch (error) {
        if (this.#closed) return;
        log.debug({ err: { message: String(error) } }, "the inbox cannot be read");
        await new Promise((resolve) => setTimeout(resolve, backoff.nextMs()));
      }
    }
  }

  async #newest(stream: string): Promise<string> {
    const [newest] = await this.#options.redis.xrevrange(stream, "+", "-", "COUNT", 1);
    return newest?.[0] ?? "0";
  }

  #take(json: string | undefined): void {
    const { log, handle } = this.#options;
    let command: ReturnType<typeof BridgeCommand.safeParse>;
    try {
      command = BridgeCommand.safeParse(JSON.parse(json ?? ""));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      log.warn("a command in the inbox is not JSON");
      return;
    }
    if (command.success) handle(command.data);
    else log.warn({ path: command.error.issues[0]?.path.join(".") }, "a command in the inbox does not fit its schema");
  }
}
