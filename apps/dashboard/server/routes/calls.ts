import { randomUUID } from "node:crypto";
import { SidetoneError } from "@sidetone/platform";
import { type CallRow, findCall, searchCalls, upsertCall } from "@sidetone/store";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Api, DashboardContext } from "../context.ts";
import { audit, who } from "../guard.ts";
import { type Mask, maskNumber, seesPlainText } from "../masking.ts";
import { verifyTape } from "../replay/verify.ts";
import { replayRoutes } from "./replay.ts";

const Params = z.object({ id: z.string().min(1).max(200) });
const Done = z.object({ done: z.literal(true) });
const text = z.string().nullable();
const number = z.number().nullable();

export const Call = z.object({
  id: z.string(),
  carrier: z.string(),
  direction: z.string(),
  from: z.string(),
  to: z.string(),
  playbookId: z.string(),
  playbookVersion: z.number(),
  /** How the rule reads that sent the call to its playbook. */
  route: text,
  startedAt: z.string(),
  endedAt: text,
  durationMs: number,
  endReason: text,
  outcome: text,
  disposition: text,
  summary: text,
  topWant: text,
  transferTarget: text,
  transferReason: text,
  recorded: z.boolean(),
  verified: text,
  verifiedDetail: text,
  responseP50Ms: number,
  responseMaxMs: number,
  stopP50Ms: number,
  stopMaxMs: number,
  yields: z.number(),
  backchannels: z.number(),
  cutIns: z.number(),
  lostHops: z.number(),
  longestSilenceMs: z.number(),
  longestLookupMs: z.number(),
  uncovered: z.number(),
  autoScore: number,
  humanScore: number,
});

/** `mask` for those who may not read everything. */
export function shownCall(row: CallRow, mask: Mask | undefined): z.infer<typeof Call> {
  return {
    id: row.id,
    carrier: row.carrier,
    direction: row.direction,
    from: mask ? maskNumber(row.from_number) : row.from_number,
    to: row.to_number,
    playbookId: row.playbook_id,
    playbookVersion: row.playbook_version,
    route: row.route_label,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    durationMs: row.duration_ms,
    endReason: row.end_reason,
    outcome: row.outcome,
    disposition: mask ? mask.prose(row.disposition) : row.disposition,
    summary: mask ? mask.prose(row.summary) : row.summary,
    topWant: row.top_want,
    transferTarget: row.transfer_target,
    transferReason: mask ? mask.prose(row.transfer_reason) : row.transfer_reason,
    recorded: row.recorded === 1,
    verified: row.verified,
    verifiedDetail: row.verified_detail,
    responseP50Ms: row.response_p50_ms,
    responseMaxMs: row.response_max_ms,
    stopP50Ms: row.stop_p50_ms,
    stopMaxMs: row.stop_max_ms,
    yields: row.yields,
    backchannels: row.backchannels,
    cutIns: row.cut_ins,
    lostHops: row.lost_hops,
    longestSilenceMs: row.longest_silence_ms,
    longestLookupMs: row.longest_lookup_ms,
    uncovered: row.uncovered,
    autoScore: row.auto_score,
    humanScore: row.human_score,
  };
}

const flag = z.enum(["true", "false"]).transform((value) => value === "true");
const amount = z.coerce.number().nonnegative();

export const CallQuery = z.object({
  text: z.string().max(300).optional(),
  number: z.string().max(40).optional(),
  startedFrom: z.iso.datetime({ offset: true }).optional(),
  startedTo: z.iso.datetime({ offset: true }).optional(),
  playbookId: z.string().optional(),
  playbookVersion: z.coerce.number().int().optional(),
  outcome: z.string().optional(),
  want: z.string().optional(),
  carrier: z.string().optional(),
  transferReason: z.string().optional(),
  responseOverMs: amount.optional(),
  stopOverMs: amount.optional(),
  silenceOverMs: amount.optional(),
  lookupOverMs: amount.optional(),
  cutInsAtLeast: amount.optional(),
  yieldsAtLeast: amount.optional(),
  lostHopsAtLeast: amount.optional(),
  uncovered: flag.optional(),
  scoreBelow: amount.optional(),
  scoreAtLeast: amount.optional(),
  scored: flag.optional(),
  setId: z.string().optional(),
  markKind: z.string().optional(),
  verified: z.string().optional(),
  sort: z.enum(["newest", "oldest", "slowest", "longest"]).optional(),
  limit: z.coerce.number().int().min(1).max(200).optional(),
  cursor: z.string().max(20).optional(),
});

/** Past calls: finding them, and everything that the Replay page shows of one. */
export function callRoutes(app: Api, context: DashboardContext): void {
  const { database, replays } = context;

  const find = async (id: string): Promise<CallRow> => {
    const call = await findCall(database.db, id);
    if (!call) throw new SidetoneError("NOT_FOUND", "There is no such call.");
    return call;
  };
  const maskFor = (request: FastifyRequest): Mask | undefined =>
    seesPlainText(who(request).role) ? undefined : context.mask;
  const openReplay = async (id: string) => {
    const call = await find(id);
    if (!call.tape_path) throw new SidetoneError("NOT_FOUND", "This call has no tape: it may still be live.");
    return replays.open(call.id, call.tape_path);
  };

  app.get(
    "/api/calls",
    {
      schema: {
        tags: ["Calls"],
        summary: "Search past calls",
        querystring: CallQuery,
        response: {
          200: z.object({ calls: z.array(Call), next: z.string().optional(), total: z.number() }),
        },
      },
    },
    async (request) => {
      const plain = seesPlainText(who(request).role);
      const query = request.query;
      if (!plain && (query.text !== undefined || query.number !== undefined)) {
        // A search is an oracle: it would tell a viewer what the masked text holds.
        throw new SidetoneError("FORBIDDEN", "Viewers may not search by text or number.");
      }
      const iso = (at: string | undefined) => (at === undefined ? undefined : new Date(at).toISOString());
      const page = await searchCalls(database.db, {
        ...query,
        startedFrom: iso(query.startedFrom),
        startedTo: iso(query.startedTo),
      });
      return {
        calls: page.calls.map((row) => shownCall(row, maskFor(request))),
        ...(page.next !== undefined && { next: page.next }),
        total: page.total,
      };
    },
  );

  app.get(
    "/api/calls/facets",
    {
      schema: {
        tags: ["Calls"],
        summary: "The values that a search may choose from",
        response: {
          200: z.object({
            outcomes: z.array(z.string()),
            playbooks: z.array(z.string()),
            wants: z.array(z.string()),
          }),
        },
      },
    },
    async () => {
      const distinct = async (column: "outcome" | "playbook_id" | "top_want") =>
        (await database.db.selectFrom("calls").select(column).distinct().where(column, "is not", null).execute())
          .map((row) => String(row[column as keyof typeof row]))
          .filter((value) => value !== "")
          .sort();
      const [outcomes, playbooks, wants] = await Promise.all([
        distinct("outcome"),
        distinct("playbook_id"),
        distinct("top_want"),
      ]);
      return { outcomes, playbooks, wants };
    },
  );

  app.get(
    "/api/calls/:id",
    { schema: { tags: ["Calls"], summary: "One past call", params: Params, response: { 200: Call } } },
    async (request) => shownCall(await find(request.params.id), maskFor(request)),
  );

  replayRoutes(app, context, {
    base: "/api/calls/:id",
    params: Params,
    open: (params) => openReplay((params as z.output<typeof Params>).id),
    looked: (request, act) => audit(database, request, `call.${act}`, (request.params as z.output<typeof Params>).id),
  });

  app.post(
    "/api/calls/:id/verify",
    {
      schema: {
        tags: ["Replay"],
        summary: "Step the tape through the model again: the same, bit for bit, or where it differs",
        params: Params,
        response: { 200: z.object({ verified: z.string(), detail: z.string() }) },
      },
    },
    async (request) => {
      const call = await find(request.params.id);
      if (!call.tape_path) throw new SidetoneError("NOT_FOUND", "This call has no tape.");
      const verdict = await verifyTape(await replays.tapeBytes(call.tape_path));
      await upsertCall(database.db, { id: call.id, verified: verdict.verified, verifiedDetail: verdict.detail });
      await audit(database, request, "call.verify", call.id, verdict.verified);
      return verdict;
    },
  );

  const Comment = z.object({
    id: z.string(),
    atMs: z.number(),
    author: z.string(),
    text: z.string(),
    createdAt: z.string(),
  });
  app.get(
    "/api/calls/:id/comments",
    {
      schema: {
        tags: ["Replay"],
        summary: "Comments at moments",
        params: Params,
        response: { 200: z.object({ comments: z.array(Comment) }) },
      },
    },
    async (request) => {
      const rows = await database.db
        .selectFrom("comments")
        .selectAll()
        .where("call_id", "=", request.params.id)
        .orderBy("at_ms")
        .execute();
      return {
        comments: rows.map((row) => ({
          id: row.id,
          atMs: row.at_ms,
          author: row.author,
          text: row.text,
          createdAt: row.created_at,
        })),
      };
    },
  );
  app.post(
    "/api/calls/:id/comments",
    {
      schema: {
        tags: ["Replay"],
        summary: "Comment at a moment",
        params: Params,
        body: z.object({ atMs: z.number().nonnegative(), text: z.string().trim().min(1).max(4000) }),
        response: { 200: z.object({ id: z.string() }) },
      },
    },
    async (request) => {
      await find(request.params.id);
      const id = randomUUID();
      await database.db
        .insertInto("comments")
        .values({
          id,
          call_id: request.params.id,
          at_ms: request.body.atMs,
          author: who(request).name,
          text: request.body.text,
          created_at: new Date().toISOString(),
          resolved_at: null,
        })
        .execute();
      return { id };
    },
  );
  app.delete(
    "/api/calls/:id/comments/:commentId",
    {
      schema: {
        tags: ["Replay"],
        summary: "Remove a comment: one's own, or any as an admin",
        params: Params.extend({ commentId: z.string() }),
        response: { 200: Done },
      },
    },
    async (request) => {
      const identity = who(request);
      let query = database.db
        .deleteFrom("comments")
        .where("id", "=", request.params.commentId)
        .where("call_id", "=", request.params.id);
      if (identity.role !== "admin") query = query.where("author", "=", identity.name);
      const result = await query.executeTakeFirst();
      if (Number(result.numDeletedRows) === 0) throw new SidetoneError("NOT_FOUND", "No comment of yours is there.");
      return { done: true as const };
    },
  );
}
