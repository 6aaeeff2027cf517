import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { api, ask } from "../api/client.ts";
import type { Role } from "../api/session.ts";
import { when } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/class-names.ts";
import { Field, Input } from "../ui/fields.tsx";
import { Dialog } from "../ui/overlays.tsx";
import { Badge, Card, Empty, Fault, PageHead, Spinner, Table, Td, Th } from "../ui/surface.tsx";
import { Once, RoleSelect, roleName } from "./roles.tsx";

/** Tokens for programs. */
export function TokensPage() {
  const queries = useQueryClient();
  const tokens = useQuery({ queryKey: ["tokens"], queryFn: () => ask(api.GET("/api/tokens")) });
  const [making, setMaking] = useState(false);
  const [secret, setSecret] = useState<string>();
  const act = useMutation({
    mutationFn: (run: () => Promise<unknown>) => run(),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["tokens"] }),
    onError: (error) => toast.error(error.message),
  });
  return (
    <>
      <PageHead title="API tokens">
        <Button asChild>
          <a href="/api/docs" target="_blank" rel="noreferrer">
            API description
          </a>
        </Button>
        <Button kind="primary" onClick={() => setMaking(true)}>
          <Plus /> New token
        </Button>
      </PageHead>
      <div className="p-4 sm:p-6">
        <Card>
          {tokens.isPending ? (
            <Spinner />
          ) : tokens.isError ? (
            <Fault error={tokens.error} />
          ) : tokens.data.tokens.length === 0 ? (
            <Empty title="No tokens" icon={<KeyRound />}>
              A program sends one as <code>Authorization: Bearer</code> and may do what its role may.
            </Empty>
          ) : (
            <Table>
              <thead>
                <tr>
                  <Th>Name</Th>
                  <Th>Role</Th>
                  <Th className="max-sm:hidden">Made</Th>
                  <Th>Used</Th>
                  <Th className="text-right" />
                </tr>
              </thead>
              <tbody>
                {tokens.data.tokens.map((token) => (
                  <tr key={token.id} className={cn(token.revokedAt && "text-ink-faint")}>
                    <Td>
                      <span className="font-medium">{token.name}</span>
                      <code className="block text-ink-faint text-xs">{token.prefix}…</code>
                    </Td>
                    <Td>{roleName(token.role)}</Td>
                    <Td className="max-sm:hidden">
                      {when(token.createdAt)} by {token.createdBy}
                    </Td>
                    <Td>
                      {token.lastUsedAt ? when(token.lastUsedAt) : "never"}
                      {token.expiresAt && (
                        <span className="block text-ink-faint text-xs">until {when(token.expiresAt)}</span>
                      )}
                    </Td>
                    <Td className="text-right">
                      {token.revokedAt ? (
                        <Badge>revoked</Badge>
                      ) : (
                        <Button
                          size="sm"
                          kind="ghost"
                          aria-label={`Revoke ${token.name}`}
                          onClick={() =>
                            confirm(`Revoke ${token.name}? Programs that use it are refused at once.`) &&
                            act.mutate(() =>
                              ask(api.DELETE("/api/tokens/{id}", { params: { path: { id: token.id } } })),
                            )
                          }
                        >
                          Revoke
                        </Button>
                      )}
                    </Td>
                  </tr>
                ))}
              </tbody>
            </Table>
          )}
        </Card>
      </div>
      <Dialog open={making} onOpenChange={setMaking} title="New API token">
        <form
          className="flex flex-col gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            const form = new FormData(event.currentTarget);
            const days = Number(form.get("days"));
            act.mutate(async () => {
              const made = await ask(
                api.POST("/api/tokens", {
                  body: {
                    name: String(form.get("name")),
                    role: form.get("role") as Role,
                    ...(days > 0 && { expiresInDays: days }),
                  },
                }),
              );
              setMaking(false);
              setSecret(made.secret);
            });
          }}
        >
          <Field label="What it is for">{(ids) => <Input {...ids} name="name" required autoFocus />}</Field>
          <Field label="Role">{(ids) => <RoleSelect id={ids.id} name="role" />}</Field>
          <Field label="Days until it expires" hint="Empty: it counts until it is revoked.">
            {(ids) => <Input {...ids} name="days" type="number" min={1} max={3650} />}
          </Field>
          <Button type="submit" kind="primary" className="self-end" disabled={act.isPending}>
            Make it
          </Button>
        </form>
      </Dialog>
      {secret && (
        <Once title="The token" text={secret} onClose={() => setSecret(undefined)}>
          Copy it now: only its fingerprint is kept.
        </Once>
      )}
    </>
  );
}
