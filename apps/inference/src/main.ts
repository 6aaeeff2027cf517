import { createLog, Metrics, realClock, Shutdown, serveOperations } from "@sidetone/platform";
import Fastify from "fastify";
import { podConfig, speechSettings } from "./config.ts";
import { Pod } from "./pod/pod.ts";
import { createPodMetrics } from "./pod/pod-metrics.ts";
import { servePod } from "./pod/server.ts";

const config = podConfig(process.env);
const log = createLog({ process: "pod", level: config.LOG_LEVEL });
const metrics = new Metrics("pod");
const shutdown = new Shutdown(log);
shutdown.listen();

const pod = new Pod({
  podId: config.POD_ID,
  threads: config.MODEL_THREADS,
  models: {
    modelDir: config.MODEL_DIR,
    wrapper: config.POD_MODEL_WRAPPER,
    device: config.MODEL_DEVICE,
    slots: config.MODEL_SLOTS,
    speech: speechSettings(config),
  },
  awaitSpeech: config.POD_AWAIT_SPEECH,
  capacityCalls: config.POD_CAPACITY,
  logLevel: config.LOG_LEVEL,
  log,
  clock: realClock,
  metrics: createPodMetrics(metrics),
});
const server = await servePod(pod, config.POD_HOST, config.POD_PORT);

const http = Fastify({ logger: false });
serveOperations(http, metrics, {
  health: () => {
    const model = pod.status().model ?? "";
    // A pod that serves the line test alone takes calls, but not those that matter.
    const status = !pod.ready ? "down" : model === "line-test" ? "degraded" : "ok";
    const calls = `${pod.openCalls} of ${pod.capacityCalls}`;
    return { status, parts: { model: { status, detail: model }, calls: { status: "ok", detail: calls } } };
  },
  ready: () => pod.ready,
});
await http.listen({ host: config.POD_HOST, port: config.POD_HTTP_PORT });

// In this order: no new calls, the running ones end, then the doors, then the workers.
shutdown.add("stop taking calls", () => server.setServing(false));
shutdown.add("let calls end", () => pod.drain(config.POD_DRAIN_MS));
shutdown.add("workers", () => pod.close());
shutdown.add("gRPC", () => server.close());
shutdown.add("HTTP", () => http.close());

await pod.whenReady();
server.setServing(true);
log.info(
  { address: `${config.POD_HOST}:${server.port}`, capacityCalls: pod.capacityCalls, model: pod.status().model },
  "the pod takes calls",
);
