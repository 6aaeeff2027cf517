import { useMutation } from "@tanstack/react-query";
import { CircleCheck, CircleX, PlugZap } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { ApiFault, api, ask } from "../api/client.ts";
import { span } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { Field, Input, Select, TextArea } from "../ui/fields.tsx";
import { Dialog } from "../ui/overlays.tsx";
import { Fault } from "../ui/surface.tsx";
import { KIND_NAMES, secretsNamed, TEMPLATES, type TemplateKind } from "./templates.ts";

export interface EditedConnector {
  name: string;
  config: string;
  enabled: boolean;
  secrets: readonly { name: string; set: boolean }[];
}

/** Writes a connector: its text with named secrets, and the secrets, which go in and never come back. */
export function ConnectorDialog({
  connector,
  onClose,
  onSaved,
}: {
  /** Absent: a new one. */
  connector: EditedConnector | undefined;
  onClose: () => void;
  onSaved: () => void;
}) {
  const [kind, setKind] = useState<TemplateKind>("hubspot");
  const [name, setName] = useState(connector?.name ?? "hubspot");
  const [config, setConfig] = useState<string>(connector?.config ?? TEMPLATES.hubspot);
  const [secrets, setSecrets] = useState<Record<string, string>>({});
  const body = () => ({
    config,
    secrets: Object.fromEntries(Object.entries(secrets).filter(([, value]) => value !== "")),
  });
  const path = { path: { name } };
  const check = useMutation({
    mutationFn: () => ask(api.POST("/api/connectors/{name}/check", { params: path, body: body() })),
  });
  const save = useMutation({
    mutationFn: () =>
      ask(
        api.PUT("/api/connectors/{name}", { params: path, body: { ...body(), enabled: connector?.enabled ?? true } }),
      ),
    onSuccess: () => {
      toast.success(`${name} is in use within seconds.`);
      onSaved();
      onClose();
    },
  });
  const fault = save.error ?? check.error;
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => !open && onClose()}
      title={connector ? `Connector ${connector.name}` : "New connector"}
      description="Workers take it without a restart. Write ${NAME} where a secret belongs, and give the secret below."
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        {!connector && (
          <div className="grid gap-3 sm:grid-cols-2">
            <Field label="Kind">
              {(ids) => (
                <Select
                  {...ids}
                  className="w-full"
                  value={kind}
                  onChange={(event) => {
                    const next = event.target.value as TemplateKind;
                    setKind(next);
                    setConfig(TEMPLATES[next]);
                    if (name in TEMPLATES) setName(next);
                    check.reset();
                  }}
                >
                  {Object.keys(TEMPLATES).map((each) => (
                    <option key={each} value={each}>
                      {KIND_NAMES[each]}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
            <Field label="Name" hint="Lower-case letters, digits and hyphens. It never changes.">
              {(ids) => (
                <Input
                  {...ids}
                  required
                  pattern="[a-z0-9]+(-[a-z0-9]+)*"
                  maxLength={50}
                  value={name}
                  onChange={(event) => setName(event.target.value)}
                />
              )}
            </Field>
          </div>
        )}
        {!connector && (
          <p className="text-ink-soft">
            MCP servers that run as a program (<code>stdio</code>) and the built-in shop are not made here: whoever may
            write here could start any program on the worker's machine. They are named in its connectors file, and can
            be tested and switched on and off here.
          </p>
        )}
        <Field label="Configuration">
          {(ids) => (
            <TextArea
              {...ids}
              spellCheck={false}
              className="min-h-56 font-mono text-xs leading-relaxed"
              required
              value={config}
              onChange={(event) => setConfig(event.target.value)}
            />
          )}
        </Field>
        {secretsNamed(config).map((secret) => {
          const isSet = connector?.secrets.some((each) => each.name === secret && each.set) ?? false;
          return (
            <Field
              key={secret}
              label={secret}
              hint={isSet ? "It is set. Leave this empty to keep it." : "Kept encrypted; nobody can read it back here."}
            >
              {(ids) => (
                <Input
                  {...ids}
                  type="password"
                  autoComplete="off"
                  placeholder={isSet ? "••••••••" : ""}
                  value={secrets[secret] ?? ""}
                  onChange={(event) => setSecrets({ ...secrets, [secret]: event.target.value })}
                />
              )}
            </Field>
          );
        })}
        {fault && <Fault error={fault} />}
        {check.data && (
          <div
            role="status"
            className={`rounded-lg border p-3 ${check.data.ok ? "border-good/40 bg-good-soft" : "border-bad/40 bg-bad-soft"}`}
          >
            <p className={`flex items-start gap-2 font-medium ${check.data.ok ? "text-good" : "text-bad"}`}>
              {check.data.ok ? (
                <CircleCheck className="mt-0.5 size-4 shrink-0" aria-hidden />
              ) : (
                <CircleX className="mt-0.5 size-4 shrink-0" aria-hidden />
              )}
              <span className="min-w-0 break-words">
                {check.data.detail} <span className="font-normal text-ink-soft">in {span(check.data.tookMs)}</span>
              </span>
            </p>
            {check.data.remedy && <p className="mt-1 text-ink-soft">{check.data.remedy}</p>}
          </div>
        )}
        {save.error instanceof ApiFault && save.error.status === 400 && (
          <p className="text-ink-soft">Nothing was saved.</p>
        )}
        <div className="flex flex-wrap justify-end gap-2">
          <Button className="mr-auto" disabled={check.isPending} onClick={() => check.mutate()}>
            <PlugZap /> {check.isPending ? "Trying it…" : "Test"}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" disabled={save.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
