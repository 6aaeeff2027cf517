import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { CallerStep } from "../caller/caller.ts";
import type { Call, CallSetup } from "../carrier/call.ts";
import { Carrier, type CarrierOptions } from "../carrier/carrier.ts";
import { freePort, tempFolder } from "../fixtures/network.ts";
import { TestProcess } from "../fixtures/process.ts";
import { startRedis, type TestRedis } from "../fixtures/redis.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

export interface RoadOptions {
  pods?: number;
  /** Without Redis the bridge has to carry calls all the same. */
  redis?: boolean;
  bridgeEnv?: Record<string, string>;
  podEnv?: Record<string, string>;
  carrier?: Partial<CarrierOptions>;
}

/** The whole road as real processes on free ports: Redis, pods, a bridge, and a carrier that calls it. */
export class Road {
  readonly publicUrl: string;
  readonly dataDir: string;
  readonly carrier: Carrier;
  readonly bridge: TestProcess;
  readonly pods: TestProcess[];
  readonly redis: TestRedis | undefined;
  readonly #removeData: () => void;

  private constructor(
    parts: Pick<Road, "publicUrl" | "dataDir" | "carrier" | "bridge" | "pods" | "redis">,
    removeData: () => void,
  ) {
    this.publicUrl = parts.publicUrl;
    this.dataDir = parts.dataDir;
    this.carrier = parts.carrier;
    this.bridge = parts.bridge;
    this.pods = parts.pods;
    this.redis = parts.redis;
    this.#removeData = removeData;
  }

  static async start(options: RoadOptions = {}): Promise<Road> {
    const folder = tempFolder("road");
    const redis = options.redis === false ? undefined : await startRedis();
    const account = { accountSid: `AC${"0".repeat(32)}`, authToken: randomBytes(16).toString("hex") };
    const carrier = new Carrier({ ...account, ...options.carrier });
    const apiBase = await carrier.listen();
    const started: TestProcess[] = [];
    try {
      const pods = await Promise.all(Array.from({ length: options.pods ?? 1 }, () => startPod(folder.path, options)));
      started.push(...pods.map(({ process }) => process));
      const port = await freePort();
      const publicUrl = `http://127.0.0.1:${port}`;
      const bridge = await startProgram("apps/bridge/src/main.ts", `${publicUrl}/ready`, {
        PORT: String(port),
        HOST: "127.0.0.1",
        PUBLIC_URL: publicUrl,
        DATA_DIR: folder.path,
        TWILIO_ACCOUNT_SID: account.accountSid,
        TWILIO_AUTH_TOKEN: account.authToken,
        TWILIO_API_BASE: apiBase,
        PODS: pods.map(({ address }) => address).join(","),
        // A port where nothing listens stands for a Redis that is away.
        REDIS_URL: redis?.url ?? "redis://127.0.0.1:1",
        ...options.bridgeEnv,
      });
      started.push(bridge);
      const parts = {
        publicUrl,
        dataDir: folder.path,
        carrier,
        bridge,
        pods: pods.map(({ process }) => process),
        redis,
      };
      return new Road(parts, folder.remove);
    } catch (error) {
      await Promise.all([...started.map((process) => process.stop("SIGKILL")), redis?.close(), carrier.close()]);
      folder.remove();
      throw error;
    }
  }

  /** Rings the bridge, for the line test unless told otherwise. */
  call(steps: readonly CallerStep[], setup: Partial<CallSetup> & { playbook?: string } = {}): Call {
    const { playbook = "line-test", ...rest } = setup;
    return this.carrier.placeCall({
      from: "+15005550001",
      to: "+15005550006",
      voiceUrl: `${this.publicUrl}/voice?playbook=${playbook}`,
      statusCallback: `${this.publicUrl}/voice/status`,
      steps,
      ...rest,
    });
  }

  /** The bridge's metrics as Prometheus text. */
  async metrics(): Promise<string> {
    return (await fetch(`${this.publicUrl}/metrics`)).text();
  }

  async close(): Promise<void> {
    await this.carrier.close();
    await this.bridge.stop("SIGTERM");
    await Promise.all(this.pods.map((pod) => pod.stop("SIGTERM")));
    await this.redis?.close();
    this.#removeData();
  }
}

async function startPod(dataDir: string, options: RoadOptions): Promise<{ process: TestProcess; address: string }> {
  const [port, httpPort] = [await freePort(), await freePort()];
  const process = await startProgram("apps/inference/src/main.ts", `http://127.0.0.1:${httpPort}/ready`, {
    POD_HOST: "127.0.0.1",
    POD_PORT: String(port),
    POD_HTTP_PORT: String(httpPort),
    DATA_DIR: dataDir,
    MODEL_THREADS: "1",
    ...options.podEnv,
  });
  return { process, address: `127.0.0.1:${port}` };
}

function startProgram(entry: string, readyUrl: string, env: Record<string, string>): Promise<TestProcess> {
  return TestProcess.start(process.execPath, {
    args: [entry],
    cwd: ROOT,
    env: { LOG_LEVEL: "info", NODE_ENV: "production", ...env },
    readyUrl,
    readyWithinMs: 60_000,
  });
}
