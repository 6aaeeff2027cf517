/**
 * `npm run model:eval -- --set DIR`: streams a folder of clips through the runtime and prints tables. Beside it, the
 * same recordings through Silero VAD with timers. Intervals are over speakers.
 */
import { rename, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { crc32 } from "node:zlib";
import { Grammar } from "./decoder/grammar.ts";
import { ModelError } from "./errors.ts";
import { type Clip, limited, readClipSet, readPhrases, wordingsOf } from "./evaluation/clip-set.ts";
import { reportOf } from "./evaluation/report.ts";
import { sileroProbabilities } from "./evaluation/silero.ts";
import { streamTrials } from "./evaluation/stream-trials.ts";
import { digitStrings, overlapTrial, turnTrial } from "./evaluation/trials.ts";
import { OnnxModel } from "./onnx-model.ts";

const USAGE = `npm run model:eval -- --set DIR [options]
  --set DIR        folder with manifest.jsonl and 8 kHz mono WAV files
  --weights DIR    model to evaluate (default: the shipped one)
  --held-out       only speakers whom the training keeps back
  --phrases FILE   wordings that the grammar is made of, one a line (default: the set's own words)
  --limit N        at most N clips of each kind
  --no-silero      leave the baselines out
  --out FILE       write the tables to FILE, too`;

/** The people whom `training/bank.py` keeps back, by the same rule. */
function isHeldOut(speaker: string, id: string): boolean {
  if (speaker === "fsdd:nicolas" || speaker === "fsdd:lucas") return true;
  if (speaker.startsWith("fsdd:")) return false;
  return crc32(speaker === "unknown" || speaker === "none" ? id : speaker) % 10 === 0;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      set: { type: "string" },
      weights: { type: "string" },
      "held-out": { type: "boolean", default: false },
      phrases: { type: "string" },
      limit: { type: "string", default: "100000" },
      silero: { type: "boolean", default: true },
      out: { type: "string" },
    },
    allowNegative: true,
  });
  if (values.set === undefined) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  const all = await readClipSet(values.set, values["held-out"] ? isHeldOut : undefined);
  const clips = limited(all, Number(values.limit));
  const model = await OnnxModel.load(values.weights === undefined ? {} : { folder: values.weights });
  const phrases = values.phrases === undefined ? wordingsOf(clips) : await readPhrases(values.phrases);
  const grammar = new Grammar({ symbols: model.info.symbols, phrases });
  console.log(
    `Model ${model.info.name} ${model.info.version.slice(0, 12)}${model.manifest.trained ? "" : " (untrained)"}, ` +
      `${clips.length} clips of ${values.set}, grammar of ${grammar.language.words.length} words.\n`,
  );
  const spoken = clips.filter((clip) => clip.speech !== undefined || clip.words !== undefined);
  const turns = await streamTrials(model, grammar, [...spoken.map(turnTrial), ...digitStrings(all)]);
  const agentSpeech = agentSpeechOf(clips);
  const overlapping = clips.filter((clip) => clip.kind !== "speech");
  const overlaps = await streamTrials(
    model,
    grammar,
    agentSpeech ? overlapping.map((clip) => overlapTrial(clip, agentSpeech)) : [],
  );
  const withSpeech = turns.filter((one) => one.trial.endMs !== undefined);
  const silero = values.silero ? await sileroProbabilities(withSpeech.map((one) => one.trial.caller)) : undefined;
  const report = reportOf({ thresholds: model.info.thresholds, turns, overlaps, silero });
  console.log(report);
  await model.dispose();
  if (values.out === undefined) return;
  await writeFile(`${values.out}.part`, `${report}\n`);
  await rename(`${values.out}.part`, values.out);
}

/** Running speech of the set, said by the agent on its own channel; undefined where there is none. */
function agentSpeechOf(clips: readonly Clip[]): Uint8Array | undefined {
  const speech = clips.filter((clip) => clip.kind === "speech").sort((a, b) => b.muLaw.length - a.muLaw.length);
  return speech[0]?.muLaw;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof ModelError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
