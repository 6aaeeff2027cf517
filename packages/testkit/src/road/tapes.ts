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
  concealedSamples: number;
  notes: TapeNote[];
  /** Damage in the midst; a torn tail is not counted. */
  damagedBytes: number;
}

/** Reads every tape under a data folder, finished or not. */
export async function readTapes(dataDir: string): Promise<WholeTape[]> {
  const entries = await readdir(join(dataDir, "tapes"), { recursive: true });
  const paths = entries.filter((entry) => /\.tape(\.live)?$/.test(entry)).map((entry) => join(dataDir, "tapes", entry));
  return Promise.all(paths.map(readTape));
}

async function readTape(path: string): Promise<WholeTape> {
  const reader = await TapeReader.open(path);
  const tape: WholeTape = {
    path,
    carrierCallId: reader.header.carrierCallId,
    caller: new Uint8Array(),
    agent: new Uint8Array(),
    hops: 0,
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
      for (let i = 0; i < turn.hops; i++) tape.concealedSamples += turn.concealedSamples[i]!;
    }
  }
  tape.caller = new Uint8Array(Buffer.concat(caller));
  tape.agent = new Uint8Array(Buffer.concat(agent));
  return tape;
}
