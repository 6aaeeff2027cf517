import { Worker } from "node:worker_threads";
import { SidetoneError } from "@sidetone/platform";
import type { TapeStorageOptions } from "@sidetone/store";
import type { BuildOrder, BuildOutcome } from "./replay-thread.ts";

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

/**
 * Derives replays in a thread of its own: an hour's tape is tens of megabytes to walk through, and live
 * updates must not wait for it. The thread starts with the first tape and stays.
 */
export class ReplayBuilder {
  readonly #storage: TapeStorageOptions;
  readonly #waiting = new Map<number, Waiting>();
  #thread: Worker | undefined;
  #nextId = 0;
  #closed = false;

  constructor(storage: TapeStorageOptions) {
    this.#storage = storage;
  }

  /** @throws SidetoneError NOT_FOUND, TAPE_INVALID, STORAGE_UNAVAILABLE, DRAINING */
  build(tapePath: string, folder: string): Promise<void> {
    if (this.#closed) return Promise.reject(new SidetoneError("DRAINING", "The dashboard is stopping."));
    const order: BuildOrder = { id: this.#nextId++, tapePath, folder };
    return new Promise((resolve, reject) => {
      this.#waiting.set(order.id, { resolve, reject });
      this.#running().postMessage(order);
    });
  }

  /** Gives up what is being built; nothing of it is left half written in a place where it would be read. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#thread?.terminate();
    this.#fail(new SidetoneError("DRAINING", "The dashboard is stopping."));
  }

  #running(): Worker {
    if (this.#thread) return this.#thread;
    const thread = new Worker(new URL("./replay-thread.ts", import.meta.url), { workerData: this.#storage });
    thread.on("message", (outcome: BuildOutcome) => {
      const waiting = this.#waiting.get(outcome.id);
      this.#waiting.delete(outcome.id);
      if (outcome.error) waiting?.reject(faultOf(outcome.error));
      else waiting?.resolve();
    });
    const gone = (cause: Error | undefined): void => {
      if (this.#thread === thread) this.#thread = undefined;
      this.#fail(new SidetoneError("STORAGE_UNAVAILABLE", "Deriving a replay failed.", { cause }));
    };
    thread.on("error", gone);
    thread.on("exit", () => gone(undefined));
    thread.unref();
    this.#thread = thread;
    return thread;
  }

  #fail(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

function faultOf(error: NonNullable<BuildOutcome["error"]>): SidetoneError {
  if (error.code === "NOT_FOUND" || error.code === "TAPE_INVALID") return new SidetoneError(error.code, error.message);
  return new SidetoneError("STORAGE_UNAVAILABLE", error.message);
}
