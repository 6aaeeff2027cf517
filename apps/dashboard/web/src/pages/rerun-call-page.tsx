import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { AudioLines, ChevronLeft } from "lucide-react";
import { type ReactNode, useState } from "react";
import { api, ask } from "../api/client.ts";
import type { paths } from "../api/schema.generated.ts";
import { moment, span, words } from "../format.ts";
import { difference } from "../reruns/shown.ts";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/class-names.ts";
import { Badge, Card, CardTitle, Fault, PageHead, Spinner, Table, Td, Th } from "../ui/surface.tsx";

type Found = paths["/api/reruns/{id}/calls/{callId}"]["get"]["responses"]["200"]["content"]["application/json"];
type Result = NonNullable<Found["result"]>;
type Turn = Result["turns"][number];
type Side = Turn["before"];

/** One call as it was and as it would have been, turn by turn. */
export function RerunCallPage() {
  const { rerunId, callId } = useParams({ from: "/shell/reruns/$rerunId/$callId" });
  const [onlyChanged, setOnlyChanged] = useState(false);
  const found = useQuery({
    queryKey: ["rerun", rerunId, callId],
    queryFn: () => ask(api.GET("/api/reruns/{id}/calls/{callId}", { params: { path: { id: rerunId, callId } } })),
  });
  if (found.isPending) return <Spinner />;
  if (found.isError) return <Fault error={found.error} />;
  const { result, fault, regressions } = found.data;
  const turns =
    result?.turns.filter((turn) => (turn.turn > 0 || says(turn)) && (!onlyChanged || turn.changed.length > 0)) ?? [];
  return (
    <>
      <PageHead
        title={
          <span className="flex items-center gap-2">
            <Link
              to="/reruns/$rerunId"
              params={{ rerunId }}
              aria-label="Back to the re-run"
              className="-ml-1.5 rounded p-1 text-ink-faint hover:bg-hover"
            >
              <ChevronLeft className="size-4" />
            </Link>
            <span className="font-mono text-sm">{callId.slice(0, 12)}</span>
          </span>
        }
        meta={
          result && (
            <Badge tone={result.changed.length === 0 ? "good" : "warn"}>
              {result.changed.length === 0 ? "the same" : "changed"}
            </Badge>
          )
        }
      >
        <Button aria-pressed={onlyChanged} onClick={() => setOnlyChanged(!onlyChanged)}>
          {onlyChanged ? "All turns" : "Changed turns only"}
        </Button>
        <Button asChild>
          <Link to="/calls/$callId" params={{ callId }}>
            <AudioLines /> As it was
          </Link>
        </Button>
        {result && (
          <Button asChild>
            <Link to="/reruns/$rerunId/$callId/replay" params={{ rerunId, callId }}>
              <AudioLines /> As it would have been
            </Link>
          </Button>
        )}
      </PageHead>
      <div className="flex flex-col gap-4 p-4 sm:p-6">
        {fault && <Fault error={new Error(`It could not be run: ${fault}`)} />}
        {regressions.length > 0 && (
          <Card className="border-bad/40">
            <CardTitle>What got worse</CardTitle>
            <ul className="list-disc px-8 py-3 text-bad">
              {regressions.map((each) => (
                <li key={each}>{each}</li>
              ))}
            </ul>
          </Card>
        )}
        {result && (
          <>
            <Notes result={result} />
            <Totals result={result} />
            <Card className="overflow-hidden">
              <div className="hidden grid-cols-[4.5rem_1fr_1fr] gap-x-4 border-line border-b bg-panel px-4 py-2 font-medium text-ink-faint text-xs md:grid">
                <span>Turn</span>
                <span>As it was</span>
                <span>As it would have been</span>
              </div>
              <ol className="divide-y divide-line">
                {turns.map((turn) => (
                  <TurnRow key={turn.turn} turn={turn} rerunId={rerunId} callId={callId} />
                ))}
                {turns.length === 0 && <li className="px-4 py-6 text-center text-ink-soft">No turn changed.</li>}
              </ol>
            </Card>
          </>
        )}
      </div>
    </>
  );
}

/** Before the caller's first turn there may be nothing. */
const says = ({ before, after }: Turn): boolean => [before, after].some((side) => side.said.length > 0);

const Notes = ({ result }: { result: Result }) => {
  const notes = [
    result.withoutConsent &&
      "The caller's consent is not on the tape: the opening ran without asking for it, and is not compared.",
    result.forcedTurns > 0 &&
      `${result.forcedTurns === 1 ? "One turn of the caller" : `${result.forcedTurns} turns of the caller`} came although the agent never got where it had been.`,
    result.unansweredTasks > 0 &&
      `${result.unansweredTasks === 1 ? "One lookup was" : `${result.unansweredTasks} lookups were`} asked that the call never asked; they failed, for want of an answer.`,
  ].filter((note) => typeof note === "string");
  if (notes.length === 0) return null;
  return (
    <ul className="rounded-lg border border-line bg-sunken px-4 py-3 text-ink-soft">
      {notes.map((note) => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  );
};

function Totals({ result: { before, after } }: { result: Result }) {
  const middle = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? null;
  const slots = (side: typeof before) =>
    Object.entries(side.slots)
      .map(([slot, value]) => `${words(slot)}: ${value}`)
      .join(", ");
  const rows: [string, ReactNode, ReactNode, boolean][] = [
    [
      "Wants",
      before.wants.map(words).join(", "),
      after.wants.map(words).join(", "),
      String(before.wants) !== String(after.wants),
    ],
    ["Slots", slots(before), slots(after), slots(before) !== slots(after)],
    [
      "Tasks",
      before.tasks.map((task) => `${words(task.kind)} (${task.outcome})`).join(", "),
      after.tasks.map((task) => `${words(task.kind)} (${task.outcome})`).join(", "),
      JSON.stringify(before.tasks.map((task) => [task.kind, task.outcome])) !==
        JSON.stringify(after.tasks.map((task) => [task.kind, task.outcome])),
    ],
    [
      "Words said",
      before.words,
      `${after.words} (${difference(before.words, after.words)})`,
      before.words !== after.words,
    ],
    [
      "Median response",
      span(middle(before.figures.responseLatenciesMs)),
      span(middle(after.figures.responseLatenciesMs)),
      false,
    ],
    ["Cut-ins", before.figures.cutIns, after.figures.cutIns, before.figures.cutIns !== after.figures.cutIns],
    ["Gave way", before.figures.yields, after.figures.yields, before.figures.yields !== after.figures.yields],
    [
      "Murmurs",
      before.figures.backchannels,
      after.figures.backchannels,
      before.figures.backchannels !== after.figures.backchannels,
    ],
    ["Ended", words(before.ends ?? "–"), words(after.ends ?? "–"), before.ends !== after.ends],
  ];
  return (
    <Card>
      <CardTitle>In all</CardTitle>
      <Table>
        <thead>
          <tr>
            <Th />
            <Th>As it was</Th>
            <Th>As it would have been</Th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([label, was, is, changed]) => (
            <tr key={label} className="align-top">
              <Td className="whitespace-nowrap text-ink-soft">{label}</Td>
              <Td className="w-2/5 max-sm:min-w-28">
                {was === "" ? <span className="text-ink-faint">none</span> : was}
              </Td>
              <Td className={cn("w-2/5 max-sm:min-w-28", changed && "bg-warn-soft")}>
                {is === "" ? <span className="text-ink-faint">none</span> : is}
                {changed && <span className="sr-only"> (changed)</span>}
              </Td>
            </tr>
          ))}
        </tbody>
      </Table>
    </Card>
  );
}

function TurnRow({ turn, rerunId, callId }: { turn: Turn; rerunId: string; callId: string }) {
  const { before, after, changed } = turn;
  return (
    <li
      className={cn(
        "grid gap-x-4 gap-y-3 px-4 py-3 md:grid-cols-[4.5rem_1fr_1fr]",
        changed.length > 0 && "bg-warn-soft/40",
      )}
    >
      <div className="flex items-start gap-2 md:flex-col">
        <Link
          to="/calls/$callId"
          params={{ callId }}
          search={{ t: Math.round(before.atMs) } as never}
          className="tabular font-medium underline"
          aria-label={`Replay at ${moment(before.atMs)}`}
        >
          {moment(before.atMs)}
        </Link>
        <Link
          to="/reruns/$rerunId/$callId/replay"
          params={{ rerunId, callId }}
          search={{ t: Math.round(after.atMs) } as never}
          className="tabular text-ink-soft text-xs underline"
          aria-label={`Replay the re-run at ${moment(after.atMs)}`}
        >
          {moment(after.atMs)}
        </Link>
        <span className="flex flex-wrap gap-1">
          {changed.map((change) => (
            <Badge key={change} tone="warn">
              {words(change)}
            </Badge>
          ))}
        </span>
      </div>
      <SideView title="As it was" side={before} other={after} opening={turn.turn === 0} />
      <SideView title="As it would have been" side={after} other={before} opening={turn.turn === 0} />
    </li>
  );
}

function SideView({ title, side, other, opening }: { title: string; side: Side; other: Side; opening: boolean }) {
  const acts = (of: Side) => of.decisions.filter(({ decision }) => !["listen", "hold"].includes(decision));
  return (
    <section aria-label={title} className="flex min-w-0 flex-col gap-1.5">
      <h3 className="font-medium text-ink-faint text-xs md:sr-only">{title}</h3>
      {!opening && (
        <p className="w-fit max-w-full rounded-md bg-caller-soft px-2 py-1 text-caller-ink">
          {side.heard || <span className="italic">no words heard</span>}
        </p>
      )}
      {side.said.map((text) => (
        <p
          key={text}
          className={cn(
            "w-fit max-w-full rounded-md px-2 py-1",
            other.said.includes(text)
              ? "bg-agent-soft text-agent-ink"
              : "bg-agent-soft font-medium text-agent-ink ring-1 ring-warn",
          )}
        >
          {text}
        </p>
      ))}
      {side.unheard.map((text) => (
        <p key={text} className="px-2 text-ink-faint line-through">
          {text}
        </p>
      ))}
      <ul className="flex flex-col gap-0.5 px-2 text-ink-soft text-xs">
        {side.wants.map((want) => (
          <li key={want}>Want: {words(want)}</li>
        ))}
        {side.slots.map(({ slot, value }) => (
          <li key={`${slot} ${value}`}>
            {words(slot)}: <span className="font-medium text-ink">{value}</span>
          </li>
        ))}
        {side.tasks.map((task) => (
          <li key={`${task.kind} ${JSON.stringify(task.input)}`}>
            Task: {words(task.kind)}, {task.outcome}
            {!task.onTape && " (its answer is on no tape)"}
          </li>
        ))}
        {acts(side).length > 0 && (
          <li>
            {acts(side)
              .map(({ atMs, decision }) => `${words(decision)} ${moment(atMs)}`)
              .join(", ")}
          </li>
        )}
        {side.responseMs !== null && <li>Answered after {span(side.responseMs)}</li>}
        {side.cutIns > 0 && (
          <li className="font-medium text-bad">{side.cutIns === 1 ? "Cut in" : `Cut in ${side.cutIns} times`}</li>
        )}
        {side.ends && <li>Ended: {side.ends}</li>}
      </ul>
    </section>
  );
}
