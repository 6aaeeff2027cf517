// Types of every table. One form on both databases: times are ISO 8601 text in UTC (so they sort), flags are 0 or 1,
// documents are JSON text. better-auth's tables are the exception: it owns their column types.
import type { Generated } from "kysely";

export const ROLES = ["admin", "supervisor", "qa", "viewer"] as const;
export type Role = (typeof ROLES)[number];

export interface UserTable {
  id: string;
  name: string;
  email: string;
  emailVerified: unknown;
  image: string | null;
  role: Role;
  disabled: Generated<number>;
  createdAt: unknown;
  updatedAt: unknown;
}
export interface SessionTable {
  id: string;
  userId: string;
  token: string;
  expiresAt: unknown;
  ipAddress: string | null;
  userAgent: string | null;
  createdAt: unknown;
  updatedAt: unknown;
}
export interface AccountTable {
  id: string;
  userId: string;
  issuer: string;
  accountId: string;
  providerId: string;
  accessToken: string | null;
  refreshToken: string | null;
  idToken: string | null;
  accessTokenExpiresAt: unknown;
  refreshTokenExpiresAt: unknown;
  scope: string | null;
  password: string | null;
  createdAt: unknown;
  updatedAt: unknown;
}
export interface VerificationTable {
  id: string;
  identifier: string;
  value: string;
  expiresAt: unknown;
  createdAt: unknown;
  updatedAt: unknown;
}

export interface CallsTable {
  id: string;
  carrier_call_id: string | null;
  carrier: string;
  direction: string;
  from_number: string;
  to_number: string;
  playbook_id: string;
  playbook_version: number;
  bridge_id: string;
  started_at: string;
  ended_at: string | null;
  duration_ms: number | null;
  end_reason: string | null;
  outcome: string | null;
  disposition: string | null;
  summary: string | null;
  top_want: string | null;
  transfer_target: string | null;
  transfer_reason: string | null;
  recorded: number;
  tape_path: string | null;
  model_hash: string | null;
  verified: string | null;
  verified_detail: string | null;
  response_p50_ms: number | null;
  response_max_ms: number | null;
  stop_p50_ms: number | null;
  stop_max_ms: number | null;
  yields: number;
  backchannels: number;
  cut_ins: number;
  lost_hops: number;
  longest_silence_ms: number;
  longest_lookup_ms: number;
  uncovered: number;
  auto_score: number | null;
  human_score: number | null;
  figures: string;
  updated_at: string;
  /** Which rule sent the call to its playbook, and how it reads. */
  route_id: string | null;
  route_label: string | null;
}
export interface CallTurnsTable {
  call_id: string;
  idx: number;
  who: string;
  start_ms: number;
  end_ms: number;
  text: string;
  unheard: string | null;
}
/** Inverted index over the words of a call: what was heard, and what was said and heard. */
export interface CallTermsTable {
  term: string;
  call_id: string;
}
export interface CallMarksTable {
  call_id: string;
  idx: number;
  at_ms: number;
  kind: string;
  value: number | null;
  detail: string | null;
}

export interface PlaybooksTable {
  id: string;
  name: string;
  created_at: string;
  archived: number;
}
export interface PlaybookVersionsTable {
  playbook_id: string;
  version: number;
  state: string;
  source: string;
  note: string | null;
  created_by: string;
  created_at: string;
  tested_at: string | null;
  test_report: string | null;
  published_at: string | null;
  published_by: string | null;
  /** Why an admin published it although the gate was shut. */
  override_reason: string | null;
}
/** What a version must get through before it is published, beside its own conversations. */
export interface PlaybookGatesTable {
  playbook_id: string;
  set_id: string;
  /** JSON: how much worse than the calls themselves a re-run may be. */
  bounds: string;
  updated_by: string;
  updated_at: string;
}
/** Which version answers a number: by share, and by days and times in a zone. The number `*` is any other. */
export interface RoutesTable {
  id: string;
  number: string;
  playbook_id: string;
  version: number | null;
  share_percent: number;
  days: string;
  from_minute: number;
  to_minute: number;
  time_zone: string;
  created_at: string;
  /** Rules of a number are tried in this order. */
  position: number;
  label: string | null;
}

export interface ApiTokensTable {
  id: string;
  name: string;
  role: Role;
  hash: string;
  prefix: string;
  created_by: string;
  created_at: string;
  last_used_at: string | null;
  expires_at: string | null;
  revoked_at: string | null;
}
export interface InvitesTable {
  hash: string;
  email: string | null;
  role: Role;
  kind: string;
  created_by: string | null;
  created_at: string;
  expires_at: string;
  used_at: string | null;
}
export interface AuditTable {
  id: string;
  at: string;
  actor: string;
  actor_kind: string;
  role: string | null;
  act: string;
  subject: string | null;
  detail: string | null;
  ip: string | null;
  outcome: string;
}

export interface ScorecardsTable {
  id: string;
  version: number;
  name: string;
  /** JSON: criteria with weights, required, auto-fail and the automatic rule if any. */
  document: string;
  active: number;
  created_by: string;
  created_at: string;
}
export interface ScoresTable {
  id: string;
  call_id: string;
  scorecard_id: string;
  scorecard_version: number;
  scorer: string;
  scorer_kind: string;
  total: number;
  failed: number;
  /** JSON: per criterion the points, a note, and the moment that shows it. */
  answers: string;
  note: string | null;
  dispute: string | null;
  dispute_state: string | null;
  created_at: string;
  updated_at: string;
}
export interface CommentsTable {
  id: string;
  call_id: string;
  at_ms: number;
  author: string;
  text: string;
  created_at: string;
  resolved_at: string | null;
}
export interface SavedSetsTable {
  id: string;
  name: string;
  kind: string;
  /** JSON: the search, for a set that follows one. */
  query: string | null;
  created_by: string;
  created_at: string;
}
export interface SavedSetCallsTable {
  set_id: string;
  call_id: string;
  /** JSON: the findings that a regression run must see. */
  expected: string | null;
}
/** One re-run of many calls against one playbook version, thresholds and model. */
export interface RerunBatchesTable {
  id: string;
  name: string;
  playbook_id: string | null;
  playbook_version: number | null;
  /** SHA-256 of the playbook's source: a draft that changes later is another playbook. */
  source_hash: string | null;
  /** JSON: the rest of what it runs against. */
  against: string;
  state: string;
  fault: string | null;
  calls: number;
  created_by: string;
  created_at: string;
  finished_at: string | null;
  /** The server that runs it, and until when nobody else may. */
  claimed_by: string | null;
  claimed_until: string | null;
}
/** One call's part of it. */
export interface RerunsTable {
  id: string;
  call_id: string;
  set_id: string | null;
  against: string;
  state: string;
  result: string | null;
  created_by: string;
  created_at: string;
  finished_at: string | null;
  batch_id: string | null;
  /** 0 to 1: how much of the call has been run. */
  progress: number;
  /** JSON: what came of it in short. */
  short: string | null;
}
/** A connector that was made in the dashboard. `config` is YAML with `${NAME}` in the place of secrets. */
export interface ConnectorsTable {
  name: string;
  kind: string;
  config: string;
  /** JSON object of name to sealed text; see `Sealer`. */
  secrets: string;
  enabled: number;
  created_at: string;
  updated_by: string;
  updated_at: string;
}
export interface SettingsTable {
  key: string;
  value: string;
  updated_at: string;
}

export interface Rows {
  user: UserTable;
  session: SessionTable;
  account: AccountTable;
  verification: VerificationTable;
  calls: CallsTable;
  call_turns: CallTurnsTable;
  call_terms: CallTermsTable;
  call_marks: CallMarksTable;
  playbooks: PlaybooksTable;
  playbook_versions: PlaybookVersionsTable;
  routes: RoutesTable;
  api_tokens: ApiTokensTable;
  invites: InvitesTable;
  audit: AuditTable;
  scorecards: ScorecardsTable;
  scores: ScoresTable;
  comments: CommentsTable;
  saved_sets: SavedSetsTable;
  saved_set_calls: SavedSetCallsTable;
  playbook_gates: PlaybookGatesTable;
  rerun_batches: RerunBatchesTable;
  reruns: RerunsTable;
  connectors: ConnectorsTable;
  settings: SettingsTable;
}
