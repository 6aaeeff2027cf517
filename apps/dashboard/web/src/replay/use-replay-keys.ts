import { useEffect, useRef } from "react";
import { isTyping } from "../shell/shortcuts.tsx";

/** `KeyboardEvent.key`, letters in lower case, and what it does. */
export type ReplayKey = readonly [key: string, run: (event: KeyboardEvent) => void];

/**
 * The keys of the Replay page. They rest while somebody types,
 * and leave focused buttons, tabs and scrolling lists their own keys.
 */
export function useReplayKeys(keys: readonly ReplayKey[]): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event)) return;
      const target = event.target as HTMLElement;
      if (event.key === " " && target.closest("button,a")) return;
      if (event.key.startsWith("Arrow") && target.closest("[role=tablist]")) return;
      const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const known = latest.current.find(([key]) => key === pressed);
      if (!known) return;
      event.preventDefault();
      known[1](event);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
