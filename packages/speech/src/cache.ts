import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StoredClause } from "./clause-audio.ts";

export interface SpeechCacheOptions {
  /** Where the files lie; without it the cache is in memory only. */
  readonly folder?: string;
  readonly memoryBytes?: number;
  readonly diskBytes?: number;
}

const SUFFIX = ".clause";
const ABANDONED_MS = 60_000;

/**
 * Clauses that were spoken before: least recently used first out, in memory and on disk, each with its bound. A damaged
 * or vanished file is a miss. Files are written beside their place and renamed into it, so that no half is ever read.
 */
export class SpeechCache {
  readonly #folder: string | undefined;
  readonly #memoryBound: number;
  readonly #diskBound: number;
  /** In the order of use, oldest first. */
  readonly #memory = new Map<string, StoredClause>();
  readonly #files = new Map<string, number>();
  #memoryBytes = 0;
  #diskBytes = 0;
  #writes = 0;
  readonly #writing = new Set<Promise<void>>();

  private constructor(options: SpeechCacheOptions) {
    this.#folder = options.folder;
    this.#memoryBound = options.memoryBytes ?? 32 * 1024 * 1024;
    this.#diskBound = options.diskBytes ?? 512 * 1024 * 1024;
  }

  static async open(options: SpeechCacheOptions): Promise<SpeechCache> {
    const cache = new SpeechCache(options);
    if (options.folder !== undefined) await cache.#index(options.folder);
    return cache;
  }

  static key(parts: readonly (string | number)[]): string {
    return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  }

  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  get diskBytes(): number {
    return this.#diskBytes;
  }

  /** From memory, at once. */
  peek(key: string): StoredClause | undefined {
    const found = this.#memory.get(key);
    if (found) {
      this.#memory.delete(key);
      this.#memory.set(key, found);
    }
    return found;
  }

  /** From memory or disk. */
  async load(key: string): Promise<StoredClause | undefined> {
    const found = this.peek(key);
    if (found || this.#folder === undefined) return found;
    const path = this.#path(key);
    try {
      // Also tried where the index knows no file: another process may have written it.
      const bytes = await readFile(path);
      const stored = decode(bytes);
      this.#touch(key, bytes.length);
      const now = new Date();
      await utimes(path, now, now);
      this.#remember(key, stored);
      return stored;
    } catch {
      // Gone or damaged: it is made again, which also replaces the file.
      await this.#forgetFile(key);
      return undefined;
    }
  }

  /** Keeps a clause; in memory at once, on disk when the promise settles. */
  put(key: string, stored: StoredClause): Promise<void> {
    this.#remember(key, stored);
    if (this.#folder === undefined) return Promise.resolve();
    const write = this.#write(key, stored);
    this.#writing.add(write);
    const forget = (): void => void this.#writing.delete(write);
    write.then(forget, forget);
    return write;
  }

  /** Settles when everything that was put so far is on disk, or has failed to get there. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#writing);
  }

  async #write(key: string, stored: StoredClause): Promise<void> {
    const bytes = encode(stored);
    const path = this.#path(key);
    const besides = `${path}.${process.pid}.${this.#writes++}`;
    await writeFile(besides, bytes);
    await rename(besides, path);
    this.#touch(key, bytes.length);
    for (const oldest of this.#files.keys()) {
      if (this.#diskBytes <= this.#diskBound) break;
      await this.#forgetFile(oldest);
    }
  }

  async #index(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    const found: { key: string; bytes: number; usedMs: number }[] = [];
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const file = await stat(path).catch(() => undefined);
      if (file === undefined) continue;
      if (name.endsWith(SUFFIX)) {
        found.push({ key: name.slice(0, -SUFFIX.length), bytes: file.size, usedMs: file.mtimeMs });
      } else if (Date.now() - file.mtimeMs > ABANDONED_MS) {
        // What a killed process left half-written.
        await rm(path, { force: true });
      }
    }
    for (const file of found.sort((a, b) => a.usedMs - b.usedMs)) {
      this.#files.set(file.key, file.bytes);
      this.#diskBytes += file.bytes;
    }
  }

  #remember(key: string, stored: StoredClause): void {
    this.#memoryBytes += sizeOf(stored) - (this.#memory.has(key) ? sizeOf(this.#memory.get(key)!) : 0);
    this.#memory.delete(key);
    this.#memory.set(key, stored);
    for (const [oldest, value] of this.#memory) {
      if (this.#memoryBytes <= this.#memoryBound) break;
      this.#memory.delete(oldest);
      this.#memoryBytes -= sizeOf(value);
    }
  }

  #touch(key: string, bytes: number): void {
    this.#diskBytes += bytes - (this.#files.get(key) ?? 0);
    this.#files.delete(key);
    this.#files.set(key, bytes);
  }

  async #forgetFile(key: string): Promise<void> {
    this.#diskBytes -= this.#files.get(key) ?? 0;
    this.#files.delete(key);
    await rm(this.#path(key), { force: true });
  }

  #path(key: string): string {
    return join(this.#folder!, key + SUFFIX);
  }
}

const HEADER_BYTES = 12;

function sizeOf(stored: StoredClause): number {
  return HEADER_BYTES + stored.muLaw.length + 4 * stored.bounds.length;
}

/** Word "STC1", count of bounds (top bit: from the engine), bytes of audio, bounds, audio. Little-endian. */
function encode(stored: StoredClause): Buffer {
  const bytes = Buffer.alloc(sizeOf(stored));
  bytes.write("STC1", 0, "latin1");
  bytes.writeUInt32LE(stored.bounds.length + (stored.source === "engine" ? 0x8000_0000 : 0), 4);
  bytes.writeUInt32LE(stored.muLaw.length, 8);
  for (const [i, bound] of stored.bounds.entries()) bytes.writeUInt32LE(bound, HEADER_BYTES + 4 * i);
  bytes.set(stored.muLaw, HEADER_BYTES + 4 * stored.bounds.length);
  return bytes;
}

function decode(bytes: Buffer): StoredClause {
  if (bytes.toString("latin1", 0, 4) !== "STC1") throw new Error("not a stored clause");
  const head = bytes.readUInt32LE(4);
  const count = head & 0x7fff_ffff;
  const bounds = Array.from({ length: count }, (_, i) => bytes.readUInt32LE(HEADER_BYTES + 4 * i));
  const muLaw = Uint8Array.from(bytes.subarray(HEADER_BYTES + 4 * count));
  if (muLaw.length === 0 || muLaw.length !== bytes.readUInt32LE(8)) throw new Error("a stored clause was cut short");
  return { muLaw, bounds, source: head >>> 31 === 1 ? "engine" : "aligned" };
}
