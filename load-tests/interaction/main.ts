// `npm run bench:interaction`: every contender over the same stimuli, over the same carrier protocol, with the same words
// to say. Writes interaction.md, .json and .html, and the recordings of failures under failures/.
//   --per-scenario N   stimuli of each scenario (100)   --twins who   whose clean twins run too: a,b, all or none (sidetone)
//   --strategies a,b   of: sidetone, timer-300, timer-600, timer-1000, always-yield, never-yield, silent (all), and the
//                      rivals livekit-agents, openai-realtime     --rivals       all strategies and both rivals
//   --scenarios a,b    (all)                             --stimuli DIR  recordings with a manifest.json, and nothing else
//   --concurrency N    calls at once (16)                --rival-concurrency N   of rivals (as --concurrency)
//   --seed N (1)       --out FOLDER (docs/results)       --quick        5 of eight scenarios, four strategies; fails where
//                      a ratio between them is lost
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SidetoneError } from "@sidetone/platform";
import { CONTENDERS, isRival } from "./contenders.ts";
import { patienceCurve } from "./curve.ts";
import { figuresOf } from "./figures.ts";
import { htmlReport } from "./html-report.ts";
import { readManifest } from "./manifest.ts";
import { type Measured, measure } from "./measure.ts";
import { lostRatios } from "./ratios.ts";
import { type ContenderReport, markdownReport, type RunFacts } from "./report.ts";
import { MADE_SCENARIOS, makeStimuli, type Stimulus } from "./stimuli.ts";
import { STRATEGIES } from "./strategies.ts";
import { understandingFigures } from "./understanding-figures.ts";
import { Voices } from "./voices.ts";

const root = join(import.meta.dirname, "..", "..");
const OURS = ["sidetone", ...Object.keys(STRATEGIES)];
const QUICK_STRATEGIES = ["sidetone", "timer-600", "always-yield", "never-yield"];
const QUICK_SCENARIOS = [
  "smooth-turn",
  "pause-in-turn",
  "pause-in-digits",
  "interruption-middle",
  "backchannel",
  "background-speech",
  "echo",
  "packet-loss",
];

const { values: options } = parseArgs({
  options: {
    "per-scenario": { type: "string" },
    strategies: { type: "string" },
    rivals: { type: "boolean", default: false },
    scenarios: { type: "string" },
    twins: { type: "string" },
    stimuli: { type: "string" },
    concurrency: { type: "string" },
    "rival-concurrency": { type: "string" },
    seed: { type: "string", default: "1" },
    out: { type: "string", default: join(root, "docs", "results") },
    quick: { type: "boolean", default: false },
  },
});

function chosen<T extends string>(
  what: string,
  named: string | undefined,
  known: readonly T[],
  usual: readonly T[],
): T[] {
  const names = named?.split(",") ?? usual;
  const unknown = names.filter((name) => !(known as readonly string[]).includes(name));
  if (unknown.length === 0) return names as T[];
  throw new SidetoneError("CONFIG_INVALID", `${what}: ${unknown.join(", ")} is none of ${known.join(", ")}`);
}

const usual = options.quick ? QUICK_STRATEGIES : options.rivals ? [...CONTENDERS] : OURS;
const contenders = chosen("--strategies", options.strategies, CONTENDERS, usual);
const scenarios = chosen(
  "--scenarios",
  options.scenarios,
  MADE_SCENARIOS,
  MADE_SCENARIOS.filter((scenario) => !options.quick || QUICK_SCENARIOS.includes(scenario)),
);
const perScenario = Number(options["per-scenario"] ?? (options.quick ? 5 : 100));
const seed = Number(options.seed);
const concurrency = Number(options.concurrency ?? (options.quick ? 40 : 16));
const rivalConcurrency = Number(options["rival-concurrency"] ?? concurrency);
const twins = options.twins ?? (options.quick ? "none" : "sidetone");
const startedAt = new Date().toISOString();

const stimuli: Stimulus[] = options.stimuli === undefined ? makeAll() : await readManifest(options.stimuli);
function makeAll(): Stimulus[] {
  const voices = new Voices(join(root, ".data", "bench", "voices"));
  return scenarios.flatMap((scenario) => makeStimuli(voices, scenario, perScenario, seed));
}
const runsTwins = (name: string): boolean => twins === "all" || twins.split(",").includes(name);

mkdirSync(options.out, { recursive: true });
const reports: Record<string, ContenderReport> = {};
const judged: Record<string, Measured[]> = {};
for (const name of contenders) {
  const calls = isRival(name) ? rivalConcurrency : concurrency;
  const own = stimuli.filter(({ isTwin }) => !isTwin || runsTwins(name));
  const { measured, model, tookS, notices } = await measure(name, {
    stimuli: own,
    concurrency: calls,
    out: options.out,
  });
  judged[name] = measured;
  const understanding = understandingFigures(measured);
  reports[name] = {
    model,
    concurrency: calls,
    figures: figuresOf(measured),
    curve: patienceCurve(measured),
    ...(understanding ? { understanding } : {}),
  };
  process.stderr.write(
    `${name}: ${measured.length} calls in ${tookS.toFixed(0)} s, ${notices.length} carrier notices\n`,
  );
  for (const notice of new Set(notices)) process.stderr.write(`  ${notice}\n`);
}

const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
const facts: RunFacts = {
  command: `npm run bench:interaction -- ${process.argv.slice(2).join(" ")}`.trim(),
  commit: git("rev-parse", "--short", "HEAD"),
  machine: `${cpus().length} x ${cpus()[0]?.model ?? "?"}, load average ${loadavg()[0]?.toFixed(1)} at the end`,
  startedAt,
  endedAt: new Date().toISOString(),
  seed,
  perScenario: options.stimuli === undefined ? perScenario : stimuli.length,
  stimuli: options.stimuli ?? "made",
};
const report = markdownReport(facts, reports);
writeFileSync(join(options.out, "interaction.md"), report);
writeFileSync(join(options.out, "interaction.json"), `${JSON.stringify({ facts, reports, judged }, null, 1)}\n`);
writeFileSync(join(options.out, "interaction.html"), htmlReport(facts, reports, judged));
process.stdout.write(report);
if (options.quick) {
  const lost = lostRatios(reports);
  for (const line of lost) process.stderr.write(`lost: ${line}\n`);
  if (lost.length > 0) process.exitCode = 1;
}
