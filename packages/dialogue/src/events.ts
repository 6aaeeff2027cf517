import type { Finding, HeardWord, OverlapKind } from "@sidetone/protocol";

/**
 * Everything that can happen to a call, as its dialogue sees it. `atMs` is the media clock (samples received / 8);
 * there is no other clock. Events are reduced in order of arrival.
 */
export type DialogueEvent = { atMs: number } & (
  | { type: "opened" }
  /**
   * The whole hearing of one caller turn so far, corrected where the ears changed their mind: `words` replaces what the
   * turn's earlier revisions said. `turn` counts up; a turn should end (`final`) at the latest when the agent begins.
   */
  | {
      type: "heard";
      turn: number;
      revision: number;
      final: boolean;
      words: HeardWord[];
      /** What the network takes the want to be, without words: a second witness where the words do not decide. */
      want?: string | undefined;
    }
  /** The caller's turn is over although no final hearing came (silence, or the agent took the floor). */
  | { type: "turn-ended"; turn: number }
  /** The first sample of an utterance reached the caller. */
  | { type: "agent-began"; utteranceId: number }
  /** The caller heard the utterance to its last word. */
  | { type: "agent-finished"; utteranceId: number }
  /** The agent stopped. `heardText` reached the caller, to the word; `unheardText` did not. Both may be empty. */
  | { type: "agent-yielded"; utteranceId: number; heardText: string; unheardText: string }
  /** What the caller's sound during the agent's speech was. Words of side talk and background are not for us. */
  | { type: "overlap"; kind: OverlapKind }
  /** The model would murmur here; answered with `backchannel` or with nothing. */
  | { type: "backchannel-due" }
  | { type: "finding"; finding: Finding }
  /** A supervisor's hint, read out only where it begins with "say:"; answered with `whisper-answered`. */
  | { type: "whispered"; text: string; by: string }
  | { type: "key-pressed"; digit: string }
  /** The clock; sent at every micro-turn. */
  | { type: "elapsed" }
  | { type: "taken-over"; by: string }
  | { type: "handed-back"; by: string; note?: string | undefined }
  | { type: "refused"; what: "transfer" | "hang-up" | "send-message"; reason: string }
);

export type DialogueEventOf<T extends DialogueEvent["type"]> = Extract<DialogueEvent, { type: T }>;
