import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip as gunzipCallback } from "node:zlib";
import { type Logger, SidetoneError } from "@sidetone/platform";
import type { TapeBytes } from "@sidetone/store";
import { MU_LAW_TO_LINEAR } from "./columns.ts";
import { buildReplay, REPLAY_VERSION } from "./replay-build.ts";
import { ReplayModel } from "./replay-model.ts";

const gunzip = promisify(gunzipCallback);
const FOLDERS_KEPT = 2_000;

/** Finds the bytes of a tape by the path that a call's row names. */
export type FindTape = (tapePath: string) => Promise<{ bytes: TapeBytes; sizeBytes: number } | undefined>;

interface CachedModel {
  model: ReplayModel;
  folder: string;
}

/**
 * Replays ready to open. Each is derived from its tape once (as soon as the call has ended, or on
 * first sight) and kept under `DATA_DIR/replays`; the tape stays the only truth.
 */
export class Replays {
  readonly #folder: string;
  readonly #findTape: FindTape;
  readonly #log: Logger;
  readonly #building = new Map<string, Promise<ReplayModel>>();
  readonly #models = new Map<string, CachedModel>();

  constructor(options: { folder: string; findTape: FindTape; log: Logger }) {
    this.#folder = options.folder;
    this.#findTape = options.findTape;
    this.#log = options.log;
  }

  /** @throws SidetoneError NOT_FOUND when the tape is gone, TAPE_INVALID when it is no tape. */
  async open(callId: string, tapePath: string): Promise<CachedModel> {
    const folder = join(this.#folder, encodeURIComponent(callId));
    const tape = await this.#findTape(tapePath);
    if (!tape) {
      // Retention removed the tape: what was derived from it goes too.
      this.#models.delete(callId);
      await rm(folder, { recursive: true, force: true });
      throw new SidetoneError("NOT_FOUND", "The call's tape is no longer there (retention may have removed it).");
    }
    const known = this.#models.get(callId);
    if (known?.model.complete) return known;
    const stored = known ? undefined : await this.#stored(folder);
    if (stored?.complete) return this.#keep(callId, { model: stored, folder });
    let building = this.#building.get(callId);
    if (!building) {
      building = this.#build(tape.bytes, folder).finally(() => this.#building.delete(callId));
      this.#building.set(callId, building);
    }
    return this.#keep(callId, { model: await building, folder });
  }

  /** @throws SidetoneError NOT_FOUND when the tape is gone. */
  async tapeBytes(tapePath: string): Promise<TapeBytes> {
    const tape = await this.#findTape(tapePath);
    if (!tape) throw new SidetoneError("NOT_FOUND", "The call's tape is no longer there.");
    return tape.bytes;
  }

  async #build(bytes: TapeBytes, folder: string): Promise<ReplayModel> {
    await mkdir(this.#folder, { recursive: true });
    try {
      return await buildReplay(bytes, folder);
    } catch (error) {
      if ((error as { code?: string }).code === "TAPE_INVALID")
        throw new SidetoneError("TAPE_INVALID", (error as Error).message, { cause: error });
      throw error;
    }
  }

  #keep(callId: string, cached: CachedModel): CachedModel {
    this.#models.delete(callId);
    this.#models.set(callId, cached);
    if (this.#models.size > 50) {
      const oldest = this.#models.keys().next().value;
      if (oldest !== undefined) this.#models.delete(oldest);
    }
    return cached;
  }

  async #stored(folder: string): Promise<ReplayModel | undefined> {
    let packed: Buffer;
    try {
      packed = await readFile(join(folder, "model.json.gz"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    const found = JSON.parse((await gunzip(packed)).toString("utf8")) as { version: number; model: unknown };
    return found.version === REPLAY_VERSION ? ReplayModel.parse(found.model) : undefined;
  }

  /** Removes the derived files of calls looked at longest ago, so that the folder stays bounded. */
  async trim(): Promise<void> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
    const surplus = names.length - FOLDERS_KEPT;
    if (surplus <= 0) return;
    const aged = await Promise.all(
      names.map(async (name) => ({ name, atMs: (await stat(join(this.#folder, name))).mtimeMs })),
    );
    aged.sort((a, b) => a.atMs - b.atMs);
    for (const { name } of aged.slice(0, surplus)) {
      await rm(join(this.#folder, name), { recursive: true, force: true });
    }
    this.#log.info({ removed: surplus }, "old replay caches removed");
  }
}

const WAV_HEAD_BYTES = 44;

/** Head of a 16-bit stereo WAV of 8 kHz with `frames` sample pairs. */
export function wavHead(frames: number): Buffer {
  const head = Buffer.alloc(WAV_HEAD_BYTES);
  head.write("RIFF", 0, "latin1");
  head.writeUInt32LE(36 + frames * 4, 4);
  head.write("WAVEfmt ", 8, "latin1");
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(2, 22);
  head.writeUInt32LE(8_000, 24);
  head.writeUInt32LE(32_000, 28);
  head.writeUInt16LE(4, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36, "latin1");
  head.writeUInt32LE(frames * 4, 40);
  return head;
}

/** Size of the WAV of a mu-law file of so many bytes: every byte becomes a 16-bit sample. */
export const wavBytes = (muLawBytes: number): number => WAV_HEAD_BYTES + 2 * muLawBytes;

/** Bytes `from`..`to` (inclusive) of the WAV, decoded on the way out. */
export async function* wavRange(path: string, muLawBytes: number, from: number, to: number): AsyncGenerator<Buffer> {
  let at = from;
  if (at < WAV_HEAD_BYTES) {
    const head = wavHead(muLawBytes / 2).subarray(at, Math.min(WAV_HEAD_BYTES, to + 1));
    yield head;
    at += head.length;
  }
  if (at > to) return;
  const first = (at - WAV_HEAD_BYTES) >> 1;
  const last = (to - WAV_HEAD_BYTES) >> 1;
  let skip = (at - WAV_HEAD_BYTES) & 1;
  let left = to - at + 1;
  for await (const chunk of createReadStream(path, { start: first, end: last, highWaterMark: 64 * 1024 })) {
    const codes = chunk as Buffer;
    const pcm = Buffer.allocUnsafe(codes.length * 2);
    for (let i = 0; i < codes.length; i++) pcm.writeInt16LE(MU_LAW_TO_LINEAR[codes[i] as number] as number, 2 * i);
    const part = pcm.subarray(skip, skip + left);
    skip = 0;
    left -= part.length;
    yield part;
  }
}
