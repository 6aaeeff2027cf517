import { table } from "../load/load-report.ts";
import { isGrowing, slopeOf } from "./slope.ts";
import type { SoakResults } from "./soak-results.ts";

const MIB = 2 ** 20;

export function soakReport(results: SoakResults): string {
  const { facts, memory, left, remarks, placed, ended, tookS } = results;
  const lines = [
    `# Soak, ${facts.clock} clock`,
    "",
    `Command: \`${facts.command}\`. Commit ${facts.commit}, ${facts.startedAt} to ${facts.endedAt}. Machine: ${facts.machine}.`,
    `${facts.minutes} minutes on the ${facts.clock} clock, ${facts.calls} calls at once, ${placed} placed and ${ended} ended, in ${tookS.toFixed(0)} s.`,
    "",
    "Slopes are least squares over the last two thirds of the run, with 95% bootstrap intervals. Memory counts as growing when the interval lies above zero and the growth over the run is more than 5% of its mean.",
    "",
    ...table(
      ["process", "at the end, MiB", "slope, KiB a minute (95% interval)", "grows"],
      Object.entries(memory).map(([name, samples]) => {
        const slope = slopeOf(samples);
        const kib = (bytes: number) => (bytes / 1_024).toFixed(0);
        return [
          name,
          ((samples.at(-1)?.value ?? Number.NaN) / MIB).toFixed(0),
          `${kib(slope.value)} (${kib(slope.low)} to ${kib(slope.high)})`,
          isGrowing(samples) ? "yes" : "no",
        ];
      }),
    ),
    "",
    left.length > 0 ? "## Left behind" : "Nothing was left behind: no handle, listener, slot, Redis key or file.",
    ...left.map((what) => `- ${what}`),
    ...(remarks.length > 0 ? ["", "## Remarks", ...remarks.map((what) => `- ${what}`)] : []),
  ];
  return `${lines.join("\n")}\n`;
}
