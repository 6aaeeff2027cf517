import { Backoff, type Logger } from "@sidetone/platform";
import { CALL_EVENTS_STREAM, CallEvent } from "@sidetone/protocol";
import type { Redis } from "ioredis";
import type { RunningTasks } from "./running-tasks.ts";
import type { TaskState } from "./task-state.ts";

/** Only events that hold one of these are parsed; a call sends many more. */
const INTERESTING = /"type":"(?:started|ended|supersede|cancel)"/;
const BLOCK_MS = 5_000;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2_000;

/**
 * Follows all calls' events, to stop what is no longer wanted and to note when calls begin and end.
 * Missing some (Redis away, this process just born) costs work, not truth: void keys are checked
 * before a task starts and before its finding is handed over.
 */
export class CallWatch {
  readonly #redis: Redis;
  readonly #state: TaskState;
  readonly #running: RunningTasks;
  readonly #log: Logger;
  #closed = false;
  #loop: Promise<void> | undefined;

  /** `redis` is this watch's own: it blocks. */
  constructor(redis: Redis, state: TaskState, running: RunningTasks, log: Logger) {
    this.#redis = redis;
    this.#state = state;
    this.#running = running;
    this.#log = log;
  }

  start(): void {
    this.#loop = this.#follow();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const isConnected = this.#redis.status === "ready";
    this.#redis.disconnect();
    // While ioredis waits to reconnect, a disconnect leaves its queued commands unanswered for ever.
    if (isConnected) await this.#loop;
  }

  async #follow(): Promise<void> {
    const backoff = new Backoff(FIRST_RETRY_MS, LONGEST_RETRY_MS);
    let from = "$";
    while (!this.#closed) {
      try {
        const read = await this.#redis.xread("COUNT", 500, "BLOCK", BLOCK_MS, "STREAMS", CALL_EVENTS_STREAM, from);
        backoff.succeeded();
        for (const [id, fields] of read?.[0]?.[1] ?? []) {
          from = id;
          const json = fields[1] ?? "";
          if (INTERESTING.test(json)) await this.#onEvent(json);
        }
      } catch (error) {
        if (this.#closed) return;
        this.#log.warn({ err: error }, "the call events could not be read; trying again");
        await new Promise((resolve) => setTimeout(resolve, backoff.nextMs()));
      }
    }
  }

  async #onEvent(json: string): Promise<void> {
    const parsed = CallEvent.safeParse(JSON.parse(json));
    if (!parsed.success) return;
    const event = parsed.data;
    if (event.type === "started") await this.#state.noteStart(event.callId, event.startedAt);
    else if (event.type === "ended") {
      await this.#state.noteEnd(event.callId, event.figures);
      this.#running.endCall(event.callId);
    } else if (event.type === "left") {
      const { output } = event;
      if (output.type === "supersede") this.#running.supersede(output.taskId, output.epoch);
      else if (output.type === "cancel") this.#running.cancel(output.taskId);
    }
  }
}
