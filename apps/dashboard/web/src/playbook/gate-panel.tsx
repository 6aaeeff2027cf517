import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, CircleAlert, Play } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { api, ask } from "../api/client.ts";
import { StartRerun } from "../reruns/start-dialog.tsx";
import { Button } from "../ui/button.tsx";
import { Field, Input, Select, TextArea } from "../ui/fields.tsx";
import { Dialog } from "../ui/overlays.tsx";
import { Card, CardTitle } from "../ui/surface.tsx";

const NO_BOUNDS = { regressedCalls: 0, slowerMs: 150, moreCutIns: 0 };

/** What a version must get through before callers meet it, and whether it has. */
export function GatePanel({
  playbookId,
  version,
  state,
  admin,
  listener,
}: {
  playbookId: string;
  version: number;
  state: string;
  admin: boolean;
  listener: boolean;
}) {
  const queries = useQueryClient();
  const [setting, setSetting] = useState(false);
  const [running, setRunning] = useState(false);
  const gate = useQuery({
    queryKey: ["gate", playbookId],
    queryFn: () => ask(api.GET("/api/playbooks/{id}/gate", { params: { path: { id: playbookId } } })),
  });
  const checks = useQuery({
    queryKey: ["gate", playbookId, version, state],
    refetchInterval: 10_000,
    queryFn: () =>
      ask(api.GET("/api/playbooks/{id}/versions/{version}/gate", { params: { path: { id: playbookId, version } } })),
  });
  const setId = gate.data?.gate?.setId;
  return (
    <Card>
      <CardTitle
        actions={
          admin && (
            <Button size="sm" kind="ghost" onClick={() => setSetting(true)}>
              Change
            </Button>
          )
        }
      >
        Before publishing
      </CardTitle>
      <ul className="divide-y divide-line">
        {checks.data?.checks.map((check) => (
          <li key={check.name} className="flex gap-2 px-4 py-2">
            {check.passed ? (
              <Check className="mt-0.5 size-4 shrink-0 text-good" aria-label="passed" />
            ) : (
              <CircleAlert className="mt-0.5 size-4 shrink-0 text-warn" aria-label="not passed" />
            )}
            <span className="min-w-0">
              <span className="font-medium">{check.name}</span>
              <span className="block break-words text-ink-soft text-xs">{check.detail}</span>
              {check.batchId && listener && (
                <Link
                  to="/reruns/$rerunId"
                  params={{ rerunId: check.batchId }}
                  className="font-medium text-xs underline"
                >
                  See the re-run
                </Link>
              )}
            </span>
          </li>
        ))}
      </ul>
      {listener && setId !== undefined && (
        <div className="px-4 pb-3">
          <Button size="sm" onClick={() => setRunning(true)}>
            <Play /> Run the set against v{version}
          </Button>
        </div>
      )}
      {gate.data && !gate.data.gate && <p className="px-4 pb-3 text-ink-faint text-xs">No saved set is required.</p>}
      {running && setId !== undefined && (
        <StartRerun
          setId={setId}
          playbookId={playbookId}
          version={version}
          title="Run the required set"
          onClose={() => setRunning(false)}
        />
      )}
      {setting && gate.data && (
        <GateDialog
          playbookId={playbookId}
          gate={gate.data.gate}
          onClose={() => setSetting(false)}
          onSaved={() => queries.invalidateQueries({ queryKey: ["gate", playbookId] })}
        />
      )}
    </Card>
  );
}

function GateDialog({
  playbookId,
  gate,
  onClose,
  onSaved,
}: {
  playbookId: string;
  gate: { setId: string; bounds: typeof NO_BOUNDS } | null;
  onClose: () => void;
  onSaved: () => void;
}) {
  const sets = useQuery({ queryKey: ["sets"], queryFn: () => ask(api.GET("/api/sets")) });
  const [setId, setSetId] = useState(gate?.setId ?? "");
  const save = useMutation({
    mutationFn: (form: FormData) => {
      const bounds = {
        regressedCalls: Number(form.get("regressedCalls")),
        slowerMs: Number(form.get("slowerMs")),
        moreCutIns: Number(form.get("moreCutIns")),
      };
      return ask(
        api.PUT("/api/playbooks/{id}/gate", {
          params: { path: { id: playbookId } },
          body: { gate: setId === "" ? null : { setId, bounds } },
        }),
      );
    },
    onSuccess: () => {
      onSaved();
      onClose();
    },
    onError: (error) => toast.error(error.message),
  });
  const bounds = gate?.bounds ?? NO_BOUNDS;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Before publishing"
      description="A saved set that a version must be run against, and how much worse it may be."
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(new FormData(event.currentTarget));
        }}
      >
        <Field label="Saved set">
          {(ids) => (
            <Select {...ids} className="w-full" value={setId} onChange={(event) => setSetId(event.target.value)}>
              <option value="">None is required</option>
              {sets.data?.sets.map((set) => (
                <option key={set.id} value={set.id}>
                  {set.name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {setId !== "" && (
          <div className="grid gap-3 sm:grid-cols-3">
            {(
              [
                ["regressedCalls", "Regressed calls, at most"],
                ["slowerMs", "Slower, ms at most"],
                ["moreCutIns", "More cut-ins, at most"],
              ] as const
            ).map(([name, label]) => (
              <Field key={name} label={label}>
                {(ids) => (
                  <Input {...ids} name={name} type="number" min={0} max={10_000} required defaultValue={bounds[name]} />
                )}
              </Field>
            ))}
          </div>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" disabled={save.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** The gate is shut: an admin may say why callers meet the version all the same. */
export function OverrideDialog({
  why,
  onClose,
  onOverride,
}: {
  why: string;
  onClose: () => void;
  onOverride: (reason: string) => void;
}) {
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title="The gate is shut">
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          onOverride(String(new FormData(event.currentTarget).get("reason")));
        }}
      >
        <p className="rounded-lg border border-warn/50 bg-warn-soft p-3">{why}</p>
        <Field
          label="Publish all the same, because"
          hint="Stays with the version, and goes into the audit log with your name."
        >
          {(ids) => <TextArea {...ids} name="reason" required minLength={10} maxLength={500} autoFocus />}
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="danger">
            Override and publish
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
