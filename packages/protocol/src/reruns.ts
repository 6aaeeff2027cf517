import { z } from "zod";
import { CallFigures } from "./call-events.ts";
import { PlaybookOfCall } from "./pod-messages.ts";

/** Probabilities from which scores become acts; those that are absent are the model's own. */
export const ThresholdChanges = z.partialRecord(
  z.enum(["beginOpen", "beginFulfilled", "beginUnfulfilled", "backchannel", "duck", "yield", "voice", "want"]),
  z.number().min(0).max(1),
);
export type ThresholdChanges = z.infer<typeof ThresholdChanges>;

/** What a process that re-runs calls is told first: what all of them run against. */
export const RerunOrder = z.object({
  /** In the place of the tape's; absent: each call runs the playbook that it ran. */
  playbook: PlaybookOfCall.optional(),
  thresholds: ThresholdChanges.default({}),
  /** Folder of the model's weights; absent: the shipped ones. */
  modelDir: z.string().optional(),
  /** Where speech that was made is kept. */
  dataDir: z.string(),
  /** Calls that run side by side, as one batch. */
  lanes: z.number().int().min(1).max(64).default(8),
});
export type RerunOrder = z.infer<typeof RerunOrder>;

/** One call to run: a line of the process's input. */
export const RerunCall = z.object({ callId: z.string(), tapePath: z.string(), outPath: z.string() });
export type RerunCall = z.infer<typeof RerunCall>;

const RerunTask = z.object({ kind: z.string(), input: z.unknown(), outcome: z.string(), onTape: z.boolean() });

/** A stretch of a call from one turn of the caller to the next, as it was or as it would have been. */
export const RerunSide = z.object({
  atMs: z.number(),
  heard: z.string(),
  /** The agent's lines as far as they were heard, without fillers. */
  said: z.array(z.string()),
  /** What was planned and not heard. */
  unheard: z.array(z.string()),
  wants: z.array(z.string()),
  slots: z.array(z.object({ slot: z.string(), value: z.string() })),
  tasks: z.array(RerunTask),
  /** Changes of the decision, in order. */
  decisions: z.array(z.object({ atMs: z.number(), decision: z.string() })),
  responseMs: z.number().nullable(),
  cutIns: z.number().int(),
  ends: z.string().nullable(),
});
export type RerunSide = z.infer<typeof RerunSide>;

export const RERUN_CHANGES = [
  "heard",
  "words",
  "wants",
  "slots",
  "tasks",
  "decisions",
  "latency",
  "cut-ins",
  "end",
] as const;
export type RerunChange = (typeof RERUN_CHANGES)[number];

export const RerunTurn = z.object({
  turn: z.number().int(),
  before: RerunSide,
  after: RerunSide,
  changed: z.array(z.enum(RERUN_CHANGES)),
});
export type RerunTurn = z.infer<typeof RerunTurn>;

export const RerunTotals = z.object({
  wants: z.array(z.string()),
  slots: z.record(z.string(), z.string()),
  tasks: z.array(RerunTask),
  words: z.number().int(),
  decisions: z.record(z.string(), z.number().int()),
  ends: z.string().nullable(),
  figures: CallFigures,
});
export type RerunTotals = z.infer<typeof RerunTotals>;

/** What came of a call that was run again. */
export const RerunResult = z.object({
  before: RerunTotals,
  after: RerunTotals,
  turns: z.array(RerunTurn),
  changed: z.array(z.enum(RERUN_CHANGES)),
  /** The caller's consent is not on the tape: the opening ran without asking for it, and is not compared. */
  withoutConsent: z.boolean(),
  /** Turns of the caller that came although the agent was not where it had been: it never got there. */
  forcedTurns: z.number().int(),
  /** Tasks whose answer is on no tape. */
  unansweredTasks: z.number().int(),
  hops: z.number().int(),
  tookMs: z.number(),
  model: z.string(),
  modelHash: z.string(),
});
export type RerunResult = z.infer<typeof RerunResult>;

/** A line of the process's output. */
export const RerunReport = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready"), model: z.string(), modelHash: z.string() }),
  z.object({ type: z.literal("progress"), callId: z.string(), progress: z.number().min(0).max(1) }),
  z.object({ type: z.literal("done"), callId: z.string(), result: RerunResult }),
  z.object({ type: z.literal("failed"), callId: z.string(), code: z.string(), message: z.string() }),
]);
export type RerunReport = z.infer<typeof RerunReport>;
