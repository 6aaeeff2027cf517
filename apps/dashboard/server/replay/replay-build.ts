import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { promisify } from "node:util";
import { gzip as gzipCallback } from "node:zlib";
import { HOP_SAMPLES, MU_LAW_SILENCE } from "@sidetone/protocol";
import { type TapeBytes, TapeReader } from "@sidetone/store";
import { ColumnWriter } from "./columns.ts";
import { type Evidence, EvidenceFold } from "./evidence.ts";
import { type Heard, ReplayFold } from "./replay-model.ts";

const HOP_MS = 40;
const gzip = promisify(gzipCallback);
/** Written into `meta.json`; another number makes a derived replay stale. */
export const REPLAY_VERSION = 3;

/** What the server itself needs of a derived replay; the rest goes to the page as it lies on the disk. */
export interface ReplayMeta {
  version: number;
  /** Of the tape that it was derived from: a tape that has grown since makes it stale. */
  tapeBytes: number;
  hops: number;
  scoresPerHop: number;
  /** Words that a viewer must not read; see CallSecrets. */
  secrets: string[];
  /** Where the figures come from that scores by rule look at. */
  evidence: Evidence;
}

/**
 * Reads a tape once, front to back, and writes beside each other what the Replay page opens at once:
 * `model.json.gz`, `columns.bin.gz`, `scores.bin` (float32 per hop), `audio.mulaw` (both channels
 * interleaved sample by sample) and `meta.json`. The folder appears whole or not at all.
 */
export async function buildReplay(source: string | TapeBytes, folder: string, tapeBytes: number): Promise<void> {
  const tape = await TapeReader.open(source);
  const fold = new ReplayFold(tape.header);
  const columns = new ColumnWriter();
  const evidence = new EvidenceFold();
  const heard = new Map<number, Heard>();
  const building = `${folder}.${process.pid}.${Date.now()}.part`;
  await mkdir(building, { recursive: true });
  const audio = new HopFile(join(building, "audio.mulaw"), 2 * HOP_SAMPLES, MU_LAW_SILENCE);
  let scores: HopFile | undefined;
  let scoresPerHop = 0;
  let damagedBytes = 0;
  let withheld = false;
  try {
    for await (const record of tape.records()) {
      if (record.kind === "damage") {
        damagedBytes += record.bytes;
        continue;
      }
      if (record.kind === "note") {
        fold.take(record.note);
        if (record.note.type === "gap") evidence.lost(record.note.hop * HOP_MS);
        else if (record.note.type === "out" && record.note.output.type === "yielded") evidence.yielded();
        continue;
      }
      const { turn } = record;
      columns.take(turn);
      evidence.stretch(turn.firstHop, turn.hops, turn.caller, turn.agent);
      withheld ||= turn.withheld;
      await audio.put(turn.firstHop, interleaved(turn.caller, turn.agent, turn.hops * HOP_SAMPLES));
      if (turn.scoresPerHop > 0) {
        scoresPerHop ||= turn.scoresPerHop;
        scores ??= new HopFile(join(building, "scores.bin"), 4 * scoresPerHop, 0);
        const values = turn.scores.slice(0, turn.hops * turn.scoresPerHop);
        if (turn.scoresPerHop === scoresPerHop) await scores.put(turn.firstHop, Buffer.from(values.buffer));
      }
      for (let i = 0; i < turn.hops; i++) {
        const epoch = turn.heardEpoch[i] as number;
        let of = heard.get(epoch);
        if (!of) {
          of = { hops: [], samples: [] };
          heard.set(epoch, of);
        }
        const samples = turn.heardSamples[i] as number;
        if (samples > (of.samples.at(-1) ?? 0)) {
          of.hops.push(turn.firstHop + i);
          of.samples.push(samples);
        }
      }
    }
    await audio.close();
    await scores?.close();
    const model = fold.finish({ hops: columns.hops, heard, scoresPerHop, damagedBytes, withheld });
    const meta: ReplayMeta = {
      version: REPLAY_VERSION,
      tapeBytes,
      hops: model.hops,
      scoresPerHop,
      secrets: [...fold.secrets.words],
      evidence: evidence.finish(model.tasks),
    };
    const [packedModel, packedColumns] = await Promise.all([
      gzip(JSON.stringify(model), { level: 5 }),
      gzip(columns.bytes(), { level: 1 }),
    ]);
    await Promise.all([
      writeFile(join(building, "columns.bin.gz"), packedColumns),
      writeFile(join(building, "model.json.gz"), packedModel),
      writeFile(join(building, "meta.json"), JSON.stringify(meta)),
    ]);
    await rm(folder, { recursive: true, force: true });
    await rename(building, folder);
  } catch (error) {
    await rm(building, { recursive: true, force: true });
    throw error;
  }
}

/** Both channels sample by sample, the caller's first: two bytes a sample, written as one little-endian word. */
function interleaved(caller: Uint8Array, agent: Uint8Array, samples: number): Buffer {
  const pairs = new Uint16Array(samples);
  for (let i = 0; i < samples; i++) pairs[i] = (caller[i] as number) | ((agent[i] as number) << 8);
  return Buffer.from(pairs.buffer, pairs.byteOffset, pairs.byteLength);
}

/** Appends fixed-size hops in order, filling what the tape lacks. */
class HopFile {
  readonly #stream: WriteStream;
  readonly #hopBytes: number;
  readonly #filler: number;
  #nextHop = 0;

  constructor(path: string, hopBytes: number, filler: number) {
    this.#stream = createWriteStream(path, { highWaterMark: 1024 * 1024 });
    this.#hopBytes = hopBytes;
    this.#filler = filler;
  }

  async put(firstHop: number, bytes: Buffer): Promise<void> {
    // A repeated stretch (a call that moved) is already there; tapes only go forward.
    if (firstHop < this.#nextHop) return;
    if (firstHop > this.#nextHop) {
      await this.#write(Buffer.alloc((firstHop - this.#nextHop) * this.#hopBytes, this.#filler));
    }
    await this.#write(bytes);
    this.#nextHop = firstHop + bytes.length / this.#hopBytes;
  }

  async #write(bytes: Buffer): Promise<void> {
    if (!this.#stream.write(bytes)) await once(this.#stream, "drain");
  }

  async close(): Promise<void> {
    this.#stream.end();
    await finished(this.#stream);
  }
}
