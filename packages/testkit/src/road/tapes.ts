import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { TapeNote } from "@sidetone/protocol";
import { TapeReader } from "@sidetone/store";

/** A whole tape in memory, for tests only. */
export interface WholeTape {
  path: string;
  carrierCallId: string;
  caller: Uint8Array;
  agent: Uint8Array;
  hops: number;
  /** Of each hop: the epoch that was playing, and how many samples of it had been heard at its end. */
  heardEpoch: number[];
  heardSamples: number[];
  /** Of each hop: expectation kind, its length, what remained of it, and the intent. */
  conditioning: Uint8Array[];
  concealedSamples: number;
  notes: TapeNote[];
  /** Damage in the midst; a torn tail is not counted. */
  damagedBytes: number;
}

const LOOK_EVERY_MS = 25;
const FINISHED_WITHIN_MS = 10_000;

/** Reads every tape that a killed bridge left behind. */
export async function readLiveTapes(dataDir: string): Promise<WholeTape[]> {
  return Promise.all((await pathsUnder(dataDir, /\.tape\.live$/)).map(readTape));
}

/** Reads the tape of a call that is over. It is finished off the road, and so a little later than the call. */
export async function readTapeOf(dataDir: string, carrierCallId: string): Promise<WholeTape> {
  for (const untilMs = performance.now() + FINISHED_WITHIN_MS; ; ) {
    for (const path of await pathsUnder(dataDir, /\.tape$/)) {
      const { header } = await TapeReader.open(path);
      if (header.carrierCallId === carrierCallId) return readTape(path);
    }
    if (performance.now() > untilMs) throw new Error(`there is no finished tape of ${carrierCallId}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

async function pathsUnder(dataDir: string, pattern: RegExp): Promise<string[]> {
  const entries = await readdir(join(dataDir, "tapes"), { recursive: true });
  return entries.filter((entry) => pattern.test(entry)).map((entry) => join(dataDir, "tapes", entry));
}

async function readTape(path: string): Promise<WholeTape> {
  const reader = await TapeReader.open(path);
  const tape: WholeTape = {
    path,
    carrierCallId: reader.header.carrierCallId,
    caller: new Uint8Array(),
    agent: new Uint8Array(),
    hops: 0,
    heardEpoch: [],
    heardSamples: [],
    conditioning: [],
    concealedSamples: 0,
    notes: [],
    damagedBytes: 0,
  };
  const caller: Uint8Array[] = [];
  const agent: Uint8Array[] = [];
  for await (const record of reader.records()) {
    if (record.kind === "note") tape.notes.push(record.note);
    else if (record.kind === "damage") tape.damagedBytes += record.tail ? 0 : record.bytes;
    else {
      const { turn } = record;
      const bytes = turn.hops * reader.header.hopSamples;
      caller.push(turn.caller.slice(0, bytes));
      agent.push(turn.agent.slice(0, bytes));
      tape.hops += turn.hops;
      for (let i = 0; i < turn.hops; i++) {
        tape.concealedSamples += turn.concealedSamples[i]!;
        tape.heardEpoch.push(turn.heardEpoch[i]!);
        tape.heardSamples.push(turn.heardSamples[i]!);
        tape.conditioning.push(turn.conditioning.slice(i * 4, i * 4 + 4));
      }
    }
  }
  tape.caller = new Uint8Array(Buffer.concat(caller));
  tape.agent = new Uint8Array(Buffer.concat(agent));
  return tape;
}
