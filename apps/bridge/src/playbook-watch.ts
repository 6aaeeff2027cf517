import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Clock, Logger, Stop } from "@sidetone/platform";
import type { FoundPlaybooks } from "./playbook-files.ts";
import type { PlaybookTable } from "./playbook-source.ts";

/** How soon a published playbook takes its first call. */
const LOOK_EVERY_MS = 1_000;

export interface PlaybookWatchOptions {
  clock: Clock;
  log: Logger;
  /** Holds `published/`, `versions/` and `numbers.json`. */
  folder: string;
  table: PlaybookTable;
  /** Routes of the configuration, which win over published ones. */
  numbers: Readonly<Record<string, string>>;
  byDefault: string | undefined;
}

/** Keeps the table as the files are: looks for changes off the road, and reads them in a worker thread. */
export class PlaybookWatch {
  readonly #options: PlaybookWatchOptions;
  #seen = "";
  #stop: Stop | undefined;
  #looking = false;

  constructor(options: PlaybookWatchOptions) {
    this.#options = options;
  }

  /** Reads everything once, then keeps looking. */
  async start(): Promise<void> {
    this.#seen = await this.#fingerprint();
    await this.#read();
    this.#stop = this.#options.clock.every(LOOK_EVERY_MS, () => void this.#look());
  }

  close(): void {
    this.#stop?.();
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const seen = await this.#fingerprint();
      if (seen !== this.#seen) {
        await this.#read();
        this.#seen = seen;
      }
    } catch (error) {
      this.#options.log.error({ err: error }, "playbooks could not be read again; the old ones stay");
    } finally {
      this.#looking = false;
    }
  }

  async #read(): Promise<void> {
    const { folder, table, numbers, byDefault, log } = this.#options;
    const found = await readInThread(folder);
    for (const fault of found.faults) log.error(fault, "a playbook cannot be used");
    table.replace({ numbers: { ...found.numbers, ...numbers }, byDefault }, found.playbooks, found.versions);
    log.info({ playbooks: table.ids }, "playbooks read");
  }

  /** Changes when a file is added, removed or written. */
  async #fingerprint(): Promise<string> {
    const { folder } = this.#options;
    const paths = [join(folder, "numbers.json")];
    for (const part of ["published", "versions"]) {
      const names = await readdir(join(folder, part)).catch(() => []);
      paths.push(...names.sort().map((name) => join(folder, part, name)));
    }
    const marks = await Promise.all(
      paths.map(async (path) => {
        const found = await stat(path).catch(() => undefined);
        return found ? `${path}:${found.mtimeMs}:${found.size}` : "";
      }),
    );
    return marks.join("\n");
  }
}

function readInThread(folder: string): Promise<FoundPlaybooks> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./playbook-worker.ts", import.meta.url), { workerData: folder });
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`the playbook reader ended with ${code}`)));
  });
}
