// `npm run bench:talk`: seeded calls through the real bridge, pod and worker, measured at the caller's ear.
// The manners' number says long lines, and what the shipped network makes of interruptions is measured there.
//   --manners N (6)   --calls N (20)   --concurrency N (2)   --seed N (1)   --out FILE (docs/results/talk.md)
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { startStack } from "../stack.ts";
import { callOf } from "./callers.ts";
import { type CallMeasure, figuresOf } from "./figures.ts";
import { MANNERS_NUMBER, type MannerFigures, mannerRows, networkManners } from "./network-manners.ts";

const root = join(import.meta.dirname, "..", "..");
const { values: options } = parseArgs({
  options: {
    calls: { type: "string", default: "20" },
    manners: { type: "string", default: "6" },
    concurrency: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
    out: { type: "string", default: join(root, "docs", "results", "talk.md") },
  },
});
const calls = Number(options.calls);
const concurrency = Number(options.concurrency);
const seed = Number(options.seed);
const startedAt = new Date().toISOString();

const stack = await startStack({
  worker: true,
  podEnv: { POD_CAPACITY: String(concurrency + 2) },
  bridgeEnv: { NUMBERS: JSON.stringify({ [MANNERS_NUMBER]: "manners" }) },
  playbooks: [join(import.meta.dirname, "manners.yaml")],
});
let manners: MannerFigures[] = [];
const measures: CallMeasure[] = [];
let model = "";
try {
  const seeds = Array.from({ length: calls }, (_, i) => seed + i);
  const lane = async (): Promise<void> => {
    for (let next = seeds.shift(); next !== undefined; next = seeds.shift()) {
      measures.push(await callOf(stack, next));
      process.stderr.write(`${measures.length} of ${calls} calls\n`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  manners = await networkManners(stack, Number(options.manners));
  model = /"model":"([^"]+)"/.exec(stack.processes.pod?.output ?? "")?.[1] ?? "floor";
} finally {
  await stack.close();
}

const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
const { rows, counts } = figuresOf(measures);
const report = [
  "# Talk benchmark",
  "",
  `Command: \`npm run bench:talk -- --calls ${calls} --concurrency ${concurrency} --seed ${seed} --manners ${options.manners}\`. Commit: ${git("rev-parse", "--short", "HEAD")}. Date: ${startedAt.slice(0, 10)}. Machine: ${cpus().length} x ${cpus()[0]?.model ?? "?"}; node ${process.version}; model ${model}.`,
  "",
  `${calls} seeded calls, ${concurrency} at once, in real time, over the Media Streams socket through bridge, pod and worker with the shipped weights and voices. Callers are synthesised, in six voices. Times are taken at the caller's ear: a response from the caller's last sound to the agent's first, a stop from the caller's first sound to the agent's last. An expectation counts as fulfilled when nothing of it was missing as the answer began.`,
  "",
  "| figure | n | p50 | p95 |",
  "| --- | --- | --- | --- |",
  ...rows.map(({ name, n, p50, p95 }) => `| ${name} | ${n} | ${p50} | ${p95} |`),
  "",
  ...counts.map((count) => `- ${count}`),
  "",
  "Manners under the shipped network, one call at a time, each in another voice. That the road does what the decisions say is tested with scripted ones (load-tests/talk/manners.test.ts); here the network decides.",
  "",
  "| manner | as it should | p50 (most) | of what |",
  "| --- | --- | --- | --- |",
  ...mannerRows(manners),
  "",
].join("\n");
mkdirSync(dirname(options.out), { recursive: true });
writeFileSync(options.out, report);
process.stdout.write(report);
