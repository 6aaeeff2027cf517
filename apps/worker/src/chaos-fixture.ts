import { GuardedCrm, openEmbeddedConnector } from "@sidetone/crm";
import { createLog, Metrics } from "@sidetone/platform";
import { Redis } from "ioredis";
import { CrmRouter } from "./crm-router.ts";
import { crmTools } from "./crm-tools.ts";
import { noMail } from "./mail.ts";
import { messageTools } from "./message-tools.ts";
import { TaskMetrics } from "./task-metrics.ts";
import { TaskWorker } from "./task-worker.ts";
import { twilioTelephone } from "./telephone.ts";
import type { Tool, Tools } from "./tool.ts";
import { TWILIO_ACCOUNT } from "./twilio-fixture.ts";

/**
 * A worker process for tests that kill it: the embedded shop in a shared file, every tool slowed by a
 * random time before and after its work, so that a kill meets each step.
 * Arguments: Redis URL, SQLite file, address of a carrier that speaks Twilio's API.
 */
const [redisUrl = "", path = "", apiBase = ""] = process.argv.slice(2);
const pause = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 200));

const size = { customers: 200, orders: 1_000 };
const today = () => "2026-11-20";
const crm = new CrmRouter([new GuardedCrm(openEmbeddedConnector("shop", { path, seed: 1, size, today }))]);

function slowed(tools: Tools): Tools {
  const entries = Object.entries(tools).map(([kind, tool]) => {
    const run: Tool<"order-status">["run"] = async (input, context) => {
      await pause();
      const output = await (tool as Tool<"order-status">).run(input, context);
      await pause();
      return output;
    };
    return [kind, { ...tool, run }];
  });
  return Object.fromEntries(entries) as Tools;
}

const worker = new TaskWorker({
  connect: () => {
    const redis = new Redis(redisUrl, { maxRetriesPerRequest: null, retryStrategy: () => 100 });
    redis.on("error", () => undefined);
    return redis;
  },
  tools: () =>
    slowed({
      ...crmTools(crm),
      ...messageTools(twilioTelephone({ ...TWILIO_ACCOUNT, apiBase }), noMail),
    }),
  metrics: new TaskMetrics(new Metrics("chaos", { defaults: false })),
  log: createLog({ process: "chaos", level: process.env.CHAOS_LOG ?? "silent" }),
});
process.on("SIGTERM", () => void worker.drain(1_000).then(() => process.exit(0)));
await worker.ready();
process.stdout.write("ready\n");
