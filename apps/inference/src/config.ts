import { availableParallelism } from "node:os";
import { fields, readConfig } from "@sidetone/platform";
import { z } from "zod";
import type { SpeechSettings } from "./talk/speech.ts";

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
    .optional()
    .describe("The folder with manifest.json and its weights; unset takes the shipped ones."),
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
  SPEECH_URL: fields.url().describe("An OpenAI-compatible speech server, without /audio/speech."),
  SPEECH_MODEL: z.string().min(1).default("tts-1").describe("The model that SPEECH_URL should speak with."),
  SPEECH_KEY: z.string().min(1).optional().describe("The key for SPEECH_URL, where it needs one."),
  ELEVENLABS_API_KEY: z.string().min(1).optional().describe("A key adds voices named elevenlabs/<voice id>."),
  ELEVENLABS_MODEL: z.string().min(1).default("eleven_flash_v2_5").describe("One of ElevenLabs' streaming models."),
  CARTESIA_API_KEY: z.string().min(1).optional().describe("A key adds voices named cartesia/<voice id>."),
  CARTESIA_MODEL: z.string().min(1).default("sonic-2").describe("One of Cartesia's models."),
  SPEECH_VOICE: z.string().min(1).optional().describe("Voice of playbooks that name none, such as flite/slt."),
  LOG_LEVEL: fields.logLevel,
});
export type Config = z.infer<typeof ConfigSchema>;

/** Which voices there are besides the embedded ones, as `startSpeaker` takes them. */
export function speechSettings(config: Config): SpeechSettings {
  const { SPEECH_URL, SPEECH_KEY, ELEVENLABS_API_KEY, CARTESIA_API_KEY } = config;
  return {
    dataDir: config.DATA_DIR,
    voice: config.SPEECH_VOICE,
    openAi: SPEECH_URL
      ? { baseUrl: SPEECH_URL, model: config.SPEECH_MODEL, ...(SPEECH_KEY ? { apiKey: SPEECH_KEY } : {}) }
      : undefined,
    elevenLabs: ELEVENLABS_API_KEY ? { apiKey: ELEVENLABS_API_KEY, model: config.ELEVENLABS_MODEL } : undefined,
    cartesia: CARTESIA_API_KEY ? { apiKey: CARTESIA_API_KEY, model: config.CARTESIA_MODEL } : undefined,
  };
}

export const podConfig = (env: Readonly<Record<string, string | undefined>>): Config => readConfig(ConfigSchema, env);
