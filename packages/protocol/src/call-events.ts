import { z } from "zod";
import { PodInput, PodOutput } from "./pod-messages.ts";
import { TaskKind, TaskOutcome } from "./tasks.ts";

const base = { callId: z.string(), /** Media clock, milliseconds since the call's first sample. */ atMs: z.number() };

/** Figures of a call, in its `ended` event and its row. Milliseconds at the bridge's socket. */
export const CallFigures = z.object({
  durationMs: z.number(),
  responseLatenciesMs: z.array(z.number()),
  stopLatenciesMs: z.array(z.number()),
  yields: z.number().int(),
  backchannels: z.number().int(),
  cutIns: z.number().int(),
  lostHops: z.number().int(),
  longestSilenceMs: z.number(),
});
export type CallFigures = z.infer<typeof CallFigures>;

/** What happens in a call, for everybody outside the road: dashboard, worker, operators. */
export const CallEvent = z.discriminatedUnion("type", [
  z.object({
    ...base,
    type: z.literal("started"),
    from: z.string(),
    to: z.string(),
    direction: z.enum(["inbound", "outbound"]),
    playbookId: z.string(),
    playbookVersion: z.number().int(),
    bridgeId: z.string(),
    podId: z.string(),
    startedAt: z.iso.datetime(),
    carrier: z.enum(["twilio", "browser", "test"]),
    /** The rule of the number that chose the playbook, and how it reads. */
    route: z.object({ id: z.string(), label: z.string() }).optional(),
  }),
  z.object({
    ...base,
    type: z.literal("hop-gap"),
    lostSamples: z.number().int(),
    kind: z.enum(["lost", "late", "repeated"]),
  }),
  /** Every PodInput but audio, as it entered the call. */
  z.object({ ...base, type: z.literal("entered"), input: PodInput }),
  /** Every PodOutput but snapshots, as it left the pod. */
  z.object({ ...base, type: z.literal("left"), output: PodOutput }),
  /** The floor as the caller's ear has it; sent on change only. */
  z.object({ ...base, type: z.literal("floor"), caller: z.boolean(), agent: z.boolean(), decision: z.string() }),
  z.object({
    ...base,
    type: z.literal("responded"),
    latencyMs: z.number(),
  }),
  z.object({ ...base, type: z.literal("fell-silent"), latencyMs: z.number() }),
  z.object({
    ...base,
    type: z.literal("task"),
    taskId: z.string(),
    epoch: z.number().int(),
    kind: TaskKind,
    step: z.union([z.enum(["delegated", "queued", "started", "spoken", "dropped"]), TaskOutcome]),
    detail: z.string().optional(),
  }),
  z.object({
    ...base,
    type: z.literal("supervised"),
    act: z.enum(["listen", "whisper", "take-over", "hand-back", "transfer", "end"]),
    by: z.string(),
  }),
  z.object({ ...base, type: z.literal("moved"), fromPod: z.string(), toPod: z.string(), reason: z.string() }),
  z.object({
    ...base,
    type: z.literal("ended"),
    reason: z.string(),
    figures: CallFigures,
    tapePath: z.string(),
  }),
]);
export type CallEvent = z.infer<typeof CallEvent>;

/** What other processes may ask of the bridge that holds a call. */
export const BridgeCommand = z.discriminatedUnion("type", [
  z.object({ type: z.literal("input"), callId: z.string(), input: PodInput }),
  z.object({ type: z.literal("listen"), callId: z.string(), by: z.string(), on: z.boolean() }),
  z.object({ type: z.literal("take-over"), callId: z.string(), by: z.string() }),
  z.object({ type: z.literal("hand-back"), callId: z.string(), by: z.string(), note: z.string().optional() }),
  z.object({ type: z.literal("transfer"), callId: z.string(), by: z.string(), target: z.string() }),
  z.object({ type: z.literal("end"), callId: z.string(), by: z.string() }),
]);
export type BridgeCommand = z.infer<typeof BridgeCommand>;
