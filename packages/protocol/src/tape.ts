import { z } from "zod";
import { PodInput, PodOutput } from "./pod-messages.ts";

/** First record of every tape: a tape describes itself and needs no other file. */
export const TapeHeader = z.object({
  format: z.literal("sidetone-tape"),
  version: z.literal(1),
  callId: z.string(),
  carrierCallId: z.string(),
  startedAt: z.iso.datetime(),
  sampleRateHz: z.literal(8000),
  hopSamples: z.literal(320),
  audio: z.literal("mu-law"),
  /** Order and meaning of the score columns, so that an old tape stays readable. */
  scoreNames: z.array(z.string()),
  model: z.string(),
  modelHash: z.string(),
  bridgeId: z.string(),
  softwareVersion: z.string(),
});
export type TapeHeader = z.infer<typeof TapeHeader>;

/** Conditioning the model saw besides audio at one hop: with both channels, all that `verify` needs. */
export const HopConditioning = z.object({
  expectation: z.number().int(),
  length: z.number().int(),
  remaining: z.number().int(),
  intent: z.number().int(),
});
export type HopConditioning = z.infer<typeof HopConditioning>;

/** JSON records of a tape, stamped with the hop they belong to. Audio, decisions and scores are binary records. */
export const TapeNote = z.discriminatedUnion("type", [
  z.object({ type: z.literal("in"), hop: z.number().int(), input: PodInput }),
  z.object({ type: z.literal("out"), hop: z.number().int(), output: PodOutput }),
  z.object({ type: z.literal("gap"), hop: z.number().int(), lostSamples: z.number().int(), kind: z.string() }),
  z.object({ type: z.literal("control"), hop: z.number().int(), what: z.string(), detail: z.string().optional() }),
  z.object({ type: z.literal("end"), hop: z.number().int(), reason: z.string() }),
]);
export type TapeNote = z.infer<typeof TapeNote>;
