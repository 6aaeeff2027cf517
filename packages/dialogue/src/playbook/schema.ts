import { EXPECTATION_KINDS, TASK_KINDS } from "@sidetone/protocol";
import { z } from "zod";

/** One line or several that mean the same; the call's seed chooses. */
export const Variants = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
  .describe("One line, or several that mean the same; one of them is chosen.");
export type Variants = z.infer<typeof Variants>;

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/, "use lower-case letters, digits and hyphens, starting with a letter")
  .max(60);

export const SLOT_TYPES = EXPECTATION_KINDS.filter((kind) => kind !== "open");

const Slot = z
  .strictObject({
    type: z.enum(SLOT_TYPES as [(typeof SLOT_TYPES)[number], ...(typeof SLOT_TYPES)[number][]]),
    length: z.int().min(1).max(32).optional().describe("How many digits or characters (digits, alphanumeric)."),
    name: z.string().min(1).describe('What the agent calls it: "order number".'),
    ask: Variants.describe("How it is asked for."),
    askAgain: Variants.optional().describe("How it is asked for the second time."),
    confirm: z
      .enum(["when-unsure", "always", "never"])
      .default("when-unsure")
      .describe("Whether the value is read back and confirmed: by default only when it was heard poorly."),
    tooLong: Variants.optional().describe("Said while the caller is still giving more symbols than there are."),
    help: Variants.optional().describe("Said to a caller who does not have it at hand: where it can be found."),
    keypad: z.boolean().default(true).describe("Whether it may be typed on the keypad."),
    choices: z
      .record(z.string(), z.array(z.string().min(1)))
      .optional()
      .describe("The alternatives of a choice: value, then the words for it."),
    from: z
      .strictObject({ task: z.enum(TASK_KINDS), list: z.string(), value: z.string(), label: z.string() })
      .optional()
      .describe("Alternatives of a choice that come from a task's finding."),
    country: z.string().length(2).default("GB").describe("Country of phone numbers said without a country code."),
    currency: z.string().length(3).default("GBP"),
    again: z.array(z.string()).default([]).describe('Phrases that mean a new value is meant: "another order".'),
  })
  .describe("Something that the caller tells: its type, and how to ask for it.");
export type Slot = z.infer<typeof Slot>;

const Condition = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number()]))]))
  .describe("Paths into the finding and the values they must have; a list means any of them.");

const Answer = z.strictObject({
  outcome: z.enum(["found", "not-found", "failed"]).default("found"),
  when: Condition.optional(),
  say: Variants,
  next: z
    .enum(["done", "ask-again", "hand-over"])
    .default("done")
    .describe("What happens then: the want is done, its slots are asked for again, or a person takes over."),
});
export type Answer = z.infer<typeof Answer>;

const Step = z.strictObject({
  slots: z.array(name).default([]).describe("What must be known before the task can start."),
  task: z
    .strictObject({
      kind: z.enum(TASK_KINDS),
      input: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
    })
    .optional(),
  goAhead: Variants.optional().describe("Asked before a task that changes something; a plain yes is needed."),
  answers: z.array(Answer).default([]),
});
export type Step = z.infer<typeof Step>;

const Want = z.strictObject({
  title: z.string().min(1).describe('What the agent calls it: "your return".'),
  examples: z.array(z.string().min(1)).min(3).describe("Ways in which callers say it."),
  keywords: z.array(z.string().min(1)).default([]).describe("Words or phrases that alone are enough."),
  say: Variants.optional().describe("A ready answer, for what needs no lookup."),
  acknowledge: Variants.optional().describe("Said before the first question for this want."),
  verify: z.boolean().default(false).describe("Whether the caller's identity must be checked first."),
  handOver: z.boolean().default(false).describe("Whether it goes to a person at once."),
  summary: z.string().optional().describe("How a summary at the end mentions it."),
  steps: z.array(Step).default([]),
});
export type Want = z.infer<typeof Want>;

const Hours = z
  .string()
  .regex(/^(closed|([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d)$/, 'write "09:00-17:30" or "closed"');
export const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;

const Turn = z.union([
  z.strictObject({
    caller: z.string().describe("What the caller says. '...' marks a pause within the turn."),
    confidence: z.number().min(0).max(1).optional(),
    interrupts: z.boolean().optional().describe("Said while the agent is speaking."),
    aside: z.boolean().optional().describe("Said to somebody else while the agent is speaking."),
    afterWords: z.int().min(0).optional().describe("How many of the agent's words were heard by then."),
  }),
  z.strictObject({ keys: z.string().regex(/^[0-9*#]+$/) }),
  z.strictObject({ agent: z.union([z.string(), z.array(z.string())]).describe("Words that the agent must say next.") }),
  z.strictObject({ never: z.string().describe("Words that the agent must not have said so far.") }),
  z.strictObject({ whisper: z.string().describe("What a supervisor whispers to the agent.") }),
  z.strictObject({ waits: z.number().positive().describe("Milliseconds of silence.") }),
  z.strictObject({
    delegates: z.strictObject({ kind: z.enum(TASK_KINDS), input: z.record(z.string(), z.unknown()).optional() }),
  }),
  z.strictObject({
    finds: z.strictObject({
      kind: z.enum(TASK_KINDS),
      outcome: z.enum(["found", "not-found", "failed", "timed-out"]).default("found"),
      output: z.unknown().optional(),
      afterMs: z.number().nonnegative().default(0),
    }),
  }),
  z.strictObject({ ends: z.enum(["hang-up", "transfer"]) }),
]);
export type TestTurn = z.infer<typeof Turn>;

const Conversation = z.strictObject({
  name: z.string(),
  from: z.string().default("+447700900123"),
  startedAt: z.iso.datetime().default("2026-03-02T10:00:00Z"),
  skipOpening: z.boolean().default(true).describe("Start after greeting and consent."),
  findings: z.record(z.string(), z.unknown()).default({}).describe("Ready findings by task kind, given after 300 ms."),
  turns: z.array(Turn).min(1),
});
export type Conversation = z.infer<typeof Conversation>;

export const PlaybookSchema = z
  .strictObject({
    format: z.literal(1),
    id: name,
    version: z.int().min(1),
    title: z.string().min(1),
    model: z.enum(["interaction", "line-test"]).default("interaction"),
    languages: z
      .array(z.string().min(2))
      .min(1)
      .default(["en-GB"])
      .describe("What is spoken in its calls. The ears that ship hear English: en-GB or en-US."),
    persona: z.strictObject({
      name: z.string().min(1),
      company: z.string().min(1),
      voice: z.string().default("default"),
      manner: z.string().optional().describe("For the reasoning model, where there is one."),
      backchannels: z.union([z.boolean(), z.array(z.string().min(1)).min(1)]).default(true),
    }),
    pronunciation: z.record(z.string(), z.string()).default({}).describe("How words are spoken: written, then said."),
    opening: z.strictObject({
      greeting: Variants,
      disclosure: z.string().min(1).describe("Says that the caller is talking to a machine. Always said first."),
      recording: z
        .discriminatedUnion("mode", [
          z.strictObject({ mode: z.literal("ask"), ask: z.string(), granted: z.string(), declined: z.string() }),
          z.strictObject({ mode: z.literal("announce"), announce: z.string(), declined: z.string() }),
          z.strictObject({ mode: z.literal("never") }),
        ])
        .default({ mode: "never" }),
      question: Variants,
    }),
    hours: z
      .strictObject({
        week: z.strictObject(
          Object.fromEntries(WEEKDAYS.map((day) => [day, Hours])) as Record<(typeof WEEKDAYS)[number], typeof Hours>,
        ),
        closed: Variants.optional().describe("Said after the greeting outside these hours."),
      })
      .optional(),
    slots: z.record(name, Slot).default({}),
    wants: z.record(name, Want),
    fallback: z
      .enum(["none", "knowledge", "reason"])
      .default("none")
      .describe("Who answers questions that no want covers."),
    interjections: z
      .array(
        z.strictObject({
          hear: z.array(z.string().min(1)).default([]).describe("Phrases that are off course."),
          digits: z.int().min(2).optional().describe("So many digits in one turn are off course: a card number."),
          say: Variants,
        }),
      )
      .default([])
      .describe("Said while the caller is still speaking, once a turn, when they are off course."),
    policy: z
      .strictObject({
        verification: z
          .strictObject({
            slot: name.describe("What the caller must tell."),
            task: z.strictObject({ kind: z.enum(TASK_KINDS), input: z.record(z.string(), z.string()) }),
            against: z.string().describe("Path into the finding that it must agree with."),
            callerPhone: z.string().optional().describe("Path of a phone number that passes when it is the caller's."),
            attempts: z.int().min(1).max(5).default(2),
            passed: Variants.optional(),
            failed: Variants,
          })
          .optional(),
        neverSay: z
          .array(z.string().min(1))
          .default([])
          .describe("Phrases that must never be said, whoever wrote them."),
        rules: z.array(z.string()).default([]).describe("For the reasoning model."),
      })
      .default({ neverSay: [], rules: [] }),
    handOver: z.strictObject({
      target: z.string().min(1),
      say: Variants,
      unavailable: Variants,
      outOfHours: Variants.optional(),
      afterFailures: z.int().min(2).max(6).default(3),
    }),
    timers: z
      .strictObject({
        silenceMs: z.array(z.int().min(2000)).min(2).max(5).default([7000, 9000, 10000]),
        fillerAfterMs: z.int().min(800).default(900),
        estimateAfterMs: z.int().min(1500).default(4500),
        offerAfterMs: z.int().min(4000).default(13000),
        holdCheckInMs: z.int().min(10000).default(60000),
        holdMaxMs: z.int().min(30000).default(180000),
      })
      .prefault({}),
    longWait: z
      .strictObject({
        offer: z
          .enum(["call-back", "message", "either"])
          .default("call-back")
          .describe("What a caller is offered for whom a lookup takes too long (timers.offerAfterMs)."),
        channels: z
          .array(z.enum(["sms", "email"]))
          .min(1)
          .default(["sms"])
          .describe("How callers may be written to, the usual way first. A caller may ask for the other."),
        email: name
          .optional()
          .describe('The slot of type email that holds the caller\'s address; for channel "email".'),
        afterHangUp: z
          .enum(["promised", "always"])
          .default("promised")
          .describe(
            "Whose answer is sent when they hang up before a lookup is done: those who were promised it, or everybody who agreed to the recording. For the latter the opening has to say so.",
          ),
        message: Variants.default(
          "{company}: we are still looking into {title} for you and will write as soon as we know. If you hear nothing within the hour, please call us again.",
        ).describe(
          "The text that is sent at once to who would rather have a message; the answer follows when it is there.",
        ),
      })
      .prefault({}),
    closing: z.strictObject({ anythingElse: Variants, goodbye: Variants }),
    lines: z.record(z.string(), Variants).default({}).describe("Replaces the built-in lines of the same names."),
    tests: z.array(Conversation).default([]).describe("Expected conversations; `npm run playbook -- test` runs them."),
  })
  .describe("A Sidetone playbook: what the agent says, asks and does.");
export type Playbook = z.infer<typeof PlaybookSchema>;
