import { SidetoneError } from "@sidetone/platform";
import {
  ANY_NUMBER,
  callerPercentile,
  chooseRoute,
  findPlaybookVersion,
  holdsAt,
  NumberRoute,
  publishedVersion,
  readRoutes,
  readSetting,
  replaceRoutes,
  routeLabel,
  WEEKDAYS,
} from "@sidetone/store";
import { z } from "zod";
import type { Api, DashboardContext } from "../context.ts";
import { audit } from "../guard.ts";
import { writeRoutes } from "../playbooks/routed.ts";
import { gateOf } from "../reruns/gate.ts";
import { TwilioRest } from "../twilio-rest.ts";

const Done = z.object({ done: z.literal(true) });
/** Numbers to playbook ids, as they were kept before there were rules. */
const OLD_ROUTES_KEY = "numbers.routes";
const RoutedNumber = z.union([z.literal(ANY_NUMBER), z.string().regex(/^\+[1-9]\d{6,14}$/, "must be in E.164 form")]);
const RouteGiven = NumberRoute.extend({ id: NumberRoute.shape.id.optional() });
const MOST_RULES = 40;

/** The carrier's numbers, and the rules by which their calls find a playbook. */
export function numberRoutes(app: Api, context: DashboardContext): void {
  const { config, database } = context;
  const { db } = database;
  const twilio = new TwilioRest(config.twilio);
  const webhooks = {
    voice: new URL("/voice", config.publicUrl).href,
    status: new URL("/voice/status", config.publicUrl).href,
  };
  app.addHook("onReady", async () => {
    const old = z.record(z.string(), z.string()).safeParse(await readSetting(db, OLD_ROUTES_KEY));
    if (!old.success || Object.keys(await readRoutes(db)).length > 0) return;
    const always = { days: [...WEEKDAYS], fromMinute: 0, toMinute: 1_440, timeZone: "UTC", sharePercent: 100 };
    for (const [number, playbookId] of Object.entries(old.data)) {
      await replaceRoutes(db, number, [{ ...always, label: null, version: null, playbookId }]);
    }
    if (Object.keys(old.data).length > 0) await writeRoutes(database, config.dataDir);
  });

  app.get(
    "/api/numbers",
    {
      schema: {
        tags: ["Numbers"],
        summary: "The carrier's numbers and where they point",
        response: {
          200: z.object({
            webhook: z.string(),
            /** Why the carrier's numbers are not there. */
            fault: z.string().nullable(),
            numbers: z.array(
              z.object({
                sid: z.string(),
                number: z.string(),
                name: z.string(),
                webhook: z.string(),
                pointsHere: z.boolean(),
                /** False for a number that takes messages only. */
                voice: z.boolean(),
              }),
            ),
          }),
        },
      },
    },
    async () => {
      try {
        const numbers = (await twilio.numbers()).map((number) => ({
          sid: number.sid,
          number: number.phone_number,
          name: number.friendly_name ?? "",
          webhook: number.voice_url ?? "",
          pointsHere: number.voice_url === webhooks.voice && number.status_callback === webhooks.status,
          voice: number.capabilities?.voice ?? true,
        }));
        return { webhook: webhooks.voice, fault: null, numbers };
      } catch (error) {
        if (!(error instanceof SidetoneError)) throw error;
        return { webhook: webhooks.voice, fault: error.detail ?? error.message, numbers: [] };
      }
    },
  );

  app.post(
    "/api/numbers/webhook",
    {
      schema: {
        tags: ["Numbers"],
        summary: "Point a number at this Sidetone, through the carrier's API",
        body: z.object({ sid: z.string().regex(/^PN[0-9a-f]{32}$/) }),
        response: { 200: Done },
      },
    },
    async (request) => {
      const { sid } = request.body;
      await twilio.setWebhook(sid, webhooks);
      await audit(database, request, "number.webhook", sid, webhooks.voice);
      return { done: true as const };
    },
  );

  app.get(
    "/api/numbers/routes",
    {
      schema: {
        tags: ["Numbers"],
        summary: "Every number's rules in order; `*` is any number without rules of its own",
        response: {
          200: z.object({
            numbers: z.array(
              z.object({
                number: z.string(),
                rules: z.array(NumberRoute.extend({ reads: z.string(), holdsNow: z.boolean() })),
              }),
            ),
          }),
        },
      },
    },
    async () => {
      const atMs = Date.now();
      const numbers = Object.entries(await readRoutes(db)).map(([number, rules]) => ({
        number,
        rules: rules.map((rule) => ({ ...rule, reads: routeLabel(rule), holdsNow: holdsAt(rule, atMs) })),
      }));
      return { numbers };
    },
  );

  /** What a rule names must be fit for callers: it is another way of publishing. */
  const checkRule = async (rule: z.infer<typeof RouteGiven>, isOverridden: boolean): Promise<string | undefined> => {
    const { playbookId, version } = rule;
    if (version === null) {
      if (!(await publishedVersion(db, playbookId)))
        throw new SidetoneError("PLAYBOOK_UNKNOWN", `${playbookId} has no published version.`);
      return undefined;
    }
    const row = await findPlaybookVersion(db, playbookId, version);
    if (!row) throw new SidetoneError("PLAYBOOK_UNKNOWN", `${playbookId} has no version ${version}.`);
    if (row.state === "published" || row.state === "retired") return undefined;
    const shut = (await gateOf(db, row)).checks.filter((check) => !check.passed);
    if (shut.length === 0) return undefined;
    const reasons = shut.map((check) => `${check.name}: ${check.detail}`).join(" ");
    if (!isOverridden)
      throw new SidetoneError("CONFLICT", `${playbookId} v${version} may not meet callers yet. ${reasons}`);
    return `${playbookId} v${version}`;
  };

  app.put(
    "/api/numbers/routes",
    {
      schema: {
        tags: ["Numbers"],
        summary: "Put these rules in the place of a number's; the next call follows them",
        body: z.object({
          number: RoutedNumber,
          rules: z.array(RouteGiven).max(MOST_RULES),
          override: z.object({ reason: z.string().trim().min(10).max(500) }).optional(),
        }),
        response: { 200: Done },
      },
    },
    async (request) => {
      const { number, rules, override } = request.body;
      const overridden = new Set<string>();
      for (const rule of rules) {
        const name = await checkRule(rule, override !== undefined);
        if (name !== undefined) overridden.add(name);
      }
      await replaceRoutes(db, number, rules);
      await writeRoutes(database, config.dataDir);
      const reads = rules.map((rule) => routeLabel({ ...rule, id: rule.id ?? "new" })).join("; ") || "no rules";
      const act = overridden.size > 0 ? "number.routes-override" : "number.routes";
      const why = overridden.size > 0 && override ? `${override.reason} (${[...overridden].join(", ")}); ` : "";
      await audit(database, request, act, number, `${why}${reads}`);
      return { done: true as const };
    },
  );

  app.post(
    "/api/numbers/preview",
    {
      schema: {
        tags: ["Numbers"],
        summary: "Which of these rules would answer a caller at a moment",
        body: z.object({
          number: RoutedNumber,
          rules: z.array(RouteGiven).max(MOST_RULES),
          caller: z.string().max(60).default(""),
          at: z.iso.datetime({ offset: true }).optional(),
        }),
        response: {
          200: z.object({
            rule: z.number().nullable(),
            reads: z.string(),
            percentile: z.number(),
          }),
        },
      },
    },
    async (request) => {
      const { number, rules, caller, at } = request.body;
      const numbered = rules.map((rule, index) => ({ ...rule, id: String(index) }));
      const atMs = at === undefined ? Date.now() : Date.parse(at);
      const chosen = chooseRoute(numbered, { number, caller, atMs });
      return {
        rule: chosen ? Number(chosen.id) : null,
        reads: chosen ? routeLabel(chosen) : "No rule: the default playbook answers.",
        percentile: callerPercentile(number, caller),
      };
    },
  );
}
