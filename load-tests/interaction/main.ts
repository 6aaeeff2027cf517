// `npm run bench:interaction`: every contender over the same stimuli, over the same carrier protocol, with the same words
// to say. Writes interaction.md, .json and .html, and the recordings of failures under failures/.
//   --per-scenario N   stimuli of each scenario (100)   --twins who   whose clean twins run too: a,b, all or none (sidetone)
//   --strategies a,b   of: sidetone, timer-300, timer-600, timer-1000, always-yield, never-yield, silent (all), and, always
//                      in real time, sidetone-in-real-time, livekit-agents, openai-realtime
//   --rivals           all of these                      --baseline-per-scenario N   of the rules (as --per-scenario)
//   --rival-per-scenario N   stimuli of those in real time, the first of everybody's (as --per-scenario)
//   --scenarios a,b    (all)                             --stimuli DIR  recordings with a manifest.json, and nothing else
//   --clock virtual|real   of ours (virtual)             --at-once N    contenders side by side on virtual clocks (a core each)
//   --concurrency N    calls at once (64; 16 in real time)   --rival-concurrency N   of those in real time (8)
//   --seed N (1)       --out FOLDER (docs/results)       --quick        5 of eight scenarios, four strategies; fails where
//                      a ratio between them is lost
//   --render           writes the report of the run that lies in --out anew, without a call
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { SidetoneError } from "@sidetone/platform";
import { type ClockKind, CONTENDERS, IN_REAL_TIME, isRival } from "./contenders.ts";
import { patienceCurve } from "./curve.ts";
import { figuresOf } from "./figures.ts";
import { htmlReport } from "./html-report.ts";
import type { Measured, Measurement } from "./measure.ts";
import { type Plan, stimuliOf } from "./plan.ts";
import { describeRatio, ratiosOf } from "./ratios.ts";
import { type ContenderReport, markdownReport, type Reports, type RunFacts } from "./report.ts";
import { MADE_SCENARIOS } from "./stimuli.ts";
import { STRATEGIES } from "./strategies.ts";
import { understandingFigures } from "./understanding-figures.ts";

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
    "rival-per-scenario": { type: "string" },
    "baseline-per-scenario": { type: "string" },
    scenarios: { type: "string" },
    twins: { type: "string" },
    stimuli: { type: "string" },
    clock: { type: "string", default: "virtual" },
    "at-once": { type: "string", default: String(cpus().length) },
    concurrency: { type: "string" },
    "rival-concurrency": { type: "string", default: "8" },
    seed: { type: "string", default: "1" },
    out: { type: "string", default: join(root, "docs", "results") },
    quick: { type: "boolean", default: false },
    render: { type: "boolean", default: false },
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

/** Everything that a report is made of, and nothing that is computed. Beside the failures, not in the repository: it is large. */
interface Run {
  facts: RunFacts;
  plans: Plan[];
  measurements: Record<string, Measurement>;
}

const runFile = join(options.out, "failures", "run.json");
const run = options.render ? (JSON.parse(readFileSync(runFile, "utf8")) as Run) : await runAll(Number(options.seed));
write(run);
if (options.quick && !options.render) await checkRatios(run);

function write(run: Run): void {
  const reports = reportsOf(run);
  const judged = Object.fromEntries(Object.entries(run.measurements).map(([name, { measured }]) => [name, measured]));
  const report = markdownReport(run.facts, reports);
  mkdirSync(options.out, { recursive: true });
  writeFileSync(join(options.out, "interaction.md"), report);
  const { facts, plans } = run;
  writeFileSync(join(options.out, "interaction.json"), `${JSON.stringify({ facts, plans, reports }, null, 1)}\n`);
  writeFileSync(join(options.out, "interaction.html"), htmlReport(facts, reports, judged));
  if (!options.quick) process.stdout.write(report);
}

/** A handful of stimuli may be unlucky ones: a ratio that is lost is asked again of twice as many. */
async function checkRatios(first: Run): Promise<void> {
  const tell = (ratios: ReturnType<typeof ratiosOf>): boolean => {
    for (const ratio of ratios) process.stdout.write(`${describeRatio(ratio)}\n`);
    return ratios.every(({ held }) => held);
  };
  if (tell(ratiosOf(reportsOf(first)))) return;
  process.stdout.write("\nOnce more, with other stimuli beside these:\n");
  const second = await runAll(first.facts.seed + 1);
  for (const [name, { measured }] of Object.entries(second.measurements)) {
    first.measurements[name]?.measured.push(...measured);
  }
  if (!tell(ratiosOf(reportsOf(first)))) process.exitCode = 1;
}

function plansOf(seed: number): Plan[] {
  const usual = options.quick ? QUICK_STRATEGIES : options.rivals ? [...CONTENDERS] : OURS;
  const [clock] = chosen<ClockKind>("--clock", options.clock, ["real", "virtual"], ["virtual"]);
  const scenarios = chosen(
    "--scenarios",
    options.scenarios,
    MADE_SCENARIOS,
    MADE_SCENARIOS.filter((scenario) => !options.quick || QUICK_SCENARIOS.includes(scenario)),
  );
  const perScenario = Number(options["per-scenario"] ?? (options.quick ? 5 : 100));
  const twins = (options.twins ?? (options.quick ? "none" : "sidetone")).split(",");
  return chosen("--strategies", options.strategies, CONTENDERS, usual).map((name): Plan => {
    const isReal = isRival(name) || name === IN_REAL_TIME;
    const isRule = Object.hasOwn(STRATEGIES, name);
    const own = isReal ? options["rival-per-scenario"] : isRule ? options["baseline-per-scenario"] : undefined;
    const ownConcurrency = options.concurrency ?? (clock === "virtual" ? 64 : 16);
    return {
      name,
      clock: isReal ? "real" : (clock ?? "virtual"),
      scenarios,
      perScenario: Number(own ?? perScenario),
      twins: twins.includes("all") || twins.includes(name),
      seed,
      ...(options.stimuli === undefined ? {} : { recordings: options.stimuli }),
      concurrency: Number(isReal ? options["rival-concurrency"] : ownConcurrency),
      out: options.out,
    };
  });
}

async function runAll(seed: number): Promise<Run> {
  const startedAt = new Date().toISOString();
  const plans = plansOf(seed);
  // Once, so that those side by side find every line on the disk.
  const [first] = plans.toSorted((a, b) => b.perScenario - a.perScenario || Number(b.twins) - Number(a.twins));
  const stimuli = first ? (await stimuliOf({ ...first, twins: true })).length : 0;
  const measurements: Record<string, Measurement> = {};
  const take = async (plan: Plan) => {
    const measurement = await measuredElsewhere(plan);
    measurements[plan.name] = measurement;
    const { measured, tookS, notices } = measurement;
    process.stderr.write(
      `${plan.name}: ${measured.length} calls in ${tookS.toFixed(0)} s, ${notices.length} carrier notices\n`,
    );
    for (const notice of new Set(notices)) process.stderr.write(`  ${notice}\n`);
    // Whoever is measured stays so when the rest is broken off: `--render` makes the report of them.
    kept();
  };
  const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
  const commit = git("rev-parse", "--short", "HEAD");
  const kept = (): Run => {
    const facts: RunFacts = {
      command: `npm run bench:interaction -- ${process.argv.slice(2).join(" ")}`.trim(),
      commit,
      machine: `${cpus().length} x ${cpus()[0]?.model ?? "?"}, load average ${loadavg()[0]?.toFixed(1)} at the end`,
      startedAt,
      endedAt: new Date().toISOString(),
      seed,
      perScenario: options.stimuli === undefined ? (first?.perScenario ?? 0) : stimuli,
      stimuli: options.stimuli ?? "made",
    };
    const ordered = plans.flatMap(({ name }) => (measurements[name] ? [[name, measurements[name]] as const] : []));
    const run: Run = { facts, plans, measurements: Object.fromEntries(ordered) };
    mkdirSync(dirname(runFile), { recursive: true });
    writeFileSync(runFile, JSON.stringify(run));
    return run;
  };
  const waiting = plans.filter(({ clock }) => clock === "virtual");
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await take(next);
  };
  await Promise.all(Array.from({ length: Math.max(1, Number(options["at-once"])) }, lane));
  // In real time everybody has the machine to themselves.
  for (const plan of plans.filter(({ clock }) => clock === "real")) await take(plan);
  return kept();
}

async function measuredElsewhere(plan: Plan): Promise<Measurement> {
  const child: ChildProcess = fork(join(import.meta.dirname, "contender.main.ts"));
  child.send(plan);
  const ended = once(child, "exit");
  const [said] = (await Promise.race([once(child, "message"), ended])) as [Measurement | number | null];
  if (typeof said !== "object" || said === null) {
    throw new SidetoneError("POD_UNREACHABLE", `${plan.name} ended with ${said} before it was measured.`);
  }
  await ended;
  return said;
}

function reportsOf({ plans, measurements }: Run): Reports {
  const made: Record<string, ContenderReport> = {};
  for (const { name, clock, concurrency, perScenario } of plans) {
    const measurement = measurements[name];
    if (!measurement) continue;
    const measured: readonly Measured[] = measurement.measured;
    const understanding = understandingFigures(measured);
    made[name] = {
      model: measurement.model,
      clock,
      concurrency,
      perScenario,
      calls: measured.length,
      tookS: measurement.tookS,
      figures: figuresOf(measured),
      curve: patienceCurve(measured),
      ...(understanding ? { understanding } : {}),
    };
  }
  return made;
}
