import { useQueryClient } from "@tanstack/react-query";
import { Tabs } from "radix-ui";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { toast } from "sonner";
import { api, ask } from "../api/client.ts";
import { moment } from "../format.ts";
import { cn } from "../ui/class-names.ts";
import { Card } from "../ui/surface.tsx";
import type { Columns } from "./columns.ts";
import { CommentDialog, CommentsPanel } from "./comments-panel.tsx";
import { DetailsPanel } from "./details-panel.tsx";
import { EventsPanel } from "./events-panel.tsx";
import { Overview } from "./overview.tsx";
import { type CallComment, happeningsOf, type PastCall, type Replay } from "./replay-data.ts";
import { ScorePanel } from "./score-panel.tsx";
import { Timeline, type TimelineHandle } from "./timeline.tsx";
import { type Lanes, Toolbar } from "./toolbar.tsx";
import { TranscriptPanel } from "./transcript-panel.tsx";
import { usePlayback } from "./use-playback.ts";
import { type ReplayKey, useReplayKeys } from "./use-replay-keys.ts";

/** A call spread out: the timeline, what was said, what happened, what people think of it. */
export function Desk({
  files,
  replay,
  columns,
  comments,
  call,
  mayHear,
  onNeighbour,
}: {
  /** The address that the tape's files lie under. */
  files: string;
  replay: Replay;
  columns: Columns;
  comments: readonly CallComment[];
  /** Absent for a re-run, which nobody comments on or scores. */
  call: PastCall | undefined;
  mayHear: boolean;
  onNeighbour?: (which: "before" | "after") => void;
}) {
  const queries = useQueryClient();
  const playback = usePlayback(files, replay, columns, mayHear);
  const { atMs, seek, nowMs, player } = playback;
  const timeline = useRef<TimelineHandle>(undefined);
  const [lanes, setLanes] = useState<Lanes>({ scores: false, spectrogram: false });
  const [commenting, setCommenting] = useState<number>();
  const [tab, setTab] = useState("events");
  const [scoring, setScoring] = useState(0);
  const happenings = useMemo(() => happeningsOf(replay), [replay]);
  const mayJudge = mayHear && call !== undefined;
  const hasScores = mayHear && replay.scoresPerHop > 0;

  const go = useCallback(
    (ms: number) => {
      seek(ms);
      timeline.current?.reveal(Math.max(0, Math.min(replay.durationMs - 1, ms)));
    },
    [seek, replay.durationMs],
  );
  // A link to a moment opens there.
  useEffect(() => {
    const t = Number(new URLSearchParams(location.search).get("t"));
    if (t > 0) go(t);
  }, [go]);

  const toggleLane = (lane: keyof Lanes) => setLanes((before) => ({ ...before, [lane]: !before[lane] }));
  const comment = () => setCommenting(atMs());
  const jump = (forward: boolean) => {
    const now = atMs();
    const next = forward
      ? happenings.find((each) => each.atMs > now + 20)
      : happenings.findLast((each) => each.atMs < now - 400);
    if (next) go(next.atMs);
  };
  const copyLink = () => {
    const url = new URL(location.href);
    url.searchParams.set("t", String(Math.round(atMs())));
    void navigator.clipboard.writeText(url.href).then(
      () => toast.success(`Link to ${moment(atMs())} copied.`),
      () => toast.error("The browser does not allow copying."),
    );
  };
  const zoom = (factor: number) => timeline.current?.zoom(factor);
  const judging: ReplayKey[] = [
    ["c", comment],
    [
      "r",
      () => {
        setTab("score");
        setScoring((times) => times + 1);
      },
    ],
  ];
  useReplayKeys([
    [" ", () => void player?.toggle()],
    ["ArrowLeft", (event) => go(atMs() - (event.shiftKey ? 10_000 : 2_000))],
    ["ArrowRight", (event) => go(atMs() + (event.shiftKey ? 10_000 : 2_000))],
    ["Home", () => go(0)],
    ["End", () => go(replay.durationMs)],
    ["j", () => jump(true)],
    ["k", () => jump(false)],
    ["[", () => playback.faster(-1)],
    ["]", () => playback.faster(1)],
    ["s", playback.toggleSkip],
    ["l", playback.nextLoop],
    ["+", () => zoom(0.6)],
    ["=", () => zoom(0.6)],
    ["-", () => zoom(1.6)],
    ["y", copyLink],
    ["1", () => playback.toggleMute(0)],
    ["2", () => playback.toggleMute(1)],
    ["n", () => onNeighbour?.("after")],
    ["p", () => onNeighbour?.("before")],
    ["d", () => hasScores && toggleLane("scores")],
    ["f", () => mayHear && toggleLane("spectrogram")],
    ...(mayJudge ? judging : []),
  ]);

  const save = async (text: string) => {
    const body = { atMs: Math.round(commenting ?? 0), text };
    await ask(api.POST("/api/calls/{id}/comments", { params: { path: { id: replay.callId } }, body }));
    await queries.invalidateQueries({ queryKey: ["comments", replay.callId] });
    setCommenting(undefined);
    setTab("comments");
  };
  const scene = useMemo(
    () => ({ replay, columns, happenings, comments, loop: playback.loop }),
    [replay, columns, happenings, comments, playback.loop],
  );
  const tabs = [
    ["events", "Events"],
    ...(mayJudge
      ? ([
          ["comments", `Comments${comments.length ? ` ${comments.length}` : ""}`],
          ["score", "Score"],
        ] as const)
      : []),
    ["details", "Details"],
  ] as const;
  return (
    <div className="flex flex-col gap-4 p-4 sm:p-6">
      {call?.summary && <p className="max-w-4xl text-ink-soft">{call.summary}</p>}
      <Card className="overflow-hidden">
        <Toolbar
          playback={playback}
          durationMs={replay.durationMs}
          lanes={lanes}
          onLane={toggleLane}
          hasScores={hasScores}
          onZoom={zoom}
          onLink={copyLink}
          onComment={mayJudge ? comment : undefined}
        />
        {player && (
          <div className="border-line border-b bg-sunken px-3 py-1.5">
            <Overview audio={player.audio} columns={columns} durationMs={replay.durationMs} onSeek={go} />
          </div>
        )}
        <Timeline
          files={files}
          scene={scene}
          atMs={atMs}
          playing={playback.playing}
          onSeek={seek}
          handle={timeline}
          showScores={lanes.scores}
          showSpectrogram={lanes.spectrogram}
        />
        <Key withheld={replay.withheld} spectrogram={lanes.spectrogram} />
      </Card>
      <div className="grid items-start gap-4 xl:grid-cols-[1fr_24rem]">
        <Card className="min-w-0">
          <TranscriptPanel replay={replay} nowMs={nowMs} onSeek={go} />
        </Card>
        <Card className="min-w-0">
          <Tabs.Root value={tab} onValueChange={setTab}>
            <Tabs.List className="flex gap-1 border-line border-b px-2" aria-label="About this call">
              {tabs.map(([value, label]) => (
                <Tabs.Trigger
                  key={value}
                  value={value}
                  className="-mb-px h-11 border-transparent border-b-2 px-2.5 font-medium text-ink-soft hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink"
                >
                  {label}
                </Tabs.Trigger>
              ))}
            </Tabs.List>
            <Tabs.Content value="events" tabIndex={-1}>
              <EventsPanel happenings={happenings} nowMs={nowMs} onSeek={go} />
            </Tabs.Content>
            <Tabs.Content value="comments" tabIndex={-1}>
              <CommentsPanel comments={comments} callId={replay.callId} onSeek={go} onAdd={comment} />
            </Tabs.Content>
            <Tabs.Content value="score" tabIndex={-1}>
              <ScorePanel callId={replay.callId} atMs={atMs} onSeek={go} focusAt={scoring} />
            </Tabs.Content>
            <Tabs.Content value="details" tabIndex={-1}>
              <DetailsPanel replay={replay} call={call} />
            </Tabs.Content>
          </Tabs.Root>
        </Card>
      </div>
      <CommentDialog atMs={commenting} onClose={() => setCommenting(undefined)} onSave={save} />
    </div>
  );
}

const KEY = [
  ["Caller", "bg-caller"],
  ["Agent", "bg-agent"],
  ["Begin, hold", "bg-agent-ink"],
  ["Backchannel", "bg-good"],
  ["Duck", "bg-warn"],
  ["Yield", "bg-bad"],
] as const;
const Key = ({ withheld, spectrogram }: { withheld: boolean; spectrogram: boolean }) => (
  <ul className="flex flex-wrap gap-x-4 gap-y-1 border-line border-t px-3 py-1.5 text-2xs text-ink-faint">
    {KEY.map(([label, colour]) => (
      <li key={label} className="flex items-center gap-1.5">
        <span aria-hidden className={cn("h-1.5 w-3 rounded-sm", colour)} /> {label}
      </li>
    ))}
    <li>
      <del>Struck through</del>: planned, not heard
    </li>
    {withheld && <li>Thin line: not recorded, for want of consent</li>}
    {spectrogram && <li>Spectrogram: 0 to 4 kHz, quiet to loud</li>}
  </ul>
);
