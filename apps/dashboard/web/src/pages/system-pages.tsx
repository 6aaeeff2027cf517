import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Copy, KeyRound, Plus, UserPlus } from "lucide-react";
import { type ReactNode, useState } from "react";
import { toast } from "sonner";
import { api, ask } from "../api/client.ts";
import { type Role, usePerson } from "../api/session.ts";
import { when, whenExactly, words } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/class-names.ts";
import { Field, Input, Select } from "../ui/fields.tsx";
import { Dialog } from "../ui/overlays.tsx";
import { Badge, Card, CardTitle, Empty, Fault, PageHead, Spinner, Table, Td, Th } from "../ui/surface.tsx";

const ROLES: readonly [Role, string, string][] = [
  ["admin", "Admin", "Everything"],
  ["supervisor", "Supervisor", "Listens, whispers, takes over, transfers, ends; scores"],
  ["qa", "QA", "Listens, replays, comments, scores"],
  ["viewer", "Viewer", "Masked text and figures; no audio"],
];
export const roleName = (role: string | null): string => ROLES.find(([id]) => id === role)?.[1] ?? "–";

const RoleSelect = ({
  value,
  onChange,
  ...props
}: {
  value?: Role;
  onChange?: (role: Role) => void;
  name?: string;
  id?: string;
  disabled?: boolean;
  "aria-label"?: string;
}) => (
  <Select {...props} value={value} onChange={(event) => onChange?.(event.target.value as Role)}>
    {ROLES.map(([id, label]) => (
      <option key={id} value={id}>
        {label}
      </option>
    ))}
  </Select>
);

/** Something that is shown once: a link or a secret, to be copied. */
function Once({
  title,
  text,
  children,
  onClose,
}: {
  title: string;
  text: string;
  children: ReactNode;
  onClose: () => void;
}) {
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title={title}>
      <div className="flex flex-col gap-3">
        <p className="text-ink-soft">{children}</p>
        <div className="flex gap-2">
          <Input
            readOnly
            value={text}
            aria-label={title}
            onFocus={(event) => event.target.select()}
            className="font-mono text-xs"
          />
          <Button
            onClick={() =>
              void navigator.clipboard.writeText(text).then(
                () => toast.success("Copied."),
                () => toast.error("The browser does not allow copying; select the text instead."),
              )
            }
          >
            <Copy /> Copy
          </Button>
        </div>
        <Button kind="primary" className="self-end" onClick={onClose}>
          Done
        </Button>
      </div>
    </Dialog>
  );
}

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
                        <span className="block text-ink-faint text-xs">{person.email}</span>
                      </Td>
                      <Td>
                        <RoleSelect
                          aria-label={`Role of ${person.name}`}
                          value={person.role}
                          disabled={person.id === me.id || act.isPending}
                          onChange={(role) =>
                            act.mutate(() => ask(api.PATCH("/api/people/{id}", { params: path, body: { role } })))
                          }
                        />
                      </Td>
                      <Td className="whitespace-nowrap text-right">
                        {person.id !== me.id && (
                          <>
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
                          </>
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
                    <Td>{token.lastUsedAt ? when(token.lastUsedAt) : "never"}</Td>
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

/** Who did what. */
export function AuditPage() {
  const [act, setAct] = useState("");
  const entries = useInfiniteQuery({
    queryKey: ["audit", act],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      ask(
        api.GET("/api/audit", {
          params: { query: { limit: 100, ...(act && { act }), ...(pageParam && { before: pageParam }) } },
        }),
      ),
    getNextPageParam: (page) => (page.entries.length === 100 ? page.entries.at(-1)?.at : undefined),
  });
  const rows = entries.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <>
      <PageHead title="Audit log">
        <Select aria-label="Show" value={act} onChange={(event) => setAct(event.target.value)}>
          <option value="">Everything</option>
          {["session", "call", "playbook", "person", "token", "number", "score", "knowledge", "refused"].map((each) => (
            <option key={each} value={each}>
              {words(each)}
            </option>
          ))}
        </Select>
      </PageHead>
      <div className="p-4 sm:p-6">
        <Card>
          {entries.isPending ? (
            <Spinner />
          ) : entries.isError ? (
            <Fault error={entries.error} />
          ) : rows.length === 0 ? (
            <Empty title="Nothing of that kind" />
          ) : (
            <Table>
              <thead>
                <tr>
                  <Th>When</Th>
                  <Th>Who</Th>
                  <Th>Did what</Th>
                  <Th className="max-md:hidden">To what</Th>
                  <Th className="max-lg:hidden">From</Th>
                </tr>
              </thead>
              <tbody>
                {rows.map((entry) => (
                  <tr key={entry.id}>
                    <Td className="tabular whitespace-nowrap" title={whenExactly(entry.at)}>
                      {when(entry.at)}
                    </Td>
                    <Td>
                      {entry.actor} {entry.role && <span className="text-ink-faint">{roleName(entry.role)}</span>}
                    </Td>
                    <Td>
                      <code className="text-xs">{entry.act}</code>{" "}
                      {entry.outcome !== "done" && <Badge tone="bad">{entry.outcome}</Badge>}
                      {entry.detail && (
                        <span className="block max-w-md truncate text-ink-faint text-xs">{entry.detail}</span>
                      )}
                    </Td>
                    <Td className="max-w-56 truncate text-ink-soft max-md:hidden">{entry.subject}</Td>
                    <Td className="tabular text-ink-faint max-lg:hidden">{entry.ip}</Td>
                  </tr>
                ))}
              </tbody>
            </Table>
          )}
          {entries.hasNextPage && (
            <div className="flex justify-center p-3">
              <Button onClick={() => void entries.fetchNextPage()}>Older</Button>
            </div>
          )}
        </Card>
      </div>
    </>
  );
}

/** What runs and what does not, and what to do about it. */
export function HealthPage() {
  const person = usePerson();
  const health = useQuery({
    queryKey: ["health"],
    refetchInterval: 5_000,
    queryFn: () => ask(api.GET("/api/health")),
  });
  const worst = health.data?.parts.some((part) => part.status === "down")
    ? "down"
    : health.data?.parts.some((part) => part.status === "degraded")
      ? "degraded"
      : "ok";
  return (
    <>
      <PageHead
        title="Health"
        meta={
          health.data && (
            <Badge tone={worst === "ok" ? "good" : worst === "degraded" ? "warn" : "bad"}>
              {worst === "ok"
                ? "Everything works"
                : worst === "degraded"
                  ? "Something is degraded"
                  : "Something is down"}
            </Badge>
          )
        }
      >
        {person.role === "admin" && (
          <Button asChild>
            <a href="/queues">Queues in detail</a>
          </Button>
        )}
      </PageHead>
      <div className="grid items-start gap-4 p-4 sm:p-6 xl:grid-cols-[1fr_26rem]">
        <Card>
          <CardTitle>Parts</CardTitle>
          {health.isPending ? (
            <Spinner />
          ) : health.isError ? (
            <Fault error={health.error} />
          ) : (
            <ul className="divide-y divide-line">
              {health.data.parts.map((part) => (
                <li key={part.name} className="flex items-start gap-3 px-4 py-2.5">
                  <span
                    aria-hidden
                    className={cn(
                      "mt-1.5 size-2 shrink-0 rounded-full",
                      part.status === "ok" ? "bg-good" : part.status === "degraded" ? "bg-warn" : "bg-bad",
                    )}
                  />
                  <div className="min-w-0">
                    <p className="font-medium">
                      {words(part.name)}{" "}
                      {part.status !== "ok" && (
                        <Badge tone={part.status === "down" ? "bad" : "warn"}>{part.status}</Badge>
                      )}
                    </p>
                    <p className="break-words text-ink-soft">{part.detail}</p>
                    {part.remedy && <p className="text-ink">{part.remedy}</p>}
                  </div>
                  <span className="ml-auto shrink-0 text-right text-ink-faint text-xs">since {when(part.since)}</span>
                </li>
              ))}
            </ul>
          )}
        </Card>
        <div className="flex flex-col gap-4">
          <Card>
            <CardTitle>Queues</CardTitle>
            <Table>
              <thead>
                <tr>
                  <Th>Queue</Th>
                  <Th className="text-right">Waiting</Th>
                  <Th className="text-right">Now</Th>
                  <Th className="text-right">Later</Th>
                  <Th className="text-right">Failed</Th>
                </tr>
              </thead>
              <tbody className="tabular">
                {health.data?.queues.map((queue) => (
                  <tr key={queue.name}>
                    <Td>{words(queue.name.replace("tasks-", ""))}</Td>
                    <Td className="text-right">{queue.waiting}</Td>
                    <Td className="text-right">{queue.active}</Td>
                    <Td className="text-right">{queue.delayed}</Td>
                    <Td className={cn("text-right", queue.failed > 0 && "font-medium text-bad")}>{queue.failed}</Td>
                  </tr>
                ))}
              </tbody>
            </Table>
          </Card>
          {health.data && (
            <Card>
              <CardTitle>Live feed</CardTitle>
              <dl className="divide-y divide-line">
                {(
                  [
                    ["Calls now", health.data.liveCalls],
                    ["Events read since the start", health.data.eventsRead],
                    ["Events that this version does not know", health.data.eventsInvalid],
                  ] as const
                ).map(([label, value]) => (
                  <div key={label} className="flex justify-between px-4 py-1.5">
                    <dt className="text-ink-soft">{label}</dt>
                    <dd className="tabular">{value}</dd>
                  </div>
                ))}
              </dl>
            </Card>
          )}
        </div>
      </div>
    </>
  );
}
