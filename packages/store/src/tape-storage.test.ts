import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { TapeError } from "./tape-errors.ts";
import { openTapeStorage, type StoredTape, type TapeStorage } from "./tape-storage.ts";

/** A store that speaks the part of S3 that tapes need, and refuses what S3 refuses: no signature, a body that is not the signed one. */
class SmallS3 {
  readonly objects = new Map<string, Buffer>();
  isDown = false;
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://store").pathname);
    const refuse = (status: number, code: string) =>
      response.writeHead(status, { "content-type": "application/xml" }).end(`<Error><Code>${code}</Code></Error>`);
    if (this.isDown) return void refuse(503, "SlowDown");
    if (!/^AWS4-HMAC-SHA256 Credential=/.test(request.headers.authorization ?? ""))
      return void refuse(403, "AccessDenied");
    const signed = request.headers["x-amz-content-sha256"];
    if (signed !== "UNSIGNED-PAYLOAD" && signed !== createHash("sha256").update(body).digest("hex")) {
      return void refuse(400, "XAmzContentSHA256Mismatch");
    }
    if (!path.startsWith("/tapes-bucket/")) return void refuse(404, "NoSuchBucket");
    const found = this.objects.get(path);
    switch (request.method) {
      case "PUT":
        this.objects.set(path, body);
        return void response.writeHead(200, { etag: '"1"' }).end();
      case "DELETE":
        this.objects.delete(path);
        return void response.writeHead(204).end();
      case "HEAD":
        return void response.writeHead(found ? 200 : 404, found ? { "content-length": found.length } : {}).end();
      default: {
        if (!found) return void refuse(404, "NoSuchKey");
        const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
        return void response.writeHead(from > 0 ? 206 : 200).end(found.subarray(from));
      }
    }
  }
}

async function contentOf(tape: StoredTape | undefined, fromByte = 0): Promise<string> {
  assert.ok(tape);
  const chunks: Uint8Array[] = [];
  for await (const chunk of tape.bytes(fromByte)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const store = new SmallS3();
let endpoint: string;
let folder: string;
before(async () => {
  endpoint = await store.start();
  process.env.AWS_ACCESS_KEY_ID = "key-of-the-test";
  process.env.AWS_SECRET_ACCESS_KEY = "secret-of-the-test";
});
after(() => store.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "storage-"));
  await mkdir(join(folder, "2026/11/21"), { recursive: true });
});

const kinds: { kind: string; open: () => Promise<TapeStorage>; kept: () => string }[] = [
  { kind: "a folder", open: () => openTapeStorage({ folder }), kept: () => join(folder, "2026/11/21/c1.tape") },
  {
    kind: "S3",
    open: () => openTapeStorage({ folder, storageUrl: `s3://tapes-bucket/calls?endpoint=${endpoint}` }),
    kept: () => "s3://tapes-bucket/calls/2026/11/21/c1.tape",
  },
];
for (const { kind, open, kept } of kinds) {
  describe(`tapes in ${kind}`, () => {
    test("are kept under a path by which they are found, read from any byte, and removed", async () => {
      const storage = await open();
      const live = join(folder, "2026/11/21/c1.tape.live");
      await writeFile(live, "0123456789");
      const path = await storage.keep(live);
      assert.equal(path, kept());
      const found = await storage.find(path);
      assert.equal(found?.sizeBytes, 10);
      assert.equal(await contentOf(found), "0123456789");
      assert.equal(await contentOf(found, 6), "6789");
      // A row that was written before the upload has the folder's path.
      assert.equal(await contentOf(await storage.find(join(folder, "2026/11/21/c1.tape"))), "0123456789");
      await storage.remove(path);
      assert.equal(await storage.find(path), undefined);
      await storage.remove(path);
      await rm(folder, { recursive: true });
    });

    test("are not found outside the storage", async () => {
      const storage = await open();
      for (const path of ["/etc/passwd", "../../etc/passwd", "s3://other-bucket/x.tape"]) {
        assert.equal(await storage.find(path), undefined, path);
      }
      await rm(folder, { recursive: true });
    });
  });
}

test("a store that is down costs nothing: the tape stays in the folder and is found there", async () => {
  const storage = await openTapeStorage({ folder, storageUrl: `s3://tapes-bucket?endpoint=${endpoint}` });
  const live = join(folder, "2026/11/21/c2.tape.live");
  await writeFile(live, "kept");
  store.isDown = true;
  await assert.rejects(storage.keep(live), (e) => e instanceof TapeError && e.code === "TAPE_STORAGE_UNAVAILABLE");
  const path = join(folder, "2026/11/21/c2.tape");
  assert.equal(await contentOf(await storage.find(path)), "kept");
  store.isDown = false;
  assert.equal(await storage.keepLeftovers(), 1);
  assert.equal(await storage.keepLeftovers(), 0);
  assert.equal(await contentOf(await storage.find("s3://tapes-bucket/2026/11/21/c2.tape")), "kept");
  assert.deepEqual(await readdir(join(folder, "2026/11/21")), []);
  await rm(folder, { recursive: true });
});

test("an address that names no bucket is refused at the door", async () => {
  for (const storageUrl of ["https://bucket", "s3://", "nothing"]) {
    await assert.rejects(
      openTapeStorage({ folder, storageUrl }),
      (error) => error instanceof TapeError && error.code === "TAPE_STORAGE_INVALID",
    );
  }
});
