import { SidetoneError } from "@sidetone/platform";
import { createApiToken, createInvite, listApiTokens, ROLES, readAudit, revokeApiToken } from "@sidetone/store";
import { z } from "zod";
import type { Api, DashboardContext } from "../context.ts";
import { audit, who } from "../guard.ts";

const INVITE_MS = 7 * 24 * 3600 * 1000;
const Done = z.object({ done: z.literal(true) });
const Params = z.object({ id: z.string() });
const Role = z.enum(ROLES);

/** People, API tokens, and who did what. */
export function peopleRoutes(app: Api, context: DashboardContext): void {
  const { database, accounts, config } = context;
  const link = (secret: string) => `${config.origin}/join#${secret}`;

  app.get(
    "/api/people",
    {
      schema: {
        tags: ["People"],
        summary: "Everybody with an account",
        response: {
          200: z.object({
            people: z.array(
              z.object({ id: z.string(), name: z.string(), email: z.string(), role: Role, disabled: z.boolean() }),
            ),
            invites: z.array(
              z.object({ email: z.string().nullable(), role: Role, createdAt: z.string(), expiresAt: z.string() }),
            ),
          }),
        },
      },
    },
    async () => {
      const [people, invites] = await Promise.all([
        database.db.selectFrom("user").select(["id", "name", "email", "role", "disabled"]).orderBy("name").execute(),
        database.db
          .selectFrom("invites")
          .selectAll()
          .where("used_at", "is", null)
          .where("kind", "=", "join")
          .where("expires_at", ">", new Date().toISOString())
          .orderBy("created_at", "desc")
          .execute(),
      ]);
      return {
        people: people.map((person) => ({ ...person, disabled: person.disabled === 1 })),
        invites: invites.map((invite) => ({
          email: invite.email,
          role: invite.role,
          createdAt: invite.created_at,
          expiresAt: invite.expires_at,
        })),
      };
    },
  );

  app.post(
    "/api/people",
    {
      schema: {
        tags: ["People"],
        summary: "Invite somebody: the answer is a one-time link to hand to them",
        body: z.object({ email: z.email().max(200), role: Role }),
        response: { 200: z.object({ link: z.string(), expiresAt: z.string() }) },
      },
    },
    async (request) => {
      const { email, role } = request.body;
      if (await accounts.findByEmail(email)) throw new SidetoneError("CONFLICT", "This address has an account.");
      const secret = await createInvite(database.db, {
        email: email.toLowerCase(),
        role,
        kind: "join",
        createdBy: who(request).name,
        lifetimeMs: INVITE_MS,
      });
      await audit(database, request, "person.invite", email, role);
      return { link: link(secret), expiresAt: new Date(Date.now() + INVITE_MS).toISOString() };
    },
  );

  app.patch(
    "/api/people/:id",
    {
      schema: {
        tags: ["People"],
        summary: "Change somebody's role, or keep them out",
        params: Params,
        body: z.object({ role: Role.optional(), disabled: z.boolean().optional() }),
        response: { 200: Done },
      },
    },
    async (request) => {
      const { role, disabled } = request.body;
      if (request.params.id === who(request).id)
        throw new SidetoneError("CONFLICT", "Nobody can change or disable their own account; ask another admin.");
      const result = await database.db
        .updateTable("user")
        .set({ ...(role && { role }), ...(disabled !== undefined && { disabled: Number(disabled) }) })
        .where("id", "=", request.params.id)
        .executeTakeFirst();
      if (Number(result.numUpdatedRows) === 0) throw new SidetoneError("NOT_FOUND", "There is no such person.");
      // A new role counts from the next request; a disabled person's sessions end now.
      if (disabled) await accounts.endSessions(request.params.id);
      await audit(database, request, "person.change", request.params.id, JSON.stringify(request.body));
      return { done: true as const };
    },
  );

  app.post(
    "/api/people/:id/reset",
    {
      schema: {
        tags: ["People"],
        summary: "A one-time link with which somebody sets a new password",
        params: Params,
        response: { 200: z.object({ link: z.string() }) },
      },
    },
    async (request) => {
      const person = await database.db
        .selectFrom("user")
        .select(["email", "role"])
        .where("id", "=", request.params.id)
        .executeTakeFirst();
      if (!person) throw new SidetoneError("NOT_FOUND", "There is no such person.");
      const secret = await createInvite(database.db, {
        email: person.email,
        role: person.role,
        kind: "reset",
        createdBy: who(request).name,
        lifetimeMs: 24 * 3600 * 1000,
      });
      await audit(database, request, "person.reset", person.email);
      return { link: link(secret) };
    },
  );

  app.get(
    "/api/tokens",
    {
      schema: {
        tags: ["API tokens"],
        summary: "API tokens, without their secrets",
        response: {
          200: z.object({
            tokens: z.array(
              z.object({
                id: z.string(),
                name: z.string(),
                role: Role,
                prefix: z.string(),
                createdBy: z.string(),
                createdAt: z.string(),
                lastUsedAt: z.string().nullable(),
                expiresAt: z.string().nullable(),
                revokedAt: z.string().nullable(),
              }),
            ),
          }),
        },
      },
    },
    async () => ({
      tokens: (await listApiTokens(database.db)).map((token) => ({
        id: token.id,
        name: token.name,
        role: token.role,
        prefix: token.prefix,
        createdBy: token.created_by,
        createdAt: token.created_at,
        lastUsedAt: token.last_used_at,
        expiresAt: token.expires_at,
        revokedAt: token.revoked_at,
      })),
    }),
  );

  app.post(
    "/api/tokens",
    {
      schema: {
        tags: ["API tokens"],
        summary: "A new API token; its secret is shown this once",
        body: z.object({
          name: z.string().trim().min(1).max(100),
          role: Role,
          expiresInDays: z.number().int().min(1).max(3_650).optional(),
        }),
        response: { 200: z.object({ id: z.string(), secret: z.string() }) },
      },
    },
    async (request) => {
      const { name, role, expiresInDays } = request.body;
      const token = await createApiToken(database.db, {
        name,
        role,
        createdBy: who(request).name,
        ...(expiresInDays && { expiresAt: new Date(Date.now() + expiresInDays * 86_400_000).toISOString() }),
      });
      await audit(database, request, "token.create", name, role);
      return token;
    },
  );

  app.delete(
    "/api/tokens/:id",
    { schema: { tags: ["API tokens"], summary: "Revoke an API token", params: Params, response: { 200: Done } } },
    async (request) => {
      if (!(await revokeApiToken(database.db, request.params.id)))
        throw new SidetoneError("NOT_FOUND", "There is no such token in force.");
      await audit(database, request, "token.revoke", request.params.id);
      return { done: true as const };
    },
  );

  app.get(
    "/api/audit",
    {
      schema: {
        tags: ["Audit"],
        summary: "Who did what, newest first",
        querystring: z.object({
          before: z.string().optional(),
          actor: z.string().optional(),
          act: z.string().optional(),
          limit: z.coerce.number().int().min(1).max(500).default(100),
        }),
        response: {
          200: z.object({
            entries: z.array(
              z.object({
                id: z.string(),
                at: z.string(),
                actor: z.string(),
                role: z.string().nullable(),
                act: z.string(),
                subject: z.string().nullable(),
                detail: z.string().nullable(),
                ip: z.string().nullable(),
                outcome: z.string(),
              }),
            ),
          }),
        },
      },
    },
    async (request) => ({
      entries: (await readAudit(database.db, request.query)).map(({ actor_kind: _, ...entry }) => entry),
    }),
  );
}
