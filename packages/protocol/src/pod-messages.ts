import { z } from "zod";
import { Expectation, INTENTS } from "./expectation.ts";
import { TaskKind, TaskOutcome } from "./tasks.ts";

/** A word on the media clock. `confidence` is a probability; 1 for typed or scripted words. */
export const HeardWord = z.object({
  text: z.string(),
  startMs: z.number().nonnegative(),
  endMs: z.number().nonnegative(),
  confidence: z.number().min(0).max(1),
});
export type HeardWord = z.infer<typeof HeardWord>;

/** A word of an utterance, in samples of the epoch's agent audio. */
export const SaidWord = z.object({
  text: z.string(),
  startSamples: z.number().int().nonnegative(),
  endSamples: z.number().int().nonnegative(),
  source: z.enum(["engine", "aligned"]),
});
export type SaidWord = z.infer<typeof SaidWord>;

/** The playbook a call runs, whole: a tape must be able to replay without any other file. */
export const PlaybookOfCall = z.object({
  id: z.string(),
  version: z.number().int().nonnegative(),
  /** The model the call asks for: `interaction` or `line-test`. */
  model: z.enum(["interaction", "line-test"]),
  /** The playbook document, validated by `@sidetone/dialogue` before it took calls. */
  document: z.unknown(),
});
export type PlaybookOfCall = z.infer<typeof PlaybookOfCall>;

/** Everything but audio that enters a call in the pod. Recorded on the tape word for word. */
export const PodInput = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("opened"),
    callId: z.string(),
    from: z.string(),
    to: z.string(),
    direction: z.enum(["inbound", "outbound"]).default("inbound"),
    /** Wall clock at the call's first sample: the only wall clock that call logic ever sees. */
    startedAt: z.iso.datetime(),
    /** IANA zone for "today", "at four", opening hours. */
    timeZone: z.string(),
    seed: z.number().int().nonnegative(),
    playbook: PlaybookOfCall,
    /** Task durations seen lately, milliseconds, for honest estimates. */
    taskMediansMs: z.record(z.string(), z.number().nonnegative()).default({}),
    /** A snapshot to go on from, when the call moved here from a pod that died. */
    resume: z.object({ state: z.unknown() }).optional(),
  }),
  z.object({ type: z.literal("finding"), finding: z.lazy(() => Finding) }),
  z.object({ type: z.literal("whispered"), text: z.string().max(2000), by: z.string() }),
  z.object({ type: z.literal("key-pressed"), digit: z.string().regex(/^[0-9*#A-D]$/) }),
  /** An epoch ended: the caller heard this many samples of it, and nothing after. */
  z.object({
    type: z.literal("epoch-ended"),
    epoch: z.number().int().nonnegative(),
    heardSamples: z.number().int().nonnegative(),
  }),
  z.object({ type: z.literal("taken-over"), by: z.string() }),
  z.object({ type: z.literal("handed-back"), by: z.string(), note: z.string().max(2000).optional() }),
  /** The control plane could not do what the pod asked for (a transfer that nobody answered...). */
  z.object({ type: z.literal("refused"), what: z.enum(["transfer", "hang-up", "send-message"]), reason: z.string() }),
  z.object({ type: z.literal("closed"), reason: z.string() }),
]);
export type PodInput = z.infer<typeof PodInput>;

/** What the background tier reports of a task to the call that delegated it. */
export const Finding = z.object({
  taskId: z.string(),
  /** Epoch of the task (not of audio): a corrected slot supersedes the task and raises it. */
  epoch: z.number().int().nonnegative(),
  kind: TaskKind,
  outcome: TaskOutcome,
  /** The kind's output, when the outcome is `found`; a coded error when it is not; progress text. */
  output: z.unknown().optional(),
  error: z.object({ code: z.string(), message: z.string(), retryable: z.boolean() }).optional(),
  tookMs: z.number().nonnegative(),
});
export type Finding = z.infer<typeof Finding>;

/** Everything but audio that leaves a call in the pod. Recorded on the tape word for word. */
export const PodOutput = z.discriminatedUnion("type", [
  /** The hearing so far of the caller's current turn. `final` closes the turn. `revision` counts up. */
  z.object({
    type: z.literal("heard"),
    turn: z.number().int().nonnegative(),
    revision: z.number().int().nonnegative(),
    final: z.boolean(),
    words: z.array(HeardWord),
    want: z.string().optional(),
  }),
  /** An utterance was planned and its audio starts at `startSamples` of `epoch`. */
  z.object({
    type: z.literal("said"),
    utteranceId: z.number().int().nonnegative(),
    epoch: z.number().int().nonnegative(),
    startSamples: z.number().int().nonnegative(),
    text: z.string(),
    act: z.enum(["line", "answer", "filler", "backchannel", "repair", "interjection"]),
    uninterruptible: z.boolean(),
  }),
  /** Word timings of an utterance, possibly in several parts as synthesis goes on. */
  z.object({ type: z.literal("worded"), utteranceId: z.number().int().nonnegative(), words: z.array(SaidWord) }),
  /** The agent stopped; the caller heard the utterance to this word (-1: nothing of it). */
  z.object({
    type: z.literal("yielded"),
    utteranceId: z.number().int().nonnegative(),
    heardThroughWord: z.number().int().min(-1),
    heardText: z.string(),
    unheardText: z.string(),
  }),
  /** The caller heard the utterance to its end. */
  z.object({ type: z.literal("finished"), utteranceId: z.number().int().nonnegative() }),
  z.object({ type: z.literal("overlap"), kind: z.string(), confidence: z.number() }),
  z.object({ type: z.literal("expecting"), expectation: Expectation, intent: z.enum(INTENTS) }),
  z.object({
    type: z.literal("delegate"),
    taskId: z.string(),
    epoch: z.number().int().nonnegative(),
    kind: TaskKind,
    input: z.unknown(),
    /** Lower is sooner: 1 the caller waits for it, 5 nice to have, 10 after the call. */
    priority: z.number().int().min(1).max(10),
    /** Must finish even when the caller hangs up (a promised refund). */
    outlivesCall: z.boolean(),
  }),
  z.object({ type: z.literal("supersede"), taskId: z.string(), epoch: z.number().int().nonnegative() }),
  z.object({ type: z.literal("cancel"), taskId: z.string(), reason: z.string() }),
  z.object({ type: z.literal("reprioritise"), taskId: z.string(), priority: z.number().int().min(1).max(10) }),
  z.object({ type: z.literal("slot-filled"), slot: z.string(), value: z.string(), confirmed: z.boolean() }),
  z.object({ type: z.literal("want-recognised"), want: z.string(), confidence: z.number() }),
  z.object({ type: z.literal("transfer"), target: z.string(), reason: z.string(), summary: z.string() }),
  z.object({ type: z.literal("hang-up"), reason: z.string() }),
  /** What became of a supervisor's whisper. */
  z.object({ type: z.literal("whisper-answered"), by: z.string(), understood: z.boolean(), did: z.string() }),
  z.object({ type: z.literal("recording"), on: z.boolean(), reason: z.string() }),
  /** State to resume from on another pod; sent every few seconds, newest wins. */
  z.object({ type: z.literal("snapshot"), hop: z.number().int(), state: z.unknown() }),
  /** The pod could not go on with this call. */
  z.object({ type: z.literal("failed"), code: z.string(), message: z.string() }),
]);
export type PodOutput = z.infer<typeof PodOutput>;
