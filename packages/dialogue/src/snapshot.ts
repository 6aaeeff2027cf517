import { DialogueError } from "./errors.ts";
import type { Playbook } from "./playbook/schema.ts";
import type { DialogueState } from "./state.ts";

/** A state without the playbook, which every `opened` brings anyway. */
export type DialogueSnapshot = Omit<DialogueState, "playbook">;

export function snapshotDialogue({ playbook: _left, ...rest }: DialogueState): DialogueSnapshot {
  return rest;
}

/** A call that goes on from a snapshot. Throws `SNAPSHOT_INVALID`. */
export function restoreDialogue(snapshot: unknown, playbook: Playbook): DialogueState {
  const given = snapshot as Partial<DialogueSnapshot> | null;
  if (
    typeof given !== "object" ||
    given === null ||
    given.format !== 1 ||
    given.understood === undefined ||
    given.call === undefined
  ) {
    throw new DialogueError("SNAPSHOT_INVALID", "it has no format 1, no call or no understanding");
  }
  const { dropped = [], pace = 1, writing = null, watches = [], verifyFirst = false } = given;
  return { ...(given as DialogueSnapshot), dropped, pace, writing, watches, verifyFirst, playbook };
}
