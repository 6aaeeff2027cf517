import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { Moon, Search, Sun } from "lucide-react";
import type { Person } from "../api/session.ts";
import { chooseTheme } from "../theme.ts";
import { Kbd } from "../ui/surface.tsx";
import { PLACES } from "./navigation.ts";

const item =
  "flex h-9 cursor-default items-center gap-2.5 rounded-md px-2.5 text-ink-soft aria-selected:bg-hover aria-selected:text-ink [&_svg]:size-4";

/** Everything by its name: pages, themes, and a search through the calls. */
export function CommandMenu({
  open,
  onOpenChange,
  person,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  person: Person;
}) {
  const navigate = useNavigate();
  const run = (act: () => void) => () => {
    onOpenChange(false);
    act();
  };
  return (
    <Command.Dialog
      open={open}
      onOpenChange={onOpenChange}
      label="Go to or do"
      overlayClassName="fixed inset-0 z-40 bg-black/40"
      contentClassName="fixed left-1/2 top-[14dvh] z-50 w-[min(94vw,34rem)] -translate-x-1/2 overflow-hidden rounded-xl border border-line bg-panel shadow-pop"
    >
      <div className="flex items-center gap-2 border-line border-b px-3.5">
        <Search className="size-4 text-ink-faint" aria-hidden />
        <Command.Input
          placeholder="Where to?"
          className="h-11 flex-1 bg-transparent text-sm outline-none placeholder:text-ink-faint"
        />
      </div>
      <Command.List className="max-h-[50dvh] overflow-auto p-1.5">
        <Command.Empty className="p-6 text-center text-ink-faint">Nothing has that name.</Command.Empty>
        <Command.Group
          heading="Pages"
          className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:py-1 [&_[cmdk-group-heading]]:text-2xs [&_[cmdk-group-heading]]:text-ink-faint"
        >
          {PLACES.filter((place) => place.roles.includes(person.role)).map((place) => (
            <Command.Item
              key={place.to}
              className={item}
              value={place.label}
              onSelect={run(() => void navigate({ to: place.to }))}
            >
              <place.icon aria-hidden /> {place.label}
              <span className="ml-auto flex gap-1">
                <Kbd>G</Kbd>
                <Kbd>{place.key.toUpperCase()}</Kbd>
              </span>
            </Command.Item>
          ))}
        </Command.Group>
        <Command.Group
          heading="Appearance"
          className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:py-1 [&_[cmdk-group-heading]]:text-2xs [&_[cmdk-group-heading]]:text-ink-faint"
        >
          <Command.Item className={item} onSelect={run(() => chooseTheme("light"))}>
            <Sun aria-hidden /> Light theme
          </Command.Item>
          <Command.Item className={item} onSelect={run(() => chooseTheme("dark"))}>
            <Moon aria-hidden /> Dark theme
          </Command.Item>
        </Command.Group>
      </Command.List>
    </Command.Dialog>
  );
}
