import { OPEN } from "@sidetone/protocol";
import type { DialogueState, OpenOptions, Understood } from "./state.ts";

export const NOTHING_UNDERSTOOD: Understood = {
  threads: [],
  slots: {},
  partials: {},
  answers: {},
  requests: [],
  blank: true,
  ambiguous: null,
  threadCount: 0,
};

/** The state of a call before its first event. Plain JSON; `reduce` it with `opened` to hear the greeting. */
export function openDialogue(options: OpenOptions): DialogueState {
  return {
    format: 1,
    playbook: options.playbook,
    call: {
      callId: options.callId,
      from: options.from,
      startedAt: options.startedAt,
      timeZone: options.timeZone,
      seed: options.seed,
      taskMediansMs: options.taskMediansMs ?? {},
    },
    nowMs: 0,
    phase: "opening",
    understood: structuredClone(NOTHING_UNDERSTOOD),
    turn: null,
    ended: null,
    progress: {},
    asking: null,
    tasks: [],
    heardKeys: [],
    outbox: [],
    cutOff: null,
    listenUntilMs: 0,
    remarks: [],
    lastSaid: "",
    lastSaidAfter: -1,
    transcript: [],
    hints: [],
    recording: "unknown",
    verification: "none",
    verifyFailures: 0,
    slotFailures: {},
    closing: false,
    hold: null,
    reminders: [],
    quietSinceMs: 0,
    silencePrompts: 0,
    handOver: null,
    misses: 0,
    lastBackchannelMs: -10_000,
    lastOverlap: null,
    expectation: OPEN,
    intent: "nothing",
    counters: { utterance: 0, task: 0, remark: 0, stale: 0, duplicate: 0 },
  };
}
