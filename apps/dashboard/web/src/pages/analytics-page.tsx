import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { api, ask } from "../api/client.ts";
import { clock, span, words } from "../format.ts";
import { cn } from "../ui/class-names.ts";
import { Select } from "../ui/fields.tsx";
import { Card, CardTitle, Empty, Fault, PageHead, Spinner } from "../ui/surface.tsx";
import type { CallQuery } from "./calls-page.tsx";

const SPANS = [
  ["Last 24 hours", 1],
  ["Last 7 days", 7],
  ["Last 30 days", 30],
  ["Last 90 days", 90],
] as const;
const HOUR_MS = 3_600_000;

/** Figures over time; each opens the calls behind it. */
export function AnalyticsPage() {
  const [days, setDays] = useState(7);
  const [playbookId, setPlaybookId] = useState("");
  const range = useMemo(() => {
    // Whole hours, so that the same figures are asked for once and not once a render.
    const to = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS;
    return { from: new Date(to - days * 24 * HOUR_MS).toISOString(), to: new Date(to).toISOString() };
  }, [days]);
  const facets = useQuery({ queryKey: ["facets"], queryFn: () => ask(api.GET("/api/calls/facets")) });
  const figures = useQuery({
    queryKey: ["analytics", range, playbookId],
    placeholderData: keepPreviousData,
    queryFn: () =>
      ask(api.GET("/api/analytics", { params: { query: { ...range, ...(playbookId && { playbookId }) } } })),
  });
  const data = figures.data;
  const search = (more: Partial<CallQuery>): CallQuery => ({
    startedFrom: range.from,
    startedTo: range.to,
    ...(playbookId && { playbookId }),
    ...more,
  });
  const share = (part: number) => (data && data.calls > 0 ? `${Math.round((part / data.calls) * 100)}%` : "–");
  return (
    <>
      <PageHead title="Analytics">
        <Select aria-label="Playbook" value={playbookId} onChange={(event) => setPlaybookId(event.target.value)}>
          <option value="">All playbooks</option>
          {facets.data?.playbooks.map((each) => (
            <option key={each} value={each}>
              {words(each)}
            </option>
          ))}
        </Select>
        <Select aria-label="Time" value={days} onChange={(event) => setDays(Number(event.target.value))}>
          {SPANS.map(([label, value]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
      </PageHead>
      <div className={cn("flex flex-col gap-4 p-4 sm:p-6", figures.isPlaceholderData && "opacity-60")}>
        {figures.isPending ? (
          <Spinner />
        ) : figures.isError ? (
          <Fault error={figures.error} retry={() => void figures.refetch()} />
        ) : !data || data.calls === 0 ? (
          <Card className="min-w-0">
            <Empty title="No calls in this time">Choose a longer stretch, or place a call from the Phone page.</Empty>
          </Card>
        ) : (
          <>
            {data.cut && <p className="text-warn">Only the first 50,000 calls of this time are counted.</p>}
            <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line lg:grid-cols-4">
              <Figure
                label="Calls"
                value={String(data.calls)}
                search={search({})}
                note={`${clock(data.durationP50Ms ?? 0)} median`}
              />
              <Figure
                label="Contained"
                value={share(data.contained)}
                search={search({ outcome: "contained" })}
                note={`${data.contained} calls`}
              />
              <Figure
                label="Transferred"
                value={share(data.transferred)}
                search={search({ outcome: "transferred" })}
                note={`${data.transferred} calls`}
              />
              <Figure
                label="Uncovered wants"
                value={String(data.uncoveredCalls)}
                search={search({ uncovered: "true" })}
                note="calls"
              />
              <Figure
                label="Response, median"
                value={span(data.response?.p50)}
                search={search({ sort: "slowest" })}
                note={`p90 ${span(data.response?.p90)}, p99 ${span(data.response?.p99)}`}
              />
              <Figure
                label="Response over 800 ms"
                value={share(data.slowCalls)}
                search={search({ responseOverMs: 800, sort: "slowest" })}
                note={`${data.slowCalls} calls`}
                poor={data.slowCalls > data.calls / 10}
              />
              <Figure
                label="Stop, median"
                value={span(data.stop?.p50)}
                search={search({ yieldsAtLeast: 1 })}
                note={`p90 ${span(data.stop?.p90)}`}
              />
              <Figure
                label="Cut-ins"
                value={String(data.cutIns)}
                search={search({ cutInsAtLeast: 1 })}
                note={data.callsWithCutIn === 1 ? "in 1 call" : `in ${data.callsWithCutIn} calls`}
                poor={data.cutIns > 0}
              />
            </dl>
            <div className="grid grid-cols-[minmax(0,1fr)] gap-4 lg:grid-cols-2">
              <Card className="min-w-0">
                <CardTitle>Response latency over time</CardTitle>
                <div className="p-3">
                  <TimeChart
                    times={data.series.map((each) => Date.parse(each.at) / 1000)}
                    lines={[
                      {
                        label: "Median",
                        colour: "--agent",
                        values: data.series.map((each) => each.response?.p50 ?? null),
                      },
                      {
                        label: "p90",
                        colour: "--caller",
                        values: data.series.map((each) => each.response?.p90 ?? null),
                      },
                    ]}
                    unit="ms"
                    range={range}
                  />
                </div>
              </Card>
              <Card className="min-w-0">
                <CardTitle>Stop latency over time</CardTitle>
                <div className="p-3">
                  <TimeChart
                    times={data.series.map((each) => Date.parse(each.at) / 1000)}
                    lines={[
                      { label: "Median", colour: "--agent", values: data.series.map((each) => each.stop?.p50 ?? null) },
                      { label: "p90", colour: "--caller", values: data.series.map((each) => each.stop?.p90 ?? null) },
                    ]}
                    unit="ms"
                    range={range}
                  />
                </div>
              </Card>
            </div>
            <div className="grid grid-cols-[minmax(0,1fr)] gap-4 lg:grid-cols-2">
              <Card className="min-w-0">
                <CardTitle>Responses by latency</CardTitle>
                <Bars
                  rows={data.histogram.map((bin) => ({
                    name: bin.untilMs === null ? `over ${span(bin.overMs)}` : `${bin.overMs}–${bin.untilMs} ms`,
                    value: bin.responses,
                    search: search({ responseOverMs: bin.overMs, sort: "slowest" }),
                    tone: bin.overMs >= 800 ? "bg-bad/70" : "bg-agent/70",
                  }))}
                />
              </Card>
              <Card className="min-w-0">
                <CardTitle>What callers want</CardTitle>
                <Bars
                  rows={data.wants.slice(0, 11).map((each) => ({
                    name: words(each.name),
                    value: each.calls,
                    search: search({ want: each.name }),
                    tone: "bg-caller/70",
                  }))}
                />
              </Card>
              <Card className="min-w-0">
                <CardTitle>What no playbook covers</CardTitle>
                {data.uncoveredTerms.length === 0 ? (
                  <p className="px-4 py-3 text-ink-soft">
                    {data.uncoveredCalls === 0
                      ? "Every call found its want."
                      : "The calls behind the figure above have no words in common that are worth naming."}
                  </p>
                ) : (
                  <Bars
                    rows={data.uncoveredTerms.map((each) => ({
                      name: each.name,
                      value: each.calls,
                      search: search({ uncovered: "true", text: each.name }),
                      tone: "bg-bad/60",
                    }))}
                  />
                )}
              </Card>
              <Card className="min-w-0">
                <CardTitle>Calls over time</CardTitle>
                <div className="p-3">
                  <TimeChart
                    times={data.series.map((each) => Date.parse(each.at) / 1000)}
                    lines={[
                      { label: "Calls", colour: "--ink-soft", values: data.series.map((each) => each.calls) },
                      { label: "Contained", colour: "--good", values: data.series.map((each) => each.contained) },
                    ]}
                    unit=""
                    range={range}
                  />
                </div>
              </Card>
              <Card className="min-w-0">
                <CardTitle>Why callers were transferred</CardTitle>
                {data.transferReasons.length === 0 ? (
                  <p className="px-4 py-3 text-ink-soft">Nobody was transferred.</p>
                ) : (
                  <Bars
                    rows={data.transferReasons.map((each) => ({
                      name: words(each.name),
                      value: each.calls,
                      search: search({ transferReason: each.name }),
                      tone: "bg-warn/70",
                    }))}
                  />
                )}
                <dl className="grid grid-cols-2 border-line border-t">
                  {(
                    [
                      ["Longest lookup, p90", data.lookup?.p90, "lookupOverMs"],
                      ["Longest silence, p90", data.silence?.p90, "silenceOverMs"],
                    ] as const
                  ).map(([label, value, filter]) => (
                    <div key={label} className="relative px-4 py-2.5 hover:bg-hover">
                      <dt className="text-ink-faint text-xs">
                        <Link
                          to="/calls"
                          search={search({ [filter]: Math.max(0, Math.floor(value ?? 0) - 1) }) as never}
                          className="after:absolute after:inset-0"
                        >
                          {label}
                        </Link>
                      </dt>
                      <dd className="tabular font-semibold">{span(value)}</dd>
                    </div>
                  ))}
                </dl>
              </Card>
            </div>
          </>
        )}
      </div>
    </>
  );
}

const Figure = ({
  label,
  value,
  note,
  search,
  poor,
}: {
  label: string;
  value: string;
  note: string;
  search: CallQuery;
  poor?: boolean;
}) => (
  <div className="relative bg-panel px-4 py-3 hover:bg-hover">
    <dt className="text-ink-faint text-xs">
      <Link to="/calls" search={search as never} className="after:absolute after:inset-0">
        {label}
      </Link>
    </dt>
    <dd className={cn("tabular font-semibold text-2xl tracking-tight", poor && "text-bad")}>{value}</dd>
    <dd className="tabular text-ink-faint text-xs">{note}</dd>
  </div>
);

function Bars({ rows }: { rows: readonly { name: string; value: number; search: CallQuery; tone: string }[] }) {
  const most = Math.max(1, ...rows.map((row) => row.value));
  if (rows.length === 0) return <p className="px-4 py-3 text-ink-soft">Nothing yet.</p>;
  return (
    <ul className="p-2">
      {rows.map((row) => (
        <li key={row.name}>
          <Link
            to="/calls"
            search={row.search as never}
            className="grid grid-cols-[8.5rem_1fr_3rem] items-center gap-3 rounded px-2 py-1 hover:bg-hover"
          >
            <span className="truncate text-ink-soft">{row.name}</span>
            <span className="h-2.5 overflow-hidden rounded-sm bg-sunken">
              <span
                className={cn("block h-full rounded-sm", row.tone)}
                style={{ width: `${(row.value / most) * 100}%` }}
              />
            </span>
            <span className="tabular text-right">{row.value}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function TimeChart({
  times,
  lines,
  unit,
  range,
}: {
  times: number[];
  range: { from: string; to: string };
  lines: readonly { label: string; colour: string; values: (number | null)[] }[];
  unit: string;
}) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    let plot: uPlot | undefined;
    const make = () => {
      plot?.destroy();
      const style = getComputedStyle(element);
      const colour = (name: string) => style.getPropertyValue(name);
      const axis = {
        stroke: colour("--ink-faint"),
        grid: { stroke: colour("--line"), width: 1 },
        ticks: { show: false },
        font: '11px "Inter Variable", sans-serif',
      };
      plot = new uPlot(
        {
          width: element.clientWidth,
          height: 200,
          cursor: { points: { size: 6 } },
          legend: { live: true },
          scales: {
            x: { range: () => [Date.parse(range.from) / 1000, Date.parse(range.to) / 1000] },
            y: { range: (_, __, max) => [0, Math.max(1, (max ?? 1) * 1.1)] },
          },
          axes: [
            axis,
            {
              ...axis,
              size: 52,
              values: (_, ticks) => ticks.map((tick) => (unit === "ms" && tick > 0 ? span(tick) : String(tick))),
            },
          ],
          series: [
            {},
            ...lines.map((line) => ({
              label: line.label,
              stroke: colour(line.colour),
              width: 2,
              points: { show: times.length < 40, size: 5, fill: colour(line.colour) },
              value: (_: uPlot, value: number | null) => (value === null ? "–" : `${Math.round(value)} ${unit}`),
            })),
          ],
        },
        [times, ...lines.map((line) => line.values)] as uPlot.AlignedData,
        element,
      );
    };
    make();
    const resized = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: 200 }));
    resized.observe(element);
    addEventListener("sidetone-theme", make);
    return () => {
      resized.disconnect();
      removeEventListener("sidetone-theme", make);
      plot?.destroy();
    };
  }, [times, lines, unit, range]);
  return (
    <div
      ref={box}
      className="min-w-0 overflow-hidden [&_.u-label]:!font-normal [&_.u-legend]:!font-sans [&_.u-legend]:text-ink-soft [&_.u-legend]:text-xs [&_.u-value]:tabular-nums"
    />
  );
}
