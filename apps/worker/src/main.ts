import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { FULL_SIZE, GuardedCrm, openEmbeddedConnector } from "@sidetone/crm";
import { connectRedis, createLog, Metrics, readConfig, Shutdown, serveOperations } from "@sidetone/platform";
import fastify from "fastify";
import { WorkerConfig } from "./config.ts";
import { CrmRouter } from "./crm-router.ts";
import { crmTools } from "./crm-tools.ts";
import { TaskMetrics } from "./task-metrics.ts";
import { TaskWorker } from "./task-worker.ts";

const config = readConfig(WorkerConfig, process.env);
const log = createLog({ process: "worker", level: config.LOG_LEVEL });
const shutdown = new Shutdown(log);
const metrics = new Metrics("worker");

mkdirSync(config.DATA_DIR, { recursive: true });
const today = () => new Intl.DateTimeFormat("en-CA", { timeZone: config.TIME_ZONE }).format();
const shop = openEmbeddedConnector("shop", {
  path: join(config.DATA_DIR, "crm.db"),
  seed: 1,
  size: FULL_SIZE,
  today,
});
const crm = new CrmRouter([new GuardedCrm(shop)]);

const worker = new TaskWorker({
  connect: () => connectRedis(config.REDIS_URL, log, "worker"),
  tools: () => crmTools(crm),
  metrics: new TaskMetrics(metrics),
  log,
  concurrency: { lookup: config.WORKER_CONCURRENCY },
});

const server = fastify();
serveOperations(server, metrics, {
  health: () => ({
    status: worker.healthy ? "ok" : "degraded",
    parts: { redis: { status: worker.healthy ? "ok" : "down" } },
  }),
  ready: () => worker.healthy && !shutdown.draining,
});
shutdown.add("tasks", () => worker.drain(config.WORKER_DRAIN_MS));
shutdown.add("operations server", () => server.close());
shutdown.add("connectors", () => crm.close());
shutdown.listen();
await server.listen({ port: config.WORKER_PORT, host: config.WORKER_HOST });
await worker.ready();
log.info({ port: config.WORKER_PORT }, "the worker takes tasks");
