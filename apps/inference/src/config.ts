import { availableParallelism } from "node:os";
import { SHIPPED_WEIGHTS_FOLDER } from "@sidetone/interaction-model";
import { fields, readConfig } from "@sidetone/platform";
import { z } from "zod";

export const ConfigSchema = z.object({
  POD_HOST: fields.host,
  POD_PORT: fields.port(8090),
  /** Liveness, readiness and metrics over HTTP. */
  POD_HTTP_PORT: fields.port(8091),
  POD_ID: z.string().max(120).optional().describe("A name for this pod in events and logs; unset makes one."),
  POD_CAPACITY: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe("Calls to take at most; leave it unset to take what was measured at start."),
  POD_DRAIN_MS: fields.ms(0, 86_400_000, 3_600_000),
  MODEL_DIR: z
    .string()
    .min(1)
    .default(SHIPPED_WEIGHTS_FOLDER)
    .describe("The folder with manifest.json and its weights."),
  MODEL_THREADS: z.coerce
    .number()
    .int()
    .min(1)
    .max(128)
    .default(Math.max(1, Math.min(8, availableParallelism() - 1)))
    .describe("Worker threads that step the model: a whole number from 1 to 128, at most one per core."),
  MODEL_SLOTS: fields.count(1, 1024, 256),
  DATA_DIR: fields.dataDir,
  MODEL_DEVICE: z.enum(["cpu", "cuda"]).default("cpu").describe("cpu, or cuda with onnxruntime-node's CUDA build."),
  POD_MODEL_WRAPPER: z
    .string()
    .regex(/^file:/, "must be a file: URL")
    .optional()
    .describe("For benchmarks: a module that decides in the network's place; unset in production."),
  POD_AWAIT_SPEECH: fields
    .flag(false)
    .describe("1 only for calls on a virtual clock: a tick is answered when the speech it asked for is made."),
  SPEECH_VOICE: z.string().min(1).optional().describe("Voice of playbooks that name none, such as flite/slt."),
  LOG_LEVEL: fields.logLevel,
});
export type Config = z.infer<typeof ConfigSchema>;

export const podConfig = (env: Readonly<Record<string, string | undefined>>): Config => readConfig(ConfigSchema, env);
