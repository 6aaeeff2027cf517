import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { ModelError } from "./errors.ts";
import {
  DECISIONS,
  EXPECTATION_KINDS,
  HOP_SAMPLES,
  INTENTS,
  OVERLAP_KINDS,
  PROJECTION_BIN_ENDS_MS,
  PROJECTION_SPEAKERS,
  VOICES,
} from "./port.ts";

/** The version of the manifest's schema that this runtime reads. */
export const MANIFEST_VERSION = 1;
const FORMAT = "sidetone-interaction-model";

const probability = z.number().min(0).max(1);
const shape = z.array(z.number().int().positive()).min(1).max(3);

/** A list whose members and order this runtime is written for. */
const exactly = (list: readonly (string | number)[]): z.ZodType<(string | number)[]> =>
  z.array(z.union([z.string(), z.number()])).refine((given) => JSON.stringify(given) === JSON.stringify(list), {
    message: `must be ${list.join(", ")}`,
  });

const Manifest = z.object({
  format: z.literal(FORMAT),
  version: z.literal(MANIFEST_VERSION),
  name: z.string().min(1),
  trained: z.boolean(),
  weights: z.object({
    file: z.string().refine((file) => file === basename(file), "must be a file name"),
    bytes: z.number().int().positive(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    /** Of the large matrix products. */
    precision: z.enum(["fp32", "int8"]).default("fp32"),
  }),
  sampleRateHz: z.literal(8000),
  hopSamples: z.literal(HOP_SAMPLES),
  features: z.object({
    windowSamples: z.literal(200),
    frameShiftSamples: z.literal(80),
    fftSize: z.literal(256),
    melBands: z.literal(40),
    framesPerHop: z.literal(4),
    melLowHz: z.literal(80),
    melHighHz: z.literal(3800),
    floor: z.literal(1e-5),
    shift: z.literal(4),
    scale: z.literal(4),
  }),
  stateSize: z.number().int().positive(),
  inputs: z.object({
    caller: shape,
    agent: shape,
    expectation: shape,
    remaining: shape,
    intent: shape,
    clock: shape,
    state: shape,
  }),
  outputs: z.object({
    decision: shape,
    activity: shape,
    overlap: shape,
    voice: shape,
    want: shape,
    symbols: shape,
    nextState: shape,
  }),
  remainingScale: z.number().positive(),
  expectations: exactly(EXPECTATION_KINDS),
  intents: exactly(INTENTS),
  clocks: exactly(["sinceStart", "agentPlaying", "sinceAgentChange"]),
  decisions: exactly(DECISIONS),
  overlapKinds: exactly(OVERLAP_KINDS),
  projectionBinsMs: exactly([0, ...PROJECTION_BIN_ENDS_MS]),
  speakers: exactly(PROJECTION_SPEAKERS),
  voices: exactly(VOICES),
  symbols: z.array(z.string().min(1)).min(2),
  symbolFramesPerHop: z.number().int().min(1).max(4),
  wants: z.array(z.string().min(1)).min(1),
  thresholds: z.object({
    beginOpen: probability,
    beginFulfilled: probability,
    beginUnfulfilled: probability,
    backchannel: probability,
    duck: probability,
    yield: probability,
    voice: probability,
    want: probability,
  }),
  buckets: z.array(z.number().int().min(1).max(256)).min(1),
});
export type Manifest = z.infer<typeof Manifest>;

/**
 * Reads `manifest.json` and the weights that it names, and checks one against the other.
 * Throws `MODEL_FILE_MISSING`, `MODEL_MANIFEST_VERSION`, `MODEL_MANIFEST_INVALID`, `MODEL_WEIGHTS_HASH`.
 */
export async function readModelFolder(folder: string): Promise<{ manifest: Manifest; weights: Uint8Array }> {
  const text = (await read(join(folder, "manifest.json"))).toString("utf8");
  const manifest = parseManifest(text);
  const weights = await read(join(folder, manifest.weights.file));
  if (weights.length !== manifest.weights.bytes) {
    throw new ModelError(
      "MODEL_WEIGHTS_HASH",
      `${weights.length} bytes where the manifest has ${manifest.weights.bytes}`,
    );
  }
  const sha256 = createHash("sha256").update(weights).digest("hex");
  if (sha256 !== manifest.weights.sha256) throw new ModelError("MODEL_WEIGHTS_HASH", `sha256 is ${sha256}`);
  return { manifest, weights };
}

export function parseManifest(text: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ModelError("MODEL_MANIFEST_INVALID", "not JSON", { cause });
  }
  const head = z.object({ format: z.literal(FORMAT), version: z.number() }).safeParse(json);
  if (head.success && head.data.version !== MANIFEST_VERSION) {
    throw new ModelError(
      "MODEL_MANIFEST_VERSION",
      `version ${head.data.version}, this runtime reads ${MANIFEST_VERSION}`,
    );
  }
  const parsed = Manifest.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new ModelError("MODEL_MANIFEST_INVALID", `${issue.path.join(".") || "manifest"}: ${issue.message}`);
  }
  return parsed.data;
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new ModelError("MODEL_FILE_MISSING", path, { cause });
  }
}
