import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import {
  ChevronLeft,
  FastForward,
  Link2,
  MessageSquarePlus,
  Pause,
  Play,
  Repeat,
  Spline,
  Volume2,
  VolumeX,
  ZoomIn,
  ZoomOut,
} from "lucide-react";
import { Tabs } from "radix-ui";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { toast } from "sonner";
import { api, ask } from "../api/client.ts";
import { mayListen, usePerson } from "../api/session.ts";
import { clock, moment, phoneNumber, span, when, words } from "../format.ts";
import { quietUntilMs } from "../replay/columns.ts";
import { Overview } from "../replay/overview.tsx";
import { Player } from "../replay/player.ts";
import {
  type CallComment,
  callQuery,
  columnsQuery,
  commentsQuery,
  type Happening,
  happeningsOf,
  type Replay,
  replayQuery,
} from "../replay/replay-data.ts";
import { ScorePanel } from "../replay/score-panel.tsx";
import { Timeline, type TimelineHandle } from "../replay/timeline.tsx";
import { TranscriptPanel } from "../replay/transcript-panel.tsx";
import { isTyping } from "../shell/shortcuts.tsx";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/class-names.ts";
import { TextArea } from "../ui/fields.tsx";
import { Dialog, Tip } from "../ui/overlays.tsx";
import { Badge, Card, Empty, Fault, Kbd, PageHead, Spinner } from "../ui/surface.tsx";
import { outcomeTone } from "./calls-page.tsx";

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2, 2.5];
const SKIP_OVER_MS = 1_200;

/** A past call on one timeline. */
export function ReplayPage() {
  const { callId } = useParams({ from: "/shell/calls/$callId" });
  const person = usePerson();
  const call = useQuery(callQuery(callId));
  const replay = useQuery(replayQuery(callId));
  const columns = useQuery(columnsQuery(callId));
  const comments = useQuery({ ...commentsQuery(callId), enabled: mayListen(person) });
  const meta = call.data;
  const fault = call.error ?? replay.error ?? columns.error;
  return (
    <>
      <PageHead
        title={
          <span className="flex items-center gap-2">
            <Link
              to="/calls"
              aria-label="Back to all calls"
              className="-ml-1.5 rounded p-1 text-ink-faint hover:bg-hover"
            >
              <ChevronLeft className="size-4" />
            </Link>
            <span className="tabular">{meta ? phoneNumber(meta.from) : "Call"}</span>
          </span>
        }
        meta={
          meta && (
            <>
              <span className="tabular">{when(meta.startedAt)}</span>
              {meta.outcome && <Badge tone={outcomeTone(meta.outcome)}>{words(meta.outcome)}</Badge>}
              <Verified callId={callId} verified={meta.verified} detail={meta.verifiedDetail} />
            </>
          )
        }
      />
      {fault ? (
        <Fault error={fault} retry={() => void Promise.all([call.refetch(), replay.refetch(), columns.refetch()])} />
      ) : replay.data && columns.data && meta ? (
        <Desk
          key={callId}
          replay={replay.data}
          columns={columns.data}
          comments={comments.data?.comments ?? NO_COMMENTS}
          call={meta}
          mayHear={mayListen(person)}
        />
      ) : (
        <Spinner label="Opening the tape" />
      )}
    </>
  );
}

const NO_COMMENTS: CallComment[] = [];

function Verified({ callId, verified, detail }: { callId: string; verified: string | null; detail: string | null }) {
  const person = usePerson();
  const queries = useQueryClient();
  const verify = useMutation({
    mutationFn: () => ask(api.POST("/api/calls/{id}/verify", { params: { path: { id: callId } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["call", callId] }),
    onError: (error) => toast.error(error.message),
  });
  if (verified !== null) {
    const [label, tone] =
      verified === "exact"
        ? (["Replay verified bit-exact", "good"] as const)
        : verified === "differs"
          ? (["Replay differs", "bad"] as const)
          : (["Cannot be verified", "warn"] as const);
    return (
      <Tip text={detail ?? label}>
        <button type="button">
          <Badge tone={tone}>{label}</Badge>
        </button>
      </Tip>
    );
  }
  if (!mayListen(person)) return null;
  return (
    <Button size="sm" kind="ghost" disabled={verify.isPending} onClick={() => verify.mutate()}>
      {verify.isPending ? "Stepping the tape again…" : "Verify the replay"}
    </Button>
  );
}

function Desk({
  replay,
  columns,
  comments,
  call,
  mayHear,
}: {
  replay: Replay;
  columns: Parameters<typeof quietUntilMs>[0];
  comments: CallComment[];
  call: {
    id: string;
    summary: string | null;
    responseMaxMs: number | null;
    stopMaxMs: number | null;
    cutIns: number;
    yields: number;
    longestSilenceMs: number;
  };
  mayHear: boolean;
}) {
  const queries = useQueryClient();
  const player = useMemo(
    () => (mayHear ? new Player(`/api/calls/${encodeURIComponent(replay.callId)}/audio.wav`) : undefined),
    [mayHear, replay.callId],
  );
  const timeline = useRef<TimelineHandle>(undefined);
  const silentAt = useRef(0);
  const [playing, setPlaying] = useState(false);
  const [nowMs, setNowMs] = useState(0);
  const [speed, setSpeed] = useState(1);
  const [skip, setSkip] = useState(false);
  const [loop, setLoop] = useState<{ fromMs: number; toMs: number | undefined }>();
  const [muted, setMuted] = useState<[boolean, boolean]>([false, false]);
  const [showScores, setShowScores] = useState(false);
  const [commenting, setCommenting] = useState<number>();
  const [tab, setTab] = useState("transcript");
  const happenings = useMemo(() => happeningsOf(replay), [replay]);
  const atMs = useCallback(() => player?.atMs ?? silentAt.current, [player]);

  const seek = useCallback(
    (ms: number, reveal = false) => {
      const to = Math.max(0, Math.min(replay.durationMs - 1, ms));
      if (player) player.seek(to);
      else silentAt.current = to;
      setNowMs(to);
      if (reveal) timeline.current?.reveal(to);
    },
    [player, replay.durationMs],
  );

  // A link to a moment opens there.
  useEffect(() => {
    const t = Number(new URLSearchParams(location.search).get("t"));
    if (t > 0) seek(t, true);
  }, [seek]);

  useEffect(() => {
    if (!player) return;
    const { audio } = player;
    const onPlay = () => setPlaying(true);
    const onPause = () => setPlaying(false);
    const onSeeked = () => setNowMs(player.atMs);
    audio.addEventListener("play", onPlay);
    audio.addEventListener("pause", onPause);
    audio.addEventListener("seeked", onSeeked);
    return () => {
      audio.removeEventListener("play", onPlay);
      audio.removeEventListener("pause", onPause);
      audio.removeEventListener("seeked", onSeeked);
      player.close();
    };
  }, [player]);

  // Ten times a second is enough for the words; the timeline draws at the screen's own rate by itself.
  useEffect(() => {
    if (!playing || !player) return;
    const timer = setInterval(() => {
      const now = player.atMs;
      setNowMs(now);
      if (loop?.toMs !== undefined && now >= loop.toMs) seek(loop.fromMs);
      else if (skip) {
        const until = quietUntilMs(columns, now, SKIP_OVER_MS);
        if (until !== undefined && until - now > SKIP_OVER_MS) seek(until - 250);
      }
    }, 100);
    return () => clearInterval(timer);
  }, [playing, player, loop, skip, columns, seek]);

  const changeSpeed = useCallback(
    (next: number) => {
      setSpeed(next);
      if (player) player.audio.playbackRate = next;
    },
    [player],
  );
  const toggleMute = useCallback(
    (channel: 0 | 1) => {
      setMuted((before) => {
        const next: [boolean, boolean] = [...before];
        next[channel] = !next[channel];
        player?.mute(channel, next[channel]);
        return next;
      });
    },
    [player],
  );
  const nextLoop = useCallback(() => {
    setLoop((before) =>
      before === undefined
        ? { fromMs: atMs(), toMs: undefined }
        : before.toMs === undefined && atMs() > before.fromMs
          ? { fromMs: before.fromMs, toMs: atMs() }
          : undefined,
    );
  }, [atMs]);
  const copyLink = useCallback(() => {
    const url = new URL(location.href);
    url.searchParams.set("t", String(Math.round(atMs())));
    void navigator.clipboard.writeText(url.href).then(
      () => toast.success(`Link to ${moment(atMs())} copied.`),
      () => toast.error("The browser does not allow copying."),
    );
  }, [atMs]);

  useEffect(() => {
    const jump = (forward: boolean) => {
      const now = atMs();
      const next = forward
        ? happenings.find((each) => each.atMs > now + 20)
        : happenings.findLast((each) => each.atMs < now - 400);
      if (next) seek(next.atMs, true);
    };
    const keys = new Map<string, (event: KeyboardEvent) => void>([
      [" ", () => void player?.toggle()],
      ["ArrowLeft", (event) => seek(atMs() - (event.shiftKey ? 10_000 : 2_000), true)],
      ["ArrowRight", (event) => seek(atMs() + (event.shiftKey ? 10_000 : 2_000), true)],
      ["Home", () => seek(0, true)],
      ["End", () => seek(replay.durationMs, true)],
      ["j", () => jump(true)],
      ["k", () => jump(false)],
      ["[", () => changeSpeed(SPEEDS[Math.max(0, SPEEDS.indexOf(speed) - 1)] ?? 1)],
      ["]", () => changeSpeed(SPEEDS[Math.min(SPEEDS.length - 1, SPEEDS.indexOf(speed) + 1)] ?? 1)],
      ["s", () => setSkip((on) => !on)],
      ["l", nextLoop],
      ["+", () => timeline.current?.zoom(0.6)],
      ["=", () => timeline.current?.zoom(0.6)],
      ["-", () => timeline.current?.zoom(1.6)],
      ["c", () => mayHear && setCommenting(atMs())],
      ["y", copyLink],
      ["1", () => toggleMute(0)],
      ["2", () => toggleMute(1)],
      ["d", () => setShowScores((on) => !on)],
    ]);
    const onKey = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event)) return;
      // A focused button keeps its own space bar, tabs and sliders their arrows.
      const target = event.target as HTMLElement;
      if (event.key === " " && target.closest("button,a")) return;
      if (event.key.startsWith("Arrow") && target.closest("[role=tablist]")) return;
      const run = keys.get(event.key.length === 1 ? event.key.toLowerCase() : event.key);
      if (!run) return;
      event.preventDefault();
      run(event);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [player, seek, atMs, happenings, speed, changeSpeed, nextLoop, copyLink, toggleMute, mayHear, replay.durationMs]);

  const scene = useMemo(
    () => ({ replay, columns, happenings, comments, loop }),
    [replay, columns, happenings, comments, loop],
  );
  return (
    <div className="flex flex-col gap-4 p-4 sm:p-6">
      {call.summary && <p className="max-w-4xl text-ink-soft">{call.summary}</p>}
      <Card className="overflow-hidden">
        <div className="flex flex-wrap items-center gap-2 border-line border-b px-3 py-2">
          {player && (
            <>
              <Button
                kind="primary"
                size="icon"
                className="rounded-full"
                aria-label={playing ? "Pause" : "Play"}
                onClick={() => void player.toggle()}
              >
                {playing ? <Pause /> : <Play />}
              </Button>
              <span className="tabular w-28 px-1">
                <span className="font-semibold">{moment(nowMs)}</span>
                <span className="text-ink-faint"> / {clock(replay.durationMs)}</span>
              </span>
              <label className="flex items-center gap-1.5 text-ink-soft">
                <span className="sr-only">Speed</span>
                <select
                  value={speed}
                  onChange={(event) => changeSpeed(Number(event.target.value))}
                  className="tabular h-7 rounded-md border border-line-strong/70 bg-raised px-1.5 text-ink"
                >
                  {SPEEDS.map((each) => (
                    <option key={each} value={each}>
                      {each}×
                    </option>
                  ))}
                </select>
              </label>
              <Toggle on={skip} onClick={() => setSkip(!skip)} label="Skip silence" keys="S" icon={<FastForward />} />
              <Toggle
                on={loop !== undefined}
                onClick={nextLoop}
                label={
                  loop === undefined ? "Loop from here" : loop.toMs === undefined ? "Loop until here" : "Stop looping"
                }
                keys="L"
                icon={<Repeat />}
              />
              <Toggle
                on={!muted[0]}
                onClick={() => toggleMute(0)}
                label={muted[0] ? "Hear the caller" : "Mute the caller"}
                keys="1"
                icon={muted[0] ? <VolumeX className="text-caller" /> : <Volume2 className="text-caller" />}
              />
              <Toggle
                on={!muted[1]}
                onClick={() => toggleMute(1)}
                label={muted[1] ? "Hear the agent" : "Mute the agent"}
                keys="2"
                icon={muted[1] ? <VolumeX className="text-agent" /> : <Volume2 className="text-agent" />}
              />
            </>
          )}
          <div className="ml-auto flex items-center gap-1">
            {mayHear && replay.scoresPerHop > 0 && (
              <Toggle
                on={showScores}
                onClick={() => setShowScores(!showScores)}
                label="Decision scores"
                keys="D"
                icon={<Spline />}
              />
            )}
            <Toggle on={false} onClick={() => timeline.current?.zoom(0.6)} label="Closer" keys="+" icon={<ZoomIn />} />
            <Toggle
              on={false}
              onClick={() => timeline.current?.zoom(1.6)}
              label="Further"
              keys="−"
              icon={<ZoomOut />}
            />
            <Toggle on={false} onClick={copyLink} label="Copy a link to this moment" keys="Y" icon={<Link2 />} />
            {mayHear && (
              <Toggle
                on={false}
                onClick={() => setCommenting(atMs())}
                label="Comment here"
                keys="C"
                icon={<MessageSquarePlus />}
              />
            )}
          </div>
        </div>
        {player && (
          <div className="border-line border-b bg-sunken px-3 py-1.5">
            <Overview
              audio={player.audio}
              columns={columns}
              durationMs={replay.durationMs}
              onSeek={(ms) => seek(ms, true)}
            />
          </div>
        )}
        <Timeline scene={scene} atMs={atMs} playing={playing} onSeek={seek} handle={timeline} showScores={showScores} />
        <Key withheld={replay.withheld} />
      </Card>
      <div className="grid items-start gap-4 xl:grid-cols-[1fr_24rem]">
        <Card className="min-w-0">
          <TranscriptPanel replay={replay} nowMs={nowMs} onSeek={(ms) => seek(ms, true)} />
        </Card>
        <Card className="min-w-0">
          <Tabs.Root value={tab} onValueChange={setTab}>
            <Tabs.List className="flex gap-1 border-line border-b px-2" aria-label="About this call">
              {(
                [
                  ["transcript", "Events"],
                  ...(mayHear
                    ? ([
                        ["comments", `Comments${comments.length ? ` ${comments.length}` : ""}`],
                        ["score", "Score"],
                      ] as const)
                    : []),
                  ["details", "Details"],
                ] as const
              ).map(([value, label]) => (
                <Tabs.Trigger
                  key={value}
                  value={value}
                  className="-mb-px h-11 border-transparent border-b-2 px-2.5 font-medium text-ink-soft hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink"
                >
                  {label}
                </Tabs.Trigger>
              ))}
            </Tabs.List>
            <Tabs.Content value="transcript" tabIndex={-1}>
              <Events happenings={happenings} nowMs={nowMs} onSeek={(ms) => seek(ms, true)} />
            </Tabs.Content>
            <Tabs.Content value="comments" tabIndex={-1}>
              <Comments
                comments={comments}
                callId={replay.callId}
                onSeek={(ms) => seek(ms, true)}
                onAdd={() => setCommenting(atMs())}
              />
            </Tabs.Content>
            <Tabs.Content value="score" tabIndex={-1}>
              <ScorePanel callId={replay.callId} atMs={atMs} onSeek={(ms) => seek(ms, true)} />
            </Tabs.Content>
            <Tabs.Content value="details" tabIndex={-1}>
              <Details replay={replay} call={call} />
            </Tabs.Content>
          </Tabs.Root>
        </Card>
      </div>
      <CommentDialog
        atMs={commenting}
        onClose={() => setCommenting(undefined)}
        onSave={async (text) => {
          await ask(
            api.POST("/api/calls/{id}/comments", {
              params: { path: { id: replay.callId } },
              body: { atMs: Math.round(commenting ?? 0), text },
            }),
          );
          await queries.invalidateQueries({ queryKey: ["comments", replay.callId] });
          setCommenting(undefined);
          setTab("comments");
        }}
      />
    </div>
  );
}

const Toggle = ({
  on,
  onClick,
  label,
  keys,
  icon,
}: {
  on: boolean;
  onClick: () => void;
  label: string;
  keys: string;
  icon: React.ReactNode;
}) => (
  <Tip
    text={
      <span className="flex items-center gap-2">
        {label} <Kbd>{keys}</Kbd>
      </span>
    }
  >
    <Button
      kind="ghost"
      size="icon"
      aria-label={label}
      aria-pressed={on}
      onClick={onClick}
      className={cn(on && "bg-hover text-ink")}
    >
      {icon}
    </Button>
  </Tip>
);

const KEY = [
  ["Caller", "bg-caller"],
  ["Agent", "bg-agent"],
  ["Begin, hold", "bg-agent-ink"],
  ["Backchannel", "bg-good"],
  ["Duck", "bg-warn"],
  ["Yield", "bg-bad"],
] as const;
const Key = ({ withheld }: { withheld: boolean }) => (
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
  </ul>
);

function Events({
  happenings,
  nowMs,
  onSeek,
}: {
  happenings: readonly Happening[];
  nowMs: number;
  onSeek: (ms: number) => void;
}) {
  const current = happenings.findLastIndex((each) => each.atMs <= nowMs + 50);
  if (happenings.length === 0) return <Empty title="Nothing but talk" />;
  return (
    <ol className="max-h-[32rem] overflow-y-auto py-1.5">
      {happenings.map((each, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: happenings have no identity and never reorder
        <li key={`${each.atMs}-${index}`}>
          <button
            type="button"
            onClick={() => onSeek(each.atMs)}
            aria-current={index === current ? "step" : undefined}
            className={cn(
              "flex w-full items-baseline gap-2.5 px-3.5 py-1 text-left hover:bg-hover focus-visible:-outline-offset-2",
              index === current && "bg-accent-soft",
            )}
          >
            <span className="tabular w-13 shrink-0 text-2xs text-ink-faint">{moment(each.atMs)}</span>
            <Badge tone={each.tone} className="shrink-0">
              {words(each.kind)}
            </Badge>
            <span className="line-clamp-2 min-w-0 break-words text-ink-soft">{each.text}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}

function Comments({
  comments,
  callId,
  onSeek,
  onAdd,
}: {
  comments: readonly CallComment[];
  callId: string;
  onSeek: (ms: number) => void;
  onAdd: () => void;
}) {
  const person = usePerson();
  const queries = useQueryClient();
  const remove = async (commentId: string) => {
    await ask(api.DELETE("/api/calls/{id}/comments/{commentId}", { params: { path: { id: callId, commentId } } }));
    await queries.invalidateQueries({ queryKey: ["comments", callId] });
  };
  return (
    <div>
      {comments.length === 0 ? (
        <Empty title="No comments yet">Go to a moment and press C.</Empty>
      ) : (
        <ul className="divide-y divide-line">
          {comments.map((comment) => (
            <li key={comment.id} className="px-4 py-2.5">
              <div className="flex items-center gap-2 text-xs">
                <button
                  type="button"
                  onClick={() => onSeek(comment.atMs)}
                  className="tabular rounded bg-accent-soft px-1.5 font-medium text-agent-ink hover:underline"
                >
                  {moment(comment.atMs)}
                </button>
                <span className="truncate text-ink-faint">{comment.author}</span>
                {(person.role === "admin" || person.email === comment.author) && (
                  <button
                    type="button"
                    onClick={() => void remove(comment.id)}
                    className="ml-auto text-ink-faint hover:text-bad hover:underline"
                  >
                    Remove
                  </button>
                )}
              </div>
              <p className="mt-1 whitespace-pre-wrap">{comment.text}</p>
            </li>
          ))}
        </ul>
      )}
      <div className="border-line border-t p-3">
        <Button size="sm" onClick={onAdd}>
          <MessageSquarePlus /> Comment at the playhead
        </Button>
      </div>
    </div>
  );
}

function CommentDialog({
  atMs,
  onClose,
  onSave,
}: {
  atMs: number | undefined;
  onClose: () => void;
  onSave: (text: string) => Promise<void>;
}) {
  return (
    <Dialog
      open={atMs !== undefined}
      onOpenChange={(open) => !open && onClose()}
      title={`Comment at ${moment(atMs ?? 0)}`}
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          const text = String(new FormData(event.currentTarget).get("text") ?? "").trim();
          if (text) onSave(text).catch((error: Error) => toast.error(error.message));
        }}
      >
        <TextArea
          name="text"
          aria-label="Comment"
          required
          autoFocus
          rows={4}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) event.currentTarget.form?.requestSubmit();
          }}
        />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary">
            Save <Kbd>⌘↵</Kbd>
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Details({
  replay,
  call,
}: {
  replay: Replay;
  call: {
    responseMaxMs: number | null;
    stopMaxMs: number | null;
    cutIns: number;
    yields: number;
    longestSilenceMs: number;
  };
}) {
  const rows: [string, string][] = [
    ["Playbook", `${words(replay.playbookId)} v${replay.playbookVersion}`],
    ["Called", phoneNumber(replay.to)],
    ["Ended", replay.endReason ? words(replay.endReason) : "The tape has no end: the bridge was cut short"],
    ["Slowest response", span(call.responseMaxMs)],
    ["Slowest stop", span(call.stopMaxMs)],
    ["Longest silence", span(call.longestSilenceMs)],
    ["Gave way", String(call.yields)],
    ["Cut-ins", String(call.cutIns)],
    ["Model", replay.model],
    ["Weights", replay.modelHash.slice(0, 12)],
    ["Bridge", replay.bridgeId],
    ["Software", replay.softwareVersion],
    ["Call id", replay.callId],
  ];
  if (replay.damagedBytes > 0) rows.push(["Damage", `${replay.damagedBytes} bytes of the tape cannot be read`]);
  return (
    <dl className="divide-y divide-line">
      {rows.map(([label, value]) => (
        <div key={label} className="flex justify-between gap-4 px-4 py-1.5">
          <dt className="shrink-0 text-ink-faint">{label}</dt>
          <dd className="tabular min-w-0 break-all text-right">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
