import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { AudioLines, FolderPlus, Search, SlidersHorizontal, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { api, ask } from "../api/client.ts";
import type { paths } from "../api/schema.generated.ts";
import { mayListen, usePerson } from "../api/session.ts";
import { clock, phoneNumber, span, when, words } from "../format.ts";
import { rememberCalls } from "../replay/neighbours.ts";
import { SaveSet } from "../reruns/save-set.tsx";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/class-names.ts";
import { Field, Input, Select } from "../ui/fields.tsx";
import { Badge, Card, Empty, Fault, PageHead, Spinner, Table, Td, Th } from "../ui/surface.tsx";

export type CallQuery = NonNullable<paths["/api/calls"]["get"]["parameters"]["query"]>;
type Call = paths["/api/calls"]["get"]["responses"]["200"]["content"]["application/json"]["calls"][number];

const OUTCOME_TONES = { contained: "good", unresolved: "warn", transferred: "warn", failed: "bad" } as const;

export const outcomeTone = (outcome: string | null) =>
  OUTCOME_TONES[outcome as keyof typeof OUTCOME_TONES] ?? "neutral";

/** Past calls: search, filter, open. The search lives in the address, so that it can be sent to somebody. */
export function CallsPage() {
  const query = useSearch({ from: "/shell/calls" }) as CallQuery;
  const navigate = useNavigate();
  const person = usePerson();
  const [filtersOpen, setFiltersOpen] = useState(false);
  const [picked, setPicked] = useState<readonly string[]>([]);
  const [saving, setSaving] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const set = (change: Partial<Record<keyof CallQuery, string | undefined>>) => {
    const next = Object.fromEntries(
      Object.entries({ ...query, ...change }).filter(([, value]) => value !== undefined && value !== ""),
    );
    void navigate({ to: "/calls", search: next as never, replace: true });
  };
  const calls = useInfiniteQuery({
    queryKey: ["calls", query],
    placeholderData: keepPreviousData,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      ask(
        api.GET("/api/calls", { params: { query: { ...query, limit: 60, ...(pageParam && { cursor: pageParam }) } } }),
      ),
    getNextPageParam: (page) => page.next,
  });
  const facets = useQuery({ queryKey: ["facets"], queryFn: () => ask(api.GET("/api/calls/facets")) });

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.target as HTMLElement).matches("input,textarea,select")) return;
      if (event.key === "/") {
        event.preventDefault();
        search.current?.focus();
      }
      if (event.key === "j" || event.key === "k" || event.key === "ArrowDown" || event.key === "ArrowUp")
        moveFocus(event);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  const rows = calls.data?.pages.flatMap((page) => page.calls) ?? [];
  useEffect(() => {
    if (calls.data) rememberCalls(calls.data.pages.flatMap((page) => page.calls.map((call) => call.id)));
  }, [calls.data]);
  const active = Object.entries(query).filter(([name]) => !["text", "sort"].includes(name));
  return (
    <>
      <PageHead
        title="Replay"
        meta={
          calls.data && (
            <span className="tabular">
              {calls.data.pages[0]?.total === 1 ? "1 call" : `${calls.data.pages[0]?.total ?? 0} calls`}
            </span>
          )
        }
      >
        {mayListen(person) && (
          <form
            className="relative max-sm:w-full"
            onSubmit={(event) => {
              event.preventDefault();
              // The keys go to the rows from here on.
              search.current?.blur();
              set({ text: search.current?.value });
            }}
          >
            <Search className="pointer-events-none absolute top-2 left-2.5 size-4 text-ink-faint" aria-hidden />
            <Input
              ref={search}
              key={String(query.text ?? "")}
              aria-label="Search by words heard or said"
              placeholder="Words heard or said"
              defaultValue={query.text ?? ""}
              onBlur={(event) => event.target.value !== (query.text ?? "") && set({ text: event.target.value })}
              onKeyDown={(event) => {
                if (event.key === "Escape") event.currentTarget.blur();
              }}
              className="pl-8 sm:w-64"
            />
          </form>
        )}
        <Select
          aria-label="Sort by"
          value={query.sort ?? "newest"}
          onChange={(event) => set({ sort: event.target.value })}
        >
          <option value="newest">Newest</option>
          <option value="oldest">Oldest</option>
          <option value="slowest">Slowest response</option>
          <option value="longest">Longest</option>
        </Select>
        <Button aria-expanded={filtersOpen} onClick={() => setFiltersOpen(!filtersOpen)}>
          <SlidersHorizontal /> Filter
          {active.length > 0 && <Badge tone="accent">{active.length}</Badge>}
        </Button>
        {mayListen(person) && (
          <Button onClick={() => setSaving(true)} disabled={rows.length === 0}>
            <FolderPlus /> Save as a set
            {picked.length > 0 && <Badge tone="accent">{picked.length}</Badge>}
          </Button>
        )}
      </PageHead>
      <div className="flex flex-col gap-3 p-4 sm:p-6">
        {filtersOpen && (
          <Card className="grid gap-3 p-4 sm:grid-cols-2 lg:grid-cols-4">
            {mayListen(person) && (
              <Field label="Number">
                {(ids) => (
                  <Input
                    {...ids}
                    defaultValue={query.number ?? ""}
                    onBlur={(event) => set({ number: event.target.value })}
                  />
                )}
              </Field>
            )}
            <Choice
              label="Playbook"
              value={query.playbookId}
              options={facets.data?.playbooks}
              onChange={(playbookId) => set({ playbookId })}
            />
            <Choice
              label="Outcome"
              value={query.outcome}
              options={facets.data?.outcomes}
              onChange={(outcome) => set({ outcome })}
            />
            <Choice label="Want" value={query.want} options={facets.data?.wants} onChange={(want) => set({ want })} />
            <Field label="From">
              {(ids) => (
                <Input
                  {...ids}
                  type="datetime-local"
                  defaultValue={localOf(query.startedFrom)}
                  onBlur={(event) => set({ startedFrom: isoOf(event.target.value) })}
                />
              )}
            </Field>
            <Field label="Until">
              {(ids) => (
                <Input
                  {...ids}
                  type="datetime-local"
                  defaultValue={localOf(query.startedTo)}
                  onBlur={(event) => set({ startedTo: isoOf(event.target.value) })}
                />
              )}
            </Field>
            {(
              [
                ["responseOverMs", "Any response slower than, ms"],
                ["silenceOverMs", "Silence longer than, ms"],
                ["lookupOverMs", "Lookup longer than, ms"],
                ["cutInsAtLeast", "Cut-ins, at least"],
                ["scoreBelow", "Score below"],
              ] as const
            ).map(([name, label]) => (
              <Field key={name} label={label}>
                {(ids) => (
                  <Input
                    {...ids}
                    type="number"
                    min={0}
                    defaultValue={String(query[name] ?? "")}
                    onBlur={(event) => set({ [name]: event.target.value || undefined })}
                  />
                )}
              </Field>
            ))}
          </Card>
        )}
        {active.length > 0 && (
          <ul className="flex flex-wrap gap-1.5" aria-label="Filters in force">
            {active.map(([name, value]) => (
              <li key={name}>
                <button
                  type="button"
                  onClick={() => set({ [name]: undefined })}
                  className="inline-flex items-center gap-1 rounded-full border border-line-strong/70 bg-raised py-0.5 pr-1.5 pl-2.5 text-xs hover:bg-hover"
                >
                  <span className="text-ink-faint">{LABELS[name] ?? words(name)}</span> {words(String(value))}
                  <X className="size-3.5 text-ink-faint" aria-label="remove" />
                </button>
              </li>
            ))}
          </ul>
        )}
        {calls.isPending ? (
          <Spinner />
        ) : calls.isError ? (
          <Fault error={calls.error} retry={() => void calls.refetch()} />
        ) : rows.length === 0 ? (
          <Card>
            <Empty title={active.length > 0 || query.text ? "No call fits" : "No calls yet"} icon={<AudioLines />}>
              {active.length > 0 || query.text
                ? "Take a filter away, or search for other words."
                : "Every call that was recorded with consent appears here as soon as it ends."}
            </Empty>
          </Card>
        ) : (
          <Card className={cn("overflow-hidden", calls.isPlaceholderData && "opacity-60")}>
            <Table>
              <thead>
                <tr>
                  {mayListen(person) && (
                    <Th className="w-8">
                      <span className="sr-only">Pick</span>
                    </Th>
                  )}
                  <Th>When</Th>
                  <Th className="max-sm:hidden">Caller</Th>
                  <Th className="max-md:hidden">Playbook</Th>
                  <Th>Wanted</Th>
                  <Th>Outcome</Th>
                  <Th className="text-right max-sm:hidden">Length</Th>
                  <Th className="text-right max-sm:hidden">Slowest</Th>
                  <Th className="text-right max-lg:hidden">Cut-ins</Th>
                  <Th className="text-right max-lg:hidden">Score</Th>
                </tr>
              </thead>
              <tbody>
                {rows.map((call) => (
                  <Row
                    key={call.id}
                    call={call}
                    picked={mayListen(person) ? picked.includes(call.id) : undefined}
                    onPick={(isPicked) =>
                      setPicked(isPicked ? [...picked, call.id] : picked.filter((id) => id !== call.id))
                    }
                  />
                ))}
              </tbody>
            </Table>
            {calls.hasNextPage && (
              <div className="flex justify-center p-3">
                <Button onClick={() => void calls.fetchNextPage()} disabled={calls.isFetchingNextPage}>
                  Show more
                </Button>
              </div>
            )}
          </Card>
        )}
      </div>
      {saving && (
        <SaveSet
          callIds={[...picked]}
          query={query}
          found={calls.data?.pages[0]?.total ?? 0}
          onClose={() => setSaving(false)}
        />
      )}
    </>
  );
}

const LABELS: Record<string, string> = {
  responseOverMs: "response over ms",
  stopOverMs: "stop over ms",
  silenceOverMs: "silence over ms",
  lookupOverMs: "lookup over ms",
  cutInsAtLeast: "cut-ins from",
  playbookId: "playbook",
  playbookVersion: "version",
  startedFrom: "from",
  startedTo: "until",
};

function Row({
  call,
  picked,
  onPick,
}: {
  call: Call;
  /** Absent for those who may not save sets. */
  picked: boolean | undefined;
  onPick: (isPicked: boolean) => void;
}) {
  const slow = (call.responseMaxMs ?? 0) > 800;
  return (
    <tr className="group relative hover:bg-hover">
      {picked !== undefined && (
        <Td className="relative z-10">
          <input
            type="checkbox"
            aria-label={`Pick the call of ${when(call.startedAt)} from ${phoneNumber(call.from)}`}
            checked={picked}
            onChange={(event) => onPick(event.target.checked)}
            className="block size-4 accent-accent"
          />
        </Td>
      )}
      <Td className="tabular whitespace-nowrap">
        <Link
          to="/calls/$callId"
          params={{ callId: call.id }}
          data-call-row
          className="font-medium after:absolute after:inset-0 focus-visible:outline-none after:focus-visible:outline-2 after:focus-visible:outline-accent after:focus-visible:-outline-offset-2"
        >
          {when(call.startedAt)}
        </Link>
        <span className="block text-ink-soft text-xs sm:hidden">{phoneNumber(call.from)}</span>
      </Td>
      <Td className="tabular whitespace-nowrap max-sm:hidden">{phoneNumber(call.from)}</Td>
      <Td className="max-w-48 truncate max-md:hidden">
        {words(call.playbookId)} <span className="text-ink-faint">v{call.playbookVersion}</span>
        {call.route && <span className="block truncate text-2xs text-ink-faint">{call.route}</span>}
      </Td>
      <Td className="max-w-40 truncate">
        {call.topWant ? words(call.topWant) : <span className="text-ink-faint">–</span>}
      </Td>
      <Td>
        {call.outcome ? (
          <Badge tone={outcomeTone(call.outcome)}>{words(call.outcome)}</Badge>
        ) : (
          <span className="text-ink-faint">–</span>
        )}
      </Td>
      <Td className="tabular text-right max-sm:hidden">{call.durationMs === null ? "–" : clock(call.durationMs)}</Td>
      <Td className={cn("tabular text-right max-sm:hidden", slow && "font-medium text-bad")}>
        {span(call.responseMaxMs)}
      </Td>
      <Td className={cn("tabular text-right max-lg:hidden", call.cutIns > 0 && "font-medium text-bad")}>
        {call.cutIns}
      </Td>
      <Td className="tabular text-right max-lg:hidden">
        {(call.humanScore ?? call.autoScore) === null ? (
          <span className="text-ink-faint">–</span>
        ) : (
          Math.round(call.humanScore ?? call.autoScore ?? 0)
        )}
      </Td>
    </tr>
  );
}

const Choice = ({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: string | undefined;
  options: readonly string[] | undefined;
  onChange: (value: string) => void;
}) => (
  <Field label={label}>
    {(ids) => (
      <Select {...ids} className="w-full" value={value ?? ""} onChange={(event) => onChange(event.target.value)}>
        <option value="">Any</option>
        {options?.map((option) => (
          <option key={option} value={option}>
            {words(option)}
          </option>
        ))}
      </Select>
    )}
  </Field>
);

const isoOf = (local: string): string | undefined => (local ? new Date(local).toISOString() : undefined);
const localOf = (iso: string | undefined): string => {
  if (!iso) return "";
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

/** Up and down through the rows by keyboard. */
function moveFocus(event: KeyboardEvent): void {
  const links = [...document.querySelectorAll<HTMLElement>("[data-call-row]")];
  if (links.length === 0) return;
  const at = links.indexOf(document.activeElement as HTMLElement);
  const down = event.key === "j" || event.key === "ArrowDown";
  links[Math.max(0, Math.min(links.length - 1, at + (down ? 1 : -1)))]?.focus();
  event.preventDefault();
}
