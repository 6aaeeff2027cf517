import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { FastifyAdapter } from "@bull-board/fastify";
import { SidetoneError } from "@sidetone/platform";
import { COST_CLASSES, queueName, REDIS_PREFIX } from "@sidetone/protocol";
import { Queue } from "bullmq";
import type { Api, DashboardContext } from "./context.ts";

/** The queues in detail, to read, for admins: the access table guards `/queues*` like any other route. */
export async function queueBoard(app: Api, context: DashboardContext): Promise<void> {
  const connection = context.redis.duplicate({ enableOfflineQueue: true, maxRetriesPerRequest: null });
  connection.on("error", (error: Error) => {
    context.log.debug({ err: { message: error.message } }, "the queue board's connection failed");
  });
  const queues = COST_CLASSES.map((each) => new Queue(queueName(each), { connection, prefix: REDIS_PREFIX }));
  const server = new FastifyAdapter();
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true })),
    serverAdapter: server as never,
  });
  // The board has an error handler of its own, which would turn every refusal into a 500.
  server.setErrorHandler((error) => {
    const known = error instanceof SidetoneError ? error : new SidetoneError("REDIS_UNAVAILABLE", error.message);
    return { status: known.httpStatus as 500, body: { ...known.toJSON() } as never };
  });
  server.setBasePath("/queues");
  await app.register(server.registerPlugin() as never, { prefix: "/queues" });
  app.addHook("onClose", async () => {
    connection.disconnect();
    await Promise.allSettled(queues.map((queue) => queue.close()));
  });
}
