import { mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { connectRedis, createLog, Metrics, readConfig, Shutdown, serveOperations } from "@sidetone/platform";
import { openDatabase, openTapeStorage, Sealer } from "@sidetone/store";
import fastify from "fastify";
import { afterCallTools } from "./after-call/after-call-tools.ts";
import { WorkerConfig } from "./config.ts";
import { ConnectorDesk } from "./connector-desk.ts";
import { Connectors } from "./connectors.ts";
import { crmTools } from "./crm-tools.ts";
import { DeadLetters, serveDeadLetters } from "./dead-letters.ts";
import { KnowledgeBase } from "./knowledge/knowledge-base.ts";
import { knowledgeTools } from "./knowledge/knowledge-tools.ts";
import { noMail, smtpMail } from "./mail.ts";
import { mcpTools } from "./mcp-tools.ts";
import { messageTools } from "./message-tools.ts";
import { promiseTools } from "./promise-tools.ts";
import { ChildTasks } from "./reasoning/child-tasks.ts";
import { reasoningTools, summariser } from "./reasoning/reasoning-tools.ts";
import { TaskMetrics } from "./task-metrics.ts";
import { TaskWorker } from "./task-worker.ts";
import { noTelephone, twilioTelephone } from "./telephone.ts";
import { timerTools } from "./timer-tools.ts";
import type { Tools } from "./tool.ts";

/** How often the knowledge folder is looked at for changed files. */
const KNOWLEDGE_REFRESH_MS = 30_000;

const QUEUE_DEPTH_MS = 5_000;
const TWILIO_API = "https://api.twilio.com";

const config = readConfig(WorkerConfig, process.env);
const log = createLog({ process: "worker", level: config.LOG_LEVEL });
const shutdown = new Shutdown(log);
const metrics = new Metrics("worker");

mkdirSync(config.DATA_DIR, { recursive: true });
const database = openDatabase(config.DATABASE_URL, config.DATA_DIR);
await database.migrate();
const sealer = Sealer.open(config.DATA_DIR, config.SEALING_KEY);
const connectors = new Connectors({ config, env: process.env, database, sealer, metrics, log });
await connectors.start();
const { crm } = connectors;
const tapes = await openTapeStorage({ folder: resolve(config.DATA_DIR, "tapes"), storageUrl: config.STORAGE_URL });

const knowledge = new KnowledgeBase([config.KNOWLEDGE_DIR, resolve(config.DATA_DIR, "knowledge")], log);
await knowledge.refresh();
const refreshing = setInterval(() => {
  knowledge.refresh().catch((error) => log.warn({ err: error }, "the knowledge folder could not be read"));
}, KNOWLEDGE_REFRESH_MS);

const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken, PUBLIC_URL: publicUrl } = config;
const telephone =
  accountSid && authToken && publicUrl
    ? twilioTelephone({ apiBase: config.TWILIO_API_BASE ?? TWILIO_API, accountSid, authToken, publicUrl })
    : noTelephone;

const { SMTP_URL: smtpUrl, MAIL_FROM: mailFrom, MAIL_SUBJECT: subject } = config;
const mail = smtpUrl && mailFrom ? smtpMail({ url: smtpUrl, from: mailFrom, subject }) : noMail;

const connect = () => connectRedis(config.REDIS_URL, log, "worker");
const redis = connect();
let childTasks: ChildTasks | undefined;
const worker = new TaskWorker({
  connect,
  tools: ({ queues }) => ({
    ...crmTools(crm),
    ...mcpTools(crm),
    ...knowledgeTools(knowledge),
    ...messageTools(telephone, mail),
    ...promiseTools({ redis, telephone, mail, lookups: { ...crmTools(crm), ...knowledgeTools(knowledge) } }),
    ...timerTools(queues.timer, telephone),
    ...reasoningAndAfterCall(queues),
  }),
  metrics: new TaskMetrics(metrics),
  log,
  concurrency: { lookup: config.WORKER_CONCURRENCY },
});

const desk = new ConnectorDesk({
  connectors,
  workerId: `${hostname()}:${config.WORKER_PORT}`,
  redis,
  connect,
  log,
});

/** With an endpoint, the model answers what the playbook does not cover, and words the summaries. */
function reasoningAndAfterCall(queues: TaskWorker["queues"]): Tools {
  const afterCall = { database, crm, redis, tapes };
  const { REASONING_URL: url, REASONING_MODEL: model, REASONING_KEY: key } = config;
  if (url === undefined) return afterCallTools(afterCall);
  childTasks = new ChildTasks(queues, connect);
  const settings = { url, model, key, runChild: childTasks.run };
  return { ...reasoningTools(settings), ...afterCallTools({ ...afterCall, summarise: summariser(settings) }) };
}

const depth = metrics.gauge("task_queue_jobs", "Jobs by cost class and state", ["cost", "state"] as const);
const measuring = setInterval(() => {
  worker
    .depths()
    .then((all) => {
      for (const { cost, state, jobs } of all) depth.set({ cost, state }, jobs);
    })
    .catch((error) => log.debug({ err: error }, "the queues could not be counted"));
}, QUEUE_DEPTH_MS);

const server = fastify();
serveOperations(server, metrics, {
  health: () => ({
    status: worker.healthy ? "ok" : "degraded",
    parts: {
      redis: { status: worker.healthy ? "ok" : "down" },
      ...Object.fromEntries(
        crm.connectors.map(({ name, circuit }) => [
          name,
          { status: circuit === "closed" ? "ok" : "degraded" } as const,
        ]),
      ),
    },
  }),
  ready: () => worker.healthy && !shutdown.draining,
});
serveDeadLetters(server, new DeadLetters(worker.queues, redis));

shutdown.add("measuring", () => clearInterval(measuring));
shutdown.add("tasks", () => worker.drain(config.WORKER_DRAIN_MS));
shutdown.add("reasoning", () => childTasks?.close());
shutdown.add("operations server", () => server.close());
shutdown.add("knowledge", () => clearInterval(refreshing));
shutdown.add("connector desk", () => desk.close());
shutdown.add("connectors", () => connectors.close());
shutdown.add("mail", () => mail.close());
shutdown.add("database", () => database.close());
shutdown.add("redis", () => redis.disconnect());
shutdown.listen();
await server.listen({ port: config.WORKER_PORT, host: config.WORKER_HOST });
await worker.ready();
log.info({ port: config.WORKER_PORT, knowledge: knowledge.chunks }, "the worker takes tasks");
