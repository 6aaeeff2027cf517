import { Expectation, INTENTS } from "@sidetone/protocol";
import { z } from "zod";
import { AgentClockState } from "./agent-clock.ts";
import { BegunLine, SaySchema } from "./line.ts";

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
  planned: z.array(SaySchema),
  /** Lines that were on their way in that epoch, and how much of the epoch the caller had heard. */
  begun: z.array(BegunLine),
  heardSamples: z.number().int().nonnegative(),
  turn: z.number().int().nonnegative(),
  expectation: Expectation,
  intent: z.enum(INTENTS),
  muted: z.boolean(),
  greeted: z.boolean(),
  leave: Leave.nullable(),
});
export type TalkState = z.infer<typeof TalkState>;
