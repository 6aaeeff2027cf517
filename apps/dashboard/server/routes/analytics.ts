import { termsOf } from "@sidetone/store";
import { z } from "zod";
import type { Api, DashboardContext } from "../context.ts";
import { who } from "../guard.ts";
import { isPlain, seesPlainText } from "../masking.ts";

const Figures = z.object({
  responseLatenciesMs: z.array(z.number()).default([]),
  stopLatenciesMs: z.array(z.number()).default([]),
});
/** Upper bounds of the latency histogram, milliseconds; the last bin is open. */
const BINS_MS = [200, 300, 400, 500, 600, 800, 1_000, 1_500, 2_000, 4_000];
const Quantiles = z.object({ p50: z.number(), p90: z.number(), p99: z.number() }).nullable();
const Counted = z.object({ name: z.string(), calls: z.number() });
const MAX_CALLS = 50_000;
const UNCOVERED_READ = 500;

function quantiles(values: number[]): z.infer<typeof Quantiles> {
  if (values.length === 0) return null;
  values.sort((a, b) => a - b);
  const at = (q: number) => values[Math.min(values.length - 1, Math.floor(q * values.length))] as number;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}

function tally(names: Iterable<string>): z.infer<typeof Counted>[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, calls]) => ({ name, calls })).sort((a, b) => b.calls - a.calls);
}

/** Figures over a stretch of time; the page links each of them to the calls behind it. */
export function analyticsRoutes(app: Api, context: DashboardContext): void {
  app.get(
    "/api/analytics",
    {
      schema: {
        tags: ["Analytics"],
        summary: "Figures of the calls that began in a stretch of time",
        querystring: z.object({
          from: z.iso.datetime({ offset: true }),
          to: z.iso.datetime({ offset: true }),
          playbookId: z.string().optional(),
        }),
        response: {
          200: z.object({
            bucketMs: z.number(),
            calls: z.number(),
            /** More calls fit than were counted. */
            cut: z.boolean(),
            contained: z.number(),
            transferred: z.number(),
            durationP50Ms: z.number().nullable(),
            response: Quantiles,
            stop: Quantiles,
            cutIns: z.number(),
            callsWithCutIn: z.number(),
            yields: z.number(),
            backchannels: z.number(),
            slowCalls: z.number(),
            lookup: Quantiles,
            silence: Quantiles,
            histogram: z.array(z.object({ overMs: z.number(), untilMs: z.number().nullable(), responses: z.number() })),
            outcomes: z.array(Counted),
            transferReasons: z.array(Counted),
            wants: z.array(Counted),
            uncoveredCalls: z.number(),
            /** Words of callers in uncovered calls that are no everyday words, by calls; none for those who read masked text. */
            uncoveredTerms: z.array(Counted),
            /** One entry a bucket of time that has calls. */
            series: z.array(
              z.object({
                at: z.string(),
                calls: z.number(),
                contained: z.number(),
                response: Quantiles,
                stop: Quantiles,
              }),
            ),
          }),
        },
      },
    },
    async (request) => {
      const { playbookId } = request.query;
      const plain = seesPlainText(who(request).role);
      const shown = (reason: string) => (plain ? reason : (context.mask.prose(reason) ?? ""));
      const from = new Date(request.query.from);
      const to = new Date(request.query.to);
      let query = context.database.db
        .selectFrom("calls")
        .select([
          "id",
          "started_at",
          "duration_ms",
          "outcome",
          "transfer_reason",
          "top_want",
          "uncovered",
          "cut_ins",
          "yields",
          "backchannels",
          "response_max_ms",
          "longest_lookup_ms",
          "longest_silence_ms",
          "figures",
        ])
        .where("started_at", ">=", from.toISOString())
        .where("started_at", "<", to.toISOString())
        .where("duration_ms", "is not", null)
        .orderBy("started_at")
        .limit(MAX_CALLS + 1);
      if (playbookId !== undefined) query = query.where("playbook_id", "=", playbookId);
      const rows = await query.execute();
      const cut = rows.length > MAX_CALLS;
      if (cut) rows.length = MAX_CALLS;
      const spanMs = to.getTime() - from.getTime();
      const bucketMs = spanMs <= 2 * 86_400_000 ? 3_600_000 : spanMs <= 14 * 86_400_000 ? 6 * 3_600_000 : 86_400_000;
      const buckets = new Map<number, { calls: number; contained: number; response: number[]; stop: number[] }>();
      const response: number[] = [];
      const stop: number[] = [];
      for (const row of rows) {
        const key = Math.floor(Date.parse(row.started_at) / bucketMs) * bucketMs;
        const bucket = buckets.get(key) ?? { calls: 0, contained: 0, response: [], stop: [] };
        buckets.set(key, bucket);
        const figures = Figures.parse(JSON.parse(row.figures));
        bucket.calls++;
        if (row.outcome === "contained") bucket.contained++;
        bucket.response.push(...figures.responseLatenciesMs);
        bucket.stop.push(...figures.stopLatenciesMs);
        response.push(...figures.responseLatenciesMs);
        stop.push(...figures.stopLatenciesMs);
      }
      const sum = (of: "cut_ins" | "yields" | "backchannels") => rows.reduce((total, row) => total + row[of], 0);
      const bounds = [0, ...BINS_MS];
      const uncovered = rows.filter((row) => row.uncovered > 0).map((row) => row.id);
      return {
        bucketMs,
        calls: rows.length,
        cut,
        contained: rows.filter((row) => row.outcome === "contained").length,
        transferred: rows.filter((row) => row.outcome === "transferred").length,
        durationP50Ms: quantiles(rows.map((row) => row.duration_ms ?? 0))?.p50 ?? null,
        response: quantiles(response),
        stop: quantiles(stop),
        cutIns: sum("cut_ins"),
        callsWithCutIn: rows.filter((row) => row.cut_ins > 0).length,
        yields: sum("yields"),
        backchannels: sum("backchannels"),
        slowCalls: rows.filter((row) => (row.response_max_ms ?? 0) > 800).length,
        lookup: quantiles(rows.map((row) => row.longest_lookup_ms).filter((ms) => ms > 0)),
        silence: quantiles(rows.map((row) => row.longest_silence_ms)),
        histogram: bounds.map((overMs, index) => {
          const untilMs = bounds[index + 1] ?? null;
          return {
            overMs,
            untilMs,
            responses: response.filter((ms) => ms > overMs && (untilMs === null || ms <= untilMs)).length,
          };
        }),
        outcomes: tally(rows.flatMap((row) => (row.outcome ? [row.outcome] : []))),
        transferReasons: tally(rows.flatMap((row) => (row.transfer_reason ? [shown(row.transfer_reason)] : []))),
        wants: tally(rows.flatMap((row) => (row.top_want ? [row.top_want] : []))).slice(0, 20),
        uncoveredCalls: uncovered.length,
        uncoveredTerms: plain ? await termsIn(context, uncovered) : [],
        series: [...buckets]
          .sort(([a], [b]) => a - b)
          .map(([at, bucket]) => ({
            at: new Date(at).toISOString(),
            calls: bucket.calls,
            contained: bucket.contained,
            response: quantiles(bucket.response),
            stop: quantiles(bucket.stop),
          })),
      };
    },
  );
}

/** What callers talked about in these calls beyond everyday words: the nearest thing to a want that nobody has named yet. */
async function termsIn(context: DashboardContext, callIds: readonly string[]): Promise<z.infer<typeof Counted>[]> {
  const latest = callIds.slice(-UNCOVERED_READ);
  if (latest.length === 0) return [];
  const turns = await context.database.db
    .selectFrom("call_turns")
    .select(["call_id", "text"])
    .where("who", "=", "caller")
    .where("call_id", "in", latest)
    .execute();
  const ofCall = new Map<string, Set<string>>();
  for (const { call_id, text } of turns) {
    const terms = ofCall.get(call_id) ?? new Set();
    ofCall.set(call_id, terms);
    for (const term of termsOf(text)) if (term.length > 2 && !/\d/.test(term) && !isPlain(term)) terms.add(term);
  }
  return tally([...ofCall.values()].flatMap((terms) => [...terms])).slice(0, 12);
}
