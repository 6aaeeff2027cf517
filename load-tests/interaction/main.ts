// `npm run bench:interaction`: every strategy over the same stimuli, behind the same bridge, with the same words to say.
//   --per-scenario N   stimuli of each scenario (100)
//   --strategies a,b   of: sidetone, timer-300, timer-600, timer-1000, always-yield, never-yield, silent (all)
//   --concurrency N    calls at once (16)    --seed N (1)    --out FOLDER (docs/results)    --quick (6 a scenario, four strategies)
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startStack } from "../stack.ts";
import { type Figures, figuresOf } from "./figures.ts";
import { markdownReport, type RunFacts } from "./report.ts";
import { type Judged, NUMBERS, runStimuli } from "./run-stimuli.ts";
import { MADE_SCENARIOS, makeStimuli } from "./stimuli.ts";
import { STRATEGIES } from "./strategies.ts";
import { Voices } from "./voices.ts";

const root = join(import.meta.dirname, "..", "..");
const QUICK_STRATEGIES = ["sidetone", "timer-600", "always-yield", "never-yield"];
const { values: options } = parseArgs({
  options: {
    "per-scenario": { type: "string" },
    strategies: { type: "string" },
    concurrency: { type: "string", default: "16" },
    seed: { type: "string", default: "1" },
    out: { type: "string", default: join(root, "docs", "results") },
    quick: { type: "boolean", default: false },
  },
});

const strategies =
  options.strategies?.split(",") ?? (options.quick ? QUICK_STRATEGIES : ["sidetone", ...Object.keys(STRATEGIES)]);
const perScenario = Number(options["per-scenario"] ?? (options.quick ? 6 : 100));
const seed = Number(options.seed);
const concurrency = Number(options.concurrency);
const startedAt = new Date().toISOString();

const voices = new Voices(join(root, ".data", "bench", "voices"));
const stimuli = MADE_SCENARIOS.flatMap((scenario) => makeStimuli(voices, scenario, perScenario, seed));
const playbooks = ["bench-open", "bench-talk", "bench-digits"].map((name) =>
  join(import.meta.dirname, "playbooks", `${name}.yaml`),
);
const bridgeEnv = {
  NUMBERS: JSON.stringify({
    [NUMBERS.open]: "bench-open",
    [NUMBERS.talk]: "bench-talk",
    [NUMBERS.digits]: "bench-digits",
  }),
};

const results: Record<string, Figures> = {};
const judged: Record<string, Judged[]> = {};
let model = "";
for (const strategy of strategies) {
  const wrapper = new URL(`./strategies.ts?strategy=${strategy}`, import.meta.url).href;
  const podEnv: Record<string, string> = strategy === "sidetone" ? {} : { POD_MODEL_WRAPPER: wrapper };
  const stack = await startStack({
    podEnv: { ...podEnv, POD_CAPACITY: String(concurrency + 4) },
    bridgeEnv,
    playbooks,
  });
  const beganMs = performance.now();
  try {
    const verdicts = await runStimuli(stack, stimuli, concurrency);
    judged[strategy] = verdicts;
    results[strategy] = figuresOf(verdicts);
    const seconds = ((performance.now() - beganMs) / 1_000).toFixed(0);
    process.stderr.write(
      `${strategy}: ${verdicts.length} calls in ${seconds} s, ${stack.carrier.notices.length} carrier notices\n`,
    );
    model = /"model":"([^"]+)"/.exec(stack.processes.pod?.output ?? "")?.[1] ?? model;
  } finally {
    await stack.close();
  }
}

const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
const facts: RunFacts = {
  command: `npm run bench:interaction -- ${process.argv.slice(2).join(" ")}`.trim(),
  commit: git("rev-parse", "--short", "HEAD"),
  machine: `${cpus().length} x ${cpus()[0]?.model ?? "?"}`,
  startedAt,
  seed,
  perScenario,
  concurrency,
  model: model || "floor",
};
const report = markdownReport(facts, results);
mkdirSync(options.out, { recursive: true });
writeFileSync(join(options.out, "interaction.md"), report);
writeFileSync(join(options.out, "interaction.json"), `${JSON.stringify({ facts, results, judged }, null, 1)}\n`);
process.stdout.write(report);
