import { createHash, randomBytes, randomUUID } from "node:crypto";
import type { Kysely } from "kysely";
import type { Role, Rows } from "./rows-schema.ts";

/** Secrets are kept as SHA-256 of 32 random bytes: enough for a value nobody chooses. */
export const hashSecret = (secret: string): string => createHash("sha256").update(secret).digest("hex");

export interface AuditEntry {
  actor: string;
  actorKind: "user" | "token" | "system";
  role?: Role | undefined;
  act: string;
  subject?: string | undefined;
  detail?: string | undefined;
  ip?: string | undefined;
  outcome?: "done" | "refused" | "failed";
}

export async function writeAudit(db: Kysely<Rows>, entry: AuditEntry): Promise<void> {
  await db
    .insertInto("audit")
    .values({
      id: randomUUID(),
      at: new Date().toISOString(),
      actor: entry.actor,
      actor_kind: entry.actorKind,
      role: entry.role ?? null,
      act: entry.act,
      subject: entry.subject ?? null,
      detail: entry.detail ?? null,
      ip: entry.ip ?? null,
      outcome: entry.outcome ?? "done",
    })
    .execute();
}

/** Newest first. `before` is the `at` of the last entry seen. */
export function readAudit(
  db: Kysely<Rows>,
  options: { before?: string | undefined; actor?: string | undefined; act?: string | undefined; limit: number },
) {
  let query = db.selectFrom("audit").selectAll().orderBy("at", "desc").orderBy("id").limit(options.limit);
  if (options.before) query = query.where("at", "<", options.before);
  if (options.actor) query = query.where("actor", "=", options.actor);
  if (options.act) query = query.where("act", "like", `${options.act}%`);
  return query.execute();
}

export interface NewApiToken {
  id: string;
  /** Shown once; only its hash is kept. */
  secret: string;
}

export async function createApiToken(
  db: Kysely<Rows>,
  token: { name: string; role: Role; createdBy: string; expiresAt?: string | undefined },
): Promise<NewApiToken> {
  const secret = `sdt_${randomBytes(32).toString("base64url")}`;
  const id = randomUUID();
  await db
    .insertInto("api_tokens")
    .values({
      id,
      name: token.name,
      role: token.role,
      hash: hashSecret(secret),
      prefix: secret.slice(0, 10),
      created_by: token.createdBy,
      created_at: new Date().toISOString(),
      last_used_at: null,
      expires_at: token.expiresAt ?? null,
      revoked_at: null,
    })
    .execute();
  return { id, secret };
}

/** The token that a bearer secret names, when it still counts; marks it as used. */
export async function findApiToken(db: Kysely<Rows>, secret: string) {
  const now = new Date().toISOString();
  const token = await db
    .selectFrom("api_tokens")
    .selectAll()
    .where("hash", "=", hashSecret(secret))
    .where("revoked_at", "is", null)
    .where((eb) => eb.or([eb("expires_at", "is", null), eb("expires_at", ">", now)]))
    .executeTakeFirst();
  // A minute's precision is enough, and spares a write on each request.
  if (token && (token.last_used_at ?? "") < new Date(Date.now() - 60_000).toISOString()) {
    await db.updateTable("api_tokens").set({ last_used_at: now }).where("id", "=", token.id).execute();
  }
  return token;
}

export const listApiTokens = (db: Kysely<Rows>) =>
  db.selectFrom("api_tokens").selectAll().orderBy("created_at", "desc").execute();

export async function revokeApiToken(db: Kysely<Rows>, id: string): Promise<boolean> {
  const result = await db
    .updateTable("api_tokens")
    .set({ revoked_at: new Date().toISOString() })
    .where("id", "=", id)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  return Number(result.numUpdatedRows) > 0;
}

/** Makes a one-time secret for a first sign-in or a reset. */
export async function createInvite(
  db: Kysely<Rows>,
  invite: {
    email?: string | undefined;
    role: Role;
    kind: "first-admin" | "join" | "reset";
    createdBy?: string | undefined;
    lifetimeMs: number;
  },
): Promise<string> {
  const secret = randomBytes(32).toString("base64url");
  const now = Date.now();
  await db
    .insertInto("invites")
    .values({
      hash: hashSecret(secret),
      email: invite.email ?? null,
      role: invite.role,
      kind: invite.kind,
      created_by: invite.createdBy ?? null,
      created_at: new Date(now).toISOString(),
      expires_at: new Date(now + invite.lifetimeMs).toISOString(),
      used_at: null,
    })
    .execute();
  return secret;
}

export const findInvite = (db: Kysely<Rows>, secret: string) =>
  db
    .selectFrom("invites")
    .selectAll()
    .where("hash", "=", hashSecret(secret))
    .where("used_at", "is", null)
    .where("expires_at", ">", new Date().toISOString())
    .executeTakeFirst();

/** Uses an invite up. False when somebody else was first. */
export async function useInvite(db: Kysely<Rows>, secret: string): Promise<boolean> {
  const result = await db
    .updateTable("invites")
    .set({ used_at: new Date().toISOString() })
    .where("hash", "=", hashSecret(secret))
    .where("used_at", "is", null)
    .executeTakeFirst();
  return Number(result.numUpdatedRows) === 1;
}

export async function readSetting(db: Kysely<Rows>, key: string): Promise<unknown> {
  const row = await db.selectFrom("settings").select("value").where("key", "=", key).executeTakeFirst();
  return row === undefined ? undefined : JSON.parse(row.value);
}

export async function writeSetting(db: Kysely<Rows>, key: string, value: unknown): Promise<void> {
  const row = { value: JSON.stringify(value), updated_at: new Date().toISOString() };
  await db
    .insertInto("settings")
    .values({ key, ...row })
    .onConflict((conflict) => conflict.column("key").doUpdateSet(row))
    .execute();
}
