import type { Sample } from "./slope.ts";

export interface SoakOptions {
  minutes: number;
  /** At once. */
  calls: number;
  samples: number;
}

/** What a soak has seen. */
export interface Soaked {
  placed: number;
  ended: number;
  tookS: number;
  /** Bytes over the run's clock: resident memory by process, and the bridge's heap after a collection. */
  memory: Record<string, Sample[]>;
  /** Everything that was left behind or that grew; empty when nothing was. */
  left: string[];
  /** What is worth knowing and no fault. */
  remarks: string[];
}

export interface SoakResults extends Soaked {
  facts: {
    command: string;
    commit: string;
    machine: string;
    clock: "virtual" | "real";
    startedAt: string;
    endedAt: string;
    minutes: number;
    calls: number;
  };
}
