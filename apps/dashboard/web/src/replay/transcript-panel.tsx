import { memo, useEffect, useRef } from "react";
import { moment, words as title } from "../format.ts";
import { cn } from "../ui/class-names.ts";
import { CardTitle, Empty } from "../ui/surface.tsx";
import type { Replay, ReplayLine } from "./replay-data.ts";

/** The whole call as text. Words are buttons into the call; the one being said is marked. */
export function TranscriptPanel({
  replay,
  nowMs,
  onSeek,
}: {
  replay: Replay;
  nowMs: number;
  onSeek: (ms: number) => void;
}) {
  const box = useRef<HTMLOListElement>(null);
  const current = replay.lines.findLastIndex((line) => line.startMs <= nowMs);
  const seek = useRef(onSeek);
  seek.current = onSeek;

  useEffect(() => {
    const list = box.current;
    const line = list?.children[current] as HTMLElement | undefined;
    if (!list || !line || list.contains(document.activeElement)) return;
    const top = line.offsetTop - list.offsetTop;
    if (top < list.scrollTop || top > list.scrollTop + list.clientHeight - 80) list.scrollTo({ top: top - 80 });
  }, [current]);

  return (
    <>
      <CardTitle>Transcript</CardTitle>
      {replay.lines.length === 0 ? (
        <Empty title="No words on this tape" />
      ) : (
        <ol
          ref={box}
          className="flex max-h-[32rem] flex-col overflow-y-auto py-2"
          onClick={(event) => {
            const at = (event.target as HTMLElement).closest<HTMLElement>("[data-at]")?.dataset.at;
            if (at) seek.current(Number(at));
          }}
          onKeyDown={() => undefined}
        >
          {replay.lines.map((line, index) => (
            <Line key={line.id} line={line} nowMs={index === current ? nowMs : undefined} />
          ))}
        </ol>
      )}
    </>
  );
}

const Line = memo(function Line({ line, nowMs }: { line: ReplayLine; nowMs: number | undefined }) {
  const said = nowMs === undefined ? -1 : line.words.findLastIndex((word) => word.heard && word.startMs <= nowMs);
  return (
    <li
      className={cn(
        "grid grid-cols-[3.5rem_1fr] gap-2 px-4 py-1.5 [contain-intrinsic-size:auto_3rem] [content-visibility:auto]",
        nowMs !== undefined && "bg-accent-soft/60",
      )}
    >
      <button
        type="button"
        data-at={line.startMs}
        className="tabular self-start rounded pt-0.5 text-left text-2xs text-ink-faint hover:text-ink hover:underline"
      >
        {moment(line.startMs)}
      </button>
      <div className="min-w-0">
        <span
          className={cn(
            "font-medium text-xs",
            line.who === "caller" && "text-caller-ink",
            line.who === "agent" && "text-agent-ink",
            line.who === "supervisor" && "text-good",
          )}
        >
          {title(line.who)}
          {line.act && line.act !== "line" && line.act !== "answer" && (
            <span className="font-normal text-ink-faint"> · {line.act}</span>
          )}
        </span>
        <p>
          {line.words.map((word, index) => (
            <Word
              // biome-ignore lint/suspicious/noArrayIndexKey: words have no identity and never reorder
              key={index}
              text={word.text}
              atMs={word.startMs}
              heard={word.heard}
              doubtful={(word.confidence ?? 1) < 0.5}
              now={index === said}
            />
          ))}
        </p>
      </div>
    </li>
  );
});

const Word = memo(function Word({
  text,
  atMs,
  heard,
  doubtful,
  now,
}: {
  text: string;
  atMs: number;
  heard: boolean;
  doubtful: boolean;
  now: boolean;
}) {
  const Tag = heard ? "span" : "del";
  return (
    <>
      <Tag
        data-at={atMs}
        title={heard ? (doubtful ? "Heard with little confidence" : undefined) : "Planned, but not heard by the caller"}
        className={cn(
          "cursor-pointer rounded-sm hover:bg-hover",
          !heard && "text-ink-faint",
          doubtful && "underline decoration-dotted decoration-ink-faint underline-offset-3",
          now && "bg-accent text-on-accent hover:bg-accent",
        )}
      >
        {text}
      </Tag>{" "}
    </>
  );
});
