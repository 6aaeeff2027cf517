import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, createLog, realClock } from "@sidetone/platform";
import { type Call, type CallSetup, Carrier, type CarrierOptions } from "@sidetone/testkit";
import { Bridge } from "../bridge.ts";
import { bridgeConfig } from "../config.ts";

export const ACCOUNT_SID = `AC${"0".repeat(32)}`;
export const AUTH_TOKEN = "0123456789abcdef0123";

export interface RunningBridge {
  bridge: Bridge;
  url: string;
  dataDir: string;
  carrier: Carrier;
  place(setup?: Partial<CallSetup>): Call;
  close(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    });
  });
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A whole bridge in this process, and a carrier that calls it. */
export async function startBridge(
  pods: string[],
  env: Record<string, string> = {},
  carrierOptions: Partial<CarrierOptions> = {},
  clock: Clock = realClock,
): Promise<RunningBridge> {
  const dataDir = env.DATA_DIR ?? (await mkdtemp(join(tmpdir(), "bridge-")));
  const port = await freePort();
  const config = bridgeConfig({
    PORT: String(port),
    DATA_DIR: dataDir,
    TWILIO_ACCOUNT_SID: ACCOUNT_SID,
    TWILIO_AUTH_TOKEN: AUTH_TOKEN,
    ...(pods.length > 0 ? { PODS: pods.join(",") } : {}),
    POD_STATUS_MS: "50",
    // Nobody listens there: calls go on without Redis, unless a test brings one.
    REDIS_URL: "redis://127.0.0.1:1",
    LOG_LEVEL: process.env.TEST_LOG ?? "silent",
    DASHBOARD_ORIGIN: "http://dashboard.test",
    BRIDGE_ID: "bridge-test",
    ...env,
  });
  const log = createLog({ process: "bridge", level: config.LOG_LEVEL });
  const bridge = new Bridge({ config, clock, log });
  await bridge.start();
  const carrier = new Carrier({ accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN, clock, ...carrierOptions });
  const url = `http://127.0.0.1:${port}`;
  return {
    bridge,
    url,
    dataDir,
    carrier,
    place: (setup = {}) =>
      carrier.placeCall({
        from: "+441632960001",
        to: "line-test",
        voiceUrl: `${url}/voice`,
        statusCallback: `${url}/voice/status`,
        ...setup,
      }),
    async close() {
      await carrier.close();
      await bridge.calls.endAll("test over");
      await bridge.close();
      if (env.DATA_DIR === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}
