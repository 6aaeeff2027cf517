import { type CreateTableBuilder, type Kysely, type RawBuilder, sql } from "kysely";
import type { Migration } from "kysely/migration";
import { rerunsRoutesConnectors } from "./rows-migration-0002.ts";
import { rerunClaims } from "./rows-migration-0003.ts";

type Build = CreateTableBuilder<string, string>;
type Columns = Record<string, string>;
type DataType = "text" | "integer" | "real" | "double precision" | "timestamptz" | "boolean" | RawBuilder<unknown>;

/**
 * Adds columns by a short notation: a type (`text`, `integer`, `real`, `timestamp`, `flag`), `?` for
 * nullable, and `= n` for a default number.
 */
function add(table: Build, columns: Columns, types: Record<string, DataType>): Build {
  let built = table;
  for (const [name, notation] of Object.entries(columns)) {
    const [, type = "", nullable, standard] = /^(\w+)(\?)?(?:\s*=\s*(\d+))?$/.exec(notation) ?? [];
    const dataType = types[type];
    if (!dataType) throw new TypeError(`Unknown column notation ${notation} of ${name}`);
    built = built.addColumn(name, dataType, (column) => {
      let made = column;
      if (!nullable) made = made.notNull();
      if (standard !== undefined) made = made.defaultTo(Number(standard));
      return made;
    }) as Build;
  }
  return built;
}

const TABLES: readonly { name: string; columns: Columns; key: readonly string[]; unique?: readonly string[] }[] = [
  {
    name: "user",
    columns: {
      id: "text",
      name: "text",
      email: "text",
      emailVerified: "flag",
      image: "text?",
      role: "text",
      disabled: "integer = 0",
      createdAt: "timestamp",
      updatedAt: "timestamp",
    },
    key: ["id"],
    unique: ["email"],
  },
  {
    name: "session",
    columns: {
      id: "text",
      userId: "text",
      token: "text",
      expiresAt: "timestamp",
      ipAddress: "text?",
      userAgent: "text?",
      createdAt: "timestamp",
      updatedAt: "timestamp",
    },
    key: ["id"],
    unique: ["token"],
  },
  {
    name: "account",
    columns: {
      id: "text",
      userId: "text",
      issuer: "text",
      accountId: "text",
      providerId: "text",
      accessToken: "text?",
      refreshToken: "text?",
      idToken: "text?",
      accessTokenExpiresAt: "timestamp?",
      refreshTokenExpiresAt: "timestamp?",
      scope: "text?",
      password: "text?",
      createdAt: "timestamp",
      updatedAt: "timestamp",
    },
    key: ["id"],
    unique: ["issuer", "accountId"],
  },
  {
    name: "verification",
    columns: {
      id: "text",
      identifier: "text",
      value: "text",
      expiresAt: "timestamp",
      createdAt: "timestamp",
      updatedAt: "timestamp",
    },
    key: ["id"],
  },
  {
    name: "calls",
    columns: {
      id: "text",
      carrier_call_id: "text?",
      carrier: "text",
      direction: "text",
      from_number: "text",
      to_number: "text",
      playbook_id: "text",
      playbook_version: "integer",
      bridge_id: "text",
      started_at: "text",
      ended_at: "text?",
      duration_ms: "real?",
      end_reason: "text?",
      outcome: "text?",
      disposition: "text?",
      summary: "text?",
      top_want: "text?",
      transfer_target: "text?",
      transfer_reason: "text?",
      recorded: "integer = 0",
      tape_path: "text?",
      model_hash: "text?",
      verified: "text?",
      verified_detail: "text?",
      response_p50_ms: "real?",
      response_max_ms: "real?",
      stop_p50_ms: "real?",
      stop_max_ms: "real?",
      yields: "integer = 0",
      backchannels: "integer = 0",
      cut_ins: "integer = 0",
      lost_hops: "integer = 0",
      longest_silence_ms: "real = 0",
      longest_lookup_ms: "real = 0",
      uncovered: "integer = 0",
      auto_score: "real?",
      human_score: "real?",
      figures: "text",
      updated_at: "text",
    },
    key: ["id"],
  },
  {
    name: "call_turns",
    columns: {
      call_id: "text",
      idx: "integer",
      who: "text",
      start_ms: "real",
      end_ms: "real",
      text: "text",
      unheard: "text?",
    },
    key: ["call_id", "idx"],
  },
  { name: "call_terms", columns: { term: "term", call_id: "text" }, key: ["term", "call_id"] },
  {
    name: "call_marks",
    columns: { call_id: "text", idx: "integer", at_ms: "real", kind: "text", value: "real?", detail: "text?" },
    key: ["call_id", "idx"],
  },
  {
    name: "playbooks",
    columns: { id: "text", name: "text", created_at: "text", archived: "integer = 0" },
    key: ["id"],
  },
  {
    name: "playbook_versions",
    columns: {
      playbook_id: "text",
      version: "integer",
      state: "text",
      source: "text",
      note: "text?",
      created_by: "text",
      created_at: "text",
      tested_at: "text?",
      test_report: "text?",
      published_at: "text?",
      published_by: "text?",
    },
    key: ["playbook_id", "version"],
  },
  {
    name: "routes",
    columns: {
      id: "text",
      number: "text",
      playbook_id: "text",
      version: "integer?",
      share_percent: "integer",
      days: "text",
      from_minute: "integer",
      to_minute: "integer",
      time_zone: "text",
      created_at: "text",
    },
    key: ["id"],
  },
  {
    name: "api_tokens",
    columns: {
      id: "text",
      name: "text",
      role: "text",
      hash: "text",
      prefix: "text",
      created_by: "text",
      created_at: "text",
      last_used_at: "text?",
      expires_at: "text?",
      revoked_at: "text?",
    },
    key: ["id"],
    unique: ["hash"],
  },
  {
    name: "invites",
    columns: {
      hash: "text",
      email: "text?",
      role: "text",
      kind: "text",
      created_by: "text?",
      created_at: "text",
      expires_at: "text",
      used_at: "text?",
    },
    key: ["hash"],
  },
  {
    name: "audit",
    columns: {
      id: "text",
      at: "text",
      actor: "text",
      actor_kind: "text",
      role: "text?",
      act: "text",
      subject: "text?",
      detail: "text?",
      ip: "text?",
      outcome: "text",
    },
    key: ["id"],
  },
  {
    name: "scorecards",
    columns: {
      id: "text",
      version: "integer",
      name: "text",
      document: "text",
      active: "integer = 1",
      created_by: "text",
      created_at: "text",
    },
    key: ["id", "version"],
  },
  {
    name: "scores",
    columns: {
      id: "text",
      call_id: "text",
      scorecard_id: "text",
      scorecard_version: "integer",
      scorer: "text",
      scorer_kind: "text",
      total: "real",
      failed: "integer = 0",
      answers: "text",
      note: "text?",
      dispute: "text?",
      dispute_state: "text?",
      created_at: "text",
      updated_at: "text",
    },
    key: ["id"],
    unique: ["call_id", "scorecard_id", "scorer"],
  },
  {
    name: "comments",
    columns: {
      id: "text",
      call_id: "text",
      at_ms: "real",
      author: "text",
      text: "text",
      created_at: "text",
      resolved_at: "text?",
    },
    key: ["id"],
  },
  {
    name: "saved_sets",
    columns: { id: "text", name: "text", kind: "text", query: "text?", created_by: "text", created_at: "text" },
    key: ["id"],
  },
  {
    name: "saved_set_calls",
    columns: { set_id: "text", call_id: "text", expected: "text?" },
    key: ["set_id", "call_id"],
  },
  {
    name: "reruns",
    columns: {
      id: "text",
      call_id: "text",
      set_id: "text?",
      against: "text",
      state: "text",
      result: "text?",
      created_by: "text",
      created_at: "text",
      finished_at: "text?",
    },
    key: ["id"],
  },
  { name: "settings", columns: { key: "text", value: "text", updated_at: "text" }, key: ["key"] },
];

const INDEXES: readonly [string, readonly string[]][] = [
  ["session", ["userId"]],
  ["account", ["userId"]],
  ["verification", ["identifier"]],
  ["calls", ["started_at", "id"]],
  ["calls", ["playbook_id", "started_at"]],
  ["calls", ["from_number"]],
  ["calls", ["to_number"]],
  ["calls", ["response_max_ms"]],
  ["calls", ["outcome", "started_at"]],
  ["calls", ["top_want"]],
  ["call_terms", ["call_id"]],
  ["call_marks", ["kind", "call_id"]],
  ["routes", ["number"]],
  ["audit", ["at"]],
  ["scores", ["call_id"]],
  ["comments", ["call_id", "at_ms"]],
  ["saved_set_calls", ["call_id"]],
  ["reruns", ["call_id"]],
];

/** Every migration, in order of name. A released one is never edited: a change is a new one. */
export function migrations(kind: "sqlite" | "postgres"): Record<string, Migration> {
  const types: Record<string, DataType> = {
    text: "text",
    integer: "integer",
    real: kind === "postgres" ? "double precision" : "real",
    timestamp: kind === "postgres" ? "timestamptz" : "text",
    // Prefix search compares code points; a locale's own order would not.
    term: kind === "postgres" ? sql`text collate "C"` : "text",
    flag: kind === "postgres" ? "boolean" : "integer",
  };
  return {
    "0001-first-schema": {
      async up(db: Kysely<unknown>) {
        for (const table of TABLES) {
          let build = add(db.schema.createTable(table.name) as Build, table.columns, types);
          build = build.addPrimaryKeyConstraint(`${table.name}_pk`, [...table.key]);
          if (table.unique) build = build.addUniqueConstraint(`${table.name}_once`, [...table.unique]);
          await build.execute();
        }
        for (const [table, columns] of INDEXES) {
          await db.schema
            .createIndex(`${table}_by_${columns.join("_")}`.toLowerCase())
            .on(table)
            .columns([...columns])
            .execute();
        }
      },
    },
    "0002-reruns-routes-connectors": rerunsRoutesConnectors(kind),
    "0003-rerun-claims": rerunClaims,
  };
}
