import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ClipboardCheck, Download, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { api, ask } from "../api/client.ts";
import type { paths } from "../api/schema.generated.ts";
import { usePerson } from "../api/session.ts";
import { clock, phoneNumber, when, words } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { Field, Input, Select } from "../ui/fields.tsx";
import { Dialog } from "../ui/overlays.tsx";
import { Badge, Card, CardTitle, Empty, Fault, PageHead, Spinner, Table, Td, Th } from "../ui/surface.tsx";

type Card_ = paths["/api/scorecards"]["get"]["responses"]["200"]["content"]["application/json"]["scorecards"][number];
type Criterion = Card_["document"]["criteria"][number];

const FIGURES = [
  ["response_max_ms", "Slowest response, ms"],
  ["response_p50_ms", "Median response, ms"],
  ["stop_max_ms", "Slowest stop, ms"],
  ["longest_silence_ms", "Longest silence, ms"],
  ["longest_lookup_ms", "Longest lookup, ms"],
  ["cut_ins", "Cut-ins"],
  ["uncovered", "Uncovered wants"],
  ["lost_hops", "Lost hops"],
] as const;

/** What to score next, by what, and how far scorers agree. */
export function ScoringPage() {
  const person = usePerson();
  const queue = useQuery({ queryKey: ["scoring-queue"], queryFn: () => ask(api.GET("/api/scoring/queue")) });
  const cards = useQuery({ queryKey: ["scorecards"], queryFn: () => ask(api.GET("/api/scorecards")) });
  const [editing, setEditing] = useState<Card_ | "new">();
  return (
    <>
      <PageHead title="Scoring">
        <Button asChild>
          <a href="/api/scoring/export?format=csv" download>
            <Download /> CSV
          </a>
        </Button>
        <Button asChild>
          <a href="/api/scoring/export?format=json" download>
            <Download /> JSON
          </a>
        </Button>
        {person.role === "admin" && (
          <Button kind="primary" onClick={() => setEditing("new")}>
            <Plus /> Scorecard
          </Button>
        )}
      </PageHead>
      <div className="grid items-start gap-4 p-4 sm:p-6 xl:grid-cols-[1fr_22rem]">
        <Card className="min-w-0">
          <CardTitle>To score</CardTitle>
          {queue.isPending ? (
            <Spinner />
          ) : queue.isError ? (
            <Fault error={queue.error} />
          ) : queue.data.calls.length === 0 ? (
            <Empty title="Nothing waits to be scored" icon={<ClipboardCheck />}>
              The sampling rules pick calls of the last week; those that nobody has scored appear here.
            </Empty>
          ) : (
            <Table>
              <thead>
                <tr>
                  <Th>When</Th>
                  <Th className="max-sm:hidden">Caller</Th>
                  <Th>Wanted</Th>
                  <Th>Why</Th>
                  <Th className="text-right">Length</Th>
                </tr>
              </thead>
              <tbody>
                {queue.data.calls.map((call) => (
                  <tr key={call.id} className="relative hover:bg-hover">
                    <Td className="tabular whitespace-nowrap">
                      <Link
                        to="/calls/$callId"
                        params={{ callId: call.id }}
                        className="font-medium after:absolute after:inset-0"
                      >
                        {when(call.startedAt)}
                      </Link>
                      <span className="block text-ink-soft text-xs sm:hidden">{phoneNumber(call.from)}</span>
                    </Td>
                    <Td className="tabular whitespace-nowrap max-sm:hidden">{phoneNumber(call.from)}</Td>
                    <Td>{call.topWant ? words(call.topWant) : "–"}</Td>
                    <Td>
                      <Badge tone={call.why === "random sample" ? "neutral" : "warn"}>{call.why}</Badge>
                    </Td>
                    <Td className="tabular text-right">{clock(call.durationMs ?? 0)}</Td>
                  </tr>
                ))}
              </tbody>
            </Table>
          )}
        </Card>
        <div className="flex flex-col gap-4">
          <Card>
            <CardTitle>Scorecards</CardTitle>
            {cards.data?.scorecards.length === 0 && (
              <p className="px-4 py-3 text-ink-soft">
                None yet. {person.role === "admin" ? "Make one to begin." : "An admin makes them."}
              </p>
            )}
            <ul className="divide-y divide-line">
              {cards.data?.scorecards.map((card) => (
                <li key={card.id} className="flex items-center gap-2 px-4 py-2">
                  <div className="min-w-0">
                    <p className="truncate font-medium">{card.name}</p>
                    <p className="text-ink-faint text-xs">
                      {card.document.criteria.length} criteria, version {card.version}
                    </p>
                  </div>
                  {person.role === "admin" && (
                    <Button size="sm" className="ml-auto" onClick={() => setEditing(card)}>
                      Edit
                    </Button>
                  )}
                </li>
              ))}
            </ul>
          </Card>
          <SamplingCard admin={person.role === "admin"} />
          {cards.data?.scorecards.map((card) => (
            <Calibration key={card.id} card={card} />
          ))}
        </div>
      </div>
      {editing && <CardDialog card={editing === "new" ? undefined : editing} onClose={() => setEditing(undefined)} />}
    </>
  );
}

function SamplingCard({ admin }: { admin: boolean }) {
  const queries = useQueryClient();
  const rules = useQuery({ queryKey: ["sampling"], queryFn: () => ask(api.GET("/api/scoring/sampling")) });
  const save = useMutation({
    mutationFn: (body: NonNullable<typeof rules.data>) => ask(api.PUT("/api/scoring/sampling", { body })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["sampling"] });
      await queries.invalidateQueries({ queryKey: ["scoring-queue"] });
      toast.success("Saved.");
    },
    onError: (error) => toast.error(error.message),
  });
  if (!rules.data) return null;
  const current = rules.data;
  return (
    <Card>
      <CardTitle>Sampling</CardTitle>
      <form
        className="flex flex-col gap-2.5 p-4"
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          const over = Number(form.get("responseOverMs"));
          save.mutate({
            percent: Number(form.get("percent")),
            everyCutIn: form.get("everyCutIn") === "on",
            everyTransfer: form.get("everyTransfer") === "on",
            responseOverMs: over > 0 ? over : null,
          });
        }}
      >
        <fieldset disabled={!admin} className="contents">
          <Field label="Share of all calls, %">
            {(ids) => (
              <Input
                {...ids}
                name="percent"
                type="number"
                min={0}
                max={100}
                step="any"
                defaultValue={current.percent}
              />
            )}
          </Field>
          <Field label="Any response slower than, ms" hint="Empty: this picks no calls.">
            {(ids) => (
              <Input {...ids} name="responseOverMs" type="number" min={1} defaultValue={current.responseOverMs ?? ""} />
            )}
          </Field>
          <label className="flex items-center gap-2">
            <input type="checkbox" name="everyCutIn" defaultChecked={current.everyCutIn} className="accent-accent" />{" "}
            Every call with a cut-in
          </label>
          <label className="flex items-center gap-2">
            <input
              type="checkbox"
              name="everyTransfer"
              defaultChecked={current.everyTransfer}
              className="accent-accent"
            />{" "}
            Every transferred call
          </label>
          {admin && (
            <Button type="submit" disabled={save.isPending}>
              Save
            </Button>
          )}
        </fieldset>
      </form>
    </Card>
  );
}

function Calibration({ card }: { card: Card_ }) {
  const found = useQuery({
    queryKey: ["calibration", card.id],
    queryFn: () => ask(api.GET("/api/scoring/calibration", { params: { query: { scorecardId: card.id } } })),
  });
  if (!found.data || found.data.pairs.length === 0) return null;
  return (
    <Card>
      <CardTitle>Calibration: {card.name}</CardTitle>
      <ul className="divide-y divide-line">
        {found.data.pairs.map((pair) => (
          <li key={`${pair.a} ${pair.b}`} className="px-4 py-2">
            <p className="truncate">
              {pair.a} <span className="text-ink-faint">and</span> {pair.b}
            </p>
            <p className="tabular text-ink-soft text-xs">
              Cohen's κ {pair.kappa === null ? "–" : pair.kappa.toFixed(2)} · {Math.round(pair.agreement * 100)}% of{" "}
              {pair.items} answers, {pair.calls} calls
            </p>
          </li>
        ))}
      </ul>
    </Card>
  );
}

interface Editable {
  key: number;
  question: string;
  weight: number;
  required: boolean;
  autoFail: boolean;
  figure: string;
  atMost: number;
}
const editableOf = (criterion: Criterion, key: number): Editable => ({
  key,
  question: criterion.question,
  weight: criterion.weight,
  required: criterion.required,
  autoFail: criterion.autoFail,
  figure: criterion.auto?.figure ?? "",
  atMost: criterion.auto?.atMost ?? 0,
});

function CardDialog({ card, onClose }: { card: Card_ | undefined; onClose: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState(card?.name ?? "");
  const [rows, setRows] = useState<Editable[]>(
    card?.document.criteria.map(editableOf) ?? [
      { key: 0, question: "", weight: 1, required: true, autoFail: false, figure: "", atMost: 0 },
    ],
  );
  const change = (key: number, part: Partial<Editable>) =>
    setRows((before) => before.map((row) => (row.key === key ? { ...row, ...part } : row)));
  const save = useMutation({
    mutationFn: () => {
      const known = new Map(card?.document.criteria.map((criterion, key) => [key, criterion.id]));
      return ask(
        api.PUT("/api/scorecards", {
          body: {
            ...(card && { id: card.id }),
            name,
            active: true,
            document: {
              criteria: rows.map((row) => ({
                id: known.get(row.key) ?? slug(row.question, row.key),
                question: row.question,
                weight: row.weight,
                required: row.required,
                autoFail: row.autoFail,
                ...(row.figure && { auto: { figure: row.figure as "cut_ins", atMost: row.atMost } }),
              })),
            },
          },
        }),
      );
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["scorecards"] });
      onClose();
    },
    onError: (error) => toast.error(error.message),
  });
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => !open && onClose()}
      title={card ? `Edit ${card.name}` : "New scorecard"}
      description="A change makes a new version; scores that were given keep theirs."
    >
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Field label="Name">
          {(ids) => <Input {...ids} required value={name} onChange={(event) => setName(event.target.value)} />}
        </Field>
        <ul className="flex flex-col gap-3">
          {rows.map((row, index) => (
            <li key={row.key} className="flex flex-col gap-2 rounded-lg border border-line p-3">
              <div className="flex items-end gap-2">
                <div className="flex-1">
                  <Field label={`Question ${index + 1}`}>
                    {(ids) => (
                      <Input
                        {...ids}
                        required
                        value={row.question}
                        placeholder="Did the agent confirm the order number?"
                        onChange={(event) => change(row.key, { question: event.target.value })}
                      />
                    )}
                  </Field>
                </div>
                <div className="w-20">
                  <Field label="Weight">
                    {(ids) => (
                      <Input
                        {...ids}
                        type="number"
                        min={0.1}
                        step={0.1}
                        value={row.weight}
                        onChange={(event) => change(row.key, { weight: Number(event.target.value) })}
                      />
                    )}
                  </Field>
                </div>
                <Button
                  kind="ghost"
                  size="icon"
                  aria-label={`Remove question ${index + 1}`}
                  disabled={rows.length === 1}
                  onClick={() => setRows(rows.filter((each) => each.key !== row.key))}
                >
                  <Trash2 />
                </Button>
              </div>
              <div className="flex flex-wrap items-center gap-x-4 gap-y-2 text-ink-soft">
                <label className="flex items-center gap-1.5">
                  <input
                    type="checkbox"
                    className="accent-accent"
                    checked={row.required}
                    onChange={(event) => change(row.key, { required: event.target.checked })}
                  />
                  Required
                </label>
                <label className="flex items-center gap-1.5">
                  <input
                    type="checkbox"
                    className="accent-accent"
                    checked={row.autoFail}
                    onChange={(event) => change(row.key, { autoFail: event.target.checked })}
                  />
                  A “no” fails the call
                </label>
                <span className="flex items-center gap-2">
                  By rule
                  <Select
                    aria-label="Figure of the automatic rule"
                    value={row.figure}
                    onChange={(event) => change(row.key, { figure: event.target.value })}
                  >
                    <option value="">no rule</option>
                    {FIGURES.map(([value, label]) => (
                      <option key={value} value={value}>
                        {label}
                      </option>
                    ))}
                  </Select>
                  {row.figure && (
                    <>
                      at most
                      <Input
                        aria-label="At most"
                        type="number"
                        className="w-24"
                        value={row.atMost}
                        onChange={(event) => change(row.key, { atMost: Number(event.target.value) })}
                      />
                    </>
                  )}
                </span>
              </div>
            </li>
          ))}
        </ul>
        <div className="flex gap-2">
          <Button
            onClick={() =>
              setRows([
                ...rows,
                {
                  key: Math.max(...rows.map((row) => row.key)) + 1,
                  question: "",
                  weight: 1,
                  required: true,
                  autoFail: false,
                  figure: "",
                  atMost: 0,
                },
              ])
            }
          >
            <Plus /> Question
          </Button>
          <Button className="ml-auto" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" kind="primary" disabled={save.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

const slug = (text: string, key: number): string =>
  `${text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "")
    .slice(0, 40)}-${key}`.replace(/^-/, "");
