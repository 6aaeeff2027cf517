import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip as gunzipCallback } from "node:zlib";
import { type Logger, SidetoneError } from "@sidetone/platform";
import type { TapeBytes, TapeStorage } from "@sidetone/store";
import { CallSecrets } from "../masking/call-secrets.ts";
import { MU_LAW_TO_LINEAR } from "./columns.ts";
import { REPLAY_VERSION, type ReplayMeta } from "./replay-build.ts";
import type { ReplayBuilder } from "./replay-builder.ts";
import type { ReplayModel } from "./replay-model.ts";

const gunzip = promisify(gunzipCallback);
const FOLDERS_KEPT = 2_000;

/** A replay that lies ready in its folder. */
export interface OpenReplay {
  folder: string;
  meta: ReplayMeta;
}

/**
 * Replays ready to open. Each is derived from its tape once (as soon as the call has ended, or on
 * first sight) and kept under `DATA_DIR/replays`; the tape stays the only truth.
 */
export class Replays {
  readonly #folder: string;
  readonly #tapes: TapeStorage;
  readonly #builder: ReplayBuilder;
  readonly #log: Logger;
  readonly #building = new Map<string, Promise<void>>();

  constructor(options: { folder: string; tapes: TapeStorage; builder: ReplayBuilder; log: Logger }) {
    this.#folder = options.folder;
    this.#tapes = options.tapes;
    this.#builder = options.builder;
    this.#log = options.log;
  }

  /** @throws SidetoneError NOT_FOUND when the tape is gone, TAPE_INVALID when it is no tape. */
  async open(callId: string, tapePath: string): Promise<OpenReplay> {
    const folder = join(this.#folder, encodeURIComponent(callId));
    const tape = await this.#tapes.find(tapePath);
    if (!tape) {
      // Retention removed the tape: what was derived from it goes too.
      await rm(folder, { recursive: true, force: true });
      throw new SidetoneError("NOT_FOUND", "The call's tape is no longer there (retention may have removed it).");
    }
    const fresh = (stored: ReplayMeta | undefined): boolean =>
      stored?.version === REPLAY_VERSION && stored.tapeBytes === tape.sizeBytes;
    let meta = await storedMeta(folder);
    if (!fresh(meta)) {
      await this.#build(callId, tapePath, folder);
      meta = await storedMeta(folder);
    }
    if (!meta) throw new SidetoneError("STORAGE_UNAVAILABLE", "A derived replay has vanished.");
    return { folder, meta };
  }

  /** The calls of which something derived lies here. */
  async kept(): Promise<string[]> {
    const names = await readdir(this.#folder).catch(noneYet);
    return names.filter((name) => !name.endsWith(".part")).map(decodeURIComponent);
  }

  /** The tape is gone, and so is what was derived from it. */
  async forget(callId: string): Promise<void> {
    await rm(join(this.#folder, encodeURIComponent(callId)), { recursive: true, force: true });
  }

  /** The whole model, for those who get it masked; everybody else gets the file as it is. */
  async model(replay: OpenReplay): Promise<ReplayModel> {
    const packed = await readFile(join(replay.folder, "model.json.gz"));
    return JSON.parse((await gunzip(packed)).toString("utf8")) as ReplayModel;
  }

  secretsOf(replay: OpenReplay): CallSecrets {
    return new CallSecrets(replay.meta.secrets);
  }

  /** @throws SidetoneError NOT_FOUND when the tape is gone. */
  async tapeBytes(tapePath: string): Promise<TapeBytes> {
    const tape = await this.#tapes.find(tapePath);
    if (!tape) throw new SidetoneError("NOT_FOUND", "The call's tape is no longer there.");
    return tape.bytes;
  }

  /** Derives what is missing, one after the other, so that no person waits for it at first sight. */
  async prepare(calls: readonly { id: string; tapePath: string }[]): Promise<void> {
    for (const { id, tapePath } of calls) {
      try {
        await this.open(id, tapePath);
      } catch (error) {
        if ((error as { code?: string }).code === "DRAINING") return;
        this.#log.warn({ err: { message: (error as Error).message }, callId: id }, "no replay could be derived");
      }
    }
    await this.#trim();
  }

  async #build(callId: string, tapePath: string, folder: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    let building = this.#building.get(callId);
    if (!building) {
      building = this.#builder.build(tapePath, folder).finally(() => this.#building.delete(callId));
      this.#building.set(callId, building);
    }
    await building;
  }

  /** Removes the derived files of calls looked at longest ago, so that the folder stays bounded. */
  async #trim(): Promise<void> {
    const names = await readdir(this.#folder).catch(noneYet);
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

/** A folder that nothing has been put into is not there. */
export function noneYet(error: NodeJS.ErrnoException): string[] {
  if (error.code === "ENOENT") return [];
  throw error;
}

async function storedMeta(folder: string): Promise<ReplayMeta | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, "meta.json"), "utf8")) as ReplayMeta;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
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
