import { z } from "zod";

/** What the conversation is waiting for; fed to the model, narrows the decoder, decides "fulfilled". */
export const EXPECTATION_KINDS = [
  "open",
  "yes-no",
  "digits",
  "alphanumeric",
  "name",
  "date",
  "time",
  "money",
  "choice",
  "phone",
  "email",
  "address",
] as const;
export type ExpectationKind = (typeof EXPECTATION_KINDS)[number];

export const Expectation = z.object({
  kind: z.enum(EXPECTATION_KINDS),
  /** Symbols wanted in all, for kinds that have a length; 0 when unknown. */
  length: z.number().int().min(0).max(64).default(0),
  /** Symbols still missing, as the dialogue understands what was heard so far. */
  remaining: z.number().int().min(0).max(64).default(0),
  /** The alternatives of a `choice`. */
  choices: z.array(z.string().max(80)).max(32).optional(),
});
export type Expectation = z.infer<typeof Expectation>;
export const OPEN: Expectation = { kind: "open", length: 0, remaining: 0 };

/** What the dialogue has ready to say; the model decides when. Wire order is the model's one-hot order. */
export const INTENTS = ["nothing", "answer", "filler", "urgent"] as const;
export type Intent = (typeof INTENTS)[number];
