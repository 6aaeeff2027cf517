import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SidetoneError } from "@sidetone/platform";
import { z } from "zod";
import type { Api, DashboardContext } from "../context.ts";
import { audit, who } from "../guard.ts";
import { runTask, shownFinding, TrialFinding } from "../trial-task.ts";

const Done = z.object({ done: z.literal(true) });
const DOCUMENT = /^[\w][\w .-]{0,100}\.(md|html|pdf)$/i;
const MAX_DOCUMENT_BYTES = 20 * 1024 * 1024;

/** Documents that questions are answered from. */
export function knowledgeRoutes(app: Api, context: DashboardContext): void {
  const { config, database } = context;
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
        response: { 200: TrialFinding },
      },
    },
    async (request) =>
      shownFinding(await runTask(context, "knowledge", { question: request.body.question }, who(request).name)),
  );
}
