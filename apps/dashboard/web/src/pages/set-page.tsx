import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { ChevronLeft, FolderOpen, Play, Trash2 } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { api, ask } from "../api/client.ts";
import type { paths } from "../api/schema.generated.ts";
import { clock, when, words } from "../format.ts";
import { StartRerun } from "../reruns/start-dialog.tsx";
import { Button } from "../ui/button.tsx";
import { Field, Input, TextArea } from "../ui/fields.tsx";
import { Dialog } from "../ui/overlays.tsx";
import { Badge, Card, Empty, Fault, PageHead, Spinner, Table, Td, Th } from "../ui/surface.tsx";

type SetFound = paths["/api/sets/{id}"]["get"]["responses"]["200"]["content"]["application/json"];
type Member = SetFound["members"][number];

/** A saved set: its calls, and what a re-run of each must find. */
export function SetPage() {
  const { setId } = useParams({ from: "/shell/sets/$setId" });
  const queries = useQueryClient();
  const navigate = useNavigate();
  const params = { path: { id: setId } };
  const found = useQuery({ queryKey: ["set", setId], queryFn: () => ask(api.GET("/api/sets/{id}", { params })) });
  const [running, setRunning] = useState(false);
  const [expecting, setExpecting] = useState<Member>();
  const act = useMutation({
    mutationFn: (run: () => Promise<unknown>) => run(),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["set", setId] }),
    onError: (error) => toast.error(error.message),
  });
  if (found.isPending) return <Spinner />;
  if (found.isError) return <Fault error={found.error} />;
  const set = found.data;
  return (
    <>
      <PageHead
        title={
          <span className="flex items-center gap-2">
            <Link
              to="/reruns"
              aria-label="Back to re-runs and sets"
              className="-ml-1.5 rounded p-1 text-ink-faint hover:bg-hover"
            >
              <ChevronLeft className="size-4" />
            </Link>
            {set.name}
          </span>
        }
        meta={
          <span className="tabular">
            {set.members.length === 1 ? "1 call" : `${set.members.length} calls`}
            {set.kind === "search" && ", follows a search"}
          </span>
        }
      >
        <Button
          kind="ghost"
          onClick={() =>
            confirm(`Remove the set ${set.name}? Its calls and re-runs stay.`) &&
            act.mutate(async () => {
              await ask(api.DELETE("/api/sets/{id}", { params }));
              await queries.invalidateQueries({ queryKey: ["sets"] });
              await navigate({ to: "/reruns" });
            })
          }
        >
          <Trash2 /> Remove
        </Button>
        <Button kind="primary" disabled={set.members.length === 0} onClick={() => setRunning(true)}>
          <Play /> Run again
        </Button>
      </PageHead>
      <div className="flex flex-col gap-4 p-4 sm:p-6">
        <form
          className="flex max-w-md items-end gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            const name = String(new FormData(event.currentTarget).get("name"));
            act.mutate(() => ask(api.PATCH("/api/sets/{id}", { params, body: { name } })));
          }}
        >
          <div className="flex-1">
            <Field label="Name">
              {(ids) => <Input {...ids} key={set.name} name="name" defaultValue={set.name} required maxLength={120} />}
            </Field>
          </div>
          <Button type="submit" disabled={act.isPending}>
            Rename
          </Button>
        </form>
        <Card>
          {set.members.length === 0 ? (
            <Empty title="No calls" icon={<FolderOpen />}>
              {set.kind === "search" ? "The search finds none now." : "Add some on the Replay page."}
            </Empty>
          ) : (
            <Table>
              <thead>
                <tr>
                  <Th>Call</Th>
                  <Th className="max-md:hidden">Playbook</Th>
                  <Th className="max-sm:hidden">Wanted</Th>
                  <Th className="text-right max-sm:hidden">Length</Th>
                  <Th>Expected of a re-run</Th>
                  <Th />
                </tr>
              </thead>
              <tbody>
                {set.members.map((call) => (
                  <tr key={call.callId}>
                    <Td>
                      <Link
                        to="/calls/$callId"
                        params={{ callId: call.callId }}
                        className="tabular whitespace-nowrap font-medium underline"
                      >
                        {call.startedAt ? when(call.startedAt) : call.callId.slice(0, 12)}
                      </Link>
                    </Td>
                    <Td className="max-md:hidden">
                      {call.playbookId ? `${words(call.playbookId)} v${call.playbookVersion}` : "–"}
                    </Td>
                    <Td className="max-sm:hidden">{call.topWant ? words(call.topWant) : "–"}</Td>
                    <Td className="tabular text-right max-sm:hidden">
                      {call.durationMs === null ? "–" : clock(call.durationMs)}
                    </Td>
                    <Td>
                      <Expectation call={call} />
                    </Td>
                    <Td className="whitespace-nowrap text-right">
                      {set.kind === "calls" && (
                        <>
                          <Button
                            size="sm"
                            kind="ghost"
                            aria-label={`What to expect of the call of ${when(call.startedAt)}`}
                            onClick={() => setExpecting(call)}
                          >
                            Expect
                          </Button>
                          <Button
                            size="sm"
                            kind="ghost"
                            aria-label={`Take the call of ${when(call.startedAt)} out`}
                            disabled={act.isPending}
                            onClick={() =>
                              act.mutate(() =>
                                ask(
                                  api.DELETE("/api/sets/{id}/calls/{callId}", {
                                    params: { path: { id: setId, callId: call.callId } },
                                  }),
                                ),
                              )
                            }
                          >
                            Take out
                          </Button>
                        </>
                      )}
                    </Td>
                  </tr>
                ))}
              </tbody>
            </Table>
          )}
        </Card>
      </div>
      {running && <StartRerun setId={setId} title={`Run ${set.name} again`} onClose={() => setRunning(false)} />}
      {expecting && (
        <ExpectDialog
          call={expecting}
          onClose={() => setExpecting(undefined)}
          onSave={(expected) =>
            act.mutate(async () => {
              await ask(
                api.PUT("/api/sets/{id}/calls/{callId}/expected", {
                  params: { path: { id: setId, callId: expecting.callId } },
                  body: { expected },
                }),
              );
              setExpecting(undefined);
            })
          }
        />
      )}
    </>
  );
}

function Expectation({ call: { expected } }: { call: Member }) {
  if (!expected) return <span className="text-ink-faint">what the call itself found</span>;
  return (
    <span className="flex flex-wrap gap-1">
      {expected.wants?.map((want) => (
        <Badge key={want}>{words(want)}</Badge>
      ))}
      {Object.entries(expected.slots ?? {}).map(([slot, value]) => (
        <Badge key={slot}>
          {words(slot)}: {value}
        </Badge>
      ))}
      {expected.tasks?.map((task) => (
        <Badge key={task} tone="accent">
          {words(task)}
        </Badge>
      ))}
      {expected.says?.map((text) => (
        <Badge key={text} tone="agent">
          “{text}”
        </Badge>
      ))}
    </span>
  );
}

const lines = (text: FormDataEntryValue | null): string[] =>
  String(text ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

function ExpectDialog({
  call,
  onClose,
  onSave,
}: {
  call: Member;
  onClose: () => void;
  onSave: (expected: Member["expected"]) => void;
}) {
  const { expected } = call;
  const slots = Object.entries(expected?.slots ?? {}).map(([slot, value]) => `${slot}: ${value}`);
  const fields: [string, string, string, readonly string[]][] = [
    ["wants", "Wants that must be recognised", "One a line, such as order-status", expected?.wants ?? []],
    ["slots", "Values that must be understood", "One a line, such as order-number: 47291", slots],
    ["tasks", "Tasks that must be delegated", "One a line, such as request-return", expected?.tasks ?? []],
    ["says", "Words that the agent must say", "One a line", expected?.says ?? []],
  ];
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="What a re-run must find"
      description="Anything that is missing makes the re-run of this call a regression. More is not."
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          const pairs = lines(form.get("slots")).map((line) => {
            const [slot = "", ...value] = line.split(":");
            return [slot.trim(), value.join(":").trim()] as const;
          });
          onSave({
            wants: lines(form.get("wants")),
            slots: Object.fromEntries(pairs),
            tasks: lines(form.get("tasks")),
            says: lines(form.get("says")),
          });
        }}
      >
        {fields.map(([name, label, hint, value]) => (
          <Field key={name} label={label} hint={hint}>
            {(ids) => <TextArea {...ids} name={name} className="min-h-14" defaultValue={value.join("\n")} />}
          </Field>
        ))}
        <div className="flex justify-end gap-2">
          <Button className="mr-auto" onClick={() => onSave(null)}>
            What the call itself found
          </Button>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary">
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
