import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { Activity, Search } from "lucide-react";
import { memo, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import type { LiveSummary } from "../../../server/live/live-call.ts";
import { clock, phoneNumber, span, words } from "../format.ts";
import { useLiveList } from "../live/live-socket.ts";
import { cn } from "../ui/class-names.ts";
import { Input, Select } from "../ui/fields.tsx";
import { Badge, Card, Empty, PageHead, Spinner } from "../ui/surface.tsx";

/** Signals of how a call goes, from what happened on the line; nothing is guessed about people. */
export function signalsOf(call: LiveSummary): string[] {
  const signals: string[] = [];
  if (call.cutIns > 0) signals.push(call.cutIns === 1 ? "cut in" : `${call.cutIns} cut-ins`);
  if (call.repeats > 1) signals.push(`${call.repeats} repeats`);
  if (call.silentSinceMs !== undefined && call.atMs - call.silentSinceMs > 4_000) signals.push("silence");
  if (call.oldestTaskAtMs !== undefined && call.atMs - call.oldestTaskAtMs > 6_000) signals.push("long lookup");
  if (call.worstResponseMs > 1_500) signals.push("slow answer");
  if (call.lostSamples > 8_000) signals.push("poor line");
  return signals;
}

const SORTS: Record<string, (a: LiveSummary, b: LiveSummary) => number> = {
  Newest: (a, b) => b.startedAt.localeCompare(a.startedAt),
  Longest: (a, b) => a.startedAt.localeCompare(b.startedAt),
  "Needs help": (a, b) => signalsOf(b).length - signalsOf(a).length || a.startedAt.localeCompare(b.startedAt),
  "Slowest answer": (a, b) => b.worstResponseMs - a.worstResponseMs,
};

const COLUMNS =
  "grid-cols-[1fr_auto] lg:grid-cols-[6.5rem_minmax(8rem,1fr)_minmax(8rem,1fr)_minmax(10rem,2fr)_8rem_5rem]";
const ROW_PX = 52;

/** All calls now. */
export function LivePage() {
  const { calls, known, state } = useLiveList();
  const [text, setText] = useState("");
  const [sort, setSort] = useState("Newest");
  const [only, setOnly] = useState("all");
  const sought = useDeferredValue(text.trim().toLowerCase());
  const shown = useMemo(
    () =>
      calls
        .filter(
          (call) =>
            (only === "all" || (only === "signals" ? signalsOf(call).length > 0 : call.takenOverBy !== undefined)) &&
            (!sought ||
              `${call.from} ${call.to} ${call.playbookId} ${call.want ?? ""} ${call.lastLine?.text ?? ""}`
                .toLowerCase()
                .includes(sought)),
        )
        .sort(SORTS[sort]),
    [calls, only, sought, sort],
  );
  const search = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "/" || (event.target as HTMLElement).matches("input,textarea,select")) return;
      event.preventDefault();
      search.current?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  return (
    <>
      <PageHead
        title="Live"
        meta={
          <>
            <span className="tabular">{calls.length === 1 ? "1 call" : `${calls.length} calls`}</span>
            {state === "waiting" && <Badge tone="warn">Reconnecting…</Badge>}
          </>
        }
      >
        <div className="relative max-sm:w-full">
          <Search className="pointer-events-none absolute top-2 left-2.5 size-4 text-ink-faint" aria-hidden />
          <Input
            ref={search}
            aria-label="Filter calls"
            placeholder="Filter"
            value={text}
            onChange={(event) => setText(event.target.value)}
            className="pl-8 sm:w-52"
          />
        </div>
        <Select aria-label="Show" value={only} onChange={(event) => setOnly(event.target.value)}>
          <option value="all">All calls</option>
          <option value="signals">With signals</option>
          <option value="taken">Taken over</option>
        </Select>
        <Select aria-label="Sort by" value={sort} onChange={(event) => setSort(event.target.value)}>
          {Object.keys(SORTS).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      </PageHead>
      <div className="flex min-h-0 flex-1 flex-col p-4 sm:p-6">
        {!known ? (
          <Spinner label="Looking at the line" />
        ) : calls.length === 0 ? (
          <Card>
            <Empty title="No calls right now" icon={<Activity />}>
              Calls appear here as they begin.{" "}
              <Link to="/phone" className="font-medium text-agent-ink underline">
                Place one from the Phone page
              </Link>
              .
            </Empty>
          </Card>
        ) : (
          <CallList calls={shown} />
        )}
      </div>
    </>
  );
}

function CallList({ calls }: { calls: readonly LiveSummary[] }) {
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: calls.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    getItemKey: (index) => calls[index]?.id ?? index,
  });
  if (calls.length === 0) {
    return (
      <Card>
        <Empty title="No call fits the filter" />
      </Card>
    );
  }
  return (
    <Card className="flex min-h-0 flex-col overflow-hidden">
      <div
        className={cn(
          "hidden gap-4 border-line border-b px-4 py-2 font-medium text-ink-faint text-xs lg:grid",
          COLUMNS,
        )}
        aria-hidden
      >
        <span>Floor</span>
        <span>Caller</span>
        <span>Wants</span>
        <span>Last words</span>
        <span>Signals</span>
        <span className="text-right">Time</span>
      </div>
      <div ref={box} className="max-h-[calc(100dvh-10.5rem)] overflow-y-auto">
        <ul aria-label="Live calls" className="relative" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((item) => {
            const call = calls[item.index];
            return (
              call && (
                <li
                  key={item.key}
                  className="absolute inset-x-0"
                  style={{ height: ROW_PX, transform: `translateY(${item.start}px)` }}
                >
                  <Row call={call} />
                </li>
              )
            );
          })}
        </ul>
      </div>
    </Card>
  );
}

const Row = memo(function Row({ call }: { call: LiveSummary }) {
  const signals = signalsOf(call);
  return (
    <Link
      to="/live/$callId"
      params={{ callId: call.id }}
      className={cn(
        "grid h-full items-center gap-4 border-line border-b px-4 hover:bg-hover focus-visible:-outline-offset-2",
        COLUMNS,
      )}
    >
      <span className="hidden lg:block">
        <Floor call={call} />
      </span>
      <span className="min-w-0">
        <span className="tabular block truncate font-medium">{phoneNumber(call.from)}</span>
        <span className="block truncate text-ink-faint text-xs">{words(call.playbookId)}</span>
      </span>
      <span className="hidden min-w-0 lg:block">
        <span className="block truncate">
          {call.want ? words(call.want) : <span className="text-ink-faint">–</span>}
        </span>
        {call.openTasks > 0 && <span className="block truncate text-agent-ink text-xs">looking something up</span>}
      </span>
      <span className="hidden min-w-0 truncate text-ink-soft lg:block">
        {call.lastLine && (
          <>
            <span className={call.lastLine.who === "caller" ? "text-caller-ink" : "text-agent-ink"}>
              {call.lastLine.who === "caller" ? "Caller" : "Agent"}
            </span>{" "}
            {call.lastLine.text}
          </>
        )}
      </span>
      <span className="hidden flex-wrap gap-1 overflow-hidden lg:flex">
        {call.takenOverBy && <Badge tone="accent">taken over</Badge>}
        {signals.slice(0, 2).map((signal) => (
          <Badge key={signal} tone="warn">
            {signal}
          </Badge>
        ))}
      </span>
      <span className="text-right">
        <span className="lg:hidden">
          <Floor call={call} />
        </span>
        <span className="tabular mt-0.5 block lg:mt-0">{clock(call.atMs)}</span>
        <span className="tabular hidden text-ink-faint text-xs lg:block">
          {call.lastResponseMs ? span(call.lastResponseMs) : ""}
        </span>
      </span>
    </Link>
  );
});

/** Who has the floor, in words and colour. */
export function Floor({ call }: { call: LiveSummary }) {
  const [text, tone] = call.callerTalks
    ? call.agentTalks
      ? (["Both talk", "warn"] as const)
      : (["Caller talks", "caller"] as const)
    : call.agentTalks
      ? (["Agent talks", "agent"] as const)
      : (["Quiet", "neutral"] as const);
  return (
    // A tooltip of the browser's own: hundreds of these change several times a second.
    <Badge tone={tone} title={`The model's decision: ${call.decision}`}>
      <span aria-hidden className="size-1.5 rounded-full bg-current" />
      {text}
    </Badge>
  );
}
