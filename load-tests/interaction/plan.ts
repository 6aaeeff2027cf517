import { join } from "node:path";
import type { ClockKind } from "./contenders.ts";
import type { Scenario } from "./judge.ts";
import { readManifest } from "./manifest.ts";
import { makeStimuli, type Stimulus } from "./stimuli.ts";
import { Voices } from "./voices.ts";

/** What one contender is measured with; enough to make its stimuli anywhere. */
export interface Plan {
  name: string;
  clock: ClockKind;
  scenarios: readonly Scenario[];
  perScenario: number;
  twins: boolean;
  seed: number;
  /** A folder of recordings in the place of made stimuli. */
  recordings?: string;
  concurrency: number;
  /** Where failures' recordings and tapes go: `failures/<name>/` under it. */
  out: string;
}

const VOICES_FOLDER = join(import.meta.dirname, "..", "..", ".data", "bench", "voices");

/** The same plan gives the same stimuli; lines that were spoken before come from the disk. */
export async function stimuliOf({ scenarios, perScenario, twins, seed, recordings }: Plan): Promise<Stimulus[]> {
  if (recordings !== undefined) return readManifest(recordings);
  const voices = new Voices(VOICES_FOLDER);
  return scenarios
    .flatMap((scenario) => makeStimuli(voices, scenario, perScenario, seed))
    .filter(({ isTwin }) => twins || !isTwin);
}
