import { DialogueError, parsePlaybook, playbookJsonSchema } from "@sidetone/dialogue";
import { SidetoneError } from "@sidetone/platform";
import {
  addPlaybookDraft,
  findPlaybookVersion,
  listPlaybooks,
  markTested,
  playbookVersions,
  saveDraft,
} from "@sidetone/store";
import { z } from "zod";
import type { Api, DashboardContext } from "../context.ts";
import { audit, who } from "../guard.ts";
import { dryRun } from "../playbooks/dry-run.ts";
import { writePublished } from "../playbooks/published.ts";

const Id = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
  .max(50);
export const VersionParams = z.object({ id: Id, version: z.coerce.number().int().positive() });
const Source = z.string().max(200_000);
const Defect = z.object({
  line: z.number(),
  column: z.number(),
  path: z.string(),
  problem: z.string(),
  cure: z.string(),
});
const CheckResult = z.object({ name: z.string(), passed: z.boolean(), detail: z.string() });
const Version = z.object({
  version: z.number(),
  state: z.string(),
  note: z.string().nullable(),
  createdBy: z.string(),
  createdAt: z.string(),
  testedAt: z.string().nullable(),
  publishedAt: z.string().nullable(),
  publishedBy: z.string().nullable(),
  /** Why it was published although the gate was shut. */
  overrideReason: z.string().nullable(),
});
/** Calls that try a version run it under a name of its own, so that no other caller meets it. */
const tryId = (id: string) => `${id}--try`;

type Row = NonNullable<Awaited<ReturnType<typeof findPlaybookVersion>>>;
const shown = (row: Row): z.infer<typeof Version> => ({
  version: row.version,
  state: row.state,
  note: row.note,
  createdBy: row.created_by,
  createdAt: row.created_at,
  testedAt: row.tested_at,
  publishedAt: row.published_at,
  publishedBy: row.published_by,
  overrideReason: row.override_reason,
});

export function check(source: string): {
  defects: z.infer<typeof Defect>[];
  id: string | undefined;
  title: string | undefined;
} {
  try {
    const parsed = parsePlaybook(source);
    return { defects: [], id: parsed.id, title: parsed.document.title };
  } catch (error) {
    if (!(error instanceof DialogueError)) throw error;
    const defects = error.defects.map(({ line, column, path, problem, cure }) => ({
      line,
      column,
      path,
      problem,
      cure,
    }));
    if (defects.length === 0) {
      defects.push({ line: 1, column: 1, path: "", problem: error.message, cure: error.remedy });
    }
    return { defects, id: undefined, title: undefined };
  }
}

/** Playbooks: written, checked, tested, published, rolled back. */
export function playbookRoutes(app: Api, context: DashboardContext): void {
  const { database, config } = context;
  const tags = ["Playbooks"];

  app.get(
    "/api/playbooks",
    {
      schema: {
        tags,
        summary: "Every playbook",
        response: {
          200: z.object({
            playbooks: z.array(
              z.object({
                id: z.string(),
                name: z.string(),
                newest: z.number(),
                newestState: z.string(),
                changedAt: z.string(),
                changedBy: z.string(),
                published: z.number().nullable(),
              }),
            ),
          }),
        },
      },
    },
    async () => ({
      playbooks: (await listPlaybooks(database.db)).map((playbook) => ({
        id: playbook.id,
        name: playbook.name,
        newest: playbook.newest?.version ?? 0,
        newestState: playbook.newest?.state ?? "draft",
        changedAt: playbook.newest?.created_at ?? playbook.createdAt,
        changedBy: playbook.newest?.created_by ?? "",
        published: playbook.published?.version ?? null,
      })),
    }),
  );

  app.get(
    "/api/playbooks/schema",
    { schema: { tags, summary: "JSON Schema of a playbook", response: { 200: z.record(z.string(), z.unknown()) } } },
    async () => playbookJsonSchema(),
  );

  app.post(
    "/api/playbooks/check",
    {
      schema: {
        tags,
        summary: "What is wrong with a playbook, line by line",
        body: z.object({ source: Source }),
        response: { 200: z.object({ defects: z.array(Defect) }) },
      },
    },
    async (request) => ({ defects: check(request.body.source).defects }),
  );

  app.get(
    "/api/playbooks/:id/versions",
    {
      schema: {
        tags,
        summary: "A playbook's versions, newest first",
        params: VersionParams.pick({ id: true }),
        response: { 200: z.object({ versions: z.array(Version) }) },
      },
    },
    async (request) => ({ versions: (await playbookVersions(database.db, request.params.id)).map(shown) }),
  );

  const find = async (id: string, version: number): Promise<Row> => {
    const row = await findPlaybookVersion(database.db, id, version);
    if (!row) throw new SidetoneError("NOT_FOUND", "There is no such version.");
    return row;
  };

  app.get(
    "/api/playbooks/:id/versions/:version",
    {
      schema: {
        tags,
        summary: "One version with its text and its last test",
        params: VersionParams,
        response: { 200: Version.extend({ source: z.string(), report: z.array(CheckResult) }) },
      },
    },
    async (request) => {
      const row = await find(request.params.id, request.params.version);
      const report = row.test_report === null ? [] : z.array(CheckResult).parse(JSON.parse(row.test_report));
      return { ...shown(row), source: row.source, report };
    },
  );

  app.post(
    "/api/playbooks",
    {
      schema: {
        tags,
        summary: "A new draft, of a new playbook or after the newest version",
        body: z.object({
          id: Id,
          name: z.string().trim().min(1).max(120),
          source: Source,
          note: z.string().max(500).optional(),
        }),
        response: { 200: z.object({ version: z.number() }) },
      },
    },
    async (request) => {
      const { id, name, source, note } = request.body;
      const version = await addPlaybookDraft(database.db, {
        playbookId: id,
        name,
        source,
        note,
        by: who(request).name,
      });
      await audit(database, request, "playbook.draft", `${id} v${version}`);
      return { version };
    },
  );

  app.put(
    "/api/playbooks/:id/versions/:version",
    {
      schema: {
        tags,
        summary: "Save a draft. Drafts may be wrong; only sound ones are tested and published",
        params: VersionParams,
        body: z.object({ source: Source, note: z.string().max(500).optional() }),
        response: { 200: z.object({ defects: z.array(Defect) }) },
      },
    },
    async (request) => {
      const { id, version } = request.params;
      const { source, note } = request.body;
      const { defects, title } = check(source);
      const playbooks = await listPlaybooks(database.db);
      const name = title ?? playbooks.find((playbook) => playbook.id === id)?.name ?? id;
      if (!(await saveDraft(database.db, { playbookId: id, version, name, source, note })))
        throw new SidetoneError("CONFLICT", "This version is no draft any more; a change makes a new one.");
      await audit(database, request, "playbook.save", `${id} v${version}`);
      return { defects };
    },
  );

  app.post(
    "/api/playbooks/:id/versions/:version/test",
    {
      schema: {
        tags,
        summary: "Check a version, and talk it through without audio",
        params: VersionParams,
        response: { 200: z.object({ passed: z.boolean(), report: z.array(CheckResult), defects: z.array(Defect) }) },
      },
    },
    async (request) => {
      const { id, version } = request.params;
      const row = await find(id, version);
      const { defects } = check(row.source);
      const report = defects.length > 0 ? [] : dryRun(parsePlaybook(row.source));
      const passed = defects.length === 0 && report.every((each) => each.passed);
      await markTested(database.db, { playbookId: id, version, source: row.source, passed, report });
      await audit(database, request, "playbook.test", `${id} v${version}`, passed ? "passed" : "failed");
      return { passed, report, defects };
    },
  );

  app.post(
    "/api/playbooks/:id/versions/:version/try",
    {
      schema: {
        tags,
        summary: "Let the Phone page call this version; no other caller meets it",
        params: VersionParams,
        response: { 200: z.object({ playbookId: z.string() }) },
      },
    },
    async (request) => {
      const { id, version } = request.params;
      const row = await find(id, version);
      if (check(row.source).defects.length > 0)
        throw new SidetoneError("PLAYBOOK_INVALID", "Mend what the editor marks, then try it.");
      await writePublished(config.dataDir, { id: tryId(id), version, source: row.source });
      await audit(database, request, "playbook.try", `${id} v${version}`);
      return { playbookId: tryId(id) };
    },
  );
}
