// `npm run tape -- show | verify | export`: what is on a tape, whether it is true, and in other forms.
import { spawnSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { DECISIONS } from "@sidetone/protocol";
import { TapeError } from "./tape-errors.ts";
import { cuesOf, exportJsonl, exportWav, toWebVtt } from "./tape-export.ts";
import { UNDECIDED } from "./tape-format.ts";
import { TapeReader } from "./tape-reader.ts";

const USAGE = `Usage:
  npm run tape -- show FILE               what is on the tape
  npm run tape -- verify FILE...          whole? and does the model decide the same again, bit for bit?
  npm run tape -- export FILE [--out DIR] [--format wav,jsonl,vtt]
`;
const FORMATS = ["wav", "jsonl", "vtt"] as const;
type Format = (typeof FORMATS)[number];
const MS_PER_HOP = 40;
/** The model lives in the pod's room, which may import it; it is run as the program it is. */
const VERIFY = fileURLToPath(new URL("../../../apps/inference/src/verify.ts", import.meta.url));

async function show(path: string): Promise<void> {
  const tape = await TapeReader.open(path);
  const { header } = tape;
  const print = (line: string) => process.stdout.write(`${line}\n`);
  print(`call ${header.callId} (${header.carrierCallId}), began ${header.startedAt}`);
  print(`model ${header.model} ${header.modelHash.slice(0, 12)}, bridge ${header.bridgeId}, ${header.softwareVersion}`);
  const decisions = new Map<string, number>();
  let hops = 0;
  let concealed = 0;
  let undecided = 0;
  let withheld = 0;
  let endHop = 0;
  for await (const record of tape.records()) {
    if (record.kind === "damage") {
      const what = record.tail ? "the tape ends in the midst of a record" : "damage";
      print(`  byte ${record.atByte}: ${what} (${record.bytes} bytes)`);
      continue;
    }
    if (record.kind === "note") {
      const { note } = record;
      print(`  ${seconds(note.hop)} ${describe(note)}`);
      continue;
    }
    const { turn } = record;
    endHop = turn.firstHop + turn.hops;
    for (let row = 0; row < turn.hops; row++) {
      hops++;
      if (turn.withheld) withheld++;
      if (turn.concealedSamples[row]! > 0) concealed++;
      if (turn.decision[row] === UNDECIDED) undecided++;
      else {
        const name = DECISIONS[turn.decision[row]!] ?? "?";
        decisions.set(name, (decisions.get(name) ?? 0) + 1);
      }
    }
  }
  const counts = [...decisions].map(([name, count]) => `${name} ${count}`).join(", ");
  print(`${hops} hops to ${seconds(endHop).trim()}: ${counts}`);
  print(`${concealed} concealed, ${undecided} never answered, ${withheld} withheld`);
}

const seconds = (hop: number): string => `${((hop * MS_PER_HOP) / 1000).toFixed(2).padStart(8)} s`;

function describe(note: { type: string; hop: number }): string {
  const { type, hop: _, ...rest } = note as { type: string; hop: number; [field: string]: unknown };
  const inner = (rest.input ?? rest.output ?? rest) as Record<string, unknown>;
  const text = JSON.stringify(inner);
  return `${type.padEnd(8)}${text.length > 160 ? `${text.slice(0, 157)}...` : text}`;
}

/** Whole: header, end, no damage. Then the model's own word on it. */
async function verify(paths: readonly string[]): Promise<boolean> {
  let whole = true;
  for (const path of paths) {
    const tape = await TapeReader.open(path);
    let ended = false;
    for await (const record of tape.records()) {
      if (record.kind === "note" && record.note.type === "end") ended = true;
      if (record.kind !== "damage") continue;
      if (!record.tail) whole = false;
      process.stdout.write(`${path}: ${record.bytes} bytes at byte ${record.atByte} are no record\n`);
    }
    if (!ended) process.stdout.write(`${path}: the call's end is not on it\n`);
  }
  const stepped = spawnSync(process.execPath, [VERIFY, ...paths], { stdio: "inherit" });
  return whole && stepped.status === 0;
}

async function exportTo(path: string, folder: string, formats: readonly Format[]): Promise<void> {
  const tape = await TapeReader.open(path);
  const name = join(folder, basename(path).replace(/\.tape(\.live)?$/, ""));
  for (const format of formats) {
    const target = `${name}.${format}`;
    const source =
      format === "wav" ? exportWav(tape) : format === "jsonl" ? exportJsonl(tape) : [toWebVtt(await cuesOf(tape))];
    await pipeline(Readable.from(source), createWriteStream(target));
    process.stdout.write(`${target}\n`);
  }
}

function formatsOf(text: string): Format[] {
  const wanted = text.split(",");
  const known = FORMATS.filter((format) => wanted.includes(format));
  if (known.length !== wanted.length) throw new TypeError(`--format takes ${FORMATS.join(", ")}`);
  return known;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: "string" }, format: { type: "string", default: FORMATS.join(",") } },
  });
  const [command, ...paths] = positionals;
  const [path] = paths;
  if (path === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  switch (command) {
    case "show":
      await show(path);
      return 0;
    case "verify":
      return (await verify(paths)) ? 0 : 1;
    case "export":
      await exportTo(path, values.out ?? dirname(path), formatsOf(values.format));
      return 0;
    default:
      process.stderr.write(USAGE);
      return 2;
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const known = error instanceof TapeError || error instanceof TypeError;
  process.stderr.write(known ? `${error.message}\n` : `${error instanceof Error ? error.stack : String(error)}\n`);
  if (error instanceof TapeError) process.stderr.write(`${error.remedy}\n`);
  process.exitCode = 1;
}
