import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { api, ask } from "../api/client.ts";
import { type Role, usePerson } from "../api/session.ts";
import { when } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/class-names.ts";
import { Field, Input } from "../ui/fields.tsx";
import { Dialog } from "../ui/overlays.tsx";
import { Badge, Card, CardTitle, Fault, PageHead, Spinner, Table, Td, Th } from "../ui/surface.tsx";
import { Once, ROLES, RoleSelect, roleName } from "./roles.tsx";

/** Who has an account, and as what. */
export function PeoplePage() {
  const me = usePerson();
  const queries = useQueryClient();
  const people = useQuery({ queryKey: ["people"], queryFn: () => ask(api.GET("/api/people")) });
  const [inviting, setInviting] = useState(false);
  const [link, setLink] = useState<string>();
  const act = useMutation({
    mutationFn: (run: () => Promise<unknown>) => run(),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["people"] }),
    onError: (error) => toast.error(error.message),
  });
  return (
    <>
      <PageHead title="People">
        <Button kind="primary" onClick={() => setInviting(true)}>
          <UserPlus /> Invite
        </Button>
      </PageHead>
      <div className="flex flex-col gap-4 p-4 sm:p-6">
        <Card>
          {people.isPending ? (
            <Spinner />
          ) : people.isError ? (
            <Fault error={people.error} />
          ) : (
            <Table>
              <thead>
                <tr>
                  <Th>Name</Th>
                  <Th>Role</Th>
                  <Th className="text-right" />
                </tr>
              </thead>
              <tbody>
                {people.data.people.map((person) => {
                  const path = { path: { id: person.id } };
                  return (
                    <tr key={person.id} className={cn(person.disabled && "text-ink-faint")}>
                      <Td>
                        <span className="font-medium">{person.name}</span>
                        {person.id === me.id && <span className="text-ink-faint"> (you)</span>}
                        {person.disabled && <Badge className="ml-2">kept out</Badge>}
                        <span className="block break-all text-ink-faint text-xs">{person.email}</span>
                      </Td>
                      <Td className="min-w-28 max-sm:px-1">
                        <RoleSelect
                          aria-label={`Role of ${person.name}`}
                          value={person.role}
                          disabled={person.id === me.id || act.isPending}
                          onChange={(role) =>
                            act.mutate(() => ask(api.PATCH("/api/people/{id}", { params: path, body: { role } })))
                          }
                        />
                      </Td>
                      <Td className="whitespace-nowrap text-right max-sm:px-1">
                        {person.id !== me.id && (
                          <span className="inline-flex max-sm:flex-col">
                            <Button
                              size="sm"
                              kind="ghost"
                              onClick={() =>
                                act.mutate(async () =>
                                  setLink((await ask(api.POST("/api/people/{id}/reset", { params: path }))).link),
                                )
                              }
                            >
                              New password
                            </Button>
                            <Button
                              size="sm"
                              kind="ghost"
                              onClick={() =>
                                act.mutate(() =>
                                  ask(
                                    api.PATCH("/api/people/{id}", {
                                      params: path,
                                      body: { disabled: !person.disabled },
                                    }),
                                  ),
                                )
                              }
                            >
                              {person.disabled ? "Let in" : "Keep out"}
                            </Button>
                          </span>
                        )}
                      </Td>
                    </tr>
                  );
                })}
                {people.data.invites.map((invite) => (
                  <tr key={`${invite.email} ${invite.createdAt}`} className="text-ink-soft">
                    <Td>
                      {invite.email} <Badge tone="warn">invited</Badge>
                    </Td>
                    <Td>{roleName(invite.role)}</Td>
                    <Td className="text-right text-ink-faint text-xs">until {when(invite.expiresAt)}</Td>
                  </tr>
                ))}
              </tbody>
            </Table>
          )}
        </Card>
        <Card>
          <CardTitle>What roles may do</CardTitle>
          <dl className="divide-y divide-line">
            {ROLES.map(([id, label, may]) => (
              <div key={id} className="grid grid-cols-[7rem_1fr] px-4 py-2">
                <dt className="font-medium">{label}</dt>
                <dd className="text-ink-soft">{may}</dd>
              </div>
            ))}
          </dl>
        </Card>
      </div>
      <Dialog
        open={inviting}
        onOpenChange={setInviting}
        title="Invite somebody"
        description="You get a one-time link to hand to them; no mail is sent."
      >
        <form
          className="flex flex-col gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            const form = new FormData(event.currentTarget);
            act.mutate(async () => {
              const made = await ask(
                api.POST("/api/people", { body: { email: String(form.get("email")), role: form.get("role") as Role } }),
              );
              setInviting(false);
              setLink(made.link);
            });
          }}
        >
          <Field label="Email">{(ids) => <Input {...ids} name="email" type="email" required autoFocus />}</Field>
          <Field label="Role">{(ids) => <RoleSelect id={ids.id} name="role" />}</Field>
          <Button type="submit" kind="primary" className="self-end" disabled={act.isPending}>
            Make the link
          </Button>
        </form>
      </Dialog>
      {link && (
        <Once title="One-time link" text={link} onClose={() => setLink(undefined)}>
          Hand this to them. It works once, and is not shown again.
        </Once>
      )}
    </>
  );
}
