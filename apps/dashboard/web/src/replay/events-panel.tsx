import { moment, words } from "../format.ts";
import { cn } from "../ui/class-names.ts";
import { Badge, Empty } from "../ui/surface.tsx";
import type { Happening } from "./replay-data.ts";
import { Rows } from "./rows.tsx";

/** Everything that happened, in order. */
export function EventsPanel({
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
    <Rows count={happenings.length} current={current} rowPx={28} label="Events">
      {(index) => {
        const each = happenings[index];
        return (
          each && (
            <button
              type="button"
              onClick={() => onSeek(each.atMs)}
              aria-current={index === current ? "step" : undefined}
              className={cn(
                "flex w-full items-baseline gap-2.5 px-3.5 py-1 text-left hover:bg-hover focus-visible:-outline-offset-2",
                index === current && "bg-accent-soft",
              )}
            >
              <span
                className={cn("tabular w-13 shrink-0 text-2xs", index === current ? "text-ink-soft" : "text-ink-faint")}
              >
                {moment(each.atMs)}
              </span>
              <Badge tone={each.tone} className="shrink-0">
                {words(each.kind)}
              </Badge>
              <span className="line-clamp-2 min-w-0 break-words text-ink-soft">{each.text}</span>
            </button>
          )
        );
      }}
    </Rows>
  );
}
