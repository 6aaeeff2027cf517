import { PodOutput } from "@sidetone/protocol";
import type { ZodSafeParseResult } from "zod";

/** Snapshots are kept as text: they are large, frequent, and parsed only when a call moves. */
export const isSnapshot = (json: string): boolean => json.startsWith('{"type":"snapshot"');

/** Reads a pod's output; what is not JSON fits no schema either. */
export function readPodOutput(json: string): ZodSafeParseResult<PodOutput> {
  return PodOutput.safeParse(readJson(json));
}

/** What a caller said is not written down while nothing is recorded. */
export function withoutWords(output: PodOutput): PodOutput {
  return output.type === "heard" ? { ...output, words: [] } : output;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is not JSON fits no schema either, and is counted there.
    return undefined;
  }
}
