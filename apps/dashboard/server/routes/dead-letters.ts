import { ERRORS, type ErrorCode, SidetoneError } from "@sidetone/platform";
import { COST_CLASSES } from "@sidetone/protocol";
import { z } from "zod";
import type { Api, DashboardContext } from "../context.ts";
import { audit } from "../guard.ts";

const DeadLetter = z.object({
  queue: z.enum(COST_CLASSES),
  id: z.string(),
  kind: z.string(),
  callId: z.string().optional(),
  /** Begins with the error's code. */
  reason: z.string(),
  attempts: z.number(),
  failedAt: z.string().optional(),
});
const Letters = z.object({ deadLetters: z.array(DeadLetter) });
const Refusal = z.object({ code: z.string(), message: z.string() });
const WORKER_TIMEOUT_MS = 5_000;

/** Tasks that failed for good: the worker keeps them, and tries one again when somebody says so. */
export function deadLetterRoutes(app: Api, context: DashboardContext): void {
  const ask = async (path: string, init: RequestInit = {}): Promise<unknown> => {
    let response: Response;
    try {
      response = await fetch(new URL(path, context.config.workerUrl), {
        ...init,
        signal: AbortSignal.timeout(WORKER_TIMEOUT_MS),
      });
    } catch (error) {
      const { workerUrl } = context.config;
      throw new SidetoneError("WORKER_UNREACHABLE", `It was asked at ${workerUrl}.`, { cause: error });
    }
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok) return answer;
    const refusal = Refusal.safeParse(answer).data;
    if (refusal && refusal.code in ERRORS) throw new SidetoneError(refusal.code as ErrorCode, refusal.message);
    throw new SidetoneError("WORKER_UNREACHABLE", `It answered ${response.status}.`);
  };

  app.get(
    "/api/dead-letters",
    {
      schema: {
        tags: ["Health"],
        summary: "Tasks that failed for good, newest first",
        querystring: z.object({ limit: z.coerce.number().int().min(1).max(500).default(50) }),
        response: { 200: Letters },
      },
    },
    async (request) => Letters.parse(await ask(`/dead-letters?limit=${request.query.limit}`)),
  );

  app.post(
    "/api/dead-letters/:queue/:id/retry",
    {
      schema: {
        tags: ["Health"],
        summary: "Try a task again with all its attempts; with `force` even if its first attempt may have done it",
        params: z.object({ queue: z.enum(COST_CLASSES), id: z.string().min(1).max(300) }),
        body: z.object({ force: z.boolean().default(false) }),
        response: { 200: z.object({ retried: z.string() }) },
      },
    },
    async (request) => {
      const { queue, id } = request.params;
      const { force } = request.body;
      await ask(`/dead-letters/${queue}/${encodeURIComponent(id)}/retry`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ force }),
      });
      await audit(context.database, request, "task.retry", id, force ? "force" : undefined);
      return { retried: id };
    },
  );
}
