// `npm run config:check`: validates what every process would read, and starts nothing.
import { ConfigError, readConfig } from "@sidetone/platform";
import { SupervisorConfig } from "./config.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Each process reads its environment in its own `config.ts`; infra may ask them all, apps may not ask each other. */
const PROCESSES: { name: string; read: (env: Env) => Promise<unknown> }[] = [
  { name: "supervisor", read: async (env) => readConfig(SupervisorConfig, env) },
  { name: "bridge", read: async (env) => (await import("../../apps/bridge/src/config.ts")).bridgeConfig(env) },
  { name: "inference", read: async (env) => (await import("../../apps/inference/src/config.ts")).podConfig(env) },
  {
    name: "worker",
    read: async (env) => readConfig((await import("../../apps/worker/src/config.ts")).WorkerConfig, env),
  },
  {
    name: "dashboard",
    read: async (env) => (await import("../../apps/dashboard/src/config.ts")).readDashboardConfig(env),
  },
];

/** What `npm start` would hand to its processes where the environment has nothing. */
const MADE_UP = { TWILIO_ACCOUNT_SID: `AC${"0".repeat(32)}`, TWILIO_AUTH_TOKEN: "0".repeat(32) };
const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ""));
const env = { ...MADE_UP, ...given };

let wrong = 0;
for (const { name, read } of PROCESSES) {
  try {
    await read(env);
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
