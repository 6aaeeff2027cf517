import { readMetrics, sumOf } from "../load/metrics-text.ts";
import { usageOf } from "../load/process-usage.ts";
import type { Stack } from "../stack.ts";
import { grownShapes, type KeyShapes, keyShapes, unfinishedFiles } from "./left-behind.ts";
import { isGrowing, type Sample } from "./slope.ts";

/** Open files of a process that come and go: a connection that is being closed, a log that is being turned. */
const FILES_MORE = 8;

/** Memory and what is left behind, of every process of a stack. */
export class Watch {
  readonly memory: Record<string, Sample[]> = {};
  /** What is worth knowing of the end and no fault. */
  readonly remarks: string[] = [];
  readonly #stack: Stack;
  #filesBefore: Record<string, number> = {};
  #keysBefore: KeyShapes = { lasting: {}, expiring: 0, finishedJobs: 0 };

  constructor(stack: Stack) {
    this.#stack = stack;
  }

  /** Once everything has warmed up, before the calls that are to leave nothing. */
  async begin(): Promise<void> {
    this.#filesBefore = this.#openFiles();
    this.#keysBefore = await keyShapes(this.#stack.redisUrl);
  }

  sample(minutes: number, more: Record<string, number> = {}): void {
    const usages = Object.entries(this.#stack.processes).map(
      ([name, { pid }]) => [name, usageOf(pid).rssBytes] as const,
    );
    for (const [name, value] of [...usages, ...Object.entries(more)]) {
      this.memory[name] ??= [];
      this.memory[name].push({ minutes, value });
    }
  }

  /** After the last call. @returns what it left, in words */
  async end(calls: number): Promise<string[]> {
    const left: string[] = [];
    const pod = await readMetrics(this.#stack.metricsUrls.pod);
    const slots = sumOf(pod, "sidetone_pod_open_calls");
    if (slots > 0) left.push(`${slots} slots of the pod are still taken`);
    const keys = await keyShapes(this.#stack.redisUrl);
    left.push(...grownShapes(this.#keysBefore, keys, calls));
    this.remarks.push(
      `Redis: ${keys.expiring} keys that expire by themselves, ${keys.finishedJobs} finished jobs kept by BullMQ's bound`,
    );
    left.push(...unfinishedFiles(this.#stack.dataDir).map((file) => `the file ${file}`));
    for (const [name, count] of Object.entries(this.#openFiles())) {
      const before = this.#filesBefore[name] ?? count;
      if (count > before + FILES_MORE) left.push(`${name}: ${count} open files, ${before} before`);
    }
    for (const [name, samples] of Object.entries(this.memory)) {
      // Redis holds what expires by the hour; what lasts in it was counted by its keys.
      if (name === "redis") continue;
      if (isGrowing(samples)) left.push(`${name}: its memory grows`);
    }
    return left;
  }

  #openFiles(): Record<string, number> {
    return Object.fromEntries(
      Object.entries(this.#stack.processes).map(([name, { pid }]) => [name, usageOf(pid).openFiles]),
    );
  }
}
