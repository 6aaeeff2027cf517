// `npm run config:check`: validates what every process would read, and starts nothing.
import { ConfigError, readConfig } from "@sidetone/platform";
import type { z } from "zod";
import { SupervisorConfig } from "./config.ts";

/** Each process's schema lives in its own `config.ts`; infra may read them, apps may not read each other's. */
const PROCESSES: { name: string; schema: () => Promise<z.ZodObject> }[] = [
  { name: "supervisor", schema: async () => SupervisorConfig },
  { name: "bridge", schema: async () => (await import("../../apps/bridge/src/config.ts")).BridgeConfig },
  { name: "inference", schema: async () => (await import("../../apps/inference/src/config.ts")).InferenceConfig },
  { name: "worker", schema: async () => (await import("../../apps/worker/src/config.ts")).WorkerConfig },
  { name: "dashboard", schema: async () => (await import("../../apps/dashboard/server/config.ts")).DashboardConfig },
];

let wrong = 0;
for (const { name, schema } of PROCESSES) {
  try {
    readConfig(await schema(), process.env);
    process.stdout.write(`${name}: ok\n`);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const fault of error.faults) {
      wrong++;
      process.stdout.write(`${name}: ${fault.variable} ${fault.fault}\n  ${fault.remedy}\n`);
    }
  }
}
if (wrong > 0) {
  process.stdout.write(`${wrong} variable${wrong === 1 ? "" : "s"} to mend; nothing was started.\n`);
  process.exit(1);
}
