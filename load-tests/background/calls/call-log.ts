import { CALL_EVENTS_STREAM, CallEvent, type PodInput, type PodOutput } from "@sidetone/protocol";
import { Redis } from "ioredis";

type OutputOf<T extends PodOutput["type"]> = Extract<PodOutput, { type: T }> & { atMs: number };
type InputOf<T extends PodInput["type"]> = Extract<PodInput, { type: T }> & { atMs: number };

/** All that was told of one caller's call, in order. */
export class CallLog {
  readonly events: readonly CallEvent[];

  private constructor(events: readonly CallEvent[]) {
    this.events = events;
  }

  /** Waits until the call from this number has ended, and reads everything of it. */
  static async of(redisUrl: string, from: string): Promise<CallLog> {
    const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
    redis.on("error", () => undefined);
    const events: CallEvent[] = [];
    let last = "0";
    try {
      for (;;) {
        const read = await redis.xread("COUNT", 500, "BLOCK", 1_000, "STREAMS", CALL_EVENTS_STREAM, last);
        for (const [id, fields] of read?.[0]?.[1] ?? []) {
          last = id;
          events.push(CallEvent.parse(JSON.parse(fields[1] ?? "")));
        }
        const callId = events.find((event) => event.type === "started" && event.from === from)?.callId;
        const own = events.filter((event) => event.callId === callId);
        if (own.some((event) => event.type === "ended")) return new CallLog(own);
      }
    } finally {
      redis.disconnect();
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
