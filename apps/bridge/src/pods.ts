import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Clock, Logger, Stop } from "@sidetone/platform";
import type { BridgeMetrics } from "./metrics.ts";
import { PodLink } from "./pod-link.ts";

export interface PodsOptions {
  clock: Clock;
  log: Logger;
  metrics: BridgeMetrics;
  /** host:port, or name:port whose every address is a pod. */
  addresses: readonly string[];
  resolveMs: number;
  statusMs: number;
  timeoutMs: number;
  /** Addresses of a DNS name; the system's resolver unless a test says otherwise. */
  resolve?: (host: string) => Promise<string[]>;
}

const systemResolve = async (host: string): Promise<string[]> =>
  (await lookup(host, { all: true })).map((found) => (found.family === 6 ? `[${found.address}]` : found.address));

/** All pods: who there is, how they are, and which one takes the next call. */
export class Pods {
  readonly #options: PodsOptions;
  readonly #links = new Map<string, PodLink>();
  /** Links whose address is gone from DNS and whose calls still run. */
  readonly #leaving = new Set<PodLink>();
  readonly #stops: Stop[] = [];
  #resolving = false;

  constructor(options: PodsOptions) {
    this.#options = options;
  }

  /** Finds the pods and asks each for its status, then keeps doing both. */
  async start(): Promise<void> {
    const { clock, statusMs, resolveMs } = this.#options;
    await this.#resolve();
    this.#stops.push(clock.every(statusMs, () => this.#ask()));
    this.#stops.push(clock.every(resolveMs, () => void this.#resolve()));
  }

  get links(): Iterable<PodLink> {
    return this.#links.values();
  }

  /** The least loaded pod that takes a call for `model`; undefined when there is none. */
  choose(model: string): PodLink | undefined {
    let best: PodLink | undefined;
    for (const link of this.#links.values()) {
      if (link.takes(model) && (!best || link.load < best.load)) best = link;
    }
    return best;
  }

  /** Sends every pod its tick. */
  send(nowMs: number): void {
    for (const link of this.#links.values()) link.send(nowMs);
    for (const link of this.#leaving) {
      link.send(nowMs);
      if (link.calls === 0) {
        this.#leaving.delete(link);
        link.close();
      }
    }
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
    for (const link of [...this.#links.values(), ...this.#leaving]) link.close();
    this.#links.clear();
    this.#leaving.clear();
  }

  #ask(): void {
    let up = 0;
    for (const link of this.#links.values()) {
      link.askStatus();
      if (link.status?.ready) up++;
    }
    this.#options.metrics.pods.set({ state: "ready" }, up);
    this.#options.metrics.pods.set({ state: "away" }, this.#links.size - up);
  }

  /** Off the road: runs between ticks, and the links in use stay as they are while it waits. */
  async #resolve(): Promise<void> {
    if (this.#resolving) return;
    this.#resolving = true;
    try {
      const found = new Set<string>();
      for (const address of this.#options.addresses) for (const one of await this.#expand(address)) found.add(one);
      for (const address of found) this.#add(address);
      for (const [address, link] of this.#links) if (!found.has(address)) this.#remove(address, link);
    } finally {
      this.#resolving = false;
    }
  }

  async #expand(address: string): Promise<string[]> {
    const at = address.lastIndexOf(":");
    const host = address.slice(0, at);
    const port = address.slice(at + 1);
    if (isIP(host) || host.startsWith("[") || host === "localhost") return [address];
    try {
      const hosts = await (this.#options.resolve ?? systemResolve)(host);
      return hosts.map((one) => `${one}:${port}`);
    } catch (error) {
      this.#options.log.warn({ host, err: { message: String(error) } }, "pods cannot be resolved; those known stay");
      return [...this.#links.keys()].filter((known) => known.endsWith(`:${port}`));
    }
  }

  #add(address: string): void {
    if (this.#links.has(address)) return;
    const link = new PodLink(address, { ...this.#options, hasAlternative: (one) => this.#hasAlternative(one) });
    this.#links.set(address, link);
    link.askStatus();
  }

  #hasAlternative(link: PodLink): boolean {
    for (const other of this.#links.values()) if (other !== link && other.takes("line-test")) return true;
    return false;
  }

  #remove(address: string, link: PodLink): void {
    this.#links.delete(address);
    if (link.calls > 0) this.#leaving.add(link);
    else link.close();
  }
}
