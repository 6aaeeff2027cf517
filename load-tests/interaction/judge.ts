import { isAudibleAt, onsetAfter, type Span, silenceAfter } from "./ear.ts";

/**
 * What a stimulus asks of the agent. `respond`: the caller ends a turn. `wait`: the caller pauses
 * inside one. `yield`: the caller takes the floor from the speaking agent. `carry-on`: the caller's
 * channel carries something that takes no floor. `prompt`: the caller says nothing at all.
 */
export type Demand = "respond" | "wait" | "yield" | "carry-on" | "prompt";

/** What each scenario asks; its clean twin may ask for less. */
export const SCENARIOS = {
  "smooth-turn": "respond",
  "noisy-turn": "respond",
  "packet-loss": "respond",
  jitter: "respond",
  "pause-in-turn": "wait",
  "pause-in-digits": "wait",
  "long-story": "wait",
  "noisy-digits": "respond",
  "key-presses": "respond",
  "self-correction": "respond",
  "silent-caller": "prompt",
  "interruption-early": "yield",
  "interruption-middle": "yield",
  "interruption-late": "yield",
  "both-start": "yield",
  backchannel: "carry-on",
  "talking-to-others": "carry-on",
  "background-speech": "carry-on",
  "vocal-tic": "carry-on",
  "background-noise": "carry-on",
  echo: "carry-on",
} as const satisfies Record<string, Demand>;
export type Scenario = keyof typeof SCENARIOS;

/** One stimulus as it was played into a call, on the call's media clock. */
export interface Played {
  scenario: Scenario;
  demand: Demand;
  /** Where the caller's sound (or, for `wait`, the pause inside it) begins and ends. */
  startMs: number;
  endMs: number;
  /** For `wait`: where the whole turn ends, pauses included. */
  turnEndMs: number;
}

/** Windows of the tau-voice leaderboard's interaction metrics, version 1.0 (sierra-research/tau2-bench). */
export const WINDOWS_MS = {
  /** An interrupted agent that still speaks after this did not yield. */
  yield: 2_000,
  backchannel: 1_000,
  "vocal-tic": 1_000,
  nonDirected: 2_000,
  /** An agent that has not answered by then did not respond. */
  response: 5_000,
  /** How much earlier or later than its playbook says an agent may speak up to a caller who is silent. */
  promptEarly: 750,
  promptLate: 2_500,
} as const;

/** An agent already audible this shortly after a pause began was still finishing its own words. */
const OWN_TAIL_MS = 120;

export interface Verdict {
  scenario: Scenario;
  demand: Demand;
  /** The agent did what was right. */
  right: boolean;
  /** Onset of the answer after the end of the caller's turn (negative: cut in), or stop after the onset of an interruption. */
  latencyMs: number | undefined;
  /** The stimulus could not be judged: the agent did not speak where it had to be speaking, or the other way round. */
  void: boolean;
}

const carryOnWindowMs = (scenario: Scenario): number => {
  if (scenario === "backchannel") return WINDOWS_MS.backchannel;
  if (scenario === "vocal-tic") return WINDOWS_MS["vocal-tic"];
  return WINDOWS_MS.nonDirected;
};

/**
 * Judges one stimulus by what the caller's ear heard of the agent. For `carry-on` the agent is wrong
 * when it falls silent within the window although its sentence goes on (`sentenceEndMs`: when it
 * would have ended by itself, undisturbed, measured on the clean twin).
 */
export function judge(played: Played, agent: readonly Span[], sentenceEndMs?: number): Verdict {
  const { scenario, demand } = played;
  const verdict = { scenario, demand, latencyMs: undefined, right: false, void: false };
  switch (demand) {
    case "respond": {
      const onsetMs = onsetAfter(agent, played.startMs + OWN_TAIL_MS);
      if (onsetMs === undefined || onsetMs > played.endMs + WINDOWS_MS.response) return verdict;
      return { ...verdict, right: onsetMs >= played.endMs, latencyMs: onsetMs - played.endMs };
    }
    case "prompt": {
      const onsetMs = onsetAfter(agent, played.startMs + OWN_TAIL_MS);
      if (onsetMs === undefined || onsetMs > played.endMs + WINDOWS_MS.promptLate) return verdict;
      const latencyMs = onsetMs - played.endMs;
      return { ...verdict, right: latencyMs >= -WINDOWS_MS.promptEarly, latencyMs };
    }
    case "wait": {
      if (isAudibleAt(agent, played.startMs + OWN_TAIL_MS) && isAudibleAt(agent, played.startMs - OWN_TAIL_MS)) {
        return { ...verdict, void: true };
      }
      const cutIn = onsetAfter(agent, played.startMs - OWN_TAIL_MS);
      const cut = cutIn !== undefined && cutIn < played.turnEndMs;
      return { ...verdict, right: !cut, latencyMs: cut ? cutIn - played.startMs : undefined };
    }
    case "yield": {
      if (!isAudibleAt(agent, played.startMs)) return { ...verdict, void: true };
      const stopMs = silenceAfter(agent, played.startMs);
      if (stopMs === undefined || stopMs > played.startMs + WINDOWS_MS.yield) return verdict;
      return { ...verdict, right: true, latencyMs: stopMs - played.startMs };
    }
    case "carry-on": {
      // An agent that its own echo never lets get going has not carried on; anybody else's silence has other reasons.
      if (!isAudibleAt(agent, played.startMs)) return { ...verdict, void: played.scenario !== "echo" };
      const stopMs = silenceAfter(agent, played.startMs) ?? played.startMs;
      const untilMs = Math.min(
        played.startMs + carryOnWindowMs(played.scenario),
        sentenceEndMs ?? Number.POSITIVE_INFINITY,
      );
      return { ...verdict, right: stopMs >= untilMs - OWN_TAIL_MS, latencyMs: undefined };
    }
  }
}
