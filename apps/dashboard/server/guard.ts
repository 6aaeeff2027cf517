import { createHmac, timingSafeEqual } from "node:crypto";
import { type Logger, SidetoneError } from "@sidetone/platform";
import { type Database, findApiToken, type Role, writeAudit } from "@sidetone/store";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { type Access, accessOf } from "./access.ts";
import type { Accounts } from "./auth.ts";

/** Who a request comes from. */
export interface Identity {
  kind: "user" | "token";
  /** Of the user or the token. */
  id: string;
  /** How the audit log and the tape name them. */
  name: string;
  email: string | undefined;
  role: Role;
  sessionId: string | undefined;
}

declare module "fastify" {
  interface FastifyRequest {
    identity: Identity | undefined;
  }
  interface FastifyContextConfig {
    access?: Access;
    socket?: boolean;
  }
}

export const CSRF_HEADER = "x-csrf-token";
const READING = new Set(["GET", "HEAD", "OPTIONS"]);

export const csrfToken = (secret: string, sessionId: string): string =>
  createHmac("sha256", secret).update(`csrf:${sessionId}`).digest("base64url");

const same = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
};

export function headersOf(request: FastifyRequest): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (Array.isArray(value)) for (const part of value) headers.append(name, part);
    else if (value !== undefined) headers.set(name, value);
  }
  return headers;
}

/** True for the dashboard's own pages: the configured origin, or the host that the request itself names. */
function isOwnOrigin(request: FastifyRequest, origin: string): boolean {
  const from = request.headers.origin;
  if (from === undefined) return false;
  if (from === origin) return true;
  return URL.canParse(from) && new URL(from).host === request.headers.host;
}

/**
 * Puts the access table in front of every route and socket: who it is, whether the role may, and, for
 * requests that change something, that they come from our own page (Origin and a token bound to the
 * session). Bearer tokens are not sent by browsers on their own, so they need no CSRF token.
 */
export function guard(
  app: FastifyInstance,
  options: { accounts: Accounts; database: Database; secret: string; origin: string; log: Logger },
): void {
  app.decorateRequest("identity", undefined);

  app.addHook("onRoute", (route) => {
    const methods = Array.isArray(route.method) ? route.method : [route.method];
    const socket = "websocket" in route && route.websocket === true;
    for (const method of methods) {
      if (method === "OPTIONS") continue;
      const access = accessOf(socket ? "WS" : method, route.url);
      if (!access) throw new Error(`The access table has no row for ${socket ? "WS" : method} ${route.url}`);
      route.config = { ...route.config, access, socket };
    }
  });

  app.addHook("onRequest", async (request) => {
    const { access, socket } = request.routeOptions.config;
    if (access === undefined) return;
    const changing = !READING.has(request.method);
    if (access === "public") {
      if (changing && request.headers.origin !== undefined && !isOwnOrigin(request, options.origin))
        throw new SidetoneError("ORIGIN_FORBIDDEN");
      return;
    }
    const identity = await identify(request);
    if (!identity) throw new SidetoneError("UNAUTHENTICATED");
    request.identity = identity;
    if (identity.kind === "user" && (changing || socket)) {
      if (!isOwnOrigin(request, options.origin)) throw new SidetoneError("ORIGIN_FORBIDDEN");
      const given = request.headers[CSRF_HEADER];
      const wanted = csrfToken(options.secret, identity.sessionId ?? "");
      // A browser cannot set headers on a socket; its Origin, which scripts cannot forge, stands in.
      if (changing && (typeof given !== "string" || !same(given, wanted)))
        throw new SidetoneError("FORBIDDEN", "The request carries no valid CSRF token; reload the page.");
    }
    if (!access.includes(identity.role)) {
      await writeAudit(options.database.db, {
        actor: identity.name,
        actorKind: identity.kind,
        role: identity.role,
        act: `refused ${request.method} ${request.routeOptions.url ?? ""}`,
        ip: request.ip,
        outcome: "refused",
      });
      throw new SidetoneError("FORBIDDEN");
    }
  });

  // A refused upgrade has left the HTTP server's hands, and nobody reads the connection any more: without this it
  // would stay open for as long as the server lives.
  app.addHook("onResponse", async (request, reply) => {
    if (request.routeOptions.config.socket && reply.statusCode >= 400) request.raw.socket.destroySoon();
  });

  async function identify(request: FastifyRequest): Promise<Identity | undefined> {
    const bearer = /^Bearer (sdt_[\w-]{20,})$/.exec(request.headers.authorization ?? "")?.[1];
    if (bearer !== undefined) {
      const token = await findApiToken(options.database.db, bearer);
      return (
        token && {
          kind: "token",
          id: token.id,
          name: `token:${token.name}`,
          email: undefined,
          role: token.role,
          sessionId: undefined,
        }
      );
    }
    const found = await options.accounts.whoIs(headersOf(request));
    return (
      found && {
        kind: "user",
        id: found.userId,
        name: found.email,
        email: found.email,
        role: found.role,
        sessionId: found.sessionId,
      }
    );
  }
}

/** The identity of a route that the table opens to roles only. */
export function who(request: FastifyRequest): Identity {
  if (!request.identity) throw new SidetoneError("UNAUTHENTICATED");
  return request.identity;
}

/** Writes what somebody did to the audit log. */
export function audit(
  database: Database,
  request: FastifyRequest,
  act: string,
  subject?: string,
  detail?: string,
): Promise<void> {
  const identity = request.identity;
  return writeAudit(database.db, {
    actor: identity?.name ?? "nobody",
    actorKind: identity?.kind ?? "system",
    role: identity?.role,
    act,
    subject,
    detail,
    ip: request.ip,
  });
}
