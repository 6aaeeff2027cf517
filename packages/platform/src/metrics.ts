import type { FastifyInstance } from "fastify";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export { Counter, Gauge, Histogram, Registry } from "prom-client";

/** Bucket bounds for what callers notice, in milliseconds. */
export const LATENCY_BUCKETS_MS = [5, 10, 20, 40, 80, 120, 160, 200, 300, 400, 600, 800, 1_200, 2_000, 4_000, 8_000];
/** Bucket bounds for work within one tick, in milliseconds. */
export const TICK_BUCKETS_MS = [0.25, 0.5, 1, 2, 4, 6, 8, 10, 15, 20, 30, 40, 80, 160];

/** A process's metrics: its own registry (tests make as many as they like), names prefixed `sidetone_`. */
export class Metrics {
  readonly registry = new Registry();

  constructor(process: string, options: { defaults?: boolean } = {}) {
    this.registry.setDefaultLabels({ process });
    if (options.defaults !== false) collectDefaultMetrics({ register: this.registry });
  }

  counter<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return new Counter({ name: `sidetone_${name}`, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  gauge<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> {
    return new Gauge({ name: `sidetone_${name}`, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  histogram<L extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames: readonly L[] = [],
  ): Histogram<L> {
    return new Histogram({
      name: `sidetone_${name}`,
      help,
      buckets: [...buckets],
      labelNames: [...labelNames],
      registers: [this.registry],
    });
  }
}

export type PartStatus = "ok" | "degraded" | "down";
export interface Health {
  /** `ok` or `degraded` while calls can be taken; `down` otherwise. */
  status: PartStatus;
  parts: Record<string, { status: PartStatus; detail?: string; sinceIso?: string }>;
}

/**
 * Adds `/health`, `/ready` and `/metrics`. `/health` answers 200 as long as calls can be taken, with
 * the state of each part; `/ready` answers 503 while the process should get no new work.
 */
export function serveOperations(
  server: FastifyInstance,
  metrics: Metrics,
  probes: { health: () => Health; ready: () => boolean },
): void {
  server.get("/health", async (_request, reply) => {
    const health = probes.health();
    return reply.code(health.status === "down" ? 503 : 200).send(health);
  });
  server.get("/ready", async (_request, reply) => {
    const ready = probes.ready();
    return reply.code(ready ? 200 : 503).send({ ready });
  });
  server.get("/metrics", async (_request, reply) => {
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
}
