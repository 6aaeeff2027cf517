import type { Person } from "../api/session.ts";
import { Dialog } from "../ui/overlays.tsx";
import { Kbd } from "../ui/surface.tsx";
import { PLACES } from "./navigation.ts";

/** True while the keys belong to a field or an open dialog. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  if (!target) return false;
  return (
    target.isContentEditable ||
    /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) ||
    target.closest("[role=dialog],[role=menu]") !== null
  );
}

/** The keys of the Replay page; the page itself acts on them (replay/use-replay-keys.ts). */
export const REPLAY_KEYS: readonly (readonly [keys: string[], what: string])[] = [
  [["Space"], "Play or pause"],
  [["←", "→"], "Back or forward 2 s; with Shift 10 s"],
  [["J", "K"], "Next or previous event"],
  [["[", "]"], "Slower, faster"],
  [["S"], "Skip silence"],
  [["L"], "Loop: set the start, the end, then off"],
  [["+", "−"], "Zoom"],
  [["C"], "Comment here"],
  [["Y"], "Copy a link to this moment"],
  [["1", "2"], "Mute the caller, the agent"],
  [["D"], "Show the decision scores"],
  [["F"], "Show the spectrogram"],
  [["R"], "Score this call; Esc goes back"],
  [["N", "P"], "Next or previous call of the list"],
  [["/"], "Search (on the list)"],
];

export function ShortcutHelp({
  open,
  onOpenChange,
  person,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  person: Person;
}) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Keyboard" wide>
      <div className="grid gap-6 sm:grid-cols-2">
        <section>
          <h3 className="mb-1.5 font-medium text-ink-faint text-xs">Anywhere</h3>
          <dl>
            <Row keys={["⌘", "K"]} what="Go to a page or do something" />
            <Row keys={["?"]} what="This list" />
            {PLACES.filter((place) => place.roles.includes(person.role)).map((place) => (
              <Row key={place.to} keys={["G", place.key.toUpperCase()]} what={place.label} />
            ))}
          </dl>
        </section>
        <section>
          <h3 className="mb-1.5 font-medium text-ink-faint text-xs">Replay</h3>
          <dl>
            {REPLAY_KEYS.map(([keys, what]) => (
              <Row key={what} keys={keys} what={what} />
            ))}
          </dl>
        </section>
      </div>
    </Dialog>
  );
}

const Row = ({ keys, what }: { keys: readonly string[]; what: string }) => (
  <div className="flex items-center justify-between gap-4 py-1">
    <dt className="text-ink-soft">{what}</dt>
    <dd className="flex gap-1">
      {keys.map((key) => (
        <Kbd key={key}>{key}</Kbd>
      ))}
    </dd>
  </div>
);
