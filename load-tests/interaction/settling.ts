import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { type Histogram, Metrics, SidetoneError } from "@sidetone/platform";
import type { Carrier } from "@sidetone/testkit";
import type { Bridge } from "../../apps/bridge/src/bridge.ts";
import type { Orders } from "./orders.ts";

/** Longest that anything is waited for, in real time: on a virtual clock nothing is late, but something may be broken. */
const PATIENCE_MS = 60_000;
/** A lookup of which nothing comes for so long was given up on its way. */
const FINDING_WITHIN_MS = 3_000;
/** How often what other processes owe is looked at while nothing has told of it. */
const LOOK_EVERY_MS = 20;

type Listener = Bridge["calls"]["listener"];

/** The bridge's own metrics, which tell of every reply of the pod. */
export class RepliedMetrics extends Metrics {
  replies = 0;
  onReply: () => void = () => undefined;

  override histogram<L extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames: readonly L[] = [],
  ): Histogram<L> {
    const histogram = super.histogram(name, help, buckets, labelNames);
    if (name !== "bridge_pod_reply_ms") return histogram;
    const observe = histogram.observe.bind(histogram) as (...given: unknown[]) => void;
    return Object.assign(histogram, {
      observe: (...given: unknown[]) => {
        observe(...given);
        this.replies++;
        this.onReply();
      },
    });
  }
}

interface Surroundings {
  bridge: Bridge;
  metrics: RepliedMetrics;
  carrier: Carrier;
  orders: Orders;
}

/**
 * For `VirtualClock.advance`: waits until everything that a beat has set going has come back. That is every byte between
 * carrier and bridge, every reply of the pod, every call that is being placed or ended, and every lookup, which is under way
 * until the shop has it on its own clock. After that the next moment of virtual time finds what a machine finds that is never late.
 */
export class Settling {
  readonly #around: Surroundings;
  readonly #servers = new Map<number, Socket>();
  readonly #clients = new Set<Socket>();
  readonly #asked = new Map<string, { callId: string; order: string; sinceMs: number }>();
  /** Calls that are being placed or ended. */
  readonly #changing = new Set<object>();
  #ticks = 0;
  #wake: () => void = () => undefined;

  /** Counts from the bridge's start; before its first call. */
  constructor(around: Surroundings) {
    this.#around = around;
    subscribe("net.server.socket", this.#onServer);
    subscribe("net.client.socket", this.#onClient);
    around.metrics.onReply = () => this.#wake();
    around.orders.onChange = () => this.#wake();
    for (const { batch } of around.bridge.pods.links) {
      const take = batch.take.bind(batch);
      batch.take = (tick) => {
        this.#ticks++;
        return take(tick);
      };
    }
    around.bridge.calls.listener = this.#watched(around.bridge.calls.listener);
    this.#watchCalls(around.carrier);
  }

  close(): void {
    unsubscribe("net.server.socket", this.#onServer);
    unsubscribe("net.client.socket", this.#onClient);
  }

  /** @throws SidetoneError POD_UNREACHABLE when something does not come back at all */
  readonly settled = async (): Promise<void> => {
    const sinceMs = performance.now();
    let stillFor = 0;
    while (stillFor < 2) {
      await turn();
      if (this.#changing.size > 0 || !this.#allArrived()) stillFor = 0;
      else if (this.#owed()) {
        stillFor = 0;
        await this.#news();
      } else stillFor++;
      if (performance.now() - sinceMs > PATIENCE_MS) throw new SidetoneError("POD_UNREACHABLE", this.#describe());
    }
  };

  #owed(): boolean {
    return this.#around.metrics.replies < this.#ticks || this.#isLookingUp();
  }

  #isLookingUp(): boolean {
    for (const [taskId, { order, sinceMs }] of this.#asked) {
      if (this.#around.orders.waiting.has(order)) continue;
      if (performance.now() - sinceMs < FINDING_WITHIN_MS) return true;
      this.#asked.delete(taskId);
    }
    return false;
  }

  #allArrived(): boolean {
    for (const client of this.#clients) {
      const server = this.#servers.get(client.localPort ?? -1);
      if (!server) continue;
      if (client.destroyed || server.destroyed) {
        this.#clients.delete(client);
        this.#servers.delete(client.localPort ?? -1);
      } else if (client.bytesWritten !== server.bytesRead || server.bytesWritten !== client.bytesRead) return false;
    }
    return true;
  }

  async #news(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, LOOK_EVERY_MS);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
  }

  #describe(): string {
    const { metrics, orders } = this.#around;
    const asked = [...this.#asked.values()].map(
      ({ order }) => `${order}${orders.waiting.has(order) ? " (there)" : ""}`,
    );
    return `Nothing moved for ${PATIENCE_MS / 1_000} s: ${metrics.replies} of ${this.#ticks} ticks answered, ${this.#changing.size} calls changing, lookups ${asked.join(", ") || "none"}.`;
  }

  #watchCalls(carrier: Carrier): void {
    const placeCall = carrier.placeCall.bind(carrier);
    carrier.placeCall = (setup) => {
      const token = {};
      this.#changing.add(token);
      const call = placeCall({
        ...setup,
        onEvent: (event) => {
          // Only a stream has something to wait for; whatever else the carrier does passes on its own clock.
          if (event.type === "stream-opened" || (event.type === "verb" && event.verb.verb !== "connect")) {
            this.#changing.delete(token);
          }
          if (event.type === "caller" && event.step.do === "hang-up") this.#changing.add(token);
          setup.onEvent?.(event);
        },
      });
      void call.ended.finally(() => this.#changing.delete(token));
      return call;
    };
  }

  #watched(inner: Listener): Listener {
    return {
      event: (event) => {
        if (event.type === "entered" && event.input.type === "finding") {
          this.#asked.delete(event.input.finding.taskId);
          this.#wake();
        }
        inner.event(event);
      },
      task: (call, output) => {
        const { callId } = call.info;
        if (output.type === "delegate") {
          const order = JSON.stringify(output.input).replace(/\D/g, "");
          this.#asked.set(output.taskId, { callId, order, sinceMs: performance.now() });
        } else if (output.type === "cancel") this.#asked.delete(output.taskId);
        inner.task(call, output);
      },
      listen: (call, hop, caller, agent) => inner.listen(call, hop, caller, agent),
      started: (call) => inner.started(call),
      ended: (call) => {
        for (const [taskId, { callId }] of this.#asked) if (callId === call.info.callId) this.#asked.delete(taskId);
        inner.ended(call);
      },
      // What a worker does with a finished call costs time that no figure here is about.
      finished: () => undefined,
    };
  }

  readonly #onServer = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    if (socket.remotePort !== undefined) this.#servers.set(socket.remotePort, socket);
  };

  readonly #onClient = (message: unknown): void => {
    this.#clients.add((message as { socket: Socket }).socket);
  };
}
