import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { constants, hostname, setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { parsePlaybook } from "@sidetone/dialogue";
import type { Logger } from "@sidetone/platform";
import { type RerunCall, type RerunOrder, RerunReport } from "@sidetone/protocol";
import {
  claimRerunBatch,
  type Database,
  type ExpectedFindings,
  endRerunBatch,
  findCall,
  findPlaybookVersion,
  type RerunBatchRow,
  releaseRerunClaim,
  renewRerunClaim,
  requeueReruns,
  rerunsOf,
  setCalls,
  type TapeBytes,
  updateRerun,
} from "@sidetone/store";
import { sourceHash } from "./gate.ts";
import { regressionsOf } from "./judge.ts";
import { modelFolders } from "./model-folders.ts";
import { againstOf, inShort, type RerunOutcome } from "./stored.ts";

/** The model lives in the pod's room, which may import it; it is run as the program it is. */
const PROGRAM = fileURLToPath(new URL("../../../inference/src/rerun/main.ts", import.meta.url));
/** Calls of a batch that run side by side; a batched step of eight costs little more than one of a single call. */
const LANES = 8;
/** Tapes that lie ready beside those that run: they may come from far. */
const STAGED = 2 * LANES;
const KEPT_ERROR_CHARACTERS = 2_000;
/** A server that has died without a word keeps a batch for so long. */
const LEASE_MS = 30_000;

export interface RerunnerOptions {
  database: Database;
  dataDir: string;
  /** @throws SidetoneError NOT_FOUND when the tape is gone. */
  tapeBytes: (tapePath: string) => Promise<TapeBytes>;
  log: Logger;
  /** How long a claim on a batch holds without being renewed. */
  leaseMs?: number;
}

/** What re-runs leave behind lies here: a folder a batch, a tape a call. */
export const rerunsFolder = (dataDir: string): string => join(dataDir, "reruns");
/** Where the tape of a call's re-run lies, on the machine that ran it. */
export const rerunTapePath = (dataDir: string, batchId: string, callId: string): string =>
  join(rerunsFolder(dataDir), batchId, `${encodeURIComponent(callId)}.tape`);
/** The name of the replay that is derived from it. */
export const rerunReplayId = (batchId: string, callId: string): string => `${batchId} ${callId}`;

/**
 * Runs batches one after the other, in a process of its own at low priority: the server only hands over tapes and writes
 * down what comes back. Of several servers on one database one runs a batch: it holds a claim that it renews. A batch
 * whose server stopped or died goes on, there or elsewhere, with the calls that had not finished.
 */
export class Rerunner {
  readonly #options: RerunnerOptions;
  readonly #claim: { by: string; leaseMs: number };
  #child: { batchId: string; process: ChildProcess } | undefined;
  #looking: NodeJS.Timeout | undefined;
  #loop: Promise<void> | undefined;
  #again = false;
  #closed = false;

  constructor(options: RerunnerOptions) {
    this.#options = options;
    this.#claim = { by: `${hostname()} ${process.pid} ${randomUUID()}`, leaseMs: options.leaseMs ?? LEASE_MS };
  }

  /** Looks for batches now, and from time to time for those that another server has left. */
  start(): void {
    this.#looking ??= setInterval(() => this.wake(), this.#claim.leaseMs).unref();
    this.wake();
  }

  /** There may be something to do. */
  wake(): void {
    this.#again = true;
    if (this.#closed || this.#loop) return;
    this.#loop = this.#run()
      .catch((error: Error) => this.#options.log.error({ err: error }, "re-runs stopped"))
      .finally(() => {
        this.#loop = undefined;
      });
  }

  /** The batch was cancelled: nothing of it runs on here; another server that runs it sees it when it renews its claim. */
  cancel(batchId: string): void {
    if (this.#child?.batchId === batchId) this.#child.process.kill("SIGKILL");
  }

  /** Stops at once; what was running is run again by whoever looks next. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#looking);
    this.#child?.process.kill("SIGKILL");
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { db } = this.#options.database;
    while (this.#again && !this.#closed) {
      this.#again = false;
      for (;;) {
        const batch = this.#closed ? undefined : await claimRerunBatch(db, this.#claim);
        if (!batch) break;
        await this.#runClaimed(batch);
      }
    }
  }

  /** Runs a batch for as long as it is this server's to run. */
  async #runClaimed(batch: RerunBatchRow): Promise<void> {
    const { database, log } = this.#options;
    const { by, leaseMs } = this.#claim;
    let held = true;
    const renewing = setInterval(() => {
      renewRerunClaim(database.db, batch.id, this.#claim)
        .then((isHeld) => {
          if (isHeld) return;
          held = false;
          this.cancel(batch.id);
        })
        .catch((error: Error) => log.warn({ err: error, batchId: batch.id }, "renewing the claim on a re-run failed"));
    }, leaseMs / 6);
    try {
      await this.#runBatch(batch);
      if (!this.#closed) await endRerunBatch(database.db, batch.id, { by, state: "done" });
    } catch (error) {
      if (this.#closed || !held) return;
      log.warn({ err: error, batchId: batch.id }, "a re-run failed");
      const fault = error instanceof Error ? error.message : String(error);
      await endRerunBatch(database.db, batch.id, { by, state: "failed", fault });
    } finally {
      clearInterval(renewing);
      await releaseRerunClaim(database.db, batch.id, by);
    }
  }

  async #runBatch(batch: RerunBatchRow): Promise<void> {
    const { db } = this.#options.database;
    await requeueReruns(db, batch.id);
    const order = await this.#orderOf(batch);
    const rows = await rerunsOf(db, batch.id);
    const waiting = rows.filter((row) => row.state === "queued").map((row) => row.call_id);
    const expected = new Map<string, ExpectedFindings | undefined>();
    for (const setId of new Set(rows.map((row) => row.set_id))) {
      if (setId === null) continue;
      for (const call of await setCalls(db, setId)) expected.set(call.callId, call.expected);
    }
    const folder = await mkdtemp(join(tmpdir(), "sidetone-rerun-"));
    try {
      await mkdir(join(this.#options.dataDir, "reruns", batch.id), { recursive: true });
      if (waiting.length > 0) await this.#runCalls(batch.id, order, waiting, expected, folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #orderOf(batch: RerunBatchRow): Promise<RerunOrder> {
    const { database, dataDir } = this.#options;
    const { thresholds, model } = againstOf(batch);
    const folders = await modelFolders(dataDir);
    const found = folders.find((each) => each.name === model);
    if (!found) throw new Error(`The model ${model ?? "that is shipped"} is not on this machine.`);
    const order: RerunOrder = {
      thresholds,
      dataDir: join(dataDir, "reruns"),
      lanes: LANES,
      ...(found.name !== null && { modelDir: found.folder }),
    };
    const { playbook_id: id, playbook_version: version } = batch;
    if (id === null || version === null) return order;
    const row = await findPlaybookVersion(database.db, id, version);
    if (!row) throw new Error(`${id} v${version} is no longer there.`);
    if (sourceHash(row.source) !== batch.source_hash)
      throw new Error(`${id} v${version} was changed after the re-run was asked for.`);
    return { ...order, playbook: { ...parsePlaybook(row.source), id, version } };
  }

  async #runCalls(
    batchId: string,
    order: RerunOrder,
    callIds: string[],
    expected: ReadonlyMap<string, ExpectedFindings | undefined>,
    folder: string,
  ): Promise<void> {
    const { db } = this.#options.database;
    const orderPath = join(folder, "order.json");
    await writeFile(orderPath, JSON.stringify(order));
    const child = spawn(process.execPath, [PROGRAM, orderPath], { stdio: ["pipe", "pipe", "pipe"] });
    this.#child = { batchId, process: child };
    const ended = new Promise<number>((resolve) => {
      child.once("close", (code) => resolve(code ?? -1));
      child.once("error", () => resolve(-1));
    });
    // Calls may be on this machine; they come first.
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said = `${said}${chunk.toString("utf8")}`.slice(-KEPT_ERROR_CHARACTERS);
    });
    // Read from the beginning: of a child that is stopped while tapes are still being fetched nobody else would see the end.
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    // A child that has ended takes no more calls; that it ended is told by `ended`.
    child.stdin.on("error", () => undefined);

    const left = new Set(callIds);
    const queue = [...callIds];
    const staged = new Map<string, string>();
    const finish = async (callId: string, outcome: RerunOutcome) => {
      left.delete(callId);
      const state = "result" in outcome ? "done" : "failed";
      await updateRerun(db, batchId, callId, { state, progress: 1, result: outcome, short: inShort(outcome) });
      const path = staged.get(callId);
      staged.delete(callId);
      if (path !== undefined) await rm(path, { force: true });
    };
    const stageMore = async () => {
      while (staged.size < STAGED && queue.length > 0 && !this.#closed) {
        const callId = queue.shift() as string;
        const call = await this.#stage(batchId, callId, folder);
        if ("message" in call) {
          await finish(callId, call);
          continue;
        }
        staged.set(callId, call.tapePath);
        child.stdin.write(`${JSON.stringify(call)}\n`);
      }
      if (queue.length === 0) child.stdin.end();
    };
    await stageMore();
    for await (const line of lines) {
      const report = RerunReport.parse(JSON.parse(line));
      if (report.type === "ready") continue;
      const { callId } = report;
      if (report.type === "progress") {
        await updateRerun(db, batchId, callId, { state: "running", progress: report.progress });
        continue;
      }
      if (report.type === "failed") await finish(callId, { code: report.code, message: report.message });
      else {
        const { result } = report;
        await finish(callId, { result, regressions: regressionsOf(result, expected.get(callId)) });
      }
      await stageMore();
    }
    const code = await ended;
    this.#child = undefined;
    if (left.size > 0 && !this.#closed) {
      const cause = said.trim().split("\n").at(-1) ?? "";
      throw new Error(`The program that runs calls again ended with ${code} before it was done. ${cause}`.trim());
    }
  }

  /** Brings a tape to this machine's disk: tapes may lie in an object store. */
  async #stage(
    batchId: string,
    callId: string,
    folder: string,
  ): Promise<RerunCall | { code: string; message: string }> {
    const { database, dataDir, tapeBytes } = this.#options;
    const call = await findCall(database.db, callId);
    if (!call?.tape_path) return { code: "NOT_FOUND", message: "The call has no tape." };
    try {
      const bytes = await tapeBytes(call.tape_path);
      const tapePath = join(folder, `${encodeURIComponent(callId)}.tape`);
      await pipeline(Readable.from(bytes(0)), createWriteStream(tapePath));
      return { callId, tapePath, outPath: rerunTapePath(dataDir, batchId, callId) };
    } catch (error) {
      return { code: "NOT_FOUND", message: error instanceof Error ? error.message : String(error) };
    }
  }
}
