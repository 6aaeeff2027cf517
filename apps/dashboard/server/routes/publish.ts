import { SidetoneError } from "@sidetone/platform";
import { findPlaybookVersion, findSet, publishVersion, RegressionBounds, readGate, writeGate } from "@sidetone/store";
import { z } from "zod";
import type { Api, DashboardContext } from "../context.ts";
import { audit, who } from "../guard.ts";
import { writePublished } from "../playbooks/published.ts";
import { gateOf } from "../reruns/gate.ts";
import { check, VersionParams } from "./playbooks.ts";

const Done = z.object({ done: z.literal(true) });
const Override = z.object({ reason: z.string().trim().min(10, "say why, in ten letters at least").max(500) });
const GateState = z.object({
  open: z.boolean(),
  checks: z.array(
    z.object({ name: z.string(), passed: z.boolean(), detail: z.string(), batchId: z.string().nullable() }),
  ),
});
const Params = VersionParams.pick({ id: true });

/** What stands between a playbook's text and its callers. */
export function publishRoutes(app: Api, context: DashboardContext): void {
  const { database, config } = context;
  const { db } = database;
  const tags = ["Playbooks"];
  const find = async (id: string, version: number) => {
    const row = await findPlaybookVersion(db, id, version);
    if (!row) throw new SidetoneError("NOT_FOUND", "There is no such version.");
    return row;
  };

  app.get(
    "/api/playbooks/:id/gate",
    {
      schema: {
        tags,
        summary: "The saved set that a version must be run against before it is published",
        params: Params,
        response: {
          200: z.object({
            gate: z
              .object({
                setId: z.string(),
                setName: z.string().nullable(),
                bounds: RegressionBounds,
                updatedBy: z.string(),
                updatedAt: z.string(),
              })
              .nullable(),
          }),
        },
      },
    },
    async (request) => {
      const gate = await readGate(db, request.params.id);
      if (!gate) return { gate: null };
      return { gate: { ...gate, setName: (await findSet(db, gate.setId))?.name ?? null } };
    },
  );

  app.put(
    "/api/playbooks/:id/gate",
    {
      schema: {
        tags,
        summary: "Require a saved set before publishing, or no longer",
        params: Params,
        body: z.object({ gate: z.object({ setId: z.string(), bounds: RegressionBounds }).nullable() }),
        response: { 200: Done },
      },
    },
    async (request) => {
      const { gate } = request.body;
      const set = gate ? await findSet(db, gate.setId) : undefined;
      if (gate && !set) throw new SidetoneError("NOT_FOUND", "There is no such set.");
      await writeGate(db, request.params.id, gate ? { ...gate, by: who(request).name } : undefined);
      const detail = gate && set ? `${set.name}, ${JSON.stringify(gate.bounds)}` : "none";
      await audit(database, request, "playbook.gate", request.params.id, detail);
      return { done: true as const };
    },
  );

  app.get(
    "/api/playbooks/:id/versions/:version/gate",
    {
      schema: {
        tags,
        summary: "What a version has got through, and what is missing",
        params: VersionParams,
        response: { 200: GateState },
      },
    },
    async (request) => gateOf(db, await find(request.params.id, request.params.version)),
  );

  app.post(
    "/api/playbooks/:id/versions/:version/publish",
    {
      schema: {
        tags,
        summary:
          "Publish a version that got through its gate, or with a reason; or roll back to one that was published before",
        params: VersionParams,
        body: z.object({ override: Override.optional() }).nullish(),
        response: { 200: z.object({ published: z.number() }) },
      },
    },
    async (request) => {
      const { id, version } = request.params;
      const row = await find(id, version);
      // What was sound when it was tested must still be, by today's rules.
      const { defects } = check(row.source);
      if (defects.length > 0)
        throw new SidetoneError(
          "PLAYBOOK_INVALID",
          defects.map((each) => `Line ${each.line}: ${each.problem}`).join(" "),
        );
      // Callers have met a retired version before: going back to it must be quick.
      const back = row.state === "retired";
      const gate = back ? undefined : await gateOf(db, row);
      const shut = gate?.checks.filter((each) => !each.passed) ?? [];
      const reason = request.body?.override?.reason;
      if (shut.length > 0 && reason === undefined)
        throw new SidetoneError("CONFLICT", shut.map((each) => `${each.name}: ${each.detail}`).join(" "));
      const override = shut.length > 0 ? reason : undefined;
      if (!(await publishVersion(db, { playbookId: id, version, by: who(request).name, overrideReason: override })))
        throw new SidetoneError("CONFLICT", "Only a tested version can be published.");
      await writePublished(config.dataDir, { id, version, source: row.source });
      const act = back
        ? "playbook.roll-back"
        : override === undefined
          ? "playbook.publish"
          : "playbook.publish-override";
      const detail =
        override === undefined ? undefined : `${override} (shut: ${shut.map((each) => each.name).join(", ")})`;
      await audit(database, request, act, `${id} v${version}`, detail);
      return { published: version };
    },
  );
}
