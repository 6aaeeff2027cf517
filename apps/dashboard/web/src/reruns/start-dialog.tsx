import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { toast } from "sonner";
import { api, ask } from "../api/client.ts";
import { spacedWords } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/class-names.ts";
import { Field, Input, Select } from "../ui/fields.tsx";
import { Dialog } from "../ui/overlays.tsx";

const THRESHOLDS = [
  "beginOpen",
  "beginFulfilled",
  "beginUnfulfilled",
  "backchannel",
  "duck",
  "yield",
  "voice",
  "want",
] as const;
type Threshold = (typeof THRESHOLDS)[number];

/** Chooses what to run calls against: a playbook version, another model, other thresholds. */
export function StartRerun({
  setId,
  callIds,
  playbookId: first,
  version: firstVersion,
  title,
  onClose,
}: {
  setId?: string;
  callIds?: string[];
  playbookId?: string;
  version?: number;
  title: string;
  onClose: () => void;
}) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const playbooks = useQuery({ queryKey: ["playbooks"], queryFn: () => ask(api.GET("/api/playbooks")) });
  const models = useQuery({ queryKey: ["models"], queryFn: () => ask(api.GET("/api/reruns/models")) });
  const sets = useQuery({ queryKey: ["sets"], queryFn: () => ask(api.GET("/api/sets")) });
  const [set, setSet] = useState(setId ?? "");
  const [playbookId, setPlaybookId] = useState(first ?? "");
  const [version, setVersion] = useState(firstVersion);
  const [model, setModel] = useState("");
  const [changes, setChanges] = useState<Partial<Record<Threshold, string>>>({});
  const playbook = playbooks.data?.playbooks.find((each) => each.id === playbookId);
  const own = models.data?.models.find((each) => (each.name ?? "") === model)?.thresholds ?? {};
  const start = useMutation({
    mutationFn: () =>
      ask(
        api.POST("/api/reruns", {
          body: {
            ...(callIds ? { callIds } : { setId: set }),
            ...(playbookId !== "" && { playbookId, playbookVersion: version ?? playbook?.newest ?? 1 }),
            thresholds: Object.fromEntries(
              Object.entries(changes)
                .filter(([, value]) => value !== "")
                .map(([name, value]) => [name, Number(value)]),
            ),
            model: model || null,
          },
        }),
      ),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ["reruns"] });
      await navigate({ to: "/reruns/$rerunId", params: { rerunId: id } });
    },
    onError: (error) => toast.error(error.message),
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={title}
      description="The recorded callers talk to it again. It runs in the background, and nobody is called."
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          start.mutate();
        }}
      >
        {!callIds && (
          <Field label="Saved set">
            {(ids) => (
              <Select {...ids} className="w-full" required value={set} onChange={(event) => setSet(event.target.value)}>
                <option value="">Choose one</option>
                {sets.data?.sets.map((each) => (
                  <option key={each.id} value={each.id}>
                    {each.name}, {each.calls === 1 ? "1 call" : `${each.calls} calls`}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        )}
        <div className={cn("grid gap-3", playbookId !== "" && "sm:grid-cols-2")}>
          <Field label="Playbook">
            {(ids) => (
              <Select
                {...ids}
                className="w-full"
                value={playbookId}
                onChange={(event) => {
                  setPlaybookId(event.target.value);
                  setVersion(undefined);
                }}
              >
                <option value="">The one that each call had</option>
                {playbooks.data?.playbooks.map((each) => (
                  <option key={each.id} value={each.id}>
                    {each.name}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          {playbookId !== "" && (
            <Field label="Version">
              {(ids) => (
                <Select
                  {...ids}
                  className="w-full"
                  value={String(version ?? playbook?.newest ?? "")}
                  onChange={(event) => setVersion(Number(event.target.value))}
                >
                  {Array.from({ length: playbook?.newest ?? 0 }, (_, i) => (playbook?.newest ?? 0) - i).map((each) => (
                    <option key={each} value={each}>
                      Version {each}
                      {each === playbook?.published ? ", published" : ""}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
          )}
        </div>
        <Field label="Model">
          {(ids) => (
            <Select {...ids} className="w-full" value={model} onChange={(event) => setModel(event.target.value)}>
              {(models.data?.models ?? [{ name: null, version: "" }]).map((each) => (
                <option key={each.name ?? ""} value={each.name ?? ""}>
                  {each.name ?? "The one in use"} {each.version.slice(0, 8)}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <details>
          <summary className="font-medium text-ink-soft">Thresholds</summary>
          <div className="mt-2 grid gap-3 sm:grid-cols-2">
            {THRESHOLDS.map((name) => (
              <Field key={name} label={spacedWords(name)}>
                {(ids) => (
                  <Input
                    {...ids}
                    type="number"
                    min={0}
                    max={1}
                    step="any"
                    placeholder={String(own[name] ?? "")}
                    value={changes[name] ?? ""}
                    onChange={(event) => setChanges({ ...changes, [name]: event.target.value })}
                  />
                )}
              </Field>
            ))}
          </div>
        </details>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" disabled={start.isPending || (!callIds && set === "")}>
            Run
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
