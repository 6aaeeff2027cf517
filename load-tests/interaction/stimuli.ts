import { type CallerStep, type EchoPath, type LineFaults, seededRandom } from "@sidetone/testkit";
import type { Demand, Scenario } from "./judge.ts";
import { SCENES, type Scene } from "./scenes.ts";
import { CALLER_VOICES, type Voices } from "./voices.ts";

/**
 * When the caller begins. `after-agent`: once the agent has fallen silent; `over-agent`: so long after it has got going
 * with a long sentence; `with-agent`: so long after it becomes audible.
 */
export type Trigger =
  | { kind: "after-agent" }
  | { kind: "over-agent"; intoSentenceMs: number }
  | { kind: "with-agent"; intoSpeechMs: number };

/** Numbers that the bench's playbooks are routed to; each playbook's head says what it is for. */
export const NUMBERS = {
  open: "+15005550101",
  talk: "+15005550102",
  order: "+15005550103",
  silent: "+15005550104",
  both: "+15005550105",
} as const;
export type NumberName = keyof typeof NUMBERS;

export const NOISES = ["none", "20 dB", "10 dB"] as const;
export type Noise = (typeof NOISES)[number];

/** What a caller's channel carries from a trigger on, and what that asks of the agent. */
export interface Scripted {
  number: NumberName;
  demand: Demand;
  trigger: Trigger;
  /** A turn before the one that is judged, 8 kHz linear: what makes the agent ask or answer. */
  prelude?: Int16Array;
  /** 8 kHz linear. */
  audio: Int16Array;
  /** What is judged, milliseconds within `audio`: speech (or, for pauses, the pause) and the end of the whole turn. */
  startMs: number;
  endMs: number;
  turnEndMs: number;
  /** Every word from the prelude's end on. */
  words: string;
  noise: Noise;
  /** The order number that the caller means. */
  digits?: string;
  /** Pressed instead of spoken; `audio` is then as long as pressing takes, and silent. */
  keys?: readonly Extract<CallerStep, { do: "press" | "pause" }>[];
  faults?: LineFaults;
  echo?: EchoPath;
}

export interface Stimulus extends Scripted {
  id: string;
  scenario: Scenario;
  voice: string;
  /** The same call without its difficulty. */
  isTwin: boolean;
}

export const MADE_SCENARIOS = Object.keys(SCENES) as Scenario[];

/** The same seed gives the same stimuli, whatever is made before or after; each is followed by its clean twin. */
export function makeStimuli(voices: Voices, scenario: Scenario, count: number, seed: number): Stimulus[] {
  return Array.from({ length: count }, (_, index) => {
    const random = seededRandom(seed * 1_000_003 + index * 97 + MADE_SCENARIOS.indexOf(scenario) * 7_919);
    const voice = CALLER_VOICES[Math.floor(random() * CALLER_VOICES.length)] ?? CALLER_VOICES[0];
    const scene: Scene = SCENES[scenario]({ random, voices, voice });
    const id = `${scenario}-${seed}-${index}`;
    const named = (scripted: Scripted, isTwin: boolean): Stimulus => ({
      ...scripted,
      id: isTwin ? `${id}-twin` : id,
      scenario,
      voice,
      isTwin,
    });
    return scene.twin ? [named(scene.hard, false), named(scene.twin, true)] : [named(scene.hard, false)];
  }).flat();
}
