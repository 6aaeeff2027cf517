import { Backoff, connectRedis, type Logger } from "@sidetone/platform";
import { CALL_EVENTS_STREAM, CallEvent, callOwnerKey } from "@sidetone/protocol";
import type { Redis } from "ioredis";
import type { LiveCalls } from "./live-calls.ts";

const PAGE = 2_000;
const BLOCK_MS = 5_000;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2_000;
/** A live call that says nothing for so long is checked against its bridge's lease. */
const QUIET_MS = 90_000;
const SWEEP_MS = 15_000;

type StreamEntry = [id: string, fields: string[]];

/** Reads the stream of call events, from its oldest entry on, into the live calls. */
export class EventFeed {
  readonly #redisUrl: string;
  readonly #log: Logger;
  readonly #calls: LiveCalls;
  readonly #onEnded: (event: CallEvent & { type: "ended" }) => void;
  #reader: Redis | undefined;
  #asker: Redis | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;
  readonly #stopping = Promise.withResolvers<null>();
  #sweep: NodeJS.Timeout | undefined;
  /** Entries read since the start, and entries that were no valid event. */
  read = 0;
  invalid = 0;
  /** True once everything that was in the stream at the start is folded in. */
  caughtUp = false;
  up = false;

  constructor(options: {
    redisUrl: string;
    log: Logger;
    calls: LiveCalls;
    onEnded: (event: CallEvent & { type: "ended" }) => void;
  }) {
    this.#redisUrl = options.redisUrl;
    this.#log = options.log;
    this.#calls = options.calls;
    this.#onEnded = options.onEnded;
  }

  start(): void {
    this.#reader = connectRedis(this.#redisUrl, this.#log, "worker");
    this.#asker = connectRedis(this.#redisUrl, this.#log, "road");
    this.#reader.on("ready", () => {
      this.up = true;
    });
    this.#reader.on("close", () => {
      this.up = false;
    });
    this.#running = this.#run(this.#reader);
    this.#sweep = setInterval(() => void this.#sweepQuiet(), SWEEP_MS);
    this.#sweep.unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopping.resolve(null);
    clearInterval(this.#sweep);
    this.#reader?.disconnect();
    this.#asker?.disconnect();
    await this.#running;
  }

  async #run(reader: Redis): Promise<void> {
    const backoff = new Backoff(FIRST_RETRY_MS, LONGEST_RETRY_MS);
    let lastId = "0-0";
    while (!this.#stopped) {
      try {
        const blockMs = this.caughtUp ? BLOCK_MS : 1;
        // A read that never reached a server does not end by itself when the connection is given up.
        const answer = await Promise.race([
          reader.xread("COUNT", PAGE, "BLOCK", blockMs, "STREAMS", CALL_EVENTS_STREAM, lastId) as Promise<
            [string, StreamEntry[]][] | null
          >,
          this.#stopping.promise,
        ]);
        const entries = answer?.[0]?.[1] ?? [];
        backoff.succeeded();
        if (entries.length === 0 && !this.caughtUp) {
          this.caughtUp = true;
          await this.#sweepQuiet(true);
        }
        for (const [id, fields] of entries) {
          lastId = id;
          this.#take(id, fields);
        }
      } catch (error) {
        if (this.#stopped) return;
        this.#log.warn({ err: { message: (error as Error).message } }, "reading call events failed");
        await new Promise((resolve) => setTimeout(resolve, backoff.nextMs()));
      }
    }
  }

  #take(id: string, fields: readonly string[]): void {
    this.read++;
    const json = fields[fields.indexOf("json") + 1];
    const parsed = CallEvent.safeParse(parseJson(json));
    if (!parsed.success) {
      // Counted, and shown in Health: a newer bridge may send events that this version does not know.
      this.invalid++;
      return;
    }
    // The entry's id holds the wall clock at which Redis took it.
    this.#calls.apply(parsed.data, this.caughtUp ? Date.now() : Number.parseInt(id, 10));
    if (parsed.data.type === "ended" && this.caughtUp) this.#onEnded(parsed.data);
  }

  /** Drops calls that fell quiet and whose bridge no longer holds them: it died without an `ended`. */
  async #sweepQuiet(everything = false): Promise<void> {
    const asker = this.#asker;
    if (!asker) return;
    try {
      for (const call of [...this.#calls.all()]) {
        if (!everything && Date.now() - call.seenAtMs < QUIET_MS) continue;
        if (everything && Date.now() - call.seenAtMs < 60_000) continue;
        if ((await asker.exists(callOwnerKey(call.summary.id))) === 0) this.#calls.remove(call.summary.id);
      }
    } catch (error) {
      if (!this.#stopped) this.#log.warn({ err: { message: (error as Error).message } }, "checking quiet calls failed");
    }
  }
}

function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
