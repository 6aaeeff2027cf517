import type { Expectation, Intent, TaskKind } from "@sidetone/protocol";

export type SpokenAct = "line" | "answer" | "filler" | "repair" | "interjection";
/** How much an utterance wants the floor. `answer` waits for its turn, `filler` may be dropped, `urgent` asks to interject. */
export type Urgency = "answer" | "filler" | "urgent";

/** What the dialogue wants done. Where an effect has a `PodOutput` of the same name, the fields are the same. */
export type Effect =
  /**
   * Say this when the floor allows. Utterances are said in order; ids count up within a call.
   * `replaceable`: it may still be dropped (`drop-unsaid`) while nothing of it was heard; synthesise, but don't insist.
   * `rate`: speed as a factor; 1 when absent. `resumes`: the utterance whose unheard rest this one brings.
   */
  | {
      type: "say";
      utteranceId: number;
      text: string;
      act: SpokenAct;
      uninterruptible: boolean;
      urgency: Urgency;
      replaceable: boolean;
      rate?: number;
      resumes?: number;
    }
  /** Forget these utterances unless their first sample was already heard. */
  | { type: "drop-unsaid"; utteranceIds: number[] }
  /** Murmur this, quietly, without taking the floor. */
  | { type: "backchannel"; text: string }
  /** Stop speaking now: what is being said stopped being true or wanted. Answered by `agent-yielded`. */
  | { type: "yield"; utteranceId: number; reason: string }
  | {
      type: "delegate";
      taskId: string;
      epoch: number;
      kind: TaskKind;
      input: Record<string, unknown>;
      /** Lower is sooner: 1 the caller waits for it, 5 nice to have, 10 after the call. */
      priority: number;
      outlivesCall: boolean;
    }
  /** Results of this task from epochs below `epoch` are no longer wanted. */
  | { type: "supersede"; taskId: string; epoch: number }
  | { type: "cancel"; taskId: string; reason: string }
  | { type: "reprioritise"; taskId: string; priority: number }
  /** What the caller is expected to say, and what we have ready; sent on change only. */
  | { type: "expect"; expectation: Expectation; intent: Intent }
  | { type: "slot-filled"; slot: string; value: string; confirmed: boolean }
  | { type: "want-recognised"; want: string; confidence: number }
  | { type: "transfer"; target: string; reason: string; summary: string }
  | { type: "hang-up"; reason: string }
  | { type: "recording"; on: boolean; reason: string }
  /** What became of a supervisor's whisper, truthfully: for the tape, and for who whispered. */
  | { type: "whisper-answered"; by: string; understood: boolean; did: string };

export type EffectOf<T extends Effect["type"]> = Extract<Effect, { type: T }>;
