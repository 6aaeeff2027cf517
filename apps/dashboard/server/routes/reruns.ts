import { SidetoneError } from "@sidetone/platform";
import { RerunResult, ThresholdChanges } from "@sidetone/protocol";
import {
  cancelRerunBatch,
  createRerunBatch,
  ExpectedFindings,
  findPlaybookVersion,
  findRerun,
  findRerunBatch,
  findSet,
  listRerunBatches,
  type RerunBatchRow,
  rerunProgress,
  setCalls,
} from "@sidetone/store";
import { z } from "zod";
import type { Api, DashboardContext } from "../context.ts";
import { audit, who } from "../guard.ts";
import { sourceHash } from "../reruns/gate.ts";
import { modelFolders } from "../reruns/model-folders.ts";
import { Rerunner, rerunReplayId, rerunTapePath } from "../reruns/rerunner.ts";
import { againstOf, outcomeOf, suiteHash, summarise } from "../reruns/stored.ts";
import { replayRoutes } from "./replay.ts";
import { callsOfSet } from "./sets.ts";

const Done = z.object({ done: z.literal(true) });
const Params = z.object({ id: z.string().max(80) });
const LISTED = 100;

const Batch = z.object({
  id: z.string(),
  name: z.string(),
  playbookId: z.string().nullable(),
  playbookVersion: z.number().nullable(),
  thresholds: ThresholdChanges,
  model: z.string().nullable(),
  state: z.string(),
  fault: z.string().nullable(),
  calls: z.number(),
  finished: z.number(),
  progress: z.number(),
  createdBy: z.string(),
  createdAt: z.string(),
  finishedAt: z.string().nullable(),
});
const number = z.number().nullable();
const Summary = z.object({
  calls: z.number(),
  ran: z.number(),
  changed: z.number(),
  regressed: z.number(),
  failed: z.number(),
  responseBeforeMs: number,
  responseAfterMs: number,
  cutInsBefore: z.number(),
  cutInsAfter: z.number(),
  yieldsBefore: z.number(),
  yieldsAfter: z.number(),
  changes: z.record(z.string(), z.number()),
});
const RerunOfCall = z.object({
  callId: z.string(),
  state: z.string(),
  progress: z.number(),
  changed: z.array(z.string()),
  regressions: z.array(z.string()),
  fault: z.string().nullable(),
  responseBeforeMs: number,
  responseAfterMs: number,
  cutInsBefore: z.number(),
  cutInsAfter: z.number(),
});

const CallParams = Params.extend({ callId: z.string().max(200) });

/** Calls run again: what would have changed with another playbook version, other thresholds or another model. */
export function rerunRoutes(app: Api, context: DashboardContext): void {
  const { database, config, replays, log } = context;
  const { db } = database;
  const tags = ["Re-runs"];
  const rerunner = new Rerunner({
    database,
    dataDir: config.dataDir,
    tapeBytes: (tapePath) => replays.tapeBytes(tapePath),
    log,
  });
  app.addHook("onListen", async () => rerunner.start());
  app.addHook("onClose", () => rerunner.close());

  const shown = async (batches: readonly RerunBatchRow[]): Promise<z.infer<typeof Batch>[]> => {
    const progress = await rerunProgress(
      db,
      batches.map((batch) => batch.id),
    );
    return batches.map((batch) => {
      const known = progress.get(batch.id);
      return {
        id: batch.id,
        name: batch.name,
        playbookId: batch.playbook_id,
        playbookVersion: batch.playbook_version,
        ...againstOf(batch),
        state: batch.state,
        fault: batch.fault,
        calls: batch.calls,
        finished: (known?.states.done ?? 0) + (known?.states.failed ?? 0),
        progress: known?.progress ?? 0,
        createdBy: batch.created_by,
        createdAt: batch.created_at,
        finishedAt: batch.finished_at,
      };
    });
  };
  const find = async (id: string): Promise<RerunBatchRow> => {
    const batch = await findRerunBatch(db, id);
    if (!batch) throw new SidetoneError("NOT_FOUND", "There is no such re-run.");
    return batch;
  };

  app.get(
    "/api/reruns",
    { schema: { tags, summary: "Re-runs, newest first", response: { 200: z.object({ reruns: z.array(Batch) }) } } },
    async () => ({ reruns: await shown(await listRerunBatches(db, LISTED)) }),
  );

  app.get(
    "/api/reruns/models",
    {
      schema: {
        tags,
        summary: "The models that calls can be run against, with their thresholds",
        response: {
          200: z.object({
            models: z.array(
              z.object({
                name: z.string().nullable(),
                version: z.string(),
                thresholds: z.record(z.string(), z.number()),
              }),
            ),
          }),
        },
      },
    },
    async () => ({ models: (await modelFolders(config.dataDir)).map(({ folder: _, ...model }) => model) }),
  );

  app.post(
    "/api/reruns",
    {
      schema: {
        tags,
        summary: "Run a saved set, or calls, again; it goes on in the background",
        body: z.object({
          name: z.string().trim().max(120).optional(),
          setId: z.string().optional(),
          callIds: z.array(z.string().max(200)).min(1).max(2_000).optional(),
          playbookId: z.string().optional(),
          playbookVersion: z.number().int().positive().optional(),
          thresholds: ThresholdChanges.default({}),
          model: z.string().max(100).nullable().default(null),
        }),
        response: { 200: z.object({ id: z.string(), calls: z.number() }) },
      },
    },
    async (request) => {
      const { setId, playbookId, playbookVersion, thresholds, model } = request.body;
      const set = setId === undefined ? undefined : await findSet(db, setId);
      if (setId !== undefined && !set) throw new SidetoneError("NOT_FOUND", "There is no such set.");
      const callIds = set ? await callsOfSet(context, set) : (request.body.callIds ?? []);
      if (callIds.length === 0) throw new SidetoneError("REQUEST_INVALID", "There is no call to run again.");
      const version =
        playbookId !== undefined && playbookVersion !== undefined
          ? await findPlaybookVersion(db, playbookId, playbookVersion)
          : undefined;
      if (playbookId !== undefined && !version) throw new SidetoneError("NOT_FOUND", "There is no such version.");
      if (!(await modelFolders(config.dataDir)).some((each) => each.name === model))
        throw new SidetoneError("NOT_FOUND", "There is no such model on the dashboard's machine.");
      const against = [
        version ? `${version.playbook_id} v${version.version}` : "their own playbooks",
        ...(model === null ? [] : [model]),
        ...Object.entries(thresholds).map(([name, value]) => `${name} ${value}`),
      ].join(", ");
      const what = set?.name ?? (callIds.length === 1 ? "One call" : `${callIds.length} calls`);
      const id = await createRerunBatch(db, {
        name: request.body.name || `${what} against ${against}`,
        playbookId: version?.playbook_id,
        playbookVersion: version?.version,
        sourceHash: version && sourceHash(version.source),
        against: { thresholds, model, ...(set?.kind === "calls" && { suite: suiteHash(await setCalls(db, set.id)) }) },
        setId: set?.id,
        callIds,
        by: who(request).name,
      });
      await audit(database, request, "rerun.start", what, `${callIds.length} calls against ${against}`);
      rerunner.wake();
      return { id, calls: callIds.length };
    },
  );

  app.get(
    "/api/reruns/:id",
    {
      schema: {
        tags,
        summary: "A re-run: its totals, and each call in short",
        params: Params,
        response: { 200: Batch.extend({ summary: Summary, members: z.array(RerunOfCall) }) },
      },
    },
    async (request) => {
      const batch = await find(request.params.id);
      const [[head], { summary, calls }] = await Promise.all([shown([batch]), summarise(db, batch.id)]);
      return { ...(head as z.infer<typeof Batch>), summary, members: calls };
    },
  );

  app.get(
    "/api/reruns/:id/calls/:callId",
    {
      schema: {
        tags,
        summary: "One call of a re-run: what was and what would have been, turn by turn",
        params: CallParams,
        response: {
          200: z.object({
            state: z.string(),
            fault: z.string().nullable(),
            regressions: z.array(z.string()),
            expected: ExpectedFindings.nullable(),
            setId: z.string().nullable(),
            result: RerunResult.nullable(),
          }),
        },
      },
    },
    async (request) => {
      const { id, callId } = request.params;
      const row = await findRerun(db, id, callId);
      if (!row) throw new SidetoneError("NOT_FOUND", "The call is not in this re-run.");
      await audit(database, request, "rerun.look", id, callId);
      const outcome = outcomeOf(row);
      const members = row.set_id === null ? [] : await setCalls(db, row.set_id);
      return {
        state: row.state,
        fault: outcome && "message" in outcome ? outcome.message : null,
        regressions: outcome && "result" in outcome ? outcome.regressions : [],
        expected: members.find((member) => member.callId === callId)?.expected ?? null,
        setId: row.set_id,
        result: outcome && "result" in outcome ? outcome.result : null,
      };
    },
  );

  // What would have been, as it would have sounded: on the timeline, like any call.
  replayRoutes(app, context, {
    base: "/api/reruns/:id/calls/:callId",
    params: CallParams,
    open: async (params) => {
      const { id, callId } = params as z.output<typeof CallParams>;
      if ((await findRerun(db, id, callId))?.state !== "done")
        throw new SidetoneError("NOT_FOUND", "This call has not been run to its end in this re-run.");
      return context.rerunReplays.open(rerunReplayId(id, callId), rerunTapePath(config.dataDir, id, callId));
    },
    looked: (request, act) => {
      const { id, callId } = request.params as z.output<typeof CallParams>;
      return audit(database, request, `rerun.${act}`, id, callId);
    },
  });

  app.post(
    "/api/reruns/:id/cancel",
    { schema: { tags, summary: "Stop a re-run", params: Params, response: { 200: Done } } },
    async (request) => {
      const batch = await find(request.params.id);
      if (!(await cancelRerunBatch(db, batch.id))) throw new SidetoneError("CONFLICT", "It is over already.");
      rerunner.cancel(batch.id);
      await audit(database, request, "rerun.cancel", batch.name);
      return { done: true as const };
    },
  );
}
