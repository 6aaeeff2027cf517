import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  CRM_OPERATION_NAMES,
  CrmError,
  type CrmOperation,
  connectorsNamed,
  openSecrets,
  parseConnector,
  secretNames,
} from "@sidetone/crm";
import { SidetoneError } from "@sidetone/platform";
import {
  CONNECTOR_CHECKS_LIST,
  CONNECTORS_HASH,
  type ConnectorCheck,
  ConnectorChecked,
  ConnectorState,
  ConnectorStates,
  connectorCheckedKey,
  TASKS,
} from "@sidetone/protocol";
import {
  CONNECTOR_ROUTES_KEY,
  listConnectors,
  readSetting,
  removeConnector,
  Sealer,
  type StoredConnector,
  saveConnector,
  secretPlace,
  writeSetting,
} from "@sidetone/store";
import { z } from "zod";
import type { Api, DashboardContext } from "../context.ts";
import { audit, who } from "../guard.ts";
import { runTask, shownFinding, TrialFinding } from "../trial-task.ts";

const Done = z.object({ done: z.literal(true) });
const Name = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "lower-case letters, digits and hyphens")
  .max(50);
const SecretName = z.string().regex(/^[A-Z][A-Z0-9_]*$/);
/** A secret that is absent keeps what it was; null forgets it. Secrets go in and never out. */
const Given = z.object({
  config: z.string().min(1).max(50_000),
  secrets: z.record(SecretName, z.string().min(1).max(10_000).nullable()).default({}),
});
const CHECK_SECONDS = 20;
/** A worker that has said nothing for so long is gone. */
const FRESH_MS = 30_000;
const Routes = z.partialRecord(z.enum(CRM_OPERATION_NAMES as [CrmOperation, ...CrmOperation[]]), z.string());

/** What an admin does about each code. */
const REMEDIES: Readonly<Record<string, string>> = {
  CONNECTOR_AUTH: "The service refused the credentials: enter the secret again, and check what it may do there.",
  CONNECTOR_DOWN: "The service cannot be reached from the worker: check the address, and that the worker may go out.",
  CONNECTOR_TIMED_OUT: "The service did not answer in time: check the address, or try again.",
  CONNECTOR_RATE_LIMITED: "The service wants to be asked less often: try again in a minute.",
  CONNECTOR_REFUSED: "The service understood and refused: what it said is above.",
  CONNECTOR_NOT_FOUND: "The address answers, but not with what was asked for: check its path.",
  CONNECTOR_ANSWER_INVALID: "What came back is not what the configuration describes: check paths and mappings.",
  CONNECTOR_CONFIG_INVALID: "Mend the configuration where it says so.",
  CONNECTOR_UNSUPPORTED: "This connector cannot be tried.",
};

/** Services that lookups and writes go to: made, changed, switched off and tried here. */
export function connectorRoutes(app: Api, context: DashboardContext): void {
  const { config, database, redis, log } = context;
  const { db } = database;
  const tags = ["Connectors"];
  const sealer = Sealer.open(config.dataDir, config.sealingKey);

  const fromFile = (): { name: string; kind: string; source: "file" | "built-in" }[] => {
    const path = config.connectorsFile ?? join(config.dataDir, "connectors.yaml");
    if (!existsSync(path)) return [{ name: "shop", kind: "embedded", source: "built-in" }];
    return connectorsNamed(readFileSync(path, "utf8")).map((each) => ({ ...each, source: "file" as const }));
  };
  const states = async (): Promise<z.infer<typeof ConnectorStates>[]> => {
    const found = await redis.hgetall(CONNECTORS_HASH).catch((error: Error) => {
      log.debug({ err: error }, "how connectors do cannot be read");
      return {};
    });
    return Object.values(found)
      .map((json) => ConnectorStates.safeParse(JSON.parse(json)))
      .flatMap((parsed) => (parsed.success ? [parsed.data] : []))
      .filter(({ at }) => Date.now() - Date.parse(at) < FRESH_MS);
  };

  app.get(
    "/api/connectors",
    {
      schema: {
        tags,
        summary: "Every connector, where it comes from, and how it does on the workers",
        response: {
          200: z.object({
            workers: z.number(),
            operations: z.array(z.string()),
            routes: z.record(z.string(), z.string()),
            connectors: z.array(
              z.object({
                name: z.string(),
                kind: z.string(),
                source: z.enum(["dashboard", "file", "built-in"]),
                enabled: z.boolean(),
                config: z.string().nullable(),
                secrets: z.array(z.object({ name: z.string(), set: z.boolean() })),
                updatedAt: z.string().nullable(),
                updatedBy: z.string().nullable(),
                /** One a worker that has it. */
                states: z.array(ConnectorState),
              }),
            ),
          }),
        },
      },
    },
    async () => {
      const [stored, workers, routes] = await Promise.all([
        listConnectors(db),
        states(),
        readSetting(db, CONNECTOR_ROUTES_KEY),
      ]);
      const stateOf = (name: string) =>
        workers.flatMap((worker) => worker.connectors.filter((connector) => connector.name === name));
      const base = fromFile();
      const made = stored.map((each) => {
        const under = base.find((known) => known.name === each.name);
        return {
          name: each.name,
          kind: each.kind,
          source: each.config === "" && under ? under.source : ("dashboard" as const),
          enabled: each.enabled,
          config: each.config === "" ? null : each.config,
          secrets: secretNames(each.config).map((name) => ({ name, set: each.secrets[name] !== undefined })),
          updatedAt: each.updatedAt,
          updatedBy: each.updatedBy,
          states: stateOf(each.name),
        };
      });
      const untouched = base
        .filter((each) => !stored.some((known) => known.name === each.name))
        .map((each) => ({
          ...each,
          enabled: true,
          config: null,
          secrets: [],
          updatedAt: null,
          updatedBy: null,
          states: stateOf(each.name),
        }));
      return {
        workers: workers.length,
        operations: [...CRM_OPERATION_NAMES],
        routes: Routes.catch({}).parse(routes ?? {}),
        connectors: [...made, ...untouched],
      };
    },
  );

  /** The secrets as they will be: what was sealed before, what is given now, and only those that the text names. */
  const sealedOf = (name: string, given: z.infer<typeof Given>, before: StoredConnector | undefined) => {
    const sealed: Record<string, string> = {};
    for (const secret of secretNames(given.config)) {
      const now = given.secrets[secret];
      if (typeof now === "string") sealed[secret] = sealer.seal(secretPlace(name, secret), now);
      else if (now === undefined && before?.secrets[secret] !== undefined) sealed[secret] = before.secrets[secret];
    }
    return sealed;
  };

  /** @throws SidetoneError REQUEST_INVALID, saying where */
  const checked = (name: string, given: z.infer<typeof Given>): { kind: string } => {
    try {
      const open = openSecrets(given.config);
      if (open.length > 0) {
        const places = open.join(", ");
        throw new SidetoneError(
          "REQUEST_INVALID",
          `config: a secret stands in the text at ${places}; write \${NAME} there and give the secret apart.`,
        );
      }
      // What the dashboard does not know, the worker may have in its environment; an address fits wherever text does.
      const stand = Object.fromEntries(
        secretNames(given.config).map((each) => [each, given.secrets[each] ?? "https://secret.invalid/"]),
      );
      const parsed = parseConnector(name, given.config, stand);
      if (parsed.kind === "embedded" || (parsed.kind === "mcp" && parsed.transport.type === "stdio"))
        throw new SidetoneError(
          "REQUEST_INVALID",
          "config: programs and files of the worker's machine are named in its connectors file only.",
        );
      return parsed;
    } catch (error) {
      if (error instanceof CrmError)
        throw new SidetoneError("REQUEST_INVALID", `config: ${error.message}`, { cause: error });
      throw error;
    }
  };
  const find = async (name: string) => (await listConnectors(db)).find((each) => each.name === name);

  app.put(
    "/api/connectors/routes",
    {
      schema: {
        tags,
        summary: "Which connector does which operation; without a route the first that can",
        body: z.object({ routes: Routes }),
        response: { 200: Done },
      },
    },
    async (request) => {
      const names = new Set([...fromFile(), ...(await listConnectors(db))].map((each) => each.name));
      const unknown = Object.values(request.body.routes).find((name) => !names.has(name));
      if (unknown !== undefined)
        throw new SidetoneError("REQUEST_INVALID", `routes: there is no connector ${unknown}.`);
      await writeSetting(db, CONNECTOR_ROUTES_KEY, request.body.routes);
      await audit(database, request, "connector.routes", undefined, JSON.stringify(request.body.routes));
      return { done: true as const };
    },
  );

  app.put(
    "/api/connectors/:name",
    {
      schema: {
        tags,
        summary: "Add or change a connector; workers use it at once, without a restart",
        params: z.object({ name: Name }),
        body: Given.extend({ enabled: z.boolean().default(true) }),
        response: { 200: Done },
      },
    },
    async (request) => {
      const { name } = request.params;
      const { kind } = checked(name, request.body);
      const before = await find(name);
      const secrets = sealedOf(name, request.body, before);
      const { config: text, enabled } = request.body;
      await saveConnector(db, { name, kind, config: text, secrets, enabled, updatedBy: who(request).name });
      await audit(database, request, before ? "connector.change" : "connector.add", name, kind);
      return { done: true as const };
    },
  );

  app.patch(
    "/api/connectors/:name",
    {
      schema: {
        tags,
        summary: "Switch a connector on or off, one of the file or the built-in shop too",
        params: z.object({ name: Name }),
        body: z.object({ enabled: z.boolean() }),
        response: { 200: Done },
      },
    },
    async (request) => {
      const { name } = request.params;
      const { enabled } = request.body;
      const stored = await find(name);
      const base = fromFile().find((each) => each.name === name);
      if (!stored && !base) throw new SidetoneError("NOT_FOUND", "There is no such connector.");
      const updatedBy = who(request).name;
      if (base && enabled && (!stored || stored.config === "")) await removeConnector(db, name);
      else if (stored) await saveConnector(db, { ...stored, enabled, updatedBy });
      else if (base) await saveConnector(db, { name, kind: base.kind, config: "", secrets: {}, enabled, updatedBy });
      await audit(database, request, enabled ? "connector.enable" : "connector.disable", name);
      return { done: true as const };
    },
  );

  app.delete(
    "/api/connectors/:name",
    {
      schema: {
        tags,
        summary: "Remove a connector and its secrets",
        params: z.object({ name: Name }),
        response: { 200: Done },
      },
    },
    async (request) => {
      const { name } = request.params;
      if (!(await removeConnector(db, name))) throw new SidetoneError("NOT_FOUND", "There is no such connector here.");
      await audit(database, request, "connector.remove", name);
      return { done: true as const };
    },
  );

  app.post(
    "/api/connectors/:name/check",
    {
      schema: {
        tags,
        summary: "Have a worker try a connector's address and credentials, saved or as it is being written",
        params: z.object({ name: Name }),
        body: Given.partial({ config: true }),
        response: { 200: ConnectorChecked.extend({ remedy: z.string().nullable() }) },
      },
    },
    async (request) => {
      const { name } = request.params;
      const { config: text, secrets } = request.body;
      if (text !== undefined) checked(name, { config: text, secrets });
      const before = await find(name);
      if (text === undefined && !before && !fromFile().some((each) => each.name === name))
        throw new SidetoneError("NOT_FOUND", "There is no such connector.");
      const job =
        text === undefined
          ? { name, secrets: {} }
          : { name, config: text, secrets: sealedOf(name, { config: text, secrets }, before) };
      const answer = await ask(job);
      await audit(database, request, "connector.check", name, answer.ok ? "ok" : (answer.code ?? "failed"));
      return { ...answer, remedy: answer.code === null ? null : (REMEDIES[answer.code] ?? null) };
    },
  );

  /** Hands a check to whichever worker is free and waits for its answer. */
  const ask = async (asked: Pick<ConnectorCheck, "name" | "config" | "secrets">): Promise<ConnectorChecked> => {
    const job: ConnectorCheck = { ...asked, id: randomUUID(), untilMs: Date.now() + CHECK_SECONDS * 1_000 };
    const waiting = redis.duplicate({ enableOfflineQueue: true, maxRetriesPerRequest: null });
    waiting.on("error", (error: Error) =>
      log.debug({ err: { message: error.message } }, "a check's connection failed"),
    );
    try {
      await redis.lpush(CONNECTOR_CHECKS_LIST, JSON.stringify(job));
      const answer = await waiting.blpop(connectorCheckedKey(job.id), CHECK_SECONDS);
      if (!answer) throw new SidetoneError("TASK_TIMED_OUT", "No worker tried it, or it did not finish. See Health.");
      return ConnectorChecked.parse(JSON.parse(answer[1]));
    } finally {
      waiting.disconnect();
    }
  };

  app.post(
    "/api/connectors/test",
    {
      schema: {
        tags,
        summary: "Look something up as a call would, and say what came back or what is wrong",
        body: z.object({
          kind: z.enum([
            "find-customer",
            "order-status",
            "list-orders",
            "delivery-status",
            "invoice",
            "loyalty-balance",
            "find-appointment",
            "free-appointments",
          ]),
          input: z.record(z.string(), z.unknown()),
        }),
        response: { 200: TrialFinding },
      },
    },
    async (request) => {
      const { kind, input } = request.body;
      const parsed = TASKS[kind].input.safeParse(input);
      if (!parsed.success) throw new SidetoneError("TASK_INVALID", z.prettifyError(parsed.error));
      const finding = await runTask(context, kind, parsed.data, who(request).name);
      await audit(database, request, "connector.test", kind, finding.outcome);
      return shownFinding(finding);
    },
  );
}
