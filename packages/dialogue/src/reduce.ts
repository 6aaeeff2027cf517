import type { Effect } from "./effects.ts";
import type { DialogueEvent } from "./events.ts";
import type { DialogueState } from "./state.ts";

/** One step of a call's dialogue: pure, total, and the only way its state changes. */
export function reduce(state: DialogueState, event: DialogueEvent): { state: DialogueState; effects: Effect[] } {
  return { state: { ...state, nowMs: event.atMs }, effects: [] };
}
