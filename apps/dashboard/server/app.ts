import { existsSync } from "node:fs";
import { join } from "node:path";
import helmet from "@fastify/helmet";
import rateLimit from "@fastify/rate-limit";
import fastifyStatic from "@fastify/static";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import websocket from "@fastify/websocket";
import { ERRORS, type Health, SidetoneError, serveOperations } from "@sidetone/platform";
import Fastify, { type FastifyError, LogController } from "fastify";
import {
  hasZodFastifySchemaValidationErrors,
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import type { Api, DashboardContext } from "./context.ts";
import { guard } from "./guard.ts";
import { queueBoard } from "./queues.ts";
import { analyticsRoutes } from "./routes/analytics.ts";
import { callRoutes } from "./routes/calls.ts";
import { connectorRoutes } from "./routes/connectors.ts";
import { deadLetterRoutes } from "./routes/dead-letters.ts";
import { healthRoutes } from "./routes/health.ts";
import { knowledgeRoutes } from "./routes/knowledge.ts";
import { liveRoutes } from "./routes/live.ts";
import { numberRoutes } from "./routes/numbers.ts";
import { peopleRoutes } from "./routes/people.ts";
import { phoneRoutes } from "./routes/phone.ts";
import { playbookRoutes } from "./routes/playbooks.ts";
import { publishRoutes } from "./routes/publish.ts";
import { rerunRoutes } from "./routes/reruns.ts";
import { scoringRoutes } from "./routes/scoring.ts";
import { sessionRoutes } from "./routes/session.ts";
import { setRoutes } from "./routes/sets.ts";

export const WEB_ROOT = join(import.meta.dirname, "..", "web", "dist");
const MAX_SOCKET_BYTES = 64 * 1024;

/** Every route of the dashboard; each is in access.ts or the server does not start. */
export async function buildApp(context: DashboardContext, options: { webRoot?: string } = {}): Promise<Api> {
  const { config } = context;
  const app = Fastify({
    loggerInstance: context.log,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: config.trustProxy,
    bodyLimit: 2 * 1024 * 1024,
    routerOptions: { ignoreTrailingSlash: true },
  }).withTypeProvider<ZodTypeProvider>() as unknown as Api;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerErrors(app);

  guard(app as never, {
    accounts: context.accounts,
    database: context.database,
    secret: context.secret,
    origin: config.origin,
    log: context.log,
  });
  await app.register(helmet, {
    global: true,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        // Editors and charts set style attributes; scripts never may be inline.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", "data:", "blob:"],
        fontSrc: ["'self'"],
        mediaSrc: ["'self'", "blob:"],
        workerSrc: ["'self'", "blob:"],
        connectSrc: ["'self'", ...socketOrigins(context)],
        objectSrc: ["'none'"],
        baseUri: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    referrerPolicy: { policy: "same-origin" },
    strictTransportSecurity: config.origin.startsWith("https:"),
    crossOriginOpenerPolicy: { policy: "same-origin" },
  });
  app.addHook("onSend", async (request, reply) => {
    reply.header("permissions-policy", "microphone=(self), camera=(), geolocation=()");
    if (request.url.startsWith("/api/") && !reply.hasHeader("cache-control")) reply.header("cache-control", "no-store");
  });
  await app.register(rateLimit, {
    global: false,
    errorResponseBuilder: () => new SidetoneError("RATE_LIMITED"),
  });
  await app.register(websocket, { options: { maxPayload: MAX_SOCKET_BYTES } });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Sidetone dashboard",
        version: "0.1.0",
        description:
          "Sign in, or send `Authorization: Bearer` with an API token. What a role may do is one table, apps/dashboard/server/access.ts.",
      },
      components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
  });
  await app.register(swaggerUi, { routePrefix: "/api/docs", staticCSP: false });

  serveOperations(app as never, context.metrics, {
    health: () => healthOf(context),
    ready: () => true,
  });
  sessionRoutes(app, context);
  phoneRoutes(app, context);
  liveRoutes(app, context);
  callRoutes(app, context);
  scoringRoutes(app, context);
  setRoutes(app, context);
  rerunRoutes(app, context);
  playbookRoutes(app, context);
  publishRoutes(app, context);
  numberRoutes(app, context);
  connectorRoutes(app, context);
  knowledgeRoutes(app, context);
  peopleRoutes(app, context);
  analyticsRoutes(app, context);
  healthRoutes(app, context);
  deadLetterRoutes(app, context);

  await queueBoard(app, context);

  const root = options.webRoot ?? WEB_ROOT;
  if (existsSync(join(root, "index.html"))) {
    await app.register(fastifyStatic, {
      root,
      wildcard: true,
      // The build leaves a .br and a .gz beside each file that is worth it.
      preCompressed: true,
      cacheControl: false,
      setHeaders: (reply, path) => {
        reply.header("cache-control", path.includes("/assets/") ? "public, max-age=31536000, immutable" : "no-cache");
      },
    });
  }
  app.setNotFoundHandler((request, reply) => {
    const page = request.method === "GET" && !/^\/(api|queues)(\/|$)/.test(request.url);
    if (page && existsSync(join(root, "index.html")))
      return reply.header("cache-control", "no-cache").sendFile("index.html");
    if (page) {
      return reply
        .code(503)
        .type("text/plain")
        .send("The web app is not built yet: run `npm run build -w apps/dashboard`.\n");
    }
    const error = new SidetoneError("NOT_FOUND");
    return reply.code(error.httpStatus).send(error.toJSON());
  });
  return app;
}

/** The browser phone opens its socket at the bridge. */
function socketOrigins(context: DashboardContext): string[] {
  const origins = new Set<string>();
  for (const url of [context.config.publicUrl, context.config.bridgeUrl]) {
    const { host, protocol } = new URL(url);
    origins.add(`${protocol === "https:" ? "wss" : "ws"}://${host}`);
  }
  return [...origins];
}

function healthOf(context: DashboardContext): Health {
  const redis = context.feed.up
    ? ({ status: "ok" } as const)
    : ({ status: "degraded", detail: "Redis is away: live calls do not move." } as const);
  return { status: redis.status === "ok" ? "ok" : "degraded", parts: { redis } };
}

function answerErrors(app: Api): void {
  app.setErrorHandler((error: FastifyError | SidetoneError, request, reply) => {
    if (error instanceof SidetoneError) {
      if (error.httpStatus >= 500) request.log.error({ err: error }, "a request failed");
      return reply.code(error.httpStatus).send(error.toJSON());
    }
    if (hasZodFastifySchemaValidationErrors(error)) {
      const detail = error.validation.map((fault) => `${fault.instancePath || "/"}: ${fault.message}`).join("; ");
      return reply.code(400).send(new SidetoneError("REQUEST_INVALID", detail).toJSON());
    }
    const status = error.statusCode ?? 500;
    if (status >= 500) {
      request.log.error({ err: error }, "a request failed");
      return reply.code(500).send({
        code: "INTERNAL",
        message: "The dashboard failed.",
        remedy: "The dashboard's log has the cause.",
        retryable: true,
      });
    }
    const code = status === 429 ? "RATE_LIMITED" : "REQUEST_INVALID";
    return reply.code(status).send({ ...new SidetoneError(code, error.message).toJSON(), remedy: ERRORS[code].remedy });
  });
}
