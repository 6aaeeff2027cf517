import { CALL_EVENTS_STREAM, CallEvent, type PodInput, type PodOutput } from "@sidetone/protocol";
import { Redis } from "ioredis";

type OutputOf<T extends PodOutput["type"]> = Extract<PodOutput, { type: T }> & { atMs: number };
type InputOf<T extends PodInput["type"]> = Extract<PodInput, { type: T }> & { atMs: number };

/** All that is told of one caller's call, in order, as it comes. Redis may come and go. */
export class CallLog {
  readonly events: CallEvent[] = [];
  readonly #redis: Redis;
  readonly #from: string;
  readonly #waiting = new Set<() => void>();
  #callId: string | undefined;
  #isClosed = false;

  /** Follows the next call from this number. */
  constructor(redisUrl: string, from: string) {
    this.#from = from;
    this.#redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
    this.#redis.on("error", () => undefined);
    void this.#follow();
  }

  get hasEnded(): boolean {
    return this.events.some((event) => event.type === "ended");
  }

  /** Resolves once `isSo`; rejects after `withinMs` with what was heard by then. */
  async until(isSo: () => boolean, withinMs = 60_000): Promise<void> {
    if (isSo()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = () => (isSo() ? resolve() : undefined);
    this.#waiting.add(check);
    const late = setTimeout(() => reject(new Error(`not so; heard: ${JSON.stringify(this.heard())}`)), withinMs);
    try {
      await promise;
    } finally {
      clearTimeout(late);
      this.#waiting.delete(check);
    }
  }

  /** Resolves once the caller has heard such words to their end. */
  untilHeard(words: RegExp): Promise<void> {
    return this.until(() => this.heard().some(({ text }) => words.test(text)));
  }

  close(): void {
    this.#isClosed = true;
    this.#redis.disconnect();
  }

  async #follow(): Promise<void> {
    let last = "0";
    while (!this.#isClosed) {
      const read = await this.#redis
        .xread("COUNT", 500, "BLOCK", 1_000, "STREAMS", CALL_EVENTS_STREAM, last)
        .catch(() => null);
      for (const [id, fields] of read?.[0]?.[1] ?? []) {
        last = id;
        const event = CallEvent.parse(JSON.parse(fields[1] ?? ""));
        if (event.type === "started" && event.from === this.#from) this.#callId = event.callId;
        if (event.callId === this.#callId) this.events.push(event);
      }
      for (const check of [...this.#waiting]) check();
    }
  }

  outputs<T extends PodOutput["type"]>(type: T): OutputOf<T>[] {
    return this.events.flatMap((event) =>
      event.type === "left" && event.output.type === type ? [{ ...event.output, atMs: event.atMs } as OutputOf<T>] : [],
    );
  }

  inputs<T extends PodInput["type"]>(type: T): InputOf<T>[] {
    return this.events.flatMap((event) =>
      event.type === "entered" && event.input.type === type ? [{ ...event.input, atMs: event.atMs } as InputOf<T>] : [],
    );
  }

  /** What the caller heard to its end, in order: text, when it was begun and when it had been heard. */
  heard(): { text: string; act: string; fromMs: number; toMs: number }[] {
    const finished = new Map(this.outputs("finished").map(({ utteranceId, atMs }) => [utteranceId, atMs]));
    return this.outputs("said").flatMap(({ utteranceId, text, act, atMs }) => {
      const toMs = finished.get(utteranceId);
      return toMs === undefined ? [] : [{ text, act, fromMs: atMs, toMs }];
    });
  }

  /** The steps of tasks, such as `order-status 0 found`. */
  steps(): string[] {
    return this.events.flatMap((event) =>
      event.type === "task" ? [`${event.kind} ${event.epoch} ${event.step}`] : [],
    );
  }
}
