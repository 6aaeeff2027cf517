import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { Clock } from "@sidetone/platform";
import { Carrier, freePort, startRedis, TestProcess, tempFolder } from "@sidetone/testkit";

const root = join(import.meta.dirname, "..");
const NEVER_INHERITED = /^(TWILIO|REDIS|PUBLIC_URL|PODS|PLAYBOOK|NUMBERS|DATA_DIR|NODE_TEST)/;

export interface StackOptions {
  /** For the pod. */
  podEnv?: Record<string, string>;
  bridgeEnv?: Record<string, string>;
  /** A program in the place of the bridge's own, with its arguments to Node. */
  bridgeProgram?: readonly string[];
  /** Starts a bridge in this process instead, with this environment. */
  bridgeHere?: (env: Record<string, string>) => Promise<{ close(): Promise<void> }>;
  /** The carrier's clock; real unless given. */
  clock?: Clock;
  /** Playbook files to publish before the bridge starts. */
  playbooks?: readonly string[];
  /** Starts a worker too, so that lookups are answered. */
  worker?: boolean;
  workerEnv?: Record<string, string>;
  /** Puts files into the data folder before anything starts. */
  prepare?: (dataDir: string) => void;
  /** A Redis of the caller's own, which the caller closes; without one, the stack starts one. */
  redisUrl?: string;
}

/** Redis, a pod, a bridge and perhaps a worker as real processes on free ports, and a carrier that calls them. */
export interface Stack {
  carrier: Carrier;
  voiceUrl: string;
  dataDir: string;
  redisUrl: string;
  processes: Record<string, TestProcess>;
  /** Where each process tells its metrics. */
  metricsUrls: { bridge: string; pod: string; worker: string };
  close(): Promise<void>;
}

function cleanEnvironment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !NEVER_INHERITED.test(name)) env[name] = value;
  }
  return env;
}

export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const folder = tempFolder("bench");
  const published = join(folder.path, "playbooks", "published");
  mkdirSync(published, { recursive: true });
  for (const path of options.playbooks ?? []) copyFileSync(path, join(published, basename(path)));
  options.prepare?.(folder.path);
  const redis = options.redisUrl === undefined ? await startRedis() : undefined;
  const redisUrl = redis?.url ?? options.redisUrl ?? "";
  const ports = {
    bridge: await freePort(),
    pod: await freePort(),
    podHttp: await freePort(),
    worker: await freePort(),
  };
  const accountSid = `AC${randomBytes(16).toString("hex")}`;
  const authToken = randomBytes(16).toString("hex");
  const publicUrl = `http://127.0.0.1:${ports.bridge}`;
  const carrier = new Carrier({
    accountSid,
    authToken,
    ...(options.clock ? { clock: options.clock } : { phases: 4 }),
  });
  const apiBase = await carrier.listen();
  const shared = {
    ...cleanEnvironment(),
    DATA_DIR: folder.path,
    REDIS_URL: redisUrl,
    TWILIO_ACCOUNT_SID: accountSid,
    TWILIO_AUTH_TOKEN: authToken,
    TWILIO_API_BASE: apiBase,
    PUBLIC_URL: publicUrl,
    LOG_LEVEL: "warn",
  };
  const start = (app: string, env: Record<string, string>, readyUrl: string, program?: readonly string[]) =>
    TestProcess.start(process.execPath, {
      args: [...(program ?? [join(root, "apps", app, "src", "main.ts")])],
      env: { ...shared, ...env },
      readyUrl,
      readyWithinMs: 120_000,
    });
  const processes: Record<string, TestProcess> = redis ? { redis: redis.process } : {};
  let bridgeHere: { close(): Promise<void> } | undefined;
  const close = async () => {
    await carrier.close();
    await bridgeHere?.close();
    for (const name of ["bridge", "worker", "pod"]) await processes[name]?.stop();
    await redis?.close();
    folder.remove();
  };
  try {
    await startAll();
  } catch (error) {
    await close();
    throw error;
  }
  const metricsUrls = {
    bridge: `${publicUrl}/metrics`,
    pod: `http://127.0.0.1:${ports.podHttp}/metrics`,
    worker: `http://127.0.0.1:${ports.worker}/metrics`,
  };
  return { carrier, voiceUrl: `${publicUrl}/voice`, dataDir: folder.path, redisUrl, processes, metricsUrls, close };

  async function startAll(): Promise<void> {
    const podHttp = `http://127.0.0.1:${ports.podHttp}/ready`;
    processes.pod = await start(
      "inference",
      { POD_PORT: `${ports.pod}`, POD_HTTP_PORT: `${ports.podHttp}`, ...options.podEnv },
      podHttp,
    );
    if (options.worker) {
      processes.worker = await start(
        "worker",
        { WORKER_PORT: `${ports.worker}`, ...options.workerEnv },
        `http://127.0.0.1:${ports.worker}/ready`,
      );
    }
    const bridgeEnv = { PORT: `${ports.bridge}`, PODS: `127.0.0.1:${ports.pod}`, ...options.bridgeEnv };
    if (options.bridgeHere) bridgeHere = await options.bridgeHere({ ...shared, ...bridgeEnv });
    else processes.bridge = await start("bridge", bridgeEnv, `${publicUrl}/ready`, options.bridgeProgram);
  }
}
