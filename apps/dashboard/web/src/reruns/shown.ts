import type { paths } from "../api/schema.generated.ts";
import type { Tone } from "../ui/surface.tsx";

export type Rerun = paths["/api/reruns"]["get"]["responses"]["200"]["content"]["application/json"]["reruns"][number];

export const isRunning = (state: string): boolean => state === "queued" || state === "running";
export const stateTone = (state: string): Tone =>
  state === "done" ? "good" : state === "failed" ? "bad" : state === "running" ? "accent" : "neutral";

/** What a re-run runs against, in words. */
export function againstWords(rerun: Pick<Rerun, "playbookId" | "playbookVersion" | "thresholds" | "model">): string {
  return [
    rerun.playbookId === null ? "each call's own playbook" : `${rerun.playbookId} v${rerun.playbookVersion}`,
    rerun.model === null ? undefined : `model ${rerun.model}`,
    ...Object.entries(rerun.thresholds).map(([name, value]) => `${name} ${value}`),
  ]
    .filter(Boolean)
    .join(", ");
}

/** `+120 ms`, `-3`, `0`. */
export const difference = (before: number | null, after: number | null, unit = ""): string => {
  if (before === null || after === null) return "–";
  const by = Math.round(after - before);
  return `${by > 0 ? "+" : ""}${by}${unit && ` ${unit}`}`;
};
