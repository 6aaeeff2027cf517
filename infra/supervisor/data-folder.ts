import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { SidetoneError } from "@sidetone/platform";
import { z } from "zod";

const Credentials = z.object({ accountSid: z.string(), authToken: z.string() });
type Credentials = z.infer<typeof Credentials>;

/** Writes a file that only its owner may read, whole or not at all. */
export function writePrivately(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/**
 * Carrier credentials for trying things out: random, made once, kept under the data folder, so that
 * signatures are checked from the first call on.
 */
export function trialCredentials(dataDir: string): Credentials {
  const path = join(dataDir, "carrier.json");
  if (existsSync(path)) return Credentials.parse(JSON.parse(readFileSync(path, "utf8")));
  const made = { accountSid: `AC${randomBytes(16).toString("hex")}`, authToken: randomBytes(16).toString("hex") };
  mkdirSync(dataDir, { recursive: true });
  writePrivately(path, `${JSON.stringify(made, null, 2)}\n`);
  return made;
}

/** A free loopback port, as the kernel hands it out. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/** @throws CONFIG_INVALID naming the variable, when somebody already listens on a port we were told to use. */
export function assertPortFree(variable: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", () => {
      reject(new SidetoneError("CONFIG_INVALID", `${variable}: port ${port} is taken. Set ${variable} to a free one.`));
    });
    server.listen(port, () => server.close(() => resolve()));
  });
}
