import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Hash, Plus, ScrollText } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { api, ask } from "../api/client.ts";
import { maySteer, usePerson } from "../api/session.ts";
import { when } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { Field, Input, Select } from "../ui/fields.tsx";
import { Dialog } from "../ui/overlays.tsx";
import { Badge, Card, Empty, Fault, PageHead, Spinner, Table, Td, Th } from "../ui/surface.tsx";

export const stateTone = (state: string) =>
  state === "published" ? "good" : state === "tested" ? "accent" : state === "draft" ? "warn" : "neutral";

/** Every playbook with what callers meet and what is being worked on. */
export function PlaybooksPage() {
  const person = usePerson();
  const playbooks = useQuery({ queryKey: ["playbooks"], queryFn: () => ask(api.GET("/api/playbooks")) });
  const [making, setMaking] = useState(false);
  return (
    <>
      <PageHead title="Playbooks">
        {maySteer(person) && (
          <Button asChild>
            <Link to="/numbers">
              <Hash /> Who answers which number
            </Link>
          </Button>
        )}
        {person.role === "admin" && (
          <Button kind="primary" onClick={() => setMaking(true)}>
            <Plus /> New playbook
          </Button>
        )}
      </PageHead>
      <div className="p-4 sm:p-6">
        <Card>
          {playbooks.isPending ? (
            <Spinner />
          ) : playbooks.isError ? (
            <Fault error={playbooks.error} />
          ) : playbooks.data.playbooks.length === 0 ? (
            <Empty title="No playbooks" icon={<ScrollText />} />
          ) : (
            <Table>
              <thead>
                <tr>
                  <Th>Name</Th>
                  <Th>Callers meet</Th>
                  <Th>Newest</Th>
                  <Th className="max-sm:hidden">Changed</Th>
                </tr>
              </thead>
              <tbody>
                {playbooks.data.playbooks.map((playbook) => (
                  <tr key={playbook.id} className="relative hover:bg-hover">
                    <Td>
                      <Link
                        to="/playbooks/$playbookId"
                        params={{ playbookId: playbook.id }}
                        className="font-medium after:absolute after:inset-0"
                      >
                        {playbook.name}
                      </Link>
                      <span className="block text-ink-faint text-xs">{playbook.id}</span>
                    </Td>
                    <Td>
                      {playbook.published === null ? (
                        <span className="text-ink-faint">nothing yet</span>
                      ) : (
                        `Version ${playbook.published}`
                      )}
                    </Td>
                    <Td>
                      <span className="tabular mr-2">v{playbook.newest}</span>
                      <Badge tone={stateTone(playbook.newestState)}>{playbook.newestState}</Badge>
                    </Td>
                    <Td className="text-ink-soft max-sm:hidden">
                      {when(playbook.changedAt)} by {playbook.changedBy}
                    </Td>
                  </tr>
                ))}
              </tbody>
            </Table>
          )}
        </Card>
      </div>
      {making && <NewPlaybook from={playbooks.data?.playbooks ?? []} onClose={() => setMaking(false)} />}
    </>
  );
}

function NewPlaybook({
  from,
  onClose,
}: {
  from: readonly { id: string; name: string; newest: number; published: number | null }[];
  onClose: () => void;
}) {
  const navigate = useNavigate();
  const make = useMutation({
    mutationFn: async (form: FormData) => {
      const id = String(form.get("id"));
      const name = String(form.get("name"));
      const template = from.find((each) => each.id === form.get("template"));
      if (!template) throw new Error("Choose a playbook to begin from.");
      const { source } = await ask(
        api.GET("/api/playbooks/{id}/versions/{version}", {
          params: { path: { id: template.id, version: template.published ?? template.newest } },
        }),
      );
      const own = source
        .replace(/^id: .*$/m, `id: ${id}`)
        .replace(/^version: .*$/m, "version: 1")
        .replace(/^title: .*$/m, `title: ${JSON.stringify(name)}`);
      await ask(api.POST("/api/playbooks", { body: { id, name, source: own } }));
      return id;
    },
    onSuccess: (playbookId) => navigate({ to: "/playbooks/$playbookId", params: { playbookId } }),
    onError: (error) => toast.error(error.message),
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="New playbook"
      description="It begins as a copy, which you then change."
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate(new FormData(event.currentTarget));
        }}
      >
        <Field label="Name">{(ids) => <Input {...ids} name="name" required autoFocus />}</Field>
        <Field label="Id" hint="Lower-case letters, digits and hyphens. It never changes.">
          {(ids) => <Input {...ids} name="id" required pattern="[a-z0-9]+(-[a-z0-9]+)*" maxLength={50} />}
        </Field>
        <Field label="Begin from">
          {(ids) => (
            <Select {...ids} name="template" className="w-full">
              {from.map((each) => (
                <option key={each.id} value={each.id}>
                  {each.name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" disabled={make.isPending}>
            Make it
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
