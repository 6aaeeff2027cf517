import { createLog, Metrics, realClock } from "@sidetone/platform";
import type { PodClient } from "@sidetone/protocol";
import { Pod, type PodOptions } from "../pod/pod.ts";
import { createPodMetrics } from "../pod/pod-metrics.ts";
import { type PodServer, servePod } from "../pod/server.ts";
import { connectPod } from "./tick-client.ts";

/** A pod on a free port and a client of it, for one test. */
export async function startPod(
  options: Partial<Omit<PodOptions, "models">> & {
    slots?: number;
    modelDir?: string;
    dataDir?: string;
    wrapper?: string;
  } = {},
): Promise<{ pod: Pod; server: PodServer; client: PodClient; address: string; close: () => Promise<void> }> {
  const log = createLog({ process: "pod", level: "silent" });
  const pod = new Pod({
    threads: 1,
    logLevel: "silent",
    awaitSpeech: false,
    log,
    clock: realClock,
    metrics: createPodMetrics(new Metrics("pod", { defaults: false })),
    ...options,
    models: {
      modelDir: options.modelDir ?? null,
      wrapper: options.wrapper,
      device: "cpu",
      slots: options.slots ?? 16,
      speech: { dataDir: options.dataDir ?? ".data" },
    },
  });
  const server = await servePod(pod, "127.0.0.1", 0);
  await pod.whenReady();
  server.setServing(true);
  const address = `127.0.0.1:${server.port}`;
  const client = connectPod(address);
  const close = async () => {
    client.close();
    await pod.close();
    await server.close();
  };
  return { pod, server, client, address, close };
}
