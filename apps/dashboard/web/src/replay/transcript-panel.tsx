import { type MouseEvent, memo } from "react";
import { moment, words as title } from "../format.ts";
import { cn } from "../ui/class-names.ts";
import { CardTitle, Empty } from "../ui/surface.tsx";
import type { Replay, ReplayLine } from "./replay-data.ts";
import { Rows } from "./rows.tsx";

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
  const current = replay.lines.findLastIndex((line) => line.startMs <= nowMs);
  const onClick = (event: MouseEvent<HTMLElement>) => {
    const at = (event.target as HTMLElement).closest<HTMLElement>("[data-at]")?.dataset.at;
    if (at) onSeek(Number(at));
  };
  return (
    <>
      <CardTitle>Transcript</CardTitle>
      {replay.lines.length === 0 ? (
        <Empty title="No words on this tape">Without consent to record, neither words nor audio are kept.</Empty>
      ) : (
        // biome-ignore lint/a11y/useKeyWithClickEvents: each line's time is a button that does the same by keyboard
        // biome-ignore lint/a11y/noStaticElementInteractions: as above
        <div onClick={onClick}>
          <Rows count={replay.lines.length} current={current} rowPx={52} label="Transcript">
            {(index) => {
              const line = replay.lines[index];
              return line && <Line line={line} nowMs={index === current ? nowMs : undefined} />;
            }}
          </Rows>
        </div>
      )}
    </>
  );
}

const Line = memo(function Line({ line, nowMs }: { line: ReplayLine; nowMs: number | undefined }) {
  const said = nowMs === undefined ? -1 : line.words.findLastIndex((word) => word.heard && word.startMs <= nowMs);
  return (
    <div className={cn("grid grid-cols-[3.5rem_1fr] gap-2 px-4 py-1.5", nowMs !== undefined && "bg-accent-soft/60")}>
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
    </div>
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
