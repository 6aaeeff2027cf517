import type { Draft } from "./draft.ts";

/** Speeds at which the agent speaks, as factors; callers move it from one to the next. */
const PACES: readonly number[] = [0.7, 0.85, 1, 1.15];

/** Speaks slower or faster from the next line on; false where it already is as slow or fast as it goes. */
export function changePace(d: Draft, which: "slower" | "faster"): boolean {
  const at = PACES.indexOf(d.s.pace);
  const next = PACES[at + (which === "slower" ? -1 : 1)];
  if (next === undefined) return false;
  d.s.pace = next;
  return true;
}
