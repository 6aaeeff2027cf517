import { SidetoneError } from "@sidetone/platform";
import { findInvite, ROLES, useInvite, writeAudit } from "@sidetone/store";
import { z } from "zod";
import { PASSWORD_MAX, PASSWORD_MIN } from "../auth.ts";
import type { Api, DashboardContext } from "../context.ts";
import { audit, csrfToken, headersOf, who } from "../guard.ts";
import { seesPlainText } from "../masking.ts";

const Email = z.email().max(200);
const Password = z.string().min(PASSWORD_MIN).max(PASSWORD_MAX);
const Done = z.object({ done: z.literal(true) });
const Person = z.object({ id: z.string(), name: z.string(), email: z.string(), role: z.enum(ROLES) });

/** Signing in and out, invites, and one's own password. */
export function sessionRoutes(app: Api, context: DashboardContext): void {
  const { accounts, database, secret } = context;

  app.get(
    "/api/session",
    {
      schema: {
        tags: ["Session"],
        summary: "Who is signed in",
        response: {
          200: z.object({
            person: Person.nullable(),
            csrfToken: z.string().nullable(),
            /** No account exists yet: use the one-time link that the server printed. */
            firstStart: z.boolean(),
            plainText: z.boolean(),
          }),
        },
      },
    },
    async (request) => {
      const found = await accounts.whoIs(headersOf(request));
      if (!found)
        return { person: null, csrfToken: null, firstStart: (await accounts.count()) === 0, plainText: false };
      return {
        person: { id: found.userId, name: found.name, email: found.email, role: found.role },
        csrfToken: csrfToken(secret, found.sessionId),
        firstStart: false,
        plainText: seesPlainText(found.role),
      };
    },
  );

  const perAddress = app.createRateLimit({
    max: 5,
    timeWindow: "1 minute",
    keyGenerator: (request) => `email:${String((request.body as { email?: string }).email).toLowerCase()}`,
  });
  const limited = { rateLimit: { max: 20, timeWindow: "1 minute" } };

  app.post(
    "/api/session",
    {
      config: limited,
      schema: {
        tags: ["Session"],
        summary: "Sign in",
        body: z.object({ email: Email, password: z.string().min(1).max(PASSWORD_MAX) }),
        response: { 200: Done },
      },
    },
    async (request, reply) => {
      const { email, password } = request.body;
      const limit = await perAddress(request);
      if (!limit.isAllowed && limit.isExceeded) {
        reply.header("retry-after", Math.ceil(limit.ttlInSeconds));
        throw new SidetoneError("RATE_LIMITED", "Too many sign-ins for this address.");
      }
      const cookies = await accounts.signIn(email, password, headersOf(request));
      await writeAudit(database.db, {
        actor: email,
        actorKind: "user",
        act: "session.sign-in",
        ip: request.ip,
        outcome: cookies ? "done" : "refused",
      });
      if (!cookies) throw new SidetoneError("UNAUTHENTICATED", "Address and password do not fit.");
      for (const cookie of cookies) reply.header("set-cookie", cookie);
      return { done: true as const };
    },
  );

  app.delete(
    "/api/session",
    { schema: { tags: ["Session"], summary: "Sign out", response: { 200: Done } } },
    async (request, reply) => {
      for (const cookie of await accounts.signOut(headersOf(request))) reply.header("set-cookie", cookie);
      return { done: true as const };
    },
  );

  app.post(
    "/api/invites/look",
    {
      config: limited,
      schema: {
        tags: ["Session"],
        summary: "What a one-time link is for",
        body: z.object({ token: z.string().min(20).max(200) }),
        response: { 200: z.object({ kind: z.string(), email: z.string().nullable(), role: z.enum(ROLES) }) },
      },
    },
    async (request) => {
      const invite = await findInvite(database.db, request.body.token);
      if (!invite) throw new SidetoneError("NOT_FOUND", "This link was used or has expired.");
      return { kind: invite.kind, email: invite.email, role: invite.role };
    },
  );

  app.post(
    "/api/invites/accept",
    {
      config: limited,
      schema: {
        tags: ["Session"],
        summary: "Use a one-time link: make the account, or set a new password, and sign in",
        body: z.object({
          token: z.string().min(20).max(200),
          name: z.string().trim().min(1).max(100).optional(),
          email: Email.optional(),
          password: Password,
        }),
        response: { 200: Done },
      },
    },
    async (request, reply) => {
      const { token, password } = request.body;
      const invite = await findInvite(database.db, token);
      if (!invite) throw new SidetoneError("NOT_FOUND", "This link was used or has expired.");
      const email = invite.email ?? request.body.email;
      if (email === undefined) throw new SidetoneError("REQUEST_INVALID", "email: an address is needed.");
      const known = await accounts.findByEmail(email);
      if (invite.kind === "reset" && !known) throw new SidetoneError("NOT_FOUND", "This account is gone.");
      if (invite.kind !== "reset" && known) throw new SidetoneError("CONFLICT", "This address has an account.");
      if (!(await useInvite(database.db, token))) throw new SidetoneError("CONFLICT", "This link was just used.");
      if (known) await accounts.setPassword(known.id, password);
      else await accounts.create({ email, name: request.body.name ?? email, role: invite.role, password });
      await writeAudit(database.db, { actor: email, actorKind: "user", act: `invite.${invite.kind}`, ip: request.ip });
      const cookies = await accounts.signIn(email, password, headersOf(request));
      for (const cookie of cookies ?? []) reply.header("set-cookie", cookie);
      return { done: true as const };
    },
  );

  app.post(
    "/api/me/password",
    {
      config: limited,
      schema: {
        tags: ["Session"],
        summary: "Change one's own password; ends every session",
        body: z.object({ current: z.string().max(PASSWORD_MAX), next: Password }),
        response: { 200: Done },
      },
    },
    async (request) => {
      const identity = who(request);
      if (identity.kind !== "user") throw new SidetoneError("FORBIDDEN", "A token has no password.");
      if (!(await accounts.passwordFits(identity.id, request.body.current)))
        throw new SidetoneError("UNAUTHENTICATED", "The current password does not fit.");
      await accounts.setPassword(identity.id, request.body.next);
      await audit(database, request, "person.password", identity.email);
      return { done: true as const };
    },
  );
}
