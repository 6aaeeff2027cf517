import { execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import type { TapeBytes } from "@sidetone/store";

const CLI = join(dirname(fileURLToPath(import.meta.resolve("@sidetone/store"))), "tape-cli.ts");
const VERIFY_MS = 300_000;

export interface Verdict {
  verified: "exact" | "differs" | "unverifiable";
  detail: string;
}

let queue: Promise<unknown> = Promise.resolve();

/**
 * Steps a tape through the model again, in a process of its own (`npm run tape -- verify`), one tape at a
 * time: it takes a processor for as long as it runs, and calls may be on this machine.
 */
export function verifyTape(bytes: TapeBytes): Promise<Verdict> {
  const turn = queue.then(() => verifyCopy(bytes));
  queue = turn.catch(() => undefined);
  return turn;
}

/** Tapes may lie in an object store; the command wants a file. */
async function verifyCopy(bytes: TapeBytes): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), "sidetone-verify-"));
  try {
    const path = join(folder, "call.tape");
    await pipeline(Readable.from(bytes(0)), createWriteStream(path));
    return await run(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(path: string): Promise<Verdict> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, "verify", path], { timeout: VERIFY_MS }, (error, stdout, stderr) => {
      const said = `${stdout}${stderr}`
        .split("\n")
        .filter((line) => line.trim() !== "")
        .map((line) => line.replace(`${path}: `, ""))
        .slice(-3)
        .join(" ");
      const exact = /bit-exact over (\d+) hops/.exec(stdout);
      if (!error && exact) resolve({ verified: "exact", detail: said });
      else if (/differ/i.test(stdout)) resolve({ verified: "differs", detail: said });
      else resolve({ verified: "unverifiable", detail: said || "The model's files are not on this machine." });
    });
  });
}
