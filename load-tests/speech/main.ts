// `npm run bench:speech`: how soon each engine is heard, and how well. Voices over the network are measured where the
// environment has their accounts (SPEECH_URL, ELEVENLABS_API_KEY with BENCH_ELEVENLABS_VOICE, CARTESIA_API_KEY with
// BENCH_CARTESIA_VOICE). Exits with 1 where a median misses its target: 40 ms cached, 120 ms made by what ships.
//   --lines N (40)   --rates 1,0.9 (1)   --out FILE (docs/results/speech.md)
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { fixedLinesOf, loadPlaybook, shippedPlaybookPath } from "@sidetone/dialogue";
import { OnnxModel } from "@sidetone/interaction-model";
import { quantile } from "../interaction/statistics.ts";
import { clarity, enginesOf, firstAudio, type Source, warmed } from "./voices.ts";

const root = join(import.meta.dirname, "..", "..");
const { values: options } = parseArgs({
  options: {
    lines: { type: "string", default: "40" },
    rates: { type: "string", default: "1" },
    out: { type: "string", default: join(root, "docs", "results", "speech.md") },
  },
});
const TARGET_MS: Readonly<Record<Source, number>> = { memory: 40, disk: 40, made: 120 };
const SOURCES = ["made", "disk", "memory"] as const;
/** Lines that are heard back: what calls are made of. */
const HEARD = [
  "Hello, this is Robin at Harbour and Lane. I'm an automated assistant.",
  "May I record this call to improve our service?",
  "How can I help you?",
  "Could you give me the order number, please?",
  "Order four seven two, nine one has been shipped.",
  "You should have it tomorrow, Tuesday the third.",
  "I have eight zero three, five six. Is that right?",
  "Can I help with anything else?",
  "Thanks for calling, and goodbye.",
];
/** A short first clause, or a long one with a number in it: no two alike, so that each is made. */
const lineOf = (run: number): string =>
  run % 2 === 0
    ? `I have found order ${47_000 + run}, which is on its way.`
    : `Your order ${91_000 + run} has been shipped to the address in the file and arrives on Tuesday.`;

const folder = mkdtempSync(join(tmpdir(), "bench-speech-"));
const lines = Array.from({ length: Number(options.lines) }, (_, run) => lineOf(run));
const fixed = fixedLinesOf(loadPlaybook(shippedPlaybookPath("retail-order-support")).document);
const ears = await OnnxModel.load();
const engines = enginesOf(process.env);
const times: string[] = [];
const voices: string[] = [];
const warm: string[] = [];
let missed = false;
const ms = (value: number): string => value.toFixed(1);
try {
  for (const { engine, voices: names, embedded } of engines) {
    await engine.start();
    for (const name of names) {
      const tookMs = await firstAudio(engine, name, folder, lines);
      for (const source of SOURCES) {
        const all = tookMs[source];
        const target = source === "made" && !embedded ? "-" : `${TARGET_MS[source]}`;
        const [low, median, high] = [quantile(all, 0.25), quantile(all, 0.5), quantile(all, 0.75)];
        missed ||= target !== "-" && median > TARGET_MS[source];
        times.push(
          `| ${engine.name}/${name} | ${source} | ${all.length} | ${ms(median)} | ${ms(low)} to ${ms(high)} | ${ms(quantile(all, 0.95))} | ${ms(Math.max(...all))} | ${target} |`,
        );
      }
      for (const rate of options.rates.split(",").map(Number)) {
        const { words, errors, levelDbfs } = await clarity(engine, name, rate, HEARD, ears);
        voices.push(
          `| ${engine.name}/${name} | ${rate} | ${words} | ${errors} | ${((100 * errors) / words).toFixed(0)}% | ${levelDbfs.toFixed(1)} |`,
        );
      }
      process.stderr.write(`${engine.name}/${name}\n`);
    }
    const [first] = names;
    if (!embedded || first === undefined) continue;
    const found = await warmed(engine, first, fixed);
    warm.push(
      `- ${engine.name}/${first}: ${found.fromMemory} of ${found.lines} begin from memory, ${found.failed} failed.`,
    );
    missed ||= found.fromMemory < found.lines;
  }
} finally {
  await Promise.all(engines.map(({ engine }) => engine.close()));
  await ears.dispose();
  rmSync(folder, { recursive: true });
}

const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
const report = [
  "# Speech benchmark",
  "",
  `Command: \`npm run bench:speech -- --lines ${options.lines} --rates ${options.rates}\`. Commit: ${commit}. Date: ${new Date().toISOString().slice(0, 10)}. Machine: ${cpus().length} x ${cpus()[0]?.model ?? "?"}; node ${process.version}.`,
  "",
  "Time to the first audio of a line, in ms, from the request to the first samples in the utterance. Made: by the engine, and no cache knew it; disk: after a restart; memory: said before.",
  "",
  "| voice | source | n | median | half of all | p95 | most | target |",
  "| --- | --- | --- | --- | --- | --- | --- | --- |",
  ...times,
  "",
  "Lines that a published playbook's calls say word for word (retail-order-support), once they were warmed:",
  "",
  ...warm,
  "",
  "How our own ears hear each voice at telephone level, words wrong of words said. They were trained on callers; a voice that people find clear may still be hard for them.",
  "",
  "| voice | rate | words | wrong | share | level dBFS |",
  "| --- | --- | --- | --- | --- | --- |",
  ...voices,
  "",
].join("\n");
mkdirSync(dirname(options.out), { recursive: true });
writeFileSync(options.out, report);
process.stdout.write(report);
process.exitCode = missed ? 1 : 0;
