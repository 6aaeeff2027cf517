import { globSync } from "node:fs";
import { Redis } from "ioredis";

/** Redis keys by shape, ids and numbers taken out. */
export interface KeyShapes {
  /** Keys that nothing will ever remove. */
  lasting: Record<string, number>;
  /** Keys that expire by themselves. */
  expiring: number;
  /** Finished jobs, which BullMQ keeps up to a bound of age and count that the worker sets. */
  finishedJobs: number;
}

const FINISHED_JOB = /^sidetone:tasks-[a-z-]+:(?!meta$|id$|events$|stalled|marker$|wait$|active$|completed$|failed$)/;

export async function keyShapes(url: string): Promise<KeyShapes> {
  const redis = new Redis(url);
  const shapes: KeyShapes = { lasting: {}, expiring: 0, finishedJobs: 0 };
  try {
    for await (const keys of redis.scanStream({ count: 1_000 })) {
      for (const key of keys as string[]) {
        if (FINISHED_JOB.test(key)) shapes.finishedJobs++;
        else if ((await redis.pttl(key)) > 0) shapes.expiring++;
        else {
          const shape = key.replace(/[0-9a-f]{8,}(-[0-9a-f]+)*|[A-Za-z0-9_-]{20,}|\d+/g, "*");
          shapes.lasting[shape] = (shapes.lasting[shape] ?? 0) + 1;
        }
      }
    }
    return shapes;
  } finally {
    redis.disconnect();
  }
}

/** Shapes with at least so many more lasting keys than before that calls must have left them. */
export function grownShapes(before: KeyShapes, after: KeyShapes, calls: number): string[] {
  // A key of its own for one call in twenty is a leak; a handful of new shapes is what a running system has.
  const least = Math.max(5, calls / 20);
  return Object.entries(after.lasting)
    .map(([shape, count]) => ({ shape, more: count - (before.lasting[shape] ?? 0) }))
    .filter(({ more }) => more >= least)
    .map(({ shape, more }) => `${more} keys like ${shape}, which never expire`);
}

/** Tapes that are still open, and files that were being written. */
export const unfinishedFiles = (dataDir: string): string[] =>
  globSync(["**/*.live", "**/*.new", "**/*.tmp", "**/*.part"], { cwd: dataDir });
