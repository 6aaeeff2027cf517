/**
 * `npm run bench:capacity [-- --from docs/results/load.json] [--to docs/CAPACITY.md]`: writes what a fleet needs from what a
 * load run has measured. Every figure in it is either read or computed here; none is typed in.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SCORES_PER_HOP } from "@sidetone/protocol";
import { costsOf, type Line, needsOf, UTILISATION } from "./fleet.ts";
import { conditions, table } from "./load-report.ts";
import type { LoadResults } from "./results.ts";

const root = join(import.meta.dirname, "..", "..");
const { values: options } = parseArgs({
  options: {
    from: { type: "string", default: join(root, "docs", "results", "load.json") },
    to: { type: "string", default: join(root, "docs", "CAPACITY.md") },
  },
});
const results = JSON.parse(readFileSync(options.from, "utf8")) as LoadResults;

const FLEETS = [100, 1_000, 10_000, 100_000];
const MIB = 2 ** 20;
const HOPS_PER_S = 25;
/** Both channels and the columns of docs/TAPE.md, for one hop. */
const TAPE_BYTES_PER_HOP = 2 * 320 + 1 + 4 + 4 + 4 + 4 + 4 + 2 + 4 * SCORES_PER_HOP;

const costs = costsOf(results.steps);
const most = Math.max(...results.steps.map(({ calls }) => calls));
const count = (value: number): string => Math.round(value).toLocaleString("en-GB");
const perCore = ({ perCall }: Line): string => (perCall > 0 ? count(1 / perCall) : "no slope");
const kept = results.broken.length === 0;

const lines = [
  "# Capacity",
  "",
  "What calls cost, and what a fleet of them needs. This page is made by `npm run bench:capacity` from `docs/results/load.json`, which `npm run bench:load` writes; change the run, not the page.",
  "",
  ...conditions(results),
  "",
  `One run of ${results.steps.map(({ calls }) => count(calls)).join(", ")} calls. ${
    kept ? "No promise broke in it." : `First to break: ${results.broken.join("; ")}.`
  } Everything above ${count(most)} calls is arithmetic on straight lines through these steps, not a measurement; a loaded machine makes the lines steeper.`,
  "",
  "## What a call costs",
  "",
  "Least squares over the steps: what a process needs anyway, and what each call adds. `npm run bench:load -- --keep-on`",
  "",
  ...table(
    ["process", "cores anyway", "cores a call", "calls a core, whole", "MiB anyway", "KiB a call"],
    Object.entries(costs.cores).map(([name, line]) => {
      const memory = costs.rssBytes[name] ?? { fixed: 0, perCall: 0 };
      return [
        name,
        line.fixed.toFixed(3),
        line.perCall.toFixed(5),
        perCore(line),
        (memory.fixed / MIB).toFixed(0),
        (memory.perCall / 1_024).toFixed(0),
      ];
    }),
  ),
  "",
  ...table(
    ["per call and second", "value"],
    [
      ["Redis commands", costs.redisCommandsPerS.perCall.toFixed(2)],
      ["Redis bytes, both ways", count(costs.redisBytesPerS.perCall)],
      ["bytes through the bridge's sockets and files, both ways", count(costs.bridgeBytesPerS.perCall)],
      ["tape bytes, by docs/TAPE.md", count(TAPE_BYTES_PER_HOP * HOPS_PER_S)],
    ],
  ),
  "",
  "## What a fleet needs, on paper",
  "",
  `Each process runs at ${UTILISATION * 100}% of a core, so that a tick finds it free. Bridges are processes of one event loop; pods scale with worker threads; Redis is sharded by call when one instance's core is used up. A tenth of bridges and pods on top is what it takes to lose a machine of ten.`,
  "",
  ...table(
    [
      "concurrent calls",
      "bridge processes",
      "pod cores",
      "worker cores",
      "Redis instances",
      "cores in all",
      "GiB in all",
      "Redis commands/s",
      "Gbit/s through bridges",
      "tapes, GiB an hour",
    ],
    FLEETS.map((calls) => needsOf(costs, calls)).map((needs) => [
      count(needs.calls),
      count(needs.bridges),
      count(needs.podCores),
      count(needs.workerCores),
      count(needs.redisShards),
      count(needs.cores),
      (needs.memoryBytes / 2 ** 30).toFixed(1),
      count(needs.redisCommandsPerS),
      (needs.bridgeBitsPerS / 1e9).toFixed(2),
      ((TAPE_BYTES_PER_HOP * HOPS_PER_S * 3_600 * needs.calls) / 2 ** 30).toFixed(0),
    ]),
  ),
  "",
  "## What the paper leaves out",
  "",
  "- **Several machines.** No run has crossed a network; placing calls on pods, Redis shards and load balancing in front of bridges were not measured at these sizes.",
  "- **Churn.** Callers of this run stay; `npm run bench:soak` has them come and go.",
  "- **GPUs.** docs/GPU.md says how a pod runs on one; calls per GPU were not measured, and none are given here.",
  "- **Talking.** Callers of this run talk all the time and look something up in every round: real ones pause more.",
];
writeFileSync(options.to, `${lines.join("\n")}\n`);
process.stdout.write(`${options.to} is written from ${options.from}\n`);
