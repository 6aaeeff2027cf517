import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SidetoneError } from "@sidetone/platform";
import {
  BridgeCommand,
  bridgeInboxStream,
  queueName,
  REDIS_PREFIX,
  TASKS,
  type TaskJob,
  type TaskKind,
  taskJobId,
} from "@sidetone/protocol";
import { listPlaybooks, readSetting, writeSetting } from "@sidetone/store";
import { Queue } from "bullmq";
import { z } from "zod";
import type { Api, DashboardContext } from "../context.ts";
import { audit, who } from "../guard.ts";

const Done = z.object({ done: z.literal(true) });
const TRY_MS = 12_000;
const DOCUMENT = /^[\w][\w .-]{0,100}\.(md|html|pdf)$/i;
const MAX_DOCUMENT_BYTES = 20 * 1024 * 1024;
const ROUTES_KEY = "numbers.routes";
const TwilioNumbers = z.object({
  incoming_phone_numbers: z.array(
    z.object({
      sid: z.string(),
      phone_number: z.string(),
      friendly_name: z.string().nullable(),
      voice_url: z.string().nullable(),
    }),
  ),
});

/** Numbers, connectors, knowledge: what connects the agent to the world. */
export function setupRoutes(app: Api, context: DashboardContext): void {
  const { config, database, redis } = context;

  const twilio = async (path: string, form?: Record<string, string>): Promise<unknown> => {
    const { accountSid, authToken, apiBase } = config.twilio;
    if (!accountSid || !authToken)
      throw new SidetoneError("CARRIER_REFUSED", "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set.");
    let response: Response;
    try {
      response = await fetch(new URL(`/2010-04-01/Accounts/${accountSid}/${path}`, apiBase), {
        method: form ? "POST" : "GET",
        headers: { authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString("base64")}` },
        ...(form && { body: new URLSearchParams(form) }),
        signal: AbortSignal.timeout(8_000),
      });
    } catch (error) {
      throw new SidetoneError("CARRIER_REFUSED", `${apiBase} does not answer.`, {
        cause: error,
      });
    }
    const body: unknown = await response.json().catch(() => undefined);
    if (!response.ok) {
      const said = z.object({ code: z.number().optional(), message: z.string() }).safeParse(body);
      throw new SidetoneError(
        "CARRIER_REFUSED",
        said.success
          ? `Twilio answered ${said.data.code ?? response.status}: ${said.data.message}`
          : `Twilio answered ${response.status}.`,
      );
    }
    return body;
  };
  const routesOf = async () =>
    z
      .record(z.string(), z.string())
      .catch({})
      .parse((await readSetting(database.db, ROUTES_KEY)) ?? {});

  app.get(
    "/api/numbers",
    {
      schema: {
        tags: ["Numbers"],
        summary: "The carrier's numbers, where they point, and which playbook answers",
        response: {
          200: z.object({
            webhook: z.string(),
            /** Why the carrier's numbers are not there. */
            fault: z.string().nullable(),
            numbers: z.array(
              z.object({
                sid: z.string(),
                number: z.string(),
                name: z.string(),
                webhook: z.string(),
                pointsHere: z.boolean(),
                playbookId: z.string().nullable(),
              }),
            ),
          }),
        },
      },
    },
    async () => {
      const webhook = new URL("/voice", config.publicUrl).href;
      const routes = await routesOf();
      try {
        const { incoming_phone_numbers: found } = TwilioNumbers.parse(
          await twilio("IncomingPhoneNumbers.json?PageSize=200"),
        );
        const numbers = found.map((number) => ({
          sid: number.sid,
          number: number.phone_number,
          name: number.friendly_name ?? "",
          webhook: number.voice_url ?? "",
          pointsHere: number.voice_url === webhook,
          playbookId: routes[number.phone_number] ?? null,
        }));
        return { webhook, fault: null, numbers };
      } catch (error) {
        if (!(error instanceof SidetoneError)) throw error;
        return { webhook, fault: error.detail ?? error.message, numbers: [] };
      }
    },
  );

  app.post(
    "/api/numbers/webhook",
    {
      schema: {
        tags: ["Numbers"],
        summary: "Point a number at this Sidetone, through the carrier's API",
        body: z.object({ sid: z.string().regex(/^PN[0-9a-f]{32}$/) }),
        response: { 200: Done },
      },
    },
    async (request) => {
      const { sid } = request.body;
      await twilio(`IncomingPhoneNumbers/${sid}.json`, {
        VoiceUrl: new URL("/voice", config.publicUrl).href,
        VoiceMethod: "POST",
        StatusCallback: new URL("/status", config.publicUrl).href,
      });
      await audit(database, request, "number.webhook", sid);
      return { done: true as const };
    },
  );

  app.put(
    "/api/numbers/playbook",
    {
      schema: {
        tags: ["Numbers"],
        summary: "Which playbook answers a number; none means the default",
        body: z.object({ number: z.string().regex(/^\+[1-9]\d{6,14}$/), playbookId: z.string().nullable() }),
        response: { 200: Done },
      },
    },
    async (request) => {
      const { number, playbookId } = request.body;
      if (playbookId !== null) {
        const known = (await listPlaybooks(database.db)).find((playbook) => playbook.id === playbookId);
        if (!known?.published) throw new SidetoneError("PLAYBOOK_UNKNOWN", "Only a published playbook can take calls.");
      }
      const { [number]: _, ...others } = await routesOf();
      const routes = playbookId === null ? others : { ...others, [number]: playbookId };
      await writeSetting(database.db, ROUTES_KEY, routes);
      // The bridges read this file; it is whole or absent at any moment.
      const folder = join(config.dataDir, "playbooks");
      await mkdir(folder, { recursive: true });
      const part = join(folder, `numbers.json.${process.pid}.part`);
      await writeFile(part, JSON.stringify(routes));
      await rename(part, join(folder, "numbers.json"));
      await audit(database, request, "number.playbook", number, playbookId ?? "default");
      return { done: true as const };
    },
  );

  /** Runs one task on the real queue, as a call would, and waits for its finding in an inbox of our own. */
  const runTask = async (kind: TaskKind, input: unknown, by: string) => {
    const spec = TASKS[kind];
    const taskId = `try-${randomUUID()}`;
    const bridgeId = `dashboard-${taskId}`;
    const job: TaskJob = {
      taskId,
      epoch: 0,
      kind,
      input,
      callId: taskId,
      tenant: "default",
      bridgeId,
      idempotencyKey: taskId,
      outlivesCall: true,
      delegatedAt: new Date().toISOString(),
      call: { from: by, to: "dashboard", playbookId: "none", playbookVersion: 0 },
    };
    const queue = new Queue(queueName(spec.costClass), { connection: redis, prefix: REDIS_PREFIX });
    const reader = redis.duplicate({ enableOfflineQueue: true, maxRetriesPerRequest: null });
    reader.on("error", (error: Error) =>
      context.log.debug({ err: { message: error.message } }, "a trial's reader failed"),
    );
    try {
      await queue.add(kind, job, {
        jobId: taskJobId(taskId, 0),
        attempts: 1,
        removeOnComplete: true,
        removeOnFail: true,
      });
      const endAtMs = Date.now() + TRY_MS;
      let lastId = "0-0";
      while (Date.now() < endAtMs) {
        const answer = (await reader.xread("BLOCK", 1_000, "STREAMS", bridgeInboxStream(bridgeId), lastId)) as
          | [string, [string, string[]][]][]
          | null;
        for (const [id, fields] of answer?.[0]?.[1] ?? []) {
          lastId = id;
          const command = BridgeCommand.safeParse(JSON.parse(fields[fields.indexOf("json") + 1] ?? "null"));
          if (!command.success || command.data.type !== "input" || command.data.input.type !== "finding") continue;
          const { finding } = command.data.input;
          if (finding.outcome !== "progress") return finding;
        }
      }
      throw new SidetoneError("TASK_TIMED_OUT", "No worker took the task, or it did not finish. See Health.");
    } finally {
      reader.disconnect();
      await queue.close();
      await redis.del(bridgeInboxStream(bridgeId)).catch(() => 0);
    }
  };
  const Finding = z.object({
    outcome: z.string(),
    tookMs: z.number(),
    output: z.unknown(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
  });
  const shownFinding = (finding: Awaited<ReturnType<typeof runTask>>): z.infer<typeof Finding> => ({
    outcome: finding.outcome,
    tookMs: finding.tookMs,
    output: finding.output ?? null,
    error: finding.error ? { code: finding.error.code, message: finding.error.message } : null,
  });

  app.post(
    "/api/connectors/test",
    {
      schema: {
        tags: ["Connectors"],
        summary: "Look something up as a call would, and say what came back or what is wrong",
        body: z.object({
          kind: z.enum([
            "find-customer",
            "order-status",
            "list-orders",
            "delivery-status",
            "invoice",
            "loyalty-balance",
            "find-appointment",
            "free-appointments",
          ]),
          input: z.record(z.string(), z.unknown()),
        }),
        response: { 200: Finding },
      },
    },
    async (request) => {
      const { kind, input } = request.body;
      const parsed = TASKS[kind].input.safeParse(input);
      if (!parsed.success) throw new SidetoneError("TASK_INVALID", z.prettifyError(parsed.error));
      const finding = await runTask(kind, parsed.data, who(request).name);
      await audit(database, request, "connector.test", kind, finding.outcome);
      return shownFinding(finding);
    },
  );

  const folder = join(config.dataDir, "knowledge");
  app.get(
    "/api/knowledge",
    {
      schema: {
        tags: ["Knowledge"],
        summary: "Uploaded documents",
        response: {
          200: z.object({
            documents: z.array(z.object({ name: z.string(), bytes: z.number(), changedAt: z.string() })),
          }),
        },
      },
    },
    async () => {
      const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return [];
        throw error;
      });
      const documents = [];
      for (const name of names.filter((each) => DOCUMENT.test(each)).sort()) {
        const found = await stat(join(folder, name));
        documents.push({ name, bytes: found.size, changedAt: found.mtime.toISOString() });
      }
      return { documents };
    },
  );

  app.register(async (scope) => {
    scope.addContentTypeParser(
      "application/octet-stream",
      { parseAs: "buffer", bodyLimit: MAX_DOCUMENT_BYTES },
      (_, body, done) => done(null, body),
    );
    scope.put(
      "/api/knowledge/:name",
      {
        bodyLimit: MAX_DOCUMENT_BYTES,
        schema: {
          tags: ["Knowledge"],
          summary: "Upload a Markdown, HTML or PDF document",
          params: z.object({ name: z.string() }),
        },
      },
      async (request) => {
        const { name } = request.params as { name: string };
        if (!DOCUMENT.test(name))
          throw new SidetoneError("REQUEST_INVALID", "name: must be a plain name that ends in .md, .html or .pdf.");
        if (!Buffer.isBuffer(request.body))
          throw new SidetoneError("REQUEST_INVALID", "body: send the file as application/octet-stream.");
        await mkdir(folder, { recursive: true });
        const part = join(folder, `.${name}.part`);
        await writeFile(part, request.body);
        await rename(part, join(folder, name));
        await audit(database, request, "knowledge.upload", name, `${request.body.length} bytes`);
        return { done: true };
      },
    );
  });

  app.delete(
    "/api/knowledge/:name",
    {
      schema: {
        tags: ["Knowledge"],
        summary: "Remove a document",
        params: z.object({ name: z.string().regex(DOCUMENT) }),
        response: { 200: Done },
      },
    },
    async (request) => {
      await rm(join(folder, request.params.name), { force: true });
      await audit(database, request, "knowledge.remove", request.params.name);
      return { done: true as const };
    },
  );

  app.post(
    "/api/knowledge/try",
    {
      schema: {
        tags: ["Knowledge"],
        summary: "Ask what a caller might ask, and see what would be found",
        body: z.object({ question: z.string().trim().min(1).max(500) }),
        response: { 200: Finding },
      },
    },
    async (request) => shownFinding(await runTask("knowledge", { question: request.body.question }, who(request).name)),
  );
}
