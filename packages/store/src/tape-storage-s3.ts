import { createReadStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  NotFound,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { TapeError } from "./tape-errors.ts";
import type { TapeBytes } from "./tape-reader.ts";
import type { FolderStorage, StoredTape, TapeStorage } from "./tape-storage.ts";

/**
 * Finished tapes in a bucket, under the names they have in the folder. Credentials come from where Amazon's SDK looks for
 * them. A tape whose upload fails stays in the folder, keeps its path, and is found there; `keep` may be called again.
 */
export class S3Storage implements TapeStorage {
  readonly #folder: FolderStorage;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #uploading = new Set<string>();

  constructor(folder: FolderStorage, url: URL) {
    this.#folder = folder;
    this.#bucket = url.hostname;
    this.#prefix = url.pathname.replace(/^\/|\/$/g, "");
    const endpoint = url.searchParams.get("endpoint");
    const region = url.searchParams.get("region");
    this.#client = new S3Client({
      ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
      ...(region || endpoint ? { region: region ?? "us-east-1" } : {}),
      // Stores that are not Amazon's do not all know the newer checksums; tapes carry their own.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    });
  }

  async keep(livePath: string): Promise<string> {
    return this.#upload(await this.#folder.keep(livePath));
  }

  async keepLeftovers(): Promise<number> {
    let kept = 0;
    for (const path of await this.#folder.finished()) {
      // One that is under way already was put away by the time its turn comes.
      if (this.#uploading.has(path) || !(await this.#folder.find(path))) continue;
      await this.#upload(path);
      kept++;
    }
    return kept;
  }

  async #upload(path: string): Promise<string> {
    this.#uploading.add(path);
    try {
      return await this.#put(path);
    } finally {
      this.#uploading.delete(path);
    }
  }

  async #put(path: string): Promise<string> {
    const name = this.#folder.nameOf(path);
    if (name === undefined) return path;
    await this.#ask("a tape cannot be uploaded", async () =>
      this.#client.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: this.#key(name),
          Body: createReadStream(path),
          ContentLength: (await stat(path)).size,
          ContentType: "application/octet-stream",
        }),
      ),
    );
    await rm(path);
    return `s3://${this.#bucket}/${this.#key(name)}`;
  }

  async find(tapePath: string): Promise<StoredTape | undefined> {
    const local = await this.#folder.find(tapePath);
    if (local) return local;
    const key = this.#keyOf(tapePath);
    if (key === undefined) return undefined;
    try {
      const head = await this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key }));
      return { bytes: this.#bytes(key), sizeBytes: head.ContentLength ?? 0 };
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw new TapeError("TAPE_STORAGE_UNAVAILABLE", "a tape cannot be looked up", { cause: error });
    }
  }

  async remove(tapePath: string): Promise<void> {
    await this.#folder.remove(tapePath);
    const key = this.#keyOf(tapePath);
    if (key === undefined) return;
    await this.#ask("a tape cannot be removed", () =>
      this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key })),
    );
  }

  #bytes(key: string): TapeBytes {
    const ask = (fromByte: number) =>
      this.#ask("a tape cannot be read", () =>
        this.#client.send(
          new GetObjectCommand({
            Bucket: this.#bucket,
            Key: key,
            ...(fromByte > 0 ? { Range: `bytes=${fromByte}-` } : {}),
          }),
        ),
      );
    return async function* read(fromByte) {
      const found = await ask(fromByte);
      // In Node the body is a readable stream.
      yield* found.Body as unknown as AsyncIterable<Uint8Array>;
    };
  }

  #key(name: string): string {
    return this.#prefix === "" ? name : `${this.#prefix}/${name}`;
  }

  /** Of a path in this bucket, or of one in the folder whose tape has been uploaded since. */
  #keyOf(tapePath: string): string | undefined {
    const root = `s3://${this.#bucket}/`;
    if (tapePath.startsWith(root)) return tapePath.slice(root.length);
    const name = tapePath.includes("://") ? undefined : this.#folder.nameOf(tapePath);
    return name === undefined ? undefined : this.#key(name);
  }

  async #ask<T>(failure: string, send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      throw new TapeError("TAPE_STORAGE_UNAVAILABLE", failure, { cause: error });
    }
  }
}
