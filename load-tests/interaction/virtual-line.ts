import { setImmediate as turn } from "node:timers/promises";
import { createLog, VirtualClock } from "@sidetone/platform";
import { Bridge } from "../../apps/bridge/src/bridge.ts";
import { bridgeConfig } from "../../apps/bridge/src/config.ts";
import { type Stack, type StackOptions, startStack } from "../stack.ts";
import { type Orders, startOrders } from "./orders.ts";
import { RepliedMetrics, Settling } from "./settling.ts";

const SLICE_MS = 1_000;
/** The bridge's ticks lie on multiples of this; callers' frames lie this far beside them: where they are on average. */
const TICK_MS = 40;
const BESIDE_MS = 10;
/** What a bridge that closes may still wait for. */
const CLOSE_MS = 1_000;

/** A stack whose bridge and callers live on a clock that no machine is too slow for. */
export interface VirtualStack {
  stack: Stack;
  orders: Orders;
  clock: VirtualClock;
  /** Moves the clock on until `work` is done. */
  drive<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * Pod, worker and Redis as they always are; bridge and carrier in this process, joined by real sockets, on a virtual clock
 * that moves when all that is under way has come back (`Settling`). Media time is then exact, and passes as fast as the machine
 * can work; nothing that is measured in it depends on how fast that is.
 */
export async function startVirtualStack(
  options: (orders: Orders) => Omit<StackOptions, "bridgeHere" | "clock">,
): Promise<VirtualStack> {
  const clock = new VirtualClock();
  const orders = await startOrders(clock);
  const metrics = new RepliedMetrics("bridge", { defaults: false });
  let bridge: Bridge | undefined;
  let settling: Settling | undefined;
  const given = options(orders);
  const stack = await startStack({
    ...given,
    podEnv: { ...given.podEnv, POD_AWAIT_SPEECH: "1" },
    // A pod's word is asked for in real time: on a busy machine it may take some.
    bridgeEnv: { POD_TIMEOUT_MS: "60000", ...given.bridgeEnv },
    clock,
    bridgeHere: async (env) => {
      const started = new Bridge({
        config: bridgeConfig(env),
        clock,
        log: createLog({ process: "bridge", level: "error" }),
        metrics,
        // The same words to say for everybody.
        seed: () => 1,
      });
      bridge = started;
      await started.start();
      while (!started.ready) {
        await clock.advance(10);
        await turn();
      }
      return {
        async close() {
          settling?.close();
          const closed = started.close();
          await clock.advance(CLOSE_MS);
          await closed;
          orders.close();
        },
      };
    },
  });
  if (bridge) settling = new Settling({ bridge, metrics, carrier: stack.carrier, orders });
  return {
    stack,
    orders,
    clock,
    async drive(work) {
      // From the same place beside the ticks each time.
      await clock.advance(2 * TICK_MS - (clock.nowMs() % TICK_MS) + BESIDE_MS);
      let isOver = false;
      const over = work().finally(() => {
        isOver = true;
      });
      over.catch(() => undefined);
      // Nobody speaks before everybody who is to speak first is on the line.
      await settling?.settled();
      while (!isOver) await clock.advance(SLICE_MS, settling?.settled);
      return over;
    },
  };
}
