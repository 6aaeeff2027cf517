import { z } from "zod";
import { Address, Appointment, Case, Customer, Invoice, IsoDate, Order, Shipment } from "./entities.ts";

/** One BullMQ queue per class: what a burst in one class costs stays in that class. */
export const COST_CLASSES = ["lookup", "write", "slow", "after-call", "timer"] as const;
export type CostClass = (typeof COST_CLASSES)[number];

export const TASK_OUTCOMES = [
  "progress",
  "found",
  "not-found",
  "failed",
  "timed-out",
  "cancelled",
  "superseded",
  "expired",
] as const;
export const TaskOutcome = z.enum(TASK_OUTCOMES);
export type TaskOutcome = z.infer<typeof TaskOutcome>;

export interface TaskSpec<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  input: I;
  output: O;
  costClass: CostClass;
  /** Longest run of one attempt. */
  timeoutMs: number;
  /** Attempts in all, the first included. */
  attempts: number;
  /** First retry delay; doubles from there. */
  backoffMs: number;
  /** Changes the world: runs at most once per idempotency key. */
  sideEffect: boolean;
  /** What the agent may say that it is doing meanwhile, to fit "I'm just ...". */
  meanwhile: string;
}

const spec = <I extends z.ZodType, O extends z.ZodType>(s: TaskSpec<I, O>): TaskSpec<I, O> => s;
const lookup = { costClass: "lookup", timeoutMs: 8_000, attempts: 2, backoffMs: 200, sideEffect: false } as const;
const write = { costClass: "write", timeoutMs: 10_000, attempts: 3, backoffMs: 500, sideEffect: true } as const;
const orderInput = z.object({ orderNumber: z.string(), customerId: z.string().optional() });
const acknowledged = z.object({ reference: z.string(), note: z.string().optional() });

/** What a lookup brings is written to the caller, in the playbook's words, whether or not the call lasts so long. */
export const PromisedAnswer = z.object({
  to: z.string(),
  channel: z.enum(["sms", "email"]),
  /** `if-unanswered`: only where the call ends before its caller heard the answer; cancelled when they did. */
  when: z.enum(["at-once", "if-unanswered"]),
  lookup: z.object({ kind: z.string(), input: z.record(z.string(), z.unknown()) }),
  wording: z.object({
    company: z.string(),
    /** The playbook's answers; the first that fits the outcome and the finding is sent. */
    answers: z.array(
      z.object({
        outcome: z.enum(["found", "not-found", "failed"]),
        when: z
          .record(
            z.string(),
            z.union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number()]))]),
          )
          .optional(),
        say: z.union([z.string(), z.array(z.string())]),
      }),
    ),
    /** What templates may name besides the finding. */
    values: z.array(z.unknown()),
    today: z.iso.date(),
    seed: z.number().int(),
    neverSay: z.array(z.string()),
  }),
});
export type PromisedAnswer = z.infer<typeof PromisedAnswer>;

/** Every task kind of the background tier: its contract and its policy in one table. */
export const TASKS = {
  "find-customer": spec({
    ...lookup,
    input: z.object({
      phone: z.string().optional(),
      email: z.string().optional(),
      name: z.string().optional(),
      orderNumber: z.string().optional(),
    }),
    output: z.object({ customers: z.array(Customer) }),
    meanwhile: "finding your account",
  }),
  "order-status": spec({
    ...lookup,
    input: orderInput,
    output: z.object({ order: Order }),
    meanwhile: "looking up your order",
  }),
  "list-orders": spec({
    ...lookup,
    input: z.object({ customerId: z.string(), limit: z.number().int().min(1).max(50).default(5) }),
    output: z.object({ orders: z.array(Order) }),
    meanwhile: "looking up your orders",
  }),
  "delivery-status": spec({
    ...lookup,
    input: orderInput,
    output: z.object({ order: Order, shipments: z.array(Shipment) }),
    meanwhile: "checking with the carrier",
  }),
  invoice: spec({
    ...lookup,
    input: orderInput,
    output: z.object({ invoice: Invoice }),
    meanwhile: "finding the invoice",
  }),
  "loyalty-balance": spec({
    ...lookup,
    input: z.object({ customerId: z.string().optional(), phone: z.string().optional(), email: z.string().optional() }),
    output: z.object({ points: z.number().int(), tier: z.string() }),
    meanwhile: "checking your points",
  }),
  "request-return": spec({
    ...write,
    input: orderInput.extend({ reason: z.string().optional() }),
    output: acknowledged,
    meanwhile: "arranging the return",
  }),
  "request-refund": spec({
    ...write,
    input: orderInput.extend({ reason: z.string().optional(), amountCents: z.number().int().positive().optional() }),
    output: acknowledged.extend({ amountCents: z.number().int(), currency: z.string() }),
    meanwhile: "requesting the refund",
  }),
  "cancel-order": spec({
    ...write,
    input: orderInput.extend({ reason: z.string().optional() }),
    output: acknowledged,
    meanwhile: "cancelling the order",
  }),
  "change-address": spec({
    ...write,
    input: orderInput.extend({ address: z.union([Address, z.string()]) }),
    output: acknowledged,
    meanwhile: "changing the address",
  }),
  "create-case": spec({
    ...write,
    input: z.object({
      customerId: z.string().optional(),
      subject: z.string(),
      description: z.string(),
      orderNumber: z.string().optional(),
    }),
    output: z.object({ case: Case }),
    meanwhile: "writing that down for the team",
  }),
  "add-note": spec({
    ...write,
    input: z.object({ customerId: z.string().optional(), caseId: z.string().optional(), text: z.string() }),
    output: acknowledged,
    meanwhile: "making a note",
  }),
  "free-appointments": spec({
    ...lookup,
    input: z.object({ service: z.string().optional(), on: IsoDate.optional(), partOfDay: z.string().optional() }),
    output: z.object({ slots: z.array(z.object({ startsAt: z.string(), service: z.string() })) }),
    meanwhile: "looking at the calendar",
  }),
  "find-appointment": spec({
    ...lookup,
    input: z.object({ name: z.string().optional(), phone: z.string().optional(), id: z.string().optional() }),
    output: z.object({ appointments: z.array(Appointment) }),
    meanwhile: "finding your appointment",
  }),
  "book-appointment": spec({
    ...write,
    input: z.object({
      name: z.string(),
      phone: z.string().optional(),
      service: z.string(),
      startsAt: z.string(),
    }),
    output: z.object({ appointment: Appointment }),
    meanwhile: "booking that",
  }),
  "reschedule-appointment": spec({
    ...write,
    input: z.object({ id: z.string(), startsAt: z.string() }),
    output: z.object({ appointment: Appointment }),
    meanwhile: "moving your appointment",
  }),
  "cancel-appointment": spec({
    ...write,
    input: z.object({ id: z.string() }),
    output: acknowledged,
    meanwhile: "cancelling the appointment",
  }),
  knowledge: spec({
    ...lookup,
    input: z.object({ question: z.string().min(1).max(500), topic: z.string().optional() }),
    output: z.object({
      answer: z.string(),
      passages: z.array(z.object({ text: z.string(), source: z.string(), score: z.number() })),
    }),
    meanwhile: "checking that",
  }),
  reason: spec({
    costClass: "slow",
    timeoutMs: 20_000,
    attempts: 1,
    backoffMs: 0,
    sideEffect: false,
    input: z.object({
      transcript: z.array(z.object({ who: z.enum(["caller", "agent"]), text: z.string() })).max(200),
      question: z.string(),
      policy: z.string().optional(),
      tools: z.array(z.string()).default([]),
    }),
    output: z.object({ sentences: z.array(z.string()), refused: z.boolean().default(false) }),
    meanwhile: "thinking that through",
  }),
  "mcp-tool": spec({
    ...lookup,
    costClass: "slow",
    timeoutMs: 15_000,
    input: z.object({ server: z.string(), tool: z.string(), arguments: z.record(z.string(), z.unknown()) }),
    output: z.object({ text: z.string(), structured: z.unknown().optional() }),
    meanwhile: "checking that",
  }),
  "send-message": spec({
    ...write,
    input: z.object({ to: z.string(), channel: z.enum(["sms", "email"]), text: z.string().max(1600) }),
    output: acknowledged,
    meanwhile: "sending that",
  }),
  "send-answer": spec({
    costClass: "timer",
    timeoutMs: 30_000,
    attempts: 8,
    backoffMs: 2_000,
    /** Its message is one, by a key of its own; the lookup before it may be repeated. */
    sideEffect: false,
    input: PromisedAnswer,
    output: acknowledged,
    meanwhile: "writing that down for you",
  }),
  remind: spec({
    costClass: "timer",
    timeoutMs: 5_000,
    attempts: 5,
    backoffMs: 1_000,
    sideEffect: false,
    /** Durable, on the wall clock: survives restarts of everything. */
    input: z.object({
      inMs: z
        .number()
        .int()
        .positive()
        .max(86_400_000 * 30),
      text: z.string(),
    }),
    output: z.object({ text: z.string() }),
    meanwhile: "keeping an eye on the clock",
  }),
  "call-back": spec({
    costClass: "timer",
    timeoutMs: 30_000,
    attempts: 5,
    backoffMs: 30_000,
    sideEffect: true,
    input: z.object({ to: z.string(), at: z.string(), subject: z.string() }),
    output: acknowledged,
    meanwhile: "arranging a call back",
  }),
  "after-call": spec({
    costClass: "after-call",
    timeoutMs: 120_000,
    attempts: 10,
    backoffMs: 2_000,
    sideEffect: true,
    input: z.object({ tapePath: z.string(), endReason: z.string() }),
    output: z.object({ summary: z.string(), disposition: z.string() }),
    meanwhile: "finishing up",
  }),
} as const;

export type TaskKind = keyof typeof TASKS;
export const TASK_KINDS = Object.keys(TASKS) as [TaskKind, ...TaskKind[]];
export const TaskKind = z.enum(TASK_KINDS);
export type TaskInput<K extends TaskKind> = z.infer<(typeof TASKS)[K]["input"]>;
export type TaskOutput<K extends TaskKind> = z.infer<(typeof TASKS)[K]["output"]>;

/** The job that goes on the queue `queueName(costClass)`; its BullMQ job id is `jobId(task)`. */
export const TaskJob = z.object({
  taskId: z.string(),
  epoch: z.number().int().nonnegative(),
  kind: TaskKind,
  input: z.unknown(),
  callId: z.string(),
  tenant: z.string().default("default"),
  /** Where the finding goes: the inbox of the bridge that holds the call (redis-keys.ts). */
  bridgeId: z.string(),
  /** Side effects run at most once per key, whatever is retried. */
  idempotencyKey: z.string(),
  outlivesCall: z.boolean(),
  delegatedAt: z.iso.datetime(),
  /** Who is calling and what: context for tools, never logged. */
  call: z.object({ from: z.string(), to: z.string(), playbookId: z.string(), playbookVersion: z.number().int() }),
});
export type TaskJob = z.infer<typeof TaskJob>;
