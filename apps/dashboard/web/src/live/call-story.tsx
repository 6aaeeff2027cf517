import { useEffect, useRef } from "react";
import type { LiveCall, LiveLine, LiveTask } from "../../../server/live/live-call.ts";
import { clock, moment, span, words } from "../format.ts";
import { cn } from "../ui/class-names.ts";
import { Badge, Card, CardTitle, Empty, type Tone } from "../ui/surface.tsx";

/** What is said, newest at the bottom; stays there unless somebody scrolls up. */
export function Transcript({ lines, empty }: { lines: readonly LiveLine[]; empty: string }) {
  const box = useRef<HTMLOListElement>(null);
  const pinned = useRef(true);
  useEffect(() => {
    const element = box.current;
    if (element && pinned.current) element.scrollTop = element.scrollHeight;
  });
  if (lines.length === 0) return <Empty title={empty} />;
  return (
    <ol
      ref={box}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      aria-label="Transcript"
      onScroll={(event) => {
        const element = event.currentTarget;
        pinned.current = element.scrollHeight - element.scrollTop - element.clientHeight < 40;
      }}
      className="flex max-h-[28rem] min-h-40 flex-col gap-3 overflow-y-auto p-4"
    >
      {lines.map((line) => (
        <li key={line.key} className="grid grid-cols-[3.25rem_1fr] gap-2">
          <span className="tabular pt-0.5 text-2xs text-ink-faint">{clock(line.atMs)}</span>
          <div>
            <span
              className={cn(
                "font-medium text-xs",
                line.who === "caller" && "text-caller-ink",
                line.who === "agent" && "text-agent-ink",
                line.who === "supervisor" && "text-good",
              )}
            >
              {line.who === "supervisor" ? "Whispered, unheard by the caller" : words(line.who)}
            </span>
            <p className={cn("text-ink", !line.final && line.who === "caller" && "text-ink-soft")}>
              {line.text}
              {line.unheard && (
                <>
                  {" "}
                  <del className="text-ink-faint" title="Planned, but not heard by the caller">
                    {line.unheard}
                  </del>
                </>
              )}
              {!line.final && line.who === "caller" && <span aria-hidden> …</span>}
            </p>
          </div>
        </li>
      ))}
    </ol>
  );
}

const taskTone = (step: string): Tone =>
  step === "found" || step === "spoken"
    ? "good"
    : /failed|timed-out|expired/.test(step)
      ? "bad"
      : /cancelled|superseded|dropped|not-found/.test(step)
        ? "neutral"
        : "accent";

export function Tasks({ tasks, atMs }: { tasks: readonly LiveTask[]; atMs: number }) {
  if (tasks.length === 0) return <p className="px-4 py-3 text-ink-faint">Nothing looked up yet.</p>;
  return (
    <ul className="divide-y divide-line">
      {tasks
        .slice(-12)
        .reverse()
        .map((task) => {
          const tone = taskTone(task.step);
          return (
            <li key={task.taskId} className="px-4 py-2">
              <div className="flex items-center gap-2">
                <span className="font-medium">{words(task.kind)}</span>
                <Badge tone={tone}>{words(task.step)}</Badge>
                <span className="tabular ml-auto text-2xs text-ink-faint">
                  {tone === "accent"
                    ? `${span(atMs - task.delegatedAtMs)} so far`
                    : span(task.atMs - task.delegatedAtMs)}
                </span>
              </div>
              {task.detail && <p className="mt-0.5 line-clamp-2 break-words text-ink-soft text-xs">{task.detail}</p>}
            </li>
          );
        })}
    </ul>
  );
}

/** Everything about a live call but its controls: shared by Phone and Live. */
export function CallStory({ call, empty }: { call: LiveCall | undefined; empty: string }) {
  const slots = Object.entries(call?.slots ?? {});
  return (
    <div className="grid gap-4 xl:grid-cols-[1fr_19rem]">
      <Card className="min-w-0">
        <CardTitle>Transcript</CardTitle>
        <Transcript lines={call?.lines ?? []} empty={empty} />
      </Card>
      <div className="flex min-w-0 flex-col gap-4">
        <Card>
          <CardTitle>Lookups</CardTitle>
          <Tasks tasks={call?.tasks ?? []} atMs={call?.summary.atMs ?? 0} />
        </Card>
        {slots.length > 0 && (
          <Card>
            <CardTitle>Understood</CardTitle>
            <dl className="divide-y divide-line">
              {slots.map(([name, slot]) => (
                <div key={name} className="flex items-baseline justify-between gap-3 px-4 py-1.5">
                  <dt className="text-ink-soft">{words(name)}</dt>
                  <dd className="text-right font-medium">
                    {slot.value} {slot.confirmed && <Badge tone="good">confirmed</Badge>}
                  </dd>
                </div>
              ))}
            </dl>
          </Card>
        )}
        <Card>
          <CardTitle>Moments</CardTitle>
          {call && call.moments.length > 0 ? (
            <ol
              // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
              tabIndex={0}
              aria-label="Moments"
              className="max-h-64 overflow-y-auto py-1"
            >
              {call.moments
                .slice(-40)
                .reverse()
                .map((each, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: moments have no identity and never reorder
                  <li key={`${each.atMs}-${index}`} className="flex gap-2 px-4 py-0.5">
                    <span className="tabular w-12 shrink-0 text-2xs text-ink-faint leading-5">{moment(each.atMs)}</span>
                    <span className="text-ink-soft">{each.text}</span>
                  </li>
                ))}
            </ol>
          ) : (
            <p className="px-4 py-3 text-ink-faint">Responses, interruptions and decisions appear here.</p>
          )}
        </Card>
      </div>
    </div>
  );
}

/** The figures that tell how a call goes, at a glance. */
export function CallFigures({ call }: { call: LiveCall | undefined }) {
  const summary = call?.summary;
  const figures: readonly [string, string, boolean][] = [
    ["Last response", span(summary?.lastResponseMs), (summary?.lastResponseMs ?? 0) > 800],
    ["Slowest", summary?.responses ? span(summary.worstResponseMs) : "–", (summary?.worstResponseMs ?? 0) > 800],
    ["Gave way", String(summary?.yields ?? 0), false],
    ["Cut-ins", String(summary?.cutIns ?? 0), (summary?.cutIns ?? 0) > 0],
    ["Longest silence", span(summary?.longestSilenceMs ?? 0), (summary?.longestSilenceMs ?? 0) > 4_000],
  ];
  return (
    <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line sm:grid-cols-5">
      {figures.map(([label, value, poor]) => (
        <div key={label} className="bg-panel px-3.5 py-2.5 max-sm:last:col-span-2">
          <dt className="text-ink-faint text-xs">{label}</dt>
          <dd className={cn("tabular font-semibold text-lg", poor && "text-bad")}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
