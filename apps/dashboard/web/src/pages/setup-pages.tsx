import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { BookOpen, CircleCheck, CircleX, FileText, Hash, Upload } from "lucide-react";
import { type ReactNode, useRef, useState } from "react";
import { toast } from "sonner";
import { ApiFault, api, ask, csrfHeaders } from "../api/client.ts";
import { mayListen, usePerson } from "../api/session.ts";
import { phoneNumber, span, when, words } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { Field, Input, Select } from "../ui/fields.tsx";
import { Badge, Card, CardTitle, Empty, Fault, PageHead, Spinner, Table, Td, Th } from "../ui/surface.tsx";

/** The carrier's numbers and which playbook answers each. */
export function NumbersPage() {
  const person = usePerson();
  const admin = person.role === "admin";
  const queries = useQueryClient();
  const numbers = useQuery({ queryKey: ["numbers"], queryFn: () => ask(api.GET("/api/numbers")) });
  const playbooks = useQuery({ queryKey: ["playbooks"], queryFn: () => ask(api.GET("/api/playbooks")) });
  const act = useMutation({
    mutationFn: (run: () => Promise<unknown>) => run(),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["numbers"] }),
    onError: (error) => toast.error(error.message),
  });
  return (
    <>
      <PageHead title="Numbers" />
      <div className="flex flex-col gap-4 p-4 sm:p-6">
        {numbers.isPending ? (
          <Spinner label="Asking the carrier" />
        ) : numbers.isError ? (
          <Fault error={numbers.error} retry={() => void numbers.refetch()} />
        ) : (
          <>
            <p className="text-ink-soft">
              Calls reach Sidetone at{" "}
              <code className="rounded bg-hover px-1.5 py-0.5 text-ink">{numbers.data.webhook}</code>
            </p>
            <Card>
              {numbers.data.fault !== null ? (
                <Empty title="The carrier's numbers are not available" icon={<Hash />}>
                  {numbers.data.fault}
                </Empty>
              ) : numbers.data.numbers.length === 0 ? (
                <Empty title="The carrier's account has no numbers" icon={<Hash />}>
                  Buy one in the carrier's console; it appears here.
                </Empty>
              ) : (
                <Table>
                  <thead>
                    <tr>
                      <Th>Number</Th>
                      <Th>Points to</Th>
                      <Th>Answered by</Th>
                      <Th />
                    </tr>
                  </thead>
                  <tbody>
                    {numbers.data.numbers.map((number) => (
                      <tr key={number.sid}>
                        <Td>
                          <span className="tabular font-medium">{phoneNumber(number.number)}</span>
                          <span className="block text-ink-faint text-xs">{number.name}</span>
                        </Td>
                        <Td>
                          {number.pointsHere ? (
                            <Badge tone="good">Here</Badge>
                          ) : (
                            <span className="break-all text-ink-soft">{number.webhook || "nowhere"}</span>
                          )}
                        </Td>
                        <Td>
                          <Select
                            aria-label={`Playbook of ${number.number}`}
                            disabled={!admin || act.isPending}
                            value={number.playbookId ?? ""}
                            onChange={(event) =>
                              act.mutate(() =>
                                ask(
                                  api.PUT("/api/numbers/playbook", {
                                    body: { number: number.number, playbookId: event.target.value || null },
                                  }),
                                ),
                              )
                            }
                          >
                            <option value="">The default playbook</option>
                            {playbooks.data?.playbooks
                              .filter((each) => each.published !== null)
                              .map((each) => (
                                <option key={each.id} value={each.id}>
                                  {each.name}
                                </option>
                              ))}
                          </Select>
                        </Td>
                        <Td className="text-right">
                          {admin && !number.pointsHere && (
                            <Button
                              size="sm"
                              disabled={act.isPending}
                              onClick={() =>
                                act.mutate(async () => {
                                  await ask(api.POST("/api/numbers/webhook", { body: { sid: number.sid } }));
                                  toast.success(`${number.number} points here now.`);
                                })
                              }
                            >
                              Point it here
                            </Button>
                          )}
                        </Td>
                      </tr>
                    ))}
                  </tbody>
                </Table>
              )}
            </Card>
          </>
        )}
      </div>
    </>
  );
}

const LOOKUPS = [
  ["order-status", "orderNumber", "Order number", "47291"],
  ["delivery-status", "orderNumber", "Order number", "47291"],
  ["invoice", "orderNumber", "Order number", "47291"],
  ["find-customer", "phone", "Phone", "+15550100"],
  ["loyalty-balance", "phone", "Phone", "+15550100"],
  ["find-appointment", "phone", "Phone", "+15550100"],
  ["free-appointments", "service", "Service", ""],
] as const;

/** Tries the connectors the way a call uses them. */
export function ConnectorsPage() {
  const person = usePerson();
  const [kind, setKind] = useState<(typeof LOOKUPS)[number][0]>("order-status");
  const lookup = LOOKUPS.find(([name]) => name === kind) ?? LOOKUPS[0];
  const test = useMutation({
    mutationFn: (value: string) =>
      ask(api.POST("/api/connectors/test", { body: { kind, input: value ? { [lookup[1]]: value } : {} } })),
  });
  return (
    <>
      <PageHead title="Connectors" />
      <div className="grid items-start gap-4 p-4 sm:p-6 lg:grid-cols-[22rem_1fr]">
        <Card>
          <CardTitle>Try a lookup</CardTitle>
          <form
            className="flex flex-col gap-3 p-4"
            onSubmit={(event) => {
              event.preventDefault();
              test.mutate(String(new FormData(event.currentTarget).get("value")).trim());
            }}
          >
            <p className="text-ink-soft">
              It goes to the same queue, worker and connector that a call's lookup goes to. Nothing is changed.
            </p>
            <Field label="Lookup">
              {(ids) => (
                <Select
                  {...ids}
                  className="w-full"
                  value={kind}
                  onChange={(event) => {
                    setKind(event.target.value as typeof kind);
                    test.reset();
                  }}
                >
                  {LOOKUPS.map(([name]) => (
                    <option key={name} value={name}>
                      {words(name)}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
            <Field label={lookup[2]}>
              {(ids) => <Input {...ids} key={kind} name="value" defaultValue={lookup[3]} />}
            </Field>
            {person.role === "admin" ? (
              <Button type="submit" kind="primary" disabled={test.isPending}>
                {test.isPending ? "Looking it up…" : "Look it up"}
              </Button>
            ) : (
              <p className="text-ink-faint">Admins can run it.</p>
            )}
          </form>
        </Card>
        <Card className="min-w-0">
          <CardTitle>What came back</CardTitle>
          {test.isError ? (
            <Fault error={test.error} />
          ) : test.data ? (
            <Found finding={test.data} />
          ) : (
            <Empty title="Nothing tried yet">
              Connectors are named in <code>connectors.yaml</code> in the data folder; without one, the shop that comes
              with Sidetone answers.
            </Empty>
          )}
        </Card>
      </div>
    </>
  );
}

function Found({
  finding,
  children,
}: {
  finding: {
    outcome: string;
    tookMs: number;
    output?: unknown;
    error: { code: string; message: string } | null;
  };
  children?: ReactNode;
}) {
  const good = finding.outcome === "found";
  return (
    <div className="flex flex-col gap-3 p-4">
      <p className="flex items-center gap-2">
        {good ? (
          <CircleCheck className="size-4 text-good" aria-hidden />
        ) : (
          <CircleX className="size-4 text-bad" aria-hidden />
        )}
        <span className="font-medium">{words(finding.outcome)}</span>
        <span className="tabular text-ink-faint">in {span(finding.tookMs)}</span>
      </p>
      {finding.error && (
        <p className="text-bad">
          {finding.error.code}: {finding.error.message}
        </p>
      )}
      {children ?? (
        <pre className="max-h-[28rem] overflow-auto rounded-md bg-sunken p-3 text-xs leading-relaxed">
          {JSON.stringify(finding.output, null, 2)}
        </pre>
      )}
    </div>
  );
}

interface Answer {
  answer?: string;
  passages?: { text: string; source: string; score: number }[];
}

/** Documents that questions are answered from, and a box to try them. */
export function KnowledgePage() {
  const person = usePerson();
  const admin = person.role === "admin";
  const queries = useQueryClient();
  const chooser = useRef<HTMLInputElement>(null);
  const documents = useQuery({ queryKey: ["knowledge"], queryFn: () => ask(api.GET("/api/knowledge")) });
  const refresh = () => queries.invalidateQueries({ queryKey: ["knowledge"] });
  const upload = useMutation({
    mutationFn: async (file: File) => {
      const response = await fetch(`/api/knowledge/${encodeURIComponent(file.name)}`, {
        method: "PUT",
        headers: { "content-type": "application/octet-stream", ...csrfHeaders() },
        body: file,
      });
      if (!response.ok) throw new ApiFault(response.status, await response.json());
    },
    onSuccess: async (_, file) => {
      await refresh();
      toast.success(`${file.name} is there.`);
    },
    onError: (error) => toast.error(error.message),
  });
  const remove = useMutation({
    mutationFn: (name: string) => ask(api.DELETE("/api/knowledge/{name}", { params: { path: { name } } })),
    onSuccess: refresh,
    onError: (error) => toast.error(error.message),
  });
  const trial = useMutation({
    mutationFn: (question: string) => ask(api.POST("/api/knowledge/try", { body: { question } })),
  });
  const found = trial.data?.output as Answer | undefined;
  return (
    <>
      <PageHead title="Knowledge">
        {admin && (
          <>
            <input
              ref={chooser}
              type="file"
              accept=".md,.html,.pdf"
              className="hidden"
              aria-label="Document to upload"
              onChange={(event) => {
                const file = event.target.files?.[0];
                if (file) upload.mutate(file);
                event.target.value = "";
              }}
            />
            <Button kind="primary" disabled={upload.isPending} onClick={() => chooser.current?.click()}>
              <Upload /> Upload
            </Button>
          </>
        )}
      </PageHead>
      <div className="grid items-start gap-4 p-4 sm:p-6 xl:grid-cols-2">
        <Card>
          <CardTitle>Documents</CardTitle>
          {documents.isPending ? (
            <Spinner />
          ) : documents.isError ? (
            <Fault error={documents.error} />
          ) : documents.data.documents.length === 0 ? (
            <Empty title="No documents uploaded" icon={<BookOpen />}>
              Markdown, HTML or PDF: opening hours, return policies, whatever callers ask. Answers name the document.
            </Empty>
          ) : (
            <ul className="divide-y divide-line">
              {documents.data.documents.map((document) => (
                <li key={document.name} className="flex items-center gap-3 px-4 py-2">
                  <FileText className="size-4 shrink-0 text-ink-faint" aria-hidden />
                  <span className="min-w-0">
                    <span className="block truncate font-medium">{document.name}</span>
                    <span className="text-ink-faint text-xs">
                      {Math.max(1, Math.round(document.bytes / 1024))} kB, {when(document.changedAt)}
                    </span>
                  </span>
                  {admin && (
                    <Button
                      size="sm"
                      kind="ghost"
                      className="ml-auto"
                      aria-label={`Remove ${document.name}`}
                      onClick={() => confirm(`Remove ${document.name}?`) && remove.mutate(document.name)}
                    >
                      Remove
                    </Button>
                  )}
                </li>
              ))}
            </ul>
          )}
        </Card>
        {mayListen(person) && (
          <Card>
            <CardTitle>Try a question</CardTitle>
            <form
              className="flex gap-2 p-4"
              onSubmit={(event) => {
                event.preventDefault();
                const question = String(new FormData(event.currentTarget).get("question")).trim();
                if (question) trial.mutate(question);
              }}
            >
              <Input
                name="question"
                aria-label="Question"
                placeholder="How long do I have to return something?"
                required
              />
              <Button type="submit" disabled={trial.isPending}>
                {trial.isPending ? "Asking…" : "Ask"}
              </Button>
            </form>
            {trial.isError && <Fault error={trial.error} />}
            {trial.data && (
              <Found finding={trial.data}>
                {found?.answer && <p className="text-base">{found.answer}</p>}
                <ul className="flex flex-col gap-2">
                  {found?.passages?.map((passage) => (
                    <li key={`${passage.source} ${passage.text}`} className="rounded-md bg-sunken p-3">
                      <p>{passage.text}</p>
                      <p className="mt-1 text-ink-faint text-xs">
                        {passage.source}, score {passage.score.toFixed(2)}
                      </p>
                    </li>
                  ))}
                </ul>
              </Found>
            )}
          </Card>
        )}
      </div>
    </>
  );
}
