// `npm start`: everything on one machine, each part a process of its own.
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError, createLog, readConfig, realClock, SidetoneError } from "@sidetone/platform";
import { Child } from "./child.ts";
import { SupervisorConfig } from "./config.ts";
import { assertPortFree, freePort, trialCredentials, writePrivately } from "./data-folder.ts";
import { allAnswer } from "./readiness.ts";
import { buildWebApp } from "./web-app.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
/** The whole stack is up within seconds; a first start that builds capacity figures may take longer. */
const READY_WITHIN_MS = 60_000;

async function main(): Promise<void> {
  const config = readConfig(SupervisorConfig, process.env);
  const log = createLog({ process: "supervisor", level: config.LOG_LEVEL });
  const dataDir = resolve(config.DATA_DIR);
  mkdirSync(dataDir, { recursive: true });
  for (const name of ["PORT", "DASHBOARD_PORT", "POD_PORT", "WORKER_PORT"] as const)
    await assertPortFree(name, config[name]);
  buildWebApp(root);

  const trial = config.TWILIO_AUTH_TOKEN === undefined;
  const { accountSid, authToken } =
    config.TWILIO_ACCOUNT_SID && config.TWILIO_AUTH_TOKEN
      ? { accountSid: config.TWILIO_ACCOUNT_SID, authToken: config.TWILIO_AUTH_TOKEN }
      : trialCredentials(dataDir);
  const bridgeUrl = `http://127.0.0.1:${config.PORT}`;
  const dashboardUrl = `http://127.0.0.1:${config.DASHBOARD_PORT}`;
  const redisPort = config.REDIS_URL ? undefined : await freePort();
  const redisUrl = config.REDIS_URL ?? `redis://127.0.0.1:${redisPort}`;

  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) environment[name] = value;
  Object.assign(environment, {
    DATA_DIR: dataDir,
    REDIS_URL: redisUrl,
    TWILIO_ACCOUNT_SID: accountSid,
    TWILIO_AUTH_TOKEN: authToken,
    PUBLIC_URL: config.PUBLIC_URL ?? bridgeUrl,
    BRIDGE_URL: bridgeUrl,
    WORKER_URL: process.env.WORKER_URL ?? `http://127.0.0.1:${config.WORKER_PORT}`,
    DASHBOARD_ORIGIN: process.env.DASHBOARD_ORIGIN ?? dashboardUrl,
    PODS: process.env.PODS ?? `127.0.0.1:${config.POD_PORT}`,
  });

  const program = (name: string, entry: string): Child =>
    new Child({ name, command: process.execPath, args: [join(root, entry)], env: environment }, realClock, log);
  const redis = redisPort === undefined ? undefined : ownRedis(redisPort, join(dataDir, "redis"), environment, log);
  const pod = program("inference", "apps/inference/src/main.ts");
  const worker = program("worker", "apps/worker/src/main.ts");
  const bridge = program("bridge", "apps/bridge/src/main.ts");
  const dashboard = program("dashboard", "apps/dashboard/src/main.ts");
  const startOrder = [redis, pod, worker, bridge, dashboard].filter((child) => child !== undefined);
  // The bridge drains its calls first, while everything that they need still runs.
  const stopOrder = [bridge, dashboard, worker, pod, redis].filter((child) => child !== undefined);
  for (const child of startOrder) child.start();

  const runFile = join(dataDir, "run.json");
  stopOnSignals(stopOrder, () => rmSync(runFile, { force: true }));

  const missing = await allAnswer([`${bridgeUrl}/ready`, `${dashboardUrl}/health`], READY_WITHIN_MS, realClock);
  if (missing.length > 0) log.error({ missing }, "not everything answers yet; the lines above say why");
  writePrivately(
    runFile,
    `${JSON.stringify({ bridgeUrl, dashboardUrl, accountSid, authToken, redisUrl, dataDir, pids: Object.fromEntries(startOrder.map((child) => [child.name, child.pid])) }, null, 2)}\n`,
  );
  process.stdout.write(welcome({ bridgeUrl, dashboardUrl, trial, dataDir }));
}

function ownRedis(port: number, folder: string, env: Record<string, string>, log: ReturnType<typeof createLog>): Child {
  mkdirSync(folder, { recursive: true });
  const args = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--dir",
    folder,
    "--appendonly",
    "yes",
    "--loglevel",
    "warning",
  ];
  // BullMQ loses jobs under any policy that evicts.
  args.push("--maxmemory-policy", "noeviction", "--save", "");
  return new Child({ name: "redis", command: "redis-server", args, env, quiet: true }, realClock, log);
}

function stopOnSignals(children: readonly Child[], last: () => void): void {
  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) {
      for (const child of children) child.kill();
      last();
      process.exit(1);
    }
    stopping = true;
    process.stdout.write(`\n${signal}: calls finish first; once more to stop at once.\n`);
    for (const child of children) await child.stop();
    last();
    process.exit(0);
  };
  process.on("SIGINT", () => void stop("Stopping"));
  process.on("SIGTERM", () => void stop("Stopping"));
}

function welcome(at: { bridgeUrl: string; dashboardUrl: string; trial: boolean; dataDir: string }): string {
  const lines = [
    "",
    "  Sidetone is listening.",
    "",
    `  Dashboard      ${at.dashboardUrl}   (has a phone in it)`,
    `  Carrier        POST ${at.bridgeUrl}/voice`,
    '  Place a call   npm run call -- --say "where is my order four seven two nine one"',
    `  Data           ${at.dataDir}`,
  ];
  if (at.trial) {
    lines.push(
      "",
      "  No TWILIO_AUTH_TOKEN is set: a random one under the data folder serves the test kit and the browser phone.",
    );
  }
  return `${lines.join("\n")}\n\n`;
}

main().catch((error: unknown) => {
  if (error instanceof ConfigError) {
    for (const fault of error.faults)
      process.stderr.write(`config: ${fault.variable} ${fault.fault}. ${fault.remedy}\n`);
  } else if (error instanceof SidetoneError) {
    process.stderr.write(`${error.code}: ${error.message} ${error.remedy}\n`);
  } else {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  }
  process.exit(1);
});
