import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleCheck, CircleX, Plug, PlugZap, Plus } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { api, ask } from "../api/client.ts";
import type { paths } from "../api/schema.generated.ts";
import { usePerson } from "../api/session.ts";
import { ConnectorDialog, type EditedConnector } from "../connectors/connector-dialog.tsx";
import { LookupTrial } from "../connectors/lookup-trial.tsx";
import { KIND_NAMES } from "../connectors/templates.ts";
import { spacedWords, when } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { Field, Select } from "../ui/fields.tsx";
import { Badge, Card, CardTitle, Empty, Fault, PageHead, Spinner } from "../ui/surface.tsx";

type Listing = paths["/api/connectors"]["get"]["responses"]["200"]["content"]["application/json"];
type Connector = Listing["connectors"][number];

/** Services that lookups and writes go to. */
export function ConnectorsPage() {
  const admin = usePerson().role === "admin";
  const queries = useQueryClient();
  const found = useQuery({
    queryKey: ["connectors"],
    refetchInterval: 5_000,
    queryFn: () => ask(api.GET("/api/connectors")),
  });
  const refresh = () => queries.invalidateQueries({ queryKey: ["connectors"] });
  const [editing, setEditing] = useState<EditedConnector | "new">();
  return (
    <>
      <PageHead
        title="Connectors"
        meta={
          found.data && (
            <Badge tone={found.data.workers > 0 ? "good" : "warn"}>
              {found.data.workers === 1 ? "1 worker" : `${found.data.workers} workers`}
            </Badge>
          )
        }
      >
        {admin && (
          <Button kind="primary" onClick={() => setEditing("new")}>
            <Plus /> New connector
          </Button>
        )}
      </PageHead>
      <div className="grid items-start gap-4 p-4 sm:p-6 xl:grid-cols-[1fr_22rem]">
        <div className="flex min-w-0 flex-col gap-4">
          <Card>
            <CardTitle>Connectors</CardTitle>
            {found.isPending ? (
              <Spinner />
            ) : found.isError ? (
              <Fault error={found.error} />
            ) : found.data.connectors.length === 0 ? (
              <Empty title="No connectors" icon={<Plug />}>
                Without one, no lookup finds anything.
              </Empty>
            ) : (
              <ul className="divide-y divide-line">
                {found.data.connectors.map((connector) => (
                  <Row
                    key={connector.name}
                    connector={connector}
                    admin={admin}
                    onEdit={() =>
                      connector.config !== null &&
                      setEditing({
                        name: connector.name,
                        config: connector.config,
                        enabled: connector.enabled,
                        secrets: connector.secrets,
                      })
                    }
                    onChanged={refresh}
                  />
                ))}
              </ul>
            )}
          </Card>
          {found.data && <OperationRoutes listing={found.data} admin={admin} onChanged={refresh} />}
        </div>
        <LookupTrial />
      </div>
      {editing && (
        <ConnectorDialog
          connector={editing === "new" ? undefined : editing}
          onClose={() => setEditing(undefined)}
          onSaved={refresh}
        />
      )}
    </>
  );
}

const stateOf = ({ enabled, states }: Connector): ["good" | "warn" | "bad" | "neutral", string] => {
  if (!enabled) return ["neutral", "off"];
  if (states.some((state) => state.fault !== null)) return ["bad", "not in use"];
  if (states.length === 0) return ["warn", "no worker has it"];
  if (states.some((state) => state.circuit === "open")) return ["bad", "does not answer"];
  if (states.some((state) => state.circuit === "half-open")) return ["warn", "is being tried"];
  return ["good", "in use"];
};

function Row({
  connector,
  admin,
  onEdit,
  onChanged,
}: {
  connector: Connector;
  admin: boolean;
  onEdit: () => void;
  onChanged: () => void;
}) {
  const { name } = connector;
  const params = { path: { name } };
  const act = useMutation({
    mutationFn: (run: () => Promise<unknown>) => run(),
    onSuccess: onChanged,
    onError: (error) => toast.error(error.message),
  });
  const check = useMutation({
    mutationFn: () => ask(api.POST("/api/connectors/{name}/check", { params, body: {} })),
  });
  const [tone, state] = stateOf(connector);
  const fault = connector.states.find((each) => each.fault !== null)?.fault;
  const operations = [...new Set(connector.states.flatMap((each) => each.operations))];
  const missing = connector.secrets.filter((secret) => !secret.set).map((secret) => secret.name);
  return (
    <li className="flex flex-col gap-2 px-4 py-3">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-2">
        <span className="font-medium">{name}</span>
        <span className="text-ink-faint">{KIND_NAMES[connector.kind] ?? connector.kind}</span>
        <Badge tone={tone}>{state}</Badge>
        {connector.source === "file" && <Badge>from the file</Badge>}
        {admin && (
          <span className="ml-auto flex flex-wrap gap-1">
            {connector.enabled && (
              <Button size="sm" disabled={check.isPending} aria-label={`Test ${name}`} onClick={() => check.mutate()}>
                <PlugZap /> {check.isPending ? "Trying…" : "Test"}
              </Button>
            )}
            {connector.config !== null && (
              <Button size="sm" aria-label={`Edit ${name}`} onClick={onEdit}>
                Edit
              </Button>
            )}
            <Button
              size="sm"
              kind="ghost"
              aria-label={`${connector.enabled ? "Switch off" : "Switch on"} ${name}`}
              disabled={act.isPending}
              onClick={() =>
                act.mutate(() =>
                  ask(api.PATCH("/api/connectors/{name}", { params, body: { enabled: !connector.enabled } })),
                )
              }
            >
              {connector.enabled ? "Switch off" : "Switch on"}
            </Button>
            {connector.config !== null && (
              <Button
                size="sm"
                kind="ghost"
                aria-label={`Remove ${name}`}
                disabled={act.isPending}
                onClick={() =>
                  confirm(`Remove ${name} and its secrets?`) &&
                  act.mutate(() => ask(api.DELETE("/api/connectors/{name}", { params })))
                }
              >
                Remove
              </Button>
            )}
          </span>
        )}
      </div>
      {fault && <p className="break-words text-bad">{fault}</p>}
      {missing.length > 0 && (
        <p className="text-ink-soft">
          Not set here: {missing.join(", ")}. The worker looks for {missing.length === 1 ? "it" : "them"} in its
          environment.
        </p>
      )}
      {operations.length > 0 && <p className="text-ink-faint text-xs">{operations.map(spacedWords).join(", ")}</p>}
      {connector.updatedAt && (
        <p className="text-ink-faint text-xs">
          Changed {when(connector.updatedAt)} by {connector.updatedBy}
        </p>
      )}
      {check.isError && <Fault error={check.error} />}
      {check.data && (
        <p role="status" className={`flex items-start gap-2 ${check.data.ok ? "text-good" : "text-bad"}`}>
          {check.data.ok ? (
            <CircleCheck className="mt-0.5 size-4 shrink-0" aria-hidden />
          ) : (
            <CircleX className="mt-0.5 size-4 shrink-0" aria-hidden />
          )}
          <span className="min-w-0 break-words">
            {check.data.detail}
            {check.data.remedy && <span className="block text-ink-soft">{check.data.remedy}</span>}
          </span>
        </p>
      )}
    </li>
  );
}

/** Which connector does what, where more than one could. */
function OperationRoutes({ listing, admin, onChanged }: { listing: Listing; admin: boolean; onChanged: () => void }) {
  const able = (operation: string) =>
    listing.connectors
      .filter((each) => each.states.some((state) => state.operations.includes(operation)))
      .map((each) => each.name);
  const choices = listing.operations
    .map((operation) => ({ operation, names: able(operation), chosen: listing.routes[operation] ?? "" }))
    .filter(({ names, chosen }) => names.length > 1 || chosen !== "");
  const save = useMutation({
    mutationFn: (routes: Record<string, string>) => ask(api.PUT("/api/connectors/routes", { body: { routes } })),
    onSuccess: onChanged,
    onError: (error) => toast.error(error.message),
  });
  if (choices.length === 0) return null;
  return (
    <Card>
      <CardTitle>Who does what</CardTitle>
      <div className="grid gap-3 p-4 sm:grid-cols-2 lg:grid-cols-3">
        {choices.map(({ operation, names, chosen }) => (
          <Field key={operation} label={spacedWords(operation)}>
            {(ids) => (
              <Select
                {...ids}
                className="w-full"
                disabled={!admin || save.isPending}
                value={chosen}
                onChange={(event) => {
                  const { [operation]: _, ...others } = listing.routes;
                  save.mutate(event.target.value === "" ? others : { ...others, [operation]: event.target.value });
                }}
              >
                <option value="">The first that can</option>
                {[...new Set([...names, ...(chosen ? [chosen] : [])])].map((name) => (
                  <option key={name}>{name}</option>
                ))}
              </Select>
            )}
          </Field>
        ))}
      </div>
    </Card>
  );
}
