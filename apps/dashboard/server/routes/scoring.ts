import { SidetoneError } from "@sidetone/platform";
import {
  Answer,
  type CallRow,
  cohensKappa,
  disputeScore,
  findCall,
  findScorecard,
  listScorecards,
  readSetting,
  ScorecardDocument,
  saveScore,
  saveScorecard,
  scoresOf,
  totalOf,
  writeSetting,
} from "@sidetone/store";
import { z } from "zod";
import type { Api, DashboardContext } from "../context.ts";
import { audit, who } from "../guard.ts";
import type { Evidence } from "../replay/evidence.ts";
import { Call, shownCall } from "./calls.ts";

const Params = z.object({ id: z.string() });
const Done = z.object({ done: z.literal(true) });
const Scorecard = z.object({
  id: z.string(),
  version: z.number(),
  name: z.string(),
  document: ScorecardDocument,
  active: z.boolean(),
});
const Score = z.object({
  id: z.string(),
  scorecardId: z.string(),
  scorecardVersion: z.number(),
  scorer: z.string(),
  scorerKind: z.string(),
  total: z.number(),
  failed: z.boolean(),
  answers: z.array(Answer),
  note: z.string().nullable(),
  dispute: z.string().nullable(),
  disputeState: z.string().nullable(),
  updatedAt: z.string(),
});
const Sampling = z.object({
  /** Share of ended calls that go into the queue at random. */
  percent: z.number().min(0).max(100),
  /** Calls that always do. */
  everyCutIn: z.boolean(),
  everyTransfer: z.boolean(),
  responseOverMs: z.number().positive().nullable(),
});
type Sampling = z.infer<typeof Sampling>;
const SAMPLING_DEFAULT: Sampling = { percent: 5, everyCutIn: true, everyTransfer: false, responseOverMs: 1_500 };
const SAMPLING_KEY = "scoring.sampling";
const QUEUE_LENGTH = 50;

/** The same call is in or out of a sample for everybody, whenever it is asked: its id decides. */
export function sampled(call: CallRow, rules: Sampling): string | undefined {
  if (rules.everyCutIn && call.cut_ins > 0) return "cut in";
  if (rules.everyTransfer && call.outcome === "transferred") return "transferred";
  if (rules.responseOverMs !== null && (call.response_max_ms ?? 0) > rules.responseOverMs) return "slow response";
  let hash = 2_166_136_261;
  for (let i = 0; i < call.id.length; i++) hash = Math.imul(hash ^ call.id.charCodeAt(i), 16_777_619);
  return ((hash >>> 0) / 2 ** 32) * 100 < rules.percent ? "random sample" : undefined;
}

/** Scorecards, scores by people and by rule, how far scorers agree, and what to score next. */
export function scoringRoutes(app: Api, context: DashboardContext): void {
  const { database } = context;
  const tags = ["Scoring"];

  const documentOf = async (id: string, version?: number) => {
    const card = await findScorecard(database.db, id, version);
    if (!card) throw new SidetoneError("NOT_FOUND", "There is no such scorecard.");
    return { card, document: ScorecardDocument.parse(JSON.parse(card.document)) };
  };

  /** A call's scores; those by rule with the moment on the tape that each figure comes from. */
  const scoresWithEvidence = async (callId: string) => {
    const rows = await scoresOf(database.db, callId);
    const parsed = rows.map((row) => ({ row, answers: z.array(Answer).parse(JSON.parse(row.answers)) }));
    const call = rows.some((row) => row.scorer_kind === "auto") ? await findCall(database.db, callId) : undefined;
    if (!call?.tape_path) return parsed;
    const evidence = await context.replays.open(call.id, call.tape_path).then(
      (replay) => replay.meta.evidence,
      // A score outlives its tape; only what it could be heard by is gone.
      (error: SidetoneError): Evidence => {
        if (error.code !== "NOT_FOUND") throw error;
        return {};
      },
    );
    return Promise.all(
      parsed.map(async ({ row, answers }) => {
        if (row.scorer_kind !== "auto") return { row, answers };
        const { document } = await documentOf(row.scorecard_id, row.scorecard_version);
        const momentOf = (criterionId: string) => {
          const figure = document.criteria.find((criterion) => criterion.id === criterionId)?.auto?.figure;
          return figure && evidence[figure];
        };
        return { row, answers: answers.map((answer) => ({ atMs: momentOf(answer.criterionId), ...answer })) };
      }),
    );
  };

  app.get(
    "/api/scorecards",
    { schema: { tags, summary: "Scorecards in use", response: { 200: z.object({ scorecards: z.array(Scorecard) }) } } },
    async () => ({
      scorecards: (await listScorecards(database.db))
        .filter((row) => row.active === 1)
        .map((row) => ({
          id: row.id,
          version: row.version,
          name: row.name,
          document: ScorecardDocument.parse(JSON.parse(row.document)),
          active: true,
        })),
    }),
  );

  app.put(
    "/api/scorecards",
    {
      schema: {
        tags,
        summary: "A new scorecard, or a new version of one; old scores keep theirs",
        body: z.object({
          id: z.string().optional(),
          name: z.string().trim().min(1).max(120),
          document: ScorecardDocument,
          active: z.boolean().default(true),
        }),
        response: { 200: z.object({ id: z.string(), version: z.number() }) },
      },
    },
    async (request) => {
      const ids = request.body.document.criteria.map((criterion) => criterion.id);
      if (new Set(ids).size !== ids.length)
        throw new SidetoneError("REQUEST_INVALID", "document.criteria: two criteria have the same id.");
      const saved = await saveScorecard(database.db, { ...request.body, by: who(request).name });
      await audit(database, request, "scorecard.save", `${request.body.name} v${saved.version}`);
      return saved;
    },
  );

  app.get(
    "/api/calls/:id/scores",
    {
      schema: {
        tags,
        summary: "A call's scores",
        params: Params,
        response: { 200: z.object({ scores: z.array(Score) }) },
      },
    },
    async (request) => ({
      scores: (await scoresWithEvidence(request.params.id)).map(({ row, answers }) => ({
        id: row.id,
        scorecardId: row.scorecard_id,
        scorecardVersion: row.scorecard_version,
        scorer: row.scorer,
        scorerKind: row.scorer_kind,
        total: row.total,
        failed: row.failed === 1,
        answers,
        note: row.note,
        dispute: row.dispute,
        disputeState: row.dispute_state,
        updatedAt: row.updated_at,
      })),
    }),
  );

  app.put(
    "/api/calls/:id/scores",
    {
      schema: {
        tags,
        summary: "One's own score of a call; a second one replaces the first",
        params: Params,
        body: z.object({
          scorecardId: z.string(),
          scorecardVersion: z.number().int(),
          answers: z.array(Answer).max(50),
          note: z.string().max(4_000).optional(),
        }),
        response: { 200: z.object({ total: z.number(), failed: z.boolean() }) },
      },
    },
    async (request) => {
      const call = await findCall(database.db, request.params.id);
      if (!call) throw new SidetoneError("NOT_FOUND", "There is no such call.");
      const { scorecardId, scorecardVersion, answers, note } = request.body;
      const { document } = await documentOf(scorecardId, scorecardVersion);
      let result: { total: number; failed: boolean };
      try {
        result = totalOf(document, answers);
      } catch (error) {
        throw new SidetoneError("REQUEST_INVALID", (error as Error).message, { cause: error });
      }
      await saveScore(database.db, {
        callId: call.id,
        scorecardId,
        scorecardVersion,
        scorer: who(request).name,
        scorerKind: "human",
        ...result,
        answers,
        note,
      });
      await audit(database, request, "call.score", call.id, String(result.total));
      return result;
    },
  );

  app.post(
    "/api/calls/:id/scores/auto",
    {
      schema: {
        tags,
        summary: "Score a call by the card's rules; criteria without a rule do not count",
        params: Params,
        body: z.object({ scorecardId: z.string() }),
        response: { 200: z.object({ total: z.number(), failed: z.boolean() }) },
      },
    },
    async (request) => {
      const call = await findCall(database.db, request.params.id);
      if (!call) throw new SidetoneError("NOT_FOUND", "There is no such call.");
      const { card, document } = await documentOf(request.body.scorecardId);
      const ruled = document.criteria.filter((criterion) => criterion.auto !== undefined);
      if (ruled.length === 0) throw new SidetoneError("REQUEST_INVALID", "No criterion of this scorecard has a rule.");
      const answers = ruled.flatMap(({ id, auto }) => {
        const value = auto && call[auto.figure];
        if (!auto || value == null) return [];
        return [{ criterionId: id, met: value <= auto.atMost ? 1 : 0, note: `${auto.figure} is ${Math.round(value)}` }];
      });
      const result = totalOf({ criteria: ruled.map((criterion) => ({ ...criterion, required: false })) }, answers);
      await saveScore(database.db, {
        callId: call.id,
        scorecardId: card.id,
        scorecardVersion: card.version,
        scorer: "by rule",
        scorerKind: "auto",
        ...result,
        answers,
      });
      return result;
    },
  );

  app.post(
    "/api/scores/:id/dispute",
    {
      schema: {
        tags,
        summary: "Dispute a score, or decide a dispute (admins and supervisors)",
        params: Params,
        body: z.object({ text: z.string().trim().min(1).max(2_000), state: z.enum(["open", "upheld", "rejected"]) }),
        response: { 200: Done },
      },
    },
    async (request) => {
      const { role } = who(request);
      if (request.body.state !== "open" && role !== "admin" && role !== "supervisor")
        throw new SidetoneError("FORBIDDEN");
      if (!(await disputeScore(database.db, request.params.id, request.body)))
        throw new SidetoneError("NOT_FOUND", "There is no such score.");
      await audit(database, request, `score.dispute-${request.body.state}`, request.params.id);
      return { done: true as const };
    },
  );

  const samplingRules = async (): Promise<Sampling> => {
    const kept = Sampling.safeParse(await readSetting(database.db, SAMPLING_KEY));
    return kept.success ? kept.data : SAMPLING_DEFAULT;
  };
  app.get(
    "/api/scoring/sampling",
    { schema: { tags, summary: "Which calls are to be scored", response: { 200: Sampling } } },
    samplingRules,
  );
  app.put(
    "/api/scoring/sampling",
    { schema: { tags, summary: "Change which calls are to be scored", body: Sampling, response: { 200: Done } } },
    async (request) => {
      await writeSetting(database.db, SAMPLING_KEY, request.body);
      await audit(database, request, "scoring.sampling", undefined, JSON.stringify(request.body));
      return { done: true as const };
    },
  );

  app.get(
    "/api/scoring/queue",
    {
      schema: {
        tags,
        summary: "Calls of the last week that the sampling rules pick and nobody has scored",
        response: { 200: z.object({ calls: z.array(Call.extend({ why: z.string() })) }) },
      },
    },
    async () => {
      const rules = await samplingRules();
      const rows = await database.db
        .selectFrom("calls")
        .selectAll()
        .where("started_at", ">=", new Date(Date.now() - 7 * 86_400_000).toISOString())
        .where("duration_ms", "is not", null)
        .where("human_score", "is", null)
        .orderBy("started_at", "desc")
        .limit(2_000)
        .execute();
      const calls = [];
      for (const row of rows) {
        const why = sampled(row, rules);
        if (why !== undefined) calls.push({ ...shownCall(row, undefined), why });
        if (calls.length === QUEUE_LENGTH) break;
      }
      return { calls };
    },
  );

  app.get(
    "/api/scoring/calibration",
    {
      schema: {
        tags,
        summary: "How far two scorers agree, criterion by criterion (Cohen's kappa)",
        querystring: z.object({ scorecardId: z.string() }),
        response: {
          200: z.object({
            pairs: z.array(
              z.object({
                a: z.string(),
                b: z.string(),
                calls: z.number(),
                items: z.number(),
                agreement: z.number(),
                kappa: z.number().nullable(),
              }),
            ),
          }),
        },
      },
    },
    async (request) => {
      const rows = await database.db
        .selectFrom("scores")
        .select(["call_id", "scorer", "answers"])
        .where("scorecard_id", "=", request.query.scorecardId)
        .limit(20_000)
        .execute();
      const byCall = Map.groupBy(rows, (row) => row.call_id);
      const found = new Map<string, { a: string; b: string; calls: number; items: [string, string][] }>();
      for (const scores of byCall.values()) {
        const sorted = scores.sort((x, y) => x.scorer.localeCompare(y.scorer));
        for (const [i, first] of sorted.entries()) {
          for (const second of sorted.slice(i + 1)) {
            const key = JSON.stringify([first.scorer, second.scorer]);
            const pair = found.get(key) ?? { a: first.scorer, b: second.scorer, calls: 0, items: [] };
            found.set(key, pair);
            pair.calls++;
            const theirs = z.array(Answer).parse(JSON.parse(second.answers));
            for (const answer of z.array(Answer).parse(JSON.parse(first.answers))) {
              const other = theirs.find((each) => each.criterionId === answer.criterionId);
              if (other) pair.items.push([String(answer.met ?? "n/a"), String(other.met ?? "n/a")]);
            }
          }
        }
      }
      return {
        pairs: [...found.values()].map(({ a, b, calls, items }) => ({
          a,
          b,
          calls,
          items: items.length,
          agreement: items.length === 0 ? 0 : items.filter(([x, y]) => x === y).length / items.length,
          kappa: cohensKappa(items) ?? null,
        })),
      };
    },
  );

  app.get(
    "/api/scoring/export",
    {
      schema: {
        tags,
        summary: "Every score as CSV or JSON",
        querystring: z.object({ format: z.enum(["csv", "json"]).default("csv") }),
      },
    },
    async (request, reply) => {
      const rows = await database.db
        .selectFrom("scores")
        .innerJoin("calls", "calls.id", "scores.call_id")
        .select([
          "scores.call_id as call",
          "calls.started_at as startedAt",
          "calls.playbook_id as playbook",
          "scores.scorecard_id as scorecard",
          "scores.scorecard_version as scorecardVersion",
          "scores.scorer as scorer",
          "scores.scorer_kind as kind",
          "scores.total as total",
          "scores.failed as failed",
          "scores.note as note",
          "scores.dispute_state as dispute",
          "scores.answers as answers",
        ])
        .orderBy("calls.started_at")
        .execute();
      await audit(database, request, "scoring.export", undefined, request.query.format);
      reply.header("content-disposition", `attachment; filename="sidetone-scores.${request.query.format}"`);
      if (request.query.format === "json") {
        return reply.send({ scores: rows.map((row) => ({ ...row, answers: JSON.parse(row.answers) })) });
      }
      const names = Object.keys(rows[0] ?? { call: "" });
      const lines = [names, ...rows.map((row) => Object.values(row))].map((cells) => cells.map(csvCell).join(","));
      return reply.type("text/csv; charset=utf-8").send(`${lines.join("\r\n")}\r\n`);
    },
  );
}

/** A leading sign would make a spreadsheet run the cell as a formula (OWASP, CSV injection). */
function csvCell(value: unknown): string {
  const text = value === null || value === undefined ? "" : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
