import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { TestContext } from "node:test";
import { type Call, type CallerStep, startRedis, type TestRedis, tempFolder } from "@sidetone/testkit";
import { type Stack, startStack } from "../../stack.ts";
import { CallLog } from "./call-log.ts";
import { utter, writeKnown } from "./known-speech.ts";
import { OrderService } from "./order-service.ts";

const KNOWING = new URL("./knowing-ears.ts", import.meta.url).href;
const SPEECH = {
  order: ["where is my order", 40, "four seven two nine one"],
  mistaken: ["where is my order", 40, "six three eight five two"],
  corrected: ["sorry it's", 40, "six three eight five seven"],
  slow: ["where is my order", 40, "eight five one two six"],
  hours: ["what time do you close"],
  points: ["how many points do i have"],
};
export type Words = keyof typeof SPEECH;

export interface Phoned {
  call: Call;
  log: CallLog;
  /** Hangs up and waits until all was told of the call. */
  finish(): Promise<void>;
}

/**
 * A telephone line with an order system behind it: carrier, bridge, pod, worker and a Redis that keeps its data, all
 * real; the pod knows the recordings that callers play (knowing-ears.ts), the order service does as it is told.
 */
export class OrdersLine {
  readonly service: OrderService;
  readonly stack: Stack;
  redis: TestRedis;
  readonly #folder: ReturnType<typeof tempFolder>;
  readonly #said: Record<Words, Uint8Array>;
  readonly #logs: CallLog[] = [];
  #callers = 0;

  private constructor(parts: {
    service: OrderService;
    stack: Stack;
    redis: TestRedis;
    folder: ReturnType<typeof tempFolder>;
    said: Record<Words, Uint8Array>;
  }) {
    this.service = parts.service;
    this.stack = parts.stack;
    this.redis = parts.redis;
    this.#folder = parts.folder;
    this.#said = parts.said;
  }

  /** `reword` changes the playbook before it is published. */
  static async open(reword: (yaml: string) => string = (yaml) => yaml): Promise<OrdersLine> {
    const folder = tempFolder("orders-line");
    const said = {} as Record<Words, Uint8Array>;
    const known = [];
    for (const words of Object.keys(SPEECH) as Words[]) {
      const uttered = await utter(SPEECH[words]);
      said[words] = uttered.bytes;
      known.push(uttered.known);
    }
    const path = join(folder.path, "known.json");
    writeKnown(path, known);
    const playbook = join(folder.path, "orders.yaml");
    writeFileSync(playbook, reword(readFileSync(join(import.meta.dirname, "orders.yaml"), "utf8")));
    const service = await new OrderService().listen();
    const redis = await startRedis(undefined, folder.path);
    try {
      const stack = await startStack({
        redisUrl: redis.url,
        podEnv: { POD_MODEL_WRAPPER: `${KNOWING}?known=${encodeURIComponent(path)}`, POD_CAPACITY: "16" },
        bridgeEnv: { PLAYBOOK: "orders" },
        playbooks: [playbook],
        worker: true,
        prepare: (dataDir) => writeFileSync(join(dataDir, "connectors.yaml"), service.connectors(dataDir)),
      });
      return new OrdersLine({ service, stack, redis, folder, said });
    } catch (error) {
      await redis.close();
      await service.close();
      folder.remove();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const log of this.#logs) log.close();
    await this.stack.close();
    await this.redis.close();
    await this.service.close();
    this.#folder.remove();
  }

  speak(words: Words): CallerStep {
    return { do: "speak", audio: this.#said[words], label: words };
  }

  /** Phones in and does what the steps say; then the caller listens until `finish`. */
  phone(steps: CallerStep[], more: { from?: string; onStep?: (step: CallerStep) => void } = {}): Phoned {
    const from = more.from ?? `+1500555${String(1_000 + this.#callers++)}`;
    const log = new CallLog(this.stack.redisUrl, from);
    this.#logs.push(log);
    const call = this.stack.carrier.placeCall({
      from,
      to: "+15005550006",
      voiceUrl: this.stack.voiceUrl,
      steps,
      onEvent: (event) => {
        if (event.type === "caller") more.onStep?.(event.step);
      },
    });
    const finish = async (): Promise<void> => {
      call.hangUp();
      await call.ended;
      await log.until(() => log.hasEnded);
    };
    return { call, log, finish };
  }

  /** Redis is killed, and back after five seconds with all that it had taken. */
  async withoutRedis(): Promise<void> {
    await this.redis.process.stop("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    this.redis = await startRedis(this.redis.port, this.#folder.path);
  }
}

/** More holes than these in what was heard, or a process that stood still for so long: no time for real-time calls. */
const MOST_STARVED_FRAMES = 8;
const MOST_STANDSTILL_MS = 150;
let stalled: string | undefined;

/**
 * Runs what judges a call. Where it fails and the machine stalled too, nothing can be said of it: the test is skipped, and
 * says why. `by` gives the call whose frames tell how the machine was.
 */
export async function judged(t: TestContext, by: () => Call | undefined, judge: () => Promise<void>): Promise<void> {
  // What it had no time for once it would only fail at again, slowly.
  if (stalled !== undefined) return t.skip(stalled);
  const loop = monitorEventLoopDelay({ resolution: 10 });
  loop.enable();
  try {
    await judge();
  } catch (error) {
    const standstillMs = Math.round(loop.max / 1e6);
    const starved = (by()?.streams ?? []).reduce((sum, { counts }) => sum + counts.starvedFrames, 0);
    if (starved <= MOST_STARVED_FRAMES && standstillMs <= MOST_STANDSTILL_MS) throw error;
    stalled = `the machine stalled, ${starved} frames too late, ${standstillMs} ms without a turn: ${String(error)}`;
    t.skip(stalled);
  } finally {
    loop.disable();
  }
}

/** Waits until the agent has said what it has to say. */
export const LISTEN: CallerStep = { do: "listen", quietMs: 1_200, atMostMs: 60_000 };
