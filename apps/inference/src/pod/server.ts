import { Server, ServerCredentials } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { podPackage, podPackageDefinition } from "@sidetone/protocol";
import { HealthImplementation } from "grpc-health-check";
import type { Pod } from "./pod.ts";

/** The health service's name of the road: what probes and balancers ask for. */
const SERVICE = "sidetone.pod.v1.Pod";
/** A tick of a thousand calls is 0.7 MB; resumed snapshots come on top. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

export interface PodServer {
  readonly port: number;
  setServing(serving: boolean): void;
  close(): Promise<void>;
}

/** Serves the pod over gRPC with the standard health service and reflection. Port 0 takes any free one. */
export async function servePod(pod: Pod, host: string, port: number): Promise<PodServer> {
  const server = new Server({
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
    // A bridge that vanished without a word is noticed within 40 s; a busy one is late with pings.
    "grpc.keepalive_time_ms": 20_000,
    "grpc.keepalive_timeout_ms": 20_000,
  });
  server.addService(podPackage.Pod.service, pod.handlers());
  const health = new HealthImplementation({ "": "NOT_SERVING", [SERVICE]: "NOT_SERVING" });
  health.addToServer(server);
  new ReflectionService(podPackageDefinition).addToServer(server);
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return {
    port: bound,
    setServing(serving) {
      const status = serving ? "SERVING" : "NOT_SERVING";
      health.setStatus("", status);
      health.setStatus(SERVICE, status);
    },
    close: () =>
      new Promise((resolve) => {
        // Streams that are still open after the drain would keep a graceful shutdown waiting for ever.
        server.tryShutdown(() => resolve());
        setTimeout(() => server.forceShutdown(), 500).unref();
      }),
  };
}
