import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef } from "react";

/** A long list of which only what is in sight is drawn. It follows `current` while nobody reads elsewhere in it. */
export function Rows({
  count,
  current,
  rowPx,
  label,
  children,
}: {
  count: number;
  current: number;
  /** A row's height until it has been measured. */
  rowPx: number;
  label: string;
  children: (index: number) => ReactNode;
}) {
  const box = useRef<HTMLElement>(null);
  const rows = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => rowPx,
    overscan: 6,
    paddingStart: 6,
    paddingEnd: 6,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the virtualizer is the same object throughout
  useEffect(() => {
    const element = box.current;
    if (current < 0 || !element || element.contains(document.activeElement)) return;
    rows.scrollToIndex(current, { align: "auto" });
  }, [current]);
  return (
    <section
      ref={box}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      aria-label={label}
      className="max-h-[32rem] overflow-y-auto focus-visible:-outline-offset-2"
      style={{ height: rows.getTotalSize() }}
    >
      <ol className="relative" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((item) => (
          <li
            key={item.key}
            ref={rows.measureElement}
            data-index={item.index}
            className="absolute inset-x-0 top-0"
            style={{ transform: `translateY(${item.start}px)` }}
          >
            {children(item.index)}
          </li>
        ))}
      </ol>
    </section>
  );
}
