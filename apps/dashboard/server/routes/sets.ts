import { SidetoneError } from "@sidetone/platform";
import {
  addToSet,
  createSet,
  ExpectedFindings,
  expectOf,
  findCall,
  findSet,
  listSets,
  removeFromSet,
  removeSet,
  renameSet,
  type SavedSet,
  searchCalls,
  setCalls,
} from "@sidetone/store";
import { z } from "zod";
import type { Api, DashboardContext } from "../context.ts";
import { audit, who } from "../guard.ts";
import { CallQuery } from "./calls.ts";

const Done = z.object({ done: z.literal(true) });
const Params = z.object({ id: z.string().max(80) });
const CallParams = Params.extend({ callId: z.string().max(200) });
const Search = CallQuery.omit({ limit: true, cursor: true });
const Name = z.string().trim().min(1).max(120);
/** A regression suite of more calls takes longer than anybody waits for. */
const MOST_CALLS = 2_000;

const SetShown = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(["calls", "search"]),
  query: z.record(z.string(), z.unknown()).nullable(),
  calls: z.number(),
  createdBy: z.string(),
  createdAt: z.string(),
});

/** The calls that a search finds now, newest first. */
async function idsOf(context: DashboardContext, search: z.infer<typeof Search>): Promise<string[]> {
  const { db } = context.database;
  const ids: string[] = [];
  for (let cursor: string | undefined; ids.length < MOST_CALLS; ) {
    const page = await searchCalls(db, { ...search, limit: 500, cursor });
    ids.push(...page.calls.filter((call) => call.tape_path !== null).map((call) => call.id));
    if (page.next === undefined) break;
    cursor = page.next;
  }
  return ids.slice(0, MOST_CALLS);
}

/** The calls of a set; of one that follows a search, those that it finds now. */
export async function callsOfSet(context: DashboardContext, set: SavedSet): Promise<string[]> {
  if (set.kind === "search") return idsOf(context, Search.parse(set.query ?? {}));
  return (await setCalls(context.database.db, set.id)).map((call) => call.callId);
}

/** Saved sets of calls: what QA picks to look at together, and to run again. */
export function setRoutes(app: Api, context: DashboardContext): void {
  const { database } = context;
  const { db } = database;
  const tags = ["Saved sets"];
  const find = async (id: string): Promise<SavedSet> => {
    const set = await findSet(db, id);
    if (!set) throw new SidetoneError("NOT_FOUND", "There is no such set.");
    return set;
  };
  const shown = async (set: SavedSet): Promise<z.infer<typeof SetShown>> => ({
    ...set,
    query: set.query ? { ...set.query } : null,
    calls: set.kind === "search" ? (await searchCalls(db, { ...set.query, limit: 1 })).total : set.calls,
  });

  app.get(
    "/api/sets",
    { schema: { tags, summary: "Every saved set", response: { 200: z.object({ sets: z.array(SetShown) }) } } },
    async () => ({ sets: await Promise.all((await listSets(db)).map(shown)) }),
  );

  app.post(
    "/api/sets",
    {
      schema: {
        tags,
        summary: "A new set: of picked calls, of the calls that a search finds now, or one that follows a search",
        body: z.object({
          name: Name,
          kind: z.enum(["calls", "search"]).default("calls"),
          callIds: z.array(z.string().max(200)).max(MOST_CALLS).optional(),
          query: Search.optional(),
        }),
        response: { 200: z.object({ id: z.string(), calls: z.number() }) },
      },
    },
    async (request) => {
      const { name, kind, callIds, query } = request.body;
      if (kind === "search" && !query)
        throw new SidetoneError("REQUEST_INVALID", "query: a set that follows a search needs one.");
      const id = await createSet(db, {
        name,
        kind,
        query: kind === "search" ? query : undefined,
        by: who(request).name,
      });
      const picked = kind === "search" ? [] : (callIds ?? (query ? await idsOf(context, query) : []));
      if (picked.length > 0) await addToSet(db, id, picked);
      await audit(database, request, "set.create", name, `${picked.length} calls`);
      return { id, calls: picked.length };
    },
  );

  app.get(
    "/api/sets/:id",
    {
      schema: {
        tags,
        summary: "A set with its calls, and what is expected of each",
        params: Params,
        response: {
          200: SetShown.extend({
            members: z.array(
              z.object({
                callId: z.string(),
                startedAt: z.string().nullable(),
                playbookId: z.string().nullable(),
                playbookVersion: z.number().nullable(),
                topWant: z.string().nullable(),
                durationMs: z.number().nullable(),
                expected: ExpectedFindings.nullable(),
              }),
            ),
          }),
        },
      },
    },
    async (request) => {
      const set = await find(request.params.id);
      const expected = new Map((await setCalls(db, set.id)).map((call) => [call.callId, call.expected]));
      const ids = await callsOfSet(context, set);
      const members = await Promise.all(
        ids.map(async (callId) => {
          const call = await findCall(db, callId);
          return {
            callId,
            startedAt: call?.started_at ?? null,
            playbookId: call?.playbook_id ?? null,
            playbookVersion: call?.playbook_version ?? null,
            topWant: call?.top_want ?? null,
            durationMs: call?.duration_ms ?? null,
            expected: expected.get(callId) ?? null,
          };
        }),
      );
      return { ...(await shown(set)), members };
    },
  );

  app.patch(
    "/api/sets/:id",
    {
      schema: {
        tags,
        summary: "Rename a set",
        params: Params,
        body: z.object({ name: Name }),
        response: { 200: Done },
      },
    },
    async (request) => {
      if (!(await renameSet(db, request.params.id, request.body.name)))
        throw new SidetoneError("NOT_FOUND", "There is no such set.");
      await audit(database, request, "set.rename", request.body.name);
      return { done: true as const };
    },
  );

  app.delete(
    "/api/sets/:id",
    { schema: { tags, summary: "Remove a set; its calls and re-runs stay", params: Params, response: { 200: Done } } },
    async (request) => {
      const set = await find(request.params.id);
      await removeSet(db, set.id);
      await audit(database, request, "set.remove", set.name);
      return { done: true as const };
    },
  );

  app.post(
    "/api/sets/:id/calls",
    {
      schema: {
        tags,
        summary: "Add calls, or all that a search finds now",
        params: Params,
        body: z.object({ callIds: z.array(z.string().max(200)).max(MOST_CALLS).optional(), query: Search.optional() }),
        response: { 200: z.object({ added: z.number() }) },
      },
    },
    async (request) => {
      const set = await find(request.params.id);
      if (set.kind === "search")
        throw new SidetoneError("CONFLICT", "This set follows a search; its calls are not picked.");
      const { callIds, query } = request.body;
      const added = await addToSet(db, set.id, callIds ?? (query ? await idsOf(context, query) : []));
      await audit(database, request, "set.add", set.name, `${added} calls`);
      return { added };
    },
  );

  app.delete(
    "/api/sets/:id/calls/:callId",
    { schema: { tags, summary: "Take a call out of a set", params: CallParams, response: { 200: Done } } },
    async (request) => {
      const { id, callId } = request.params;
      if (!(await removeFromSet(db, id, callId))) throw new SidetoneError("NOT_FOUND", "The call is not in this set.");
      await audit(database, request, "set.take-out", id, callId);
      return { done: true as const };
    },
  );

  app.put(
    "/api/sets/:id/calls/:callId/expected",
    {
      schema: {
        tags,
        summary: "What a re-run of this call must give; null: what the call itself gave",
        params: CallParams,
        body: z.object({ expected: ExpectedFindings.nullable() }),
        response: { 200: Done },
      },
    },
    async (request) => {
      const { id, callId } = request.params;
      if (!(await expectOf(db, id, callId, request.body.expected ?? undefined)))
        throw new SidetoneError("NOT_FOUND", "The call is not in this set.");
      await audit(database, request, "set.expect", id, callId);
      return { done: true as const };
    },
  );
}
