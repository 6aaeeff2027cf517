import type { CallFigures } from "@sidetone/protocol";
import { type ExpressionBuilder, type Kysely, type Selectable, sql } from "kysely";
import type { CallsTable, Rows } from "./rows-schema.ts";

/** One call as its writer knows it so far. Fields left out keep what the row already holds. */
export interface CallRecord {
  id: string;
  carrierCallId?: string;
  carrier?: string;
  direction?: "inbound" | "outbound";
  from?: string;
  to?: string;
  playbookId?: string;
  playbookVersion?: number;
  bridgeId?: string;
  /** The rule that sent the call to its playbook. */
  route?: { id: string; label: string } | undefined;
  /** ISO 8601, UTC. */
  startedAt?: string;
  endedAt?: string;
  durationMs?: number;
  endReason?: string;
  /** `contained`, `unresolved`, `transferred`, `abandoned`, `failed`: how it ended for the contact centre. */
  outcome?: string;
  disposition?: string;
  summary?: string;
  topWant?: string;
  transferTarget?: string;
  transferReason?: string;
  recorded?: boolean;
  tapePath?: string;
  modelHash?: string;
  /** `exact`, `differs` or `unverifiable`: what replaying the tape against its model gave. */
  verified?: string;
  verifiedDetail?: string;
  figures?: CallFigures;
  longestLookupMs?: number;
  /** Times the caller wanted what no playbook covers. */
  uncovered?: number;
  autoScore?: number;
  humanScore?: number;
}

/** A turn as it was heard (masked), or as it was said: `unheard` is what was planned and never played. */
export interface CallTurn {
  who: "caller" | "agent" | "supervisor";
  startMs: number;
  endMs: number;
  text: string;
  unheard?: string;
}

/** A moment worth finding: response, stop, yield, cut-in, silence, lookup, gap, want, slot, key, transfer. */
export interface CallMark {
  atMs: number;
  kind: string;
  value?: number;
  detail?: string;
}

export type CallRow = Selectable<CallsTable>;

const median = (values: readonly number[]): number | null => {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
};
const largest = (values: readonly number[]): number | null => (values.length === 0 ? null : Math.max(...values));

/** The columns that a record gives; absent fields are absent, so that an update leaves them alone. */
function columnsOf(call: CallRecord): Partial<CallsTable> {
  const figures = call.figures;
  const all: { [K in keyof CallsTable]?: CallsTable[K] | undefined } = {
    id: call.id,
    carrier_call_id: call.carrierCallId,
    carrier: call.carrier,
    direction: call.direction,
    from_number: call.from,
    to_number: call.to,
    playbook_id: call.playbookId,
    playbook_version: call.playbookVersion,
    bridge_id: call.bridgeId,
    route_id: call.route?.id,
    route_label: call.route?.label,
    started_at: call.startedAt,
    ended_at: call.endedAt,
    duration_ms: call.durationMs ?? figures?.durationMs,
    end_reason: call.endReason,
    outcome: call.outcome,
    disposition: call.disposition,
    summary: call.summary,
    top_want: call.topWant,
    transfer_target: call.transferTarget,
    transfer_reason: call.transferReason,
    recorded: call.recorded === undefined ? undefined : Number(call.recorded),
    tape_path: call.tapePath,
    model_hash: call.modelHash,
    verified: call.verified,
    verified_detail: call.verifiedDetail,
    longest_lookup_ms: call.longestLookupMs,
    uncovered: call.uncovered,
    auto_score: call.autoScore,
    human_score: call.humanScore,
    ...(figures && {
      response_p50_ms: median(figures.responseLatenciesMs),
      response_max_ms: largest(figures.responseLatenciesMs),
      stop_p50_ms: median(figures.stopLatenciesMs),
      stop_max_ms: largest(figures.stopLatenciesMs),
      yields: figures.yields,
      backchannels: figures.backchannels,
      cut_ins: figures.cutIns,
      lost_hops: figures.lostHops,
      longest_silence_ms: figures.longestSilenceMs,
      figures: JSON.stringify(figures),
    }),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Partial<CallsTable>;
}

/** The words by which a text is found: lower case, letters and digits of any script. */
export function termsOf(text: string): string[] {
  return [...new Set(text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’][\p{L}]+)*/gu) ?? [])];
}

/**
 * Writes a call, new or known, and, when given, its whole index of turns and marks in place of the
 * former one. Running it twice with the same arguments leaves the same rows.
 */
export async function upsertCall(
  db: Kysely<Rows>,
  call: CallRecord,
  index?: { turns: readonly CallTurn[]; marks: readonly CallMark[] },
): Promise<void> {
  const now = new Date().toISOString();
  const given = { ...columnsOf(call), updated_at: now };
  await db.transaction().execute(async (trx) => {
    await trx
      .insertInto("calls")
      .values({
        carrier: "test",
        direction: "inbound",
        from_number: "",
        to_number: "",
        playbook_id: "",
        playbook_version: 0,
        bridge_id: "",
        started_at: now,
        recorded: 0,
        yields: 0,
        backchannels: 0,
        cut_ins: 0,
        lost_hops: 0,
        longest_silence_ms: 0,
        longest_lookup_ms: 0,
        uncovered: 0,
        figures: "{}",
        ...given,
        id: call.id,
      })
      .onConflict((conflict) => conflict.column("id").doUpdateSet(given))
      .execute();
    if (!index) return;
    for (const table of ["call_turns", "call_terms", "call_marks"] as const) {
      await trx.deleteFrom(table).where("call_id", "=", call.id).execute();
    }
    const turns = index.turns.map((turn, idx) => ({
      call_id: call.id,
      idx,
      who: turn.who,
      start_ms: turn.startMs,
      end_ms: turn.endMs,
      text: turn.text,
      unheard: turn.unheard ?? null,
    }));
    const marks = index.marks.map((mark, idx) => ({
      call_id: call.id,
      idx,
      at_ms: mark.atMs,
      kind: mark.kind,
      value: mark.value ?? null,
      detail: mark.detail ?? null,
    }));
    const terms = termsOf(index.turns.map((turn) => turn.text).join(" ")).map((term) => ({ term, call_id: call.id }));
    // SQLite and PostgreSQL both bound the parameters of one statement.
    for (const part of chunks(turns, 500)) await trx.insertInto("call_turns").values(part).execute();
    for (const part of chunks(terms, 500)) await trx.insertInto("call_terms").values(part).execute();
    for (const part of chunks(marks, 500)) await trx.insertInto("call_marks").values(part).execute();
  });
}

function* chunks<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size);
}

export interface CallSearch {
  /** Words heard or said; each must occur (the last may be a beginning); "in quotes" as a phrase. */
  text?: string | undefined;
  /** Any part of the caller's or the called number; spaces and signs do not count. */
  number?: string | undefined;
  startedFrom?: string | undefined;
  startedTo?: string | undefined;
  playbookId?: string | undefined;
  playbookVersion?: number | undefined;
  outcome?: string | undefined;
  want?: string | undefined;
  carrier?: string | undefined;
  transferReason?: string | undefined;
  /** Any response slower than this. */
  responseOverMs?: number | undefined;
  stopOverMs?: number | undefined;
  silenceOverMs?: number | undefined;
  lookupOverMs?: number | undefined;
  cutInsAtLeast?: number | undefined;
  yieldsAtLeast?: number | undefined;
  lostHopsAtLeast?: number | undefined;
  uncovered?: boolean | undefined;
  scoreBelow?: number | undefined;
  scoreAtLeast?: number | undefined;
  scored?: boolean | undefined;
  setId?: string | undefined;
  markKind?: string | undefined;
  verified?: string | undefined;
  sort?: "newest" | "oldest" | "slowest" | "longest" | undefined;
  limit?: number | undefined;
  /** `next` of the previous answer. */
  cursor?: string | undefined;
}

export interface CallPage {
  calls: CallRow[];
  /** Pass as `cursor` for the next page; absent on the last. */
  next: string | undefined;
  total: number;
}

const escapeLike = (text: string): string => text.replaceAll(/[\\%_]/g, "\\$&");

function conditions(eb: ExpressionBuilder<Rows, "calls">, search: CallSearch) {
  const all = [];
  const atLeast = (column: keyof CallsTable, value: number | undefined) => {
    if (value !== undefined) all.push(eb(`calls.${column}` as "calls.duration_ms", ">=", value));
  };
  const over = (column: keyof CallsTable, value: number | undefined) => {
    if (value !== undefined) all.push(eb(`calls.${column}` as "calls.duration_ms", ">", value));
  };
  const equal = (column: keyof CallsTable, value: string | number | undefined) => {
    if (value !== undefined) all.push(eb(`calls.${column}` as "calls.outcome", "=", value as string));
  };
  const phrases = [...(search.text ?? "").matchAll(/"([^"]+)"/g)].map((match) => match[1] as string);
  const words = termsOf(search.text ?? "");
  for (const [position, word] of words.entries()) {
    const beginning = position === words.length - 1 && !search.text?.trimEnd().endsWith('"');
    all.push(
      eb(
        "calls.id",
        "in",
        eb
          .selectFrom("call_terms")
          .select("call_id")
          .where("term", ">=", word)
          .where("term", beginning ? "<" : "<=", beginning ? `${word}\u{10ffff}` : word),
      ),
    );
  }
  for (const phrase of phrases) {
    all.push(
      eb(
        "calls.id",
        "in",
        eb
          .selectFrom("call_turns")
          .select("call_id")
          .where(sql<boolean>`lower(text) like ${`%${escapeLike(phrase.toLowerCase())}%`} escape '\\'`),
      ),
    );
  }
  const digits = search.number?.replaceAll(/[^\d]/g, "");
  if (digits) {
    all.push(eb.or([eb("calls.from_number", "like", `%${digits}%`), eb("calls.to_number", "like", `%${digits}%`)]));
  }
  if (search.startedFrom !== undefined) all.push(eb("calls.started_at", ">=", search.startedFrom));
  if (search.startedTo !== undefined) all.push(eb("calls.started_at", "<", search.startedTo));
  equal("playbook_id", search.playbookId);
  equal("playbook_version", search.playbookVersion);
  equal("outcome", search.outcome);
  equal("top_want", search.want);
  equal("carrier", search.carrier);
  equal("transfer_reason", search.transferReason);
  equal("verified", search.verified);
  over("response_max_ms", search.responseOverMs);
  over("stop_max_ms", search.stopOverMs);
  over("longest_silence_ms", search.silenceOverMs);
  over("longest_lookup_ms", search.lookupOverMs);
  atLeast("cut_ins", search.cutInsAtLeast);
  atLeast("yields", search.yieldsAtLeast);
  atLeast("lost_hops", search.lostHopsAtLeast);
  if (search.uncovered) all.push(eb("calls.uncovered", ">", 0));
  const score = sql<number>`coalesce(calls.human_score, calls.auto_score)`;
  if (search.scoreBelow !== undefined) all.push(eb(score, "<", search.scoreBelow));
  if (search.scoreAtLeast !== undefined) all.push(eb(score, ">=", search.scoreAtLeast));
  if (search.scored !== undefined) all.push(eb("calls.human_score", search.scored ? "is not" : "is", null));
  if (search.setId !== undefined) {
    all.push(
      eb("calls.id", "in", eb.selectFrom("saved_set_calls").select("call_id").where("set_id", "=", search.setId)),
    );
  }
  if (search.markKind !== undefined) {
    all.push(eb("calls.id", "in", eb.selectFrom("call_marks").select("call_id").where("kind", "=", search.markKind)));
  }
  return eb.and(all);
}

const SORTS = {
  newest: { column: "calls.started_at", direction: "desc" },
  oldest: { column: "calls.started_at", direction: "asc" },
  slowest: { column: "calls.response_max_ms", direction: "desc" },
  longest: { column: "calls.duration_ms", direction: "desc" },
} as const;

/** Finds calls. Pages by offset under the chosen order; `total` counts all that fit. */
export async function searchCalls(db: Kysely<Rows>, search: CallSearch): Promise<CallPage> {
  const limit = Math.min(Math.max(search.limit ?? 50, 1), 500);
  const offset = Math.max(0, Number.parseInt(search.cursor ?? "0", 10) || 0);
  const sort = SORTS[search.sort ?? "newest"];
  const fitting = db.selectFrom("calls").where((eb) => conditions(eb, search));
  const [calls, count] = await Promise.all([
    fitting
      .selectAll("calls")
      .orderBy(sort.column, (order) => (sort.direction === "desc" ? order.desc().nullsLast() : order.asc().nullsLast()))
      .orderBy("calls.id")
      .limit(limit + 1)
      .offset(offset)
      .execute(),
    fitting.select((eb) => eb.fn.countAll().as("total")).executeTakeFirstOrThrow(),
  ]);
  const more = calls.length > limit;
  return {
    calls: more ? calls.slice(0, limit) : calls,
    next: more ? String(offset + limit) : undefined,
    total: Number(count.total),
  };
}

export const findCall = (db: Kysely<Rows>, id: string): Promise<CallRow | undefined> =>
  db.selectFrom("calls").selectAll().where("id", "=", id).executeTakeFirst();

export const turnsOf = (db: Kysely<Rows>, callId: string) =>
  db.selectFrom("call_turns").selectAll().where("call_id", "=", callId).orderBy("idx").execute();

export const marksOf = (db: Kysely<Rows>, callId: string) =>
  db.selectFrom("call_marks").selectAll().where("call_id", "=", callId).orderBy("at_ms").orderBy("idx").execute();

/** Removes every row of a call; its tape is the caller's to remove. */
export async function deleteCall(db: Kysely<Rows>, callId: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    for (const table of [
      "call_turns",
      "call_terms",
      "call_marks",
      "comments",
      "scores",
      "saved_set_calls",
      "reruns",
    ] as const) {
      await trx.deleteFrom(table).where("call_id", "=", callId).execute();
    }
    await trx.deleteFrom("calls").where("id", "=", callId).execute();
  });
}
