/**
 * `npm run model:tune -- --set DIR`: the decoder's settings on a folder of clips. The network listens once; then one
 * setting after the other is tried with the rest as they are, and the best is kept. Prints the word error of each try,
 * the mean over the kinds of clips, and what decoding costs.
 */
import { parseArgs } from "node:util";
import { Decoder } from "./decoder/decoder.ts";
import { Grammar } from "./decoder/grammar.ts";
import { DECODER_SETTINGS, type DecoderSettings } from "./decoder/prefix-search.ts";
import { ModelError } from "./errors.ts";
import { limited, readClipSet, readPhrases, wordingsOf } from "./evaluation/clip-set.ts";
import { hearingFigures } from "./evaluation/figures.ts";
import { type Streamed, streamTrials } from "./evaluation/stream-trials.ts";
import { turnTrial } from "./evaluation/trials.ts";
import { OnnxModel } from "./onnx-model.ts";

const USAGE = `npm run model:tune -- --set DIR [options]
  --set DIR        folder with manifest.jsonl and 8 kHz mono WAV files
  --weights DIR    model to listen with (default: the shipped one)
  --phrases FILE   wordings that the grammar is made of, one a line (default: the set's own words)
  --limit N        at most N clips of each kind (default: 40)
  --rounds N       times that all settings are gone through (default: 1)`;

const TRIED: { readonly [Name in keyof DecoderSettings]: readonly number[] } = {
  leastSymbol: [-3, -4, -5, -6, -7, -8.5, -11],
  languageWeight: [0.3, 0.5, 0.7, 0.9, 1.1],
  wordBonus: [-1, 0, 0.8, 1.6, 2.4],
  unknownWord: [-4, -6, -8, -11],
  unknownLetter: [-1, -1.5, -2.5],
  width: [8, 10, 12, 14],
  beam: [24, 48, 64, 96, 128],
};
const HOP_MS = 40;

interface Outcome {
  readonly error: number;
  readonly decodingMsPerHop: number;
  readonly byKind: readonly string[];
}

function tryOut(streamed: readonly Streamed[], grammar: Grammar, settings: DecoderSettings, width: number): Outcome {
  let hops = 0;
  const from = process.threadCpuUsage();
  const decoded = streamed.map((one): Streamed => {
    const decoder = new Decoder(grammar, settings);
    decoder.expect({ kind: one.trial.expectation });
    for (let hop = 0; hop < one.begin.length; hop++) decoder.hear(one.symbols, hop * width, hop * HOP_MS);
    hops += one.begin.length;
    return { ...one, words: decoder.endTurn() };
  });
  const used = process.threadCpuUsage(from);
  const kinds = [...Map.groupBy(decoded, (one) => one.trial.group)].map(([kind, own]) => ({
    kind,
    error: hearingFigures(own).wordError.value,
  }));
  return {
    error: kinds.reduce((sum, { error }) => sum + error, 0) / kinds.length,
    decodingMsPerHop: (used.user + used.system) / 1000 / hops,
    byKind: kinds.map(({ kind, error }) => `${kind} ${(100 * error).toFixed(1)}%`),
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      set: { type: "string" },
      weights: { type: "string" },
      phrases: { type: "string" },
      limit: { type: "string", default: "40" },
      rounds: { type: "string", default: "1" },
    },
  });
  if (values.set === undefined) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  const clips = limited(await readClipSet(values.set), Number(values.limit)).filter((clip) => clip.words?.length);
  const model = await OnnxModel.load(values.weights === undefined ? {} : { folder: values.weights });
  const { symbols, symbolFramesPerHop } = model.info;
  const phrases = values.phrases === undefined ? wordingsOf(clips) : await readPhrases(values.phrases);
  const grammar = new Grammar({ symbols, phrases });
  const streamed = await streamTrials(model, grammar, clips.map(turnTrial));
  await model.dispose();
  const attempt = (settings: DecoderSettings): Outcome =>
    tryOut(streamed, grammar, settings, symbolFramesPerHop * symbols.length);

  let settings: DecoderSettings = { ...DECODER_SETTINGS };
  let best = attempt(settings);
  console.log("| settings | word error | decoding ms a hop |\n| --- | --- | --- |");
  const show = (name: string, outcome: Outcome): void =>
    console.log(`| ${name} | ${(100 * outcome.error).toFixed(2)}% | ${outcome.decodingMsPerHop.toFixed(4)} |`);
  show("as shipped", best);
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const name of Object.keys(TRIED) as (keyof DecoderSettings)[]) {
      for (const value of TRIED[name]) {
        if (value === settings[name]) continue;
        const changed = { ...settings, [name]: value };
        const outcome = attempt(changed);
        show(`${name} ${value}`, outcome);
        if (outcome.error >= best.error) continue;
        settings = changed;
        best = outcome;
      }
    }
  }
  console.log(`\nBest: ${JSON.stringify(settings)}, ${(100 * best.error).toFixed(2)}%: ${best.byKind.join(", ")}`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof ModelError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
