import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Keeps secrets unreadable at rest: AES-256-GCM with a fresh nonce each, bound to a name, so that a sealed text cannot
 * be moved to another place. The text is `v1.` and base64url of nonce, tag and ciphertext.
 */
export class Sealer {
  readonly #key: Buffer;

  /** @throws RangeError for a key that is not 32 bytes. */
  constructor(key: Buffer) {
    if (key.length !== KEY_BYTES) throw new RangeError("A sealing key has 32 bytes.");
    this.#key = key;
  }

  /**
   * The key of an installation: `given` (base64 of 32 bytes) where every process gets it by its environment, else a
   * file under the data folder that only its owner may read, made at the first start.
   */
  static open(dataDir: string, given?: string): Sealer {
    if (given !== undefined) return new Sealer(Buffer.from(given, "base64"));
    const folder = join(dataDir, "secrets");
    const path = join(folder, "sealing-key");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!existsSync(path)) {
      try {
        writeFileSync(path, randomBytes(KEY_BYTES).toString("base64"), { mode: 0o600, flag: "wx" });
      } catch (error) {
        // Another process of the same start may have been first; its key counts.
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    }
    return new Sealer(Buffer.from(readFileSync(path, "utf8").trim(), "base64"));
  }

  seal(name: string, secret: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce);
    cipher.setAAD(Buffer.from(name));
    const body = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
    return `v1.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64url")}`;
  }

  /** @throws Error when the text was sealed with another key, for another name, or was altered. */
  unseal(name: string, sealed: string): string {
    const bytes = Buffer.from(sealed.replace(/^v1\./, ""), "base64url");
    if (!sealed.startsWith("v1.") || bytes.length < NONCE_BYTES + TAG_BYTES) throw new RangeError("No sealed text.");
    const decipher = createDecipheriv("aes-256-gcm", this.#key, bytes.subarray(0, NONCE_BYTES));
    decipher.setAAD(Buffer.from(name));
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const body = bytes.subarray(NONCE_BYTES + TAG_BYTES);
    return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
  }
}
