import type { ContenderReport } from "./report.ts";

/**
 * What has to hold between contenders of one run on any machine, however loaded: ratios, never seconds. With six stimuli
 * a scenario an interval is wide; what is lost here is lost by a long way.
 */
export function lostRatios(reports: Readonly<Record<string, ContenderReport>>): string[] {
  const { sidetone } = reports;
  if (!sidetone) return [];
  const lost: string[] = [];
  const check = (isHeld: boolean, what: string): void => {
    if (!isHeld) lost.push(what);
  };
  const ours = sidetone.figures;
  for (const name of ["always-yield", "never-yield"]) {
    const theirs = reports[name]?.figures;
    if (theirs) check(ours.headline >= theirs.headline, `headline: ${ours.headline.toFixed(2)} against ${name}'s`);
  }
  const timer = reports["timer-600"]?.figures;
  if (timer) {
    check(
      ours.digitPauseTakeOver.value <= timer.digitPauseTakeOver.value + 0.17,
      "pauses between digits are taken over more often than by a 600 ms timer",
    );
    check(ours.selectivityMean >= timer.selectivityMean, "selectivity below a 600 ms timer's");
  }
  const always = reports["always-yield"]?.figures;
  if (always) check(ours.yieldRate.value >= always.yieldRate.value - 0.5, "yields to half as many interruptions");
  return lost;
}
