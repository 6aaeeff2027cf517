import type { StepSummary } from "./promises.ts";

/** docs/results/load.json, from which load.md and docs/CAPACITY.md are made. */
export interface LoadResults {
  facts: {
    command: string;
    commit: string;
    machine: string;
    cores: number;
    /** At the end, of one minute; above what the run itself used, others were at work. */
    loadAverage: number;
    startedAt: string;
    endedAt: string;
  };
  /** Percentiles above the last bucket are infinite, and null in JSON. */
  steps: StepSummary[];
  /** What broke first, and at how many calls; empty where nothing did. */
  broken: string[];
}
