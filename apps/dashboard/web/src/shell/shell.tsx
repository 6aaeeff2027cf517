import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { Command, LogOut, Menu, Monitor, Moon, Sun, X } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useEffect, useState } from "react";
import { api, ask } from "../api/client.ts";
import { type Person, usePerson } from "../api/session.ts";
import { chooseTheme, chosenTheme } from "../theme.ts";
import { cn } from "../ui/class-names.ts";
import { Kbd } from "../ui/surface.tsx";
import { CommandMenu } from "./command-menu.tsx";
import { PLACES } from "./navigation.ts";
import { isTyping, ShortcutHelp } from "./shortcuts.tsx";

const GROUPS = ["Calls", "Quality", "Set up", "System"] as const;

/** The frame around every page: sidebar, command menu, keyboard travel. */
export function Shell() {
  const person = usePerson();
  const [menuOpen, setMenuOpen] = useState(false);
  const [commandOpen, setCommandOpen] = useState(false);
  const [helpOpen, setHelpOpen] = useState(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useTravelKeys(person, setCommandOpen, setHelpOpen);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the menu
  useEffect(() => setMenuOpen(false), [path]);

  return (
    <div className="flex min-h-dvh">
      <a
        href="#main"
        className="sr-only z-50 rounded bg-accent px-3 py-2 text-on-accent focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        Skip to the page
      </a>
      <aside
        className={cn(
          "fixed inset-y-0 left-0 z-30 flex w-56 flex-col border-line border-r bg-sunken transition-transform lg:sticky lg:top-0 lg:h-dvh lg:translate-x-0",
          menuOpen ? "translate-x-0 shadow-pop" : "-translate-x-full max-lg:invisible",
        )}
      >
        <div className="flex h-13 items-center gap-2 px-4">
          <Mark />
          <span className="font-semibold text-[0.9375rem] tracking-tight">Sidetone</span>
          <button
            type="button"
            aria-label="Close the menu"
            onClick={() => setMenuOpen(false)}
            className="ml-auto rounded p-1 text-ink-faint hover:bg-hover lg:hidden"
          >
            <X className="size-4" />
          </button>
        </div>
        <div className="px-3 pb-2">
          <button
            type="button"
            onClick={() => setCommandOpen(true)}
            className="flex h-8 w-full items-center gap-2 rounded-md border border-line-strong/60 bg-panel px-2.5 text-ink-faint hover:border-line-strong hover:text-ink-soft"
          >
            <Command className="size-3.5" aria-hidden /> Go to or do…
            <span className="ml-auto">
              <Kbd>⌘K</Kbd>
            </span>
          </button>
        </div>
        <nav aria-label="Pages" className="flex-1 overflow-y-auto px-2 pb-4">
          {GROUPS.map((group) => {
            const places = PLACES.filter((place) => place.group === group && place.roles.includes(person.role));
            return (
              places.length > 0 && (
                <div key={group} className="mt-3">
                  <p className="px-2 pb-1 font-medium text-2xs text-ink-faint">{group}</p>
                  <ul className="flex flex-col gap-px">
                    {places.map((place) => (
                      <li key={place.to}>
                        <Link
                          to={place.to}
                          className="flex h-8 items-center gap-2.5 rounded-md px-2 font-medium text-ink-soft hover:bg-hover hover:text-ink"
                          activeProps={{ className: "bg-hover !text-ink", "aria-current": "page" }}
                        >
                          <place.icon className="size-4 opacity-80" aria-hidden />
                          {place.label}
                        </Link>
                      </li>
                    ))}
                  </ul>
                </div>
              )
            );
          })}
        </nav>
        <PersonMenu person={person} onHelp={() => setHelpOpen(true)} />
      </aside>
      {menuOpen && (
        <button
          type="button"
          aria-label="Close the menu"
          className="fixed inset-0 z-20 bg-black/40 lg:hidden"
          onClick={() => setMenuOpen(false)}
        />
      )}
      <div className="flex min-w-0 flex-1 flex-col">
        <div className="flex h-12 items-center gap-2 border-line border-b bg-sunken px-3 lg:hidden">
          <button
            type="button"
            aria-label="Open the menu"
            onClick={() => setMenuOpen(true)}
            className="rounded p-1.5 text-ink-soft hover:bg-hover"
          >
            <Menu className="size-5" />
          </button>
          <Mark />
          <span className="font-semibold">Sidetone</span>
        </div>
        <main id="main" tabIndex={-1} className="flex min-w-0 flex-1 flex-col outline-none">
          <Outlet />
        </main>
      </div>
      <CommandMenu open={commandOpen} onOpenChange={setCommandOpen} person={person} />
      <ShortcutHelp open={helpOpen} onOpenChange={setHelpOpen} person={person} />
    </div>
  );
}

export const Mark = ({ className }: { className?: string }) => (
  <svg viewBox="0 0 32 32" className={cn("size-6", className)} aria-hidden="true">
    <rect width="32" height="32" rx="8" fill="#4f5bd5" />
    <g fill="none" stroke="#fff" strokeWidth="2.6" strokeLinecap="round">
      <path d="M7 13v6M12 9v14M17 12v8" />
      <path d="M21 10.5a7 7 0 0 1 0 11" opacity=".75" />
      <path d="M24.5 7.5a11.500 11.500 0 0 1 0 17" opacity=".5" />
    </g>
  </svg>
);

function useTravelKeys(person: Person, openCommand: (open: boolean) => void, openHelp: (open: boolean) => void): void {
  const navigate = useNavigate();
  useEffect(() => {
    let afterG = false;
    const onKey = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        openCommand(true);
        return;
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event)) return;
      if (event.key === "?") {
        openHelp(true);
        return;
      }
      if (afterG) {
        afterG = false;
        const place = PLACES.find((known) => known.key === event.key && known.roles.includes(person.role));
        if (place) {
          event.preventDefault();
          event.stopImmediatePropagation();
          void navigate({ to: place.to });
        }
        return;
      }
      if (event.key === "g") {
        afterG = true;
        setTimeout(() => {
          afterG = false;
        }, 1_200);
      }
    };
    addEventListener("keydown", onKey, { capture: true });
    return () => removeEventListener("keydown", onKey, { capture: true });
  }, [navigate, person, openCommand, openHelp]);
}

function PersonMenu({ person, onHelp }: { person: Person; onHelp: () => void }) {
  const queries = useQueryClient();
  const [theme, setTheme] = useState(chosenTheme());
  const signOut = async () => {
    await ask(api.DELETE("/api/session"));
    queries.clear();
    location.assign("/login");
  };
  const item =
    "flex cursor-default items-center gap-2 rounded px-2 py-1.5 outline-none data-[highlighted]:bg-hover [&_svg]:size-4 [&_svg]:text-ink-faint";
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger className="m-2 flex items-center gap-2.5 rounded-md p-2 text-left hover:bg-hover">
        <span
          aria-hidden
          className="flex size-7 shrink-0 items-center justify-center rounded-full bg-accent-soft font-semibold text-agent-ink text-xs uppercase"
        >
          {person.name.slice(0, 1)}
        </span>
        <span className="min-w-0 leading-tight">
          <span className="block truncate font-medium">{person.name}</span>
          <span className="block truncate text-2xs text-ink-faint capitalize">
            {person.role === "qa" ? "QA" : person.role}
          </span>
        </span>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="start"
          side="top"
          sideOffset={6}
          className="z-50 w-52 rounded-lg border border-line bg-raised p-1 shadow-pop"
        >
          <DropdownMenu.RadioGroup
            value={theme}
            onValueChange={(value) => {
              chooseTheme(value as typeof theme);
              setTheme(value as typeof theme);
            }}
          >
            {(
              [
                ["light", "Light", Sun],
                ["dark", "Dark", Moon],
                ["system", "As the system", Monitor],
              ] as const
            ).map(([value, label, Icon]) => (
              <DropdownMenu.RadioItem key={value} value={value} className={item}>
                <Icon aria-hidden /> {label}
                <DropdownMenu.ItemIndicator className="ml-auto">✓</DropdownMenu.ItemIndicator>
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
          <DropdownMenu.Separator className="my-1 h-px bg-line" />
          <DropdownMenu.Item className={item} onSelect={onHelp}>
            <Command aria-hidden /> Keyboard
            <span className="ml-auto">
              <Kbd>?</Kbd>
            </span>
          </DropdownMenu.Item>
          <DropdownMenu.Item className={item} onSelect={() => void signOut()}>
            <LogOut aria-hidden /> Sign out
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
