import { readdir, rename, rm, stat } from "node:fs/promises";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { TapeError } from "./tape-errors.ts";
import { fileBytes, type TapeBytes } from "./tape-reader.ts";

/** Tapes of running calls carry this ending until they are finished, so that a restart finds those of a killed process. */
export const LIVE_SUFFIX = ".live";

export interface StoredTape {
  bytes: TapeBytes;
  sizeBytes: number;
}

/**
 * Where finished tapes are. Running ones are always files under the tape folder. Paths are what events, rows and jobs
 * carry; whoever has one asks `find` and need not know what kind it is.
 */
export interface TapeStorage {
  /** Puts a finished call's live tape in its place and returns its path from then on. */
  keep(livePath: string): Promise<string>;
  /** Puts away finished tapes that an earlier `keep` could not; returns how many. */
  keepLeftovers(): Promise<number>;
  /** Undefined when there is no such tape, or when the path leads out of the storage. */
  find(tapePath: string): Promise<StoredTape | undefined>;
  /** Removes a tape for good; nothing happens when it is gone already. */
  remove(tapePath: string): Promise<void>;
}

export interface TapeStorageOptions {
  /** Where running calls write, and finished tapes stay without `storageUrl`. */
  folder: string;
  /** `s3://bucket/prefix`, with `?endpoint=` and `?region=` for stores that are not Amazon's. */
  storageUrl?: string | undefined;
}

/**
 * Opens the storage that STORAGE_URL names, or the folder without one.
 * @throws TapeError TAPE_STORAGE_INVALID
 */
export async function openTapeStorage(options: TapeStorageOptions): Promise<TapeStorage> {
  const folder = new FolderStorage(options.folder);
  if (options.storageUrl === undefined) return folder;
  const url = URL.parse(options.storageUrl);
  if (url?.protocol !== "s3:" || url.hostname === "") {
    throw new TapeError("TAPE_STORAGE_INVALID", "the storage's address is not of the form s3://bucket/prefix");
  }
  // Loaded only where it is used: it is large.
  const { S3Storage } = await import("./tape-storage-s3.ts");
  return new S3Storage(folder, url);
}

/** Tapes as files under one folder. */
export class FolderStorage implements TapeStorage {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = resolve(folder);
  }

  async keep(livePath: string): Promise<string> {
    const path = livePath.endsWith(LIVE_SUFFIX) ? livePath.slice(0, -LIVE_SUFFIX.length) : livePath;
    await rename(livePath, path);
    return path;
  }

  async keepLeftovers(): Promise<number> {
    return 0;
  }

  /** Paths of finished tapes under the folder. */
  async finished(): Promise<string[]> {
    const names = await readdir(this.folder, { recursive: true }).catch(() => []);
    return names.filter((name) => name.endsWith(".tape")).map((name) => join(this.folder, name));
  }

  async find(tapePath: string): Promise<StoredTape | undefined> {
    const path = this.#within(tapePath);
    if (path === undefined) return undefined;
    try {
      return { bytes: fileBytes(path), sizeBytes: (await stat(path)).size };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  async remove(tapePath: string): Promise<void> {
    const path = this.#within(tapePath);
    if (path !== undefined) await rm(path, { force: true });
  }

  /** A tape's name below the folder, with forward slashes; undefined for a path outside. */
  nameOf(tapePath: string): string | undefined {
    const path = this.#within(tapePath);
    return path && relative(this.folder, path).split(sep).join("/");
  }

  #within(tapePath: string): string | undefined {
    const path = isAbsolute(tapePath) ? resolve(tapePath) : resolve(join(this.folder, tapePath));
    return path.startsWith(this.folder + sep) ? path : undefined;
  }
}
