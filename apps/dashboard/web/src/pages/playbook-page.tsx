import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Check, ChevronLeft, CircleAlert, FlaskConical, GitCompare, Phone, Rocket, Undo2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { toast } from "sonner";
import { ApiFault, api, ask } from "../api/client.ts";
import { mayListen, maySteer, usePerson } from "../api/session.ts";
import { when } from "../format.ts";
import { GatePanel, OverrideDialog } from "../playbook/gate-panel.tsx";
import { RoutesPanel } from "../playbook/routes-panel.tsx";
import { type Defect, DiffView, SourceEditor, type SourceEditorHandle } from "../playbook/source-editor.tsx";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/class-names.ts";
import { Badge, Card, CardTitle, Fault, Kbd, PageHead, Spinner } from "../ui/surface.tsx";
import { stateTone } from "./playbooks-page.tsx";

/** One playbook: its text, what is wrong with it, its test, its versions. */
export function PlaybookPage() {
  const { playbookId } = useParams({ from: "/shell/playbooks/$playbookId" });
  const versions = useQuery({
    queryKey: ["versions", playbookId],
    queryFn: () => ask(api.GET("/api/playbooks/{id}/versions", { params: { path: { id: playbookId } } })),
  });
  const [chosen, setChosen] = useState<number>();
  if (versions.isPending) return <Spinner />;
  if (versions.isError) return <Fault error={versions.error} />;
  const version = chosen ?? versions.data.versions[0]?.version;
  if (version === undefined) return <Fault error={new Error("There is no such playbook.")} />;
  return (
    <Version
      key={`${playbookId} ${version}`}
      playbookId={playbookId}
      version={version}
      versions={versions.data.versions}
      onChoose={setChosen}
    />
  );
}

interface VersionRow {
  version: number;
  state: string;
  createdBy: string;
  createdAt: string;
  publishedAt: string | null;
}

function Version({
  playbookId,
  version,
  versions,
  onChoose,
}: {
  playbookId: string;
  version: number;
  versions: readonly VersionRow[];
  onChoose: (version: number) => void;
}) {
  const person = usePerson();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const admin = person.role === "admin";
  const path = { path: { id: playbookId, version } };
  const loaded = useQuery({
    queryKey: ["version", playbookId, version],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => ask(api.GET("/api/playbooks/{id}/versions/{version}", { params: path })),
  });
  const schema = useQuery({
    queryKey: ["playbook-schema"],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => ask(api.GET("/api/playbooks/schema")),
  });
  const editor = useRef<SourceEditorHandle>(undefined);
  const [source, setSource] = useState<string>();
  const [defects, setDefects] = useState<Defect[]>([]);
  const [comparing, setComparing] = useState<string>();
  const row = versions.find((each) => each.version === version);
  const state = row?.state ?? "draft";
  const published = versions.find((each) => each.state === "published");
  const changed = source !== undefined && source !== loaded.data?.source;

  const refresh = async () => {
    await Promise.all(
      [["versions", playbookId], ["version", playbookId, version], ["playbooks"]].map((queryKey) =>
        queries.invalidateQueries({ queryKey }),
      ),
    );
  };
  const act = useMutation({
    mutationFn: (run: () => Promise<unknown>) => run(),
    onError: (error) => toast.error(error.message),
  });
  /** Why the gate is shut, while an admin is asked for a reason. */
  const [shut, setShut] = useState<string>();
  const publish = useMutation({
    mutationFn: (reason?: string) =>
      ask(
        api.POST("/api/playbooks/{id}/versions/{version}/publish", {
          params: path,
          body: reason === undefined ? {} : { override: { reason } },
        }),
      ),
    onSuccess: async () => {
      setShut(undefined);
      await refresh();
      toast.success(`Version ${version} takes the next call.`);
    },
    onError: (error) => {
      if (error instanceof ApiFault && error.code === "CONFLICT") setShut(error.message);
      else toast.error(error.message);
    },
  });

  /** Saves in place while it is a draft; a change of anything else makes the next draft. Returns the version saved. */
  const save = async (): Promise<number> => {
    const text = source ?? loaded.data?.source ?? "";
    if (!changed) return version;
    if (state === "draft" || state === "tested") {
      await ask(api.PUT("/api/playbooks/{id}/versions/{version}", { params: path, body: { source: text } }));
      await refresh();
      return version;
    }
    const name = /^title: *["']?(.*?)["']? *$/m.exec(text)?.[1] || playbookId;
    const made = await ask(api.POST("/api/playbooks", { body: { id: playbookId, name, source: text } }));
    await refresh();
    onChoose(made.version);
    return made.version;
  };
  const doSave = () =>
    act.mutate(async () => {
      await save();
      toast.success("Saved.");
    });
  const doTest = () =>
    act.mutate(async () => {
      const saved = await save();
      const result = await ask(
        api.POST("/api/playbooks/{id}/versions/{version}/test", {
          params: { path: { id: playbookId, version: saved } },
        }),
      );
      await queries.invalidateQueries({ queryKey: ["version", playbookId, saved] });
      await refresh();
      if (result.passed) toast.success("Every check passed: it can be published.");
      else toast.error(result.defects.length > 0 ? "It has errors; see the marked lines." : "Some checks failed.");
    });

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.metaKey || event.ctrlKey) || event.key !== "s" || !admin) return;
      event.preventDefault();
      doSave();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });

  return (
    <>
      <PageHead
        title={
          <span className="flex items-center gap-2">
            <Link
              to="/playbooks"
              aria-label="Back to all playbooks"
              className="-ml-1.5 rounded p-1 text-ink-faint hover:bg-hover"
            >
              <ChevronLeft className="size-4" />
            </Link>
            {playbookId}
          </span>
        }
        meta={
          <>
            <span className="tabular">v{version}</span>
            <Badge tone={stateTone(state)}>{state}</Badge>
            {changed && <Badge tone="warn">not saved</Badge>}
          </>
        }
      >
        {published && published.version !== version && (
          <Button
            aria-pressed={comparing !== undefined}
            onClick={() => {
              if (comparing !== undefined) return setComparing(undefined);
              act.mutate(async () => {
                const other = await ask(
                  api.GET("/api/playbooks/{id}/versions/{version}", {
                    params: { path: { id: playbookId, version: published.version } },
                  }),
                );
                setComparing(other.source);
              });
            }}
          >
            <GitCompare /> {comparing === undefined ? `Compare with v${published.version}` : "Back to the editor"}
          </Button>
        )}
        {admin && (
          <>
            <Button disabled={!changed || act.isPending} onClick={doSave}>
              Save <Kbd>⌘S</Kbd>
            </Button>
            <Button
              disabled={act.isPending || defects.length > 0}
              onClick={() =>
                act.mutate(async () => {
                  const saved = await save();
                  const { playbookId: tried } = await ask(
                    api.POST("/api/playbooks/{id}/versions/{version}/try", {
                      params: { path: { id: playbookId, version: saved } },
                    }),
                  );
                  await navigate({ href: `/phone?playbook=${tried}` });
                })
              }
            >
              <Phone /> Try
            </Button>
            {state === "draft" || changed ? (
              <Button kind="primary" disabled={act.isPending} onClick={doTest}>
                <FlaskConical /> Test
              </Button>
            ) : (
              state !== "published" && (
                <Button kind="primary" disabled={publish.isPending} onClick={() => publish.mutate(undefined)}>
                  {state === "retired" ? <Undo2 /> : <Rocket />} {state === "retired" ? "Roll back to this" : "Publish"}
                </Button>
              )
            )}
          </>
        )}
      </PageHead>
      <div className="grid min-h-0 flex-1 items-start gap-4 p-4 sm:p-6 xl:grid-cols-[1fr_20rem]">
        <Card className="min-w-0 overflow-hidden">
          {loaded.data && schema.data ? (
            comparing !== undefined ? (
              <DiffView before={comparing} after={source ?? loaded.data.source} />
            ) : (
              <SourceEditor
                source={loaded.data.source}
                schema={schema.data}
                readOnly={!admin}
                handle={editor}
                onChange={setSource}
                onDefects={setDefects}
                check={async (text) =>
                  (await ask(api.POST("/api/playbooks/check", { body: { source: text } }))).defects
                }
              />
            )
          ) : (
            <Spinner />
          )}
        </Card>
        <div className="flex flex-col gap-4">
          <Card>
            <CardTitle>Problems</CardTitle>
            {defects.length === 0 ? (
              <p className="flex items-center gap-2 px-4 py-3 text-ink-soft">
                <Check className="size-4 text-good" aria-hidden /> None found.
              </p>
            ) : (
              <ul className="max-h-80 divide-y divide-line overflow-y-auto">
                {defects.map((defect) => (
                  <li key={`${defect.line} ${defect.path} ${defect.problem}`}>
                    <button
                      type="button"
                      onClick={() => editor.current?.goTo(defect.line, defect.column)}
                      className="flex w-full gap-2 px-4 py-2 text-left hover:bg-hover"
                    >
                      <CircleAlert className="mt-0.5 size-4 shrink-0 text-bad" aria-hidden />
                      <span className="min-w-0">
                        <span className="font-medium">Line {defect.line}</span>{" "}
                        <span className="break-words text-ink-soft">{defect.problem}</span>
                        <span className="block text-ink-faint text-xs">{defect.cure}</span>
                      </span>
                    </button>
                  </li>
                ))}
              </ul>
            )}
          </Card>
          {loaded.data && loaded.data.report.length > 0 && !changed && (
            <Card>
              <CardTitle>Last test</CardTitle>
              <ul className="max-h-72 divide-y divide-line overflow-y-auto">
                {loaded.data.report.map((each) => (
                  <li key={each.name} className="flex gap-2 px-4 py-2">
                    {each.passed ? (
                      <Check className="mt-0.5 size-4 shrink-0 text-good" aria-label="passed" />
                    ) : (
                      <CircleAlert className="mt-0.5 size-4 shrink-0 text-bad" aria-label="failed" />
                    )}
                    <span className="min-w-0">
                      <span className="font-medium">{each.name}</span>
                      <span className="block break-words text-ink-soft text-xs">{each.detail}</span>
                    </span>
                  </li>
                ))}
              </ul>
            </Card>
          )}
          <GatePanel
            playbookId={playbookId}
            version={version}
            state={state}
            admin={admin}
            listener={mayListen(person)}
          />
          {maySteer(person) && <RoutesPanel playbookId={playbookId} admin={admin} />}
          <Card>
            <CardTitle>Versions</CardTitle>
            <ul className="max-h-72 overflow-y-auto py-1">
              {versions.map((each) => (
                <li key={each.version}>
                  <button
                    type="button"
                    aria-current={each.version === version}
                    onClick={() => onChoose(each.version)}
                    className={cn(
                      "flex w-full items-center gap-2 px-4 py-1.5 text-left hover:bg-hover",
                      each.version === version && "bg-hover",
                    )}
                  >
                    <span className="tabular font-medium">v{each.version}</span>
                    <Badge tone={stateTone(each.state)}>{each.state}</Badge>
                    <span className="ml-auto truncate text-ink-faint text-xs">
                      {when(each.publishedAt ?? each.createdAt)}
                    </span>
                  </button>
                </li>
              ))}
            </ul>
          </Card>
        </div>
      </div>
      {shut !== undefined && (
        <OverrideDialog why={shut} onClose={() => setShut(undefined)} onOverride={(reason) => publish.mutate(reason)} />
      )}
    </>
  );
}
