import { Expectation, INTENTS } from "@sidetone/protocol";
import { z } from "zod";
import { AgentClockState } from "./agent-clock.ts";

const Say = z.object({
  type: z.literal("say"),
  utteranceId: z.number().int().nonnegative(),
  text: z.string(),
  act: z.enum(["line", "answer", "filler", "repair", "interjection"]),
  uninterruptible: z.boolean(),
  urgency: z.enum(["answer", "filler", "urgent"]),
  replaceable: z.boolean(),
  resumes: z.number().int().exactOptional(),
});

const Leave = z.discriminatedUnion("type", [
  z.object({ type: z.literal("transfer"), target: z.string(), reason: z.string(), summary: z.string() }),
  z.object({ type: z.literal("hang-up"), reason: z.string() }),
]);
export type Leave = z.infer<typeof Leave>;

/** What of a talk goes on in another pod. Bounded by the dialogue's own bounds. */
export const TalkState = z.object({
  dialogue: z.unknown(),
  clock: AgentClockState,
  epoch: z.number().int().nonnegative(),
  planned: z.array(Say),
  /** Lines that were on their way, as far as the caller had heard them. */
  cutOff: z.array(z.object({ utteranceId: z.number().int(), heardText: z.string(), unheardText: z.string() })),
  turn: z.number().int().nonnegative(),
  expectation: Expectation,
  intent: z.enum(INTENTS),
  muted: z.boolean(),
  greeted: z.boolean(),
  leave: Leave.nullable(),
});
export type TalkState = z.infer<typeof TalkState>;
