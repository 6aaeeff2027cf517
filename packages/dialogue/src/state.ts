import type { Expectation, HeardWord, Intent, TaskKind, TaskOutcome } from "@sidetone/protocol";
import type { SpokenAct, Urgency } from "./effects.ts";
import type { Playbook } from "./playbook/schema.ts";

/** What is known of the call from its first sample on; never changes. */
export interface Call {
  callId: string;
  from: string;
  /** Wall clock at media clock 0, ISO 8601. */
  startedAt: string;
  /** IANA zone of "today" and "at four". */
  timeZone: string;
  /** Chooses among variants; the same seed says the same words. */
  seed: number;
  /** Recent durations of task kinds, for honest estimates. */
  taskMediansMs: Record<string, number>;
}

export interface SlotValue {
  /** Canonical: digits without spaces, ISO dates, E.164 phones, minor units, upper-case codes. */
  value: string;
  confidence: number;
  confirmed: boolean;
  source: "voice" | "keys" | "caller-id" | "tool";
}

/** One thing the caller wants, from recognition to answer. */
export interface Thread {
  key: string;
  want: string;
  confidence: number;
  status: "open" | "answered" | "dropped";
}

/** Something that the caller asked of the talk itself, not of the company. One of each kind a turn. */
export type Request =
  | { kind: "repeat" }
  | { kind: "slower" }
  | { kind: "hold-on" }
  | { kind: "back" }
  | { kind: "never-mind" }
  | { kind: "goodbye" }
  | { kind: "thanks" }
  | { kind: "greeting" }
  | { kind: "not-you" }
  | { kind: "are-you-human" }
  | { kind: "stop-recording" }
  | { kind: "remind"; inMs: number; text: string }
  | { kind: "call-back"; at: string | null }
  | { kind: "unknown-question"; text: string };

export type Question =
  | { kind: "recording" }
  | { kind: "open" }
  | { kind: "anything-else" }
  | { kind: "slot"; slot: string }
  | { kind: "confirm-slot"; slot: string; value: string }
  | { kind: "go-ahead"; thread: string; inputKey: string }
  | { kind: "which-want"; wants: [string, string] }
  | { kind: "offer"; what: "human" | "call-back" | "message" }
  | { kind: "still-there" };

/**
 * All that was made of the caller's words. A pure function of what was understood before the turn, the turn's words and
 * the question they may answer, so a revised hearing simply replaces the turn's contribution.
 */
export interface Understood {
  threads: Thread[];
  slots: Record<string, SlotValue>;
  /** Symbols of a counted slot heard so far, while incomplete; or too many of them. */
  partials: Record<string, string>;
  /** Answers by question key. */
  answers: Record<string, string>;
  /** What this turn asked of the talk; acted on when the turn is over. */
  requests: Request[];
  /** True when the turn brought nothing that could be used. */
  blank: boolean;
  /** Wants between which the turn's words did not decide, likeliest first. */
  ambiguous: [string, string] | null;
  /** Counts threads, for their keys. */
  threadCount: number;
}

export interface Turn {
  index: number;
  revision: number;
  words: HeardWord[];
  /** Keys pressed during the turn, merged with the words by time. */
  keys: { digit: string; atMs: number }[];
  /** Understood before the turn. */
  base: Understood;
  /** Question that was put to the caller when the turn began. */
  question: Question | null;
  /** Words that were already acted on when the agent began within the turn. */
  consumed: number;
  /** Understood up to `consumed`. */
  consumedBase: Understood | null;
  sideTalk: boolean;
  beganAtMs: number;
  lastWordAtMs: number;
}

export type TaskPurpose = "thread" | "verify" | "fallback" | "reminder" | "message" | "call-back";

export interface Task {
  taskId: string;
  epoch: number;
  kind: TaskKind;
  purpose: TaskPurpose;
  /** Thread that waits for it; empty for tasks of the talk itself. */
  thread: string;
  input: Record<string, unknown>;
  /** Canonical form of `input`; a different one supersedes. */
  inputKey: string;
  priority: number;
  status: "running" | Exclude<TaskOutcome, "progress">;
  output: unknown;
  errorCode: string;
  delegatedAtMs: number;
  settledAtMs: number;
  /** Waiting remarks made for it so far, and when the last was heard. */
  remarks: number;
  remarkedAtMs: number;
}

/** A stretch of an utterance that does one thing when it was heard to its last word. */
export interface Part {
  /** The need it serves; a heard key is never said again. */
  key: string;
  text: string;
  /** Question that counts as asked once this part was heard. */
  question?: Question;
}

export interface Utterance {
  id: number;
  parts: Part[];
  act: SpokenAct;
  urgency: Urgency;
  uninterruptible: boolean;
  beganAtMs: number | null;
}

/** Question that is on the table. */
export interface Asking {
  key: string;
  question: Question;
  /** When the caller had heard it; null while it is unasked. */
  heardAtMs: number | null;
  /** How often it was put, heard or not. */
  round: number;
  /** Turns that were meant to answer it and could not. */
  failures: number;
  /** How the next putting differs. */
  form: "plain" | "again" | "missing" | "too-many" | "keypad" | "resumed";
}

export interface DialogueState {
  format: 1;
  playbook: Playbook;
  call: Call;
  nowMs: number;
  phase: "opening" | "talking" | "closing" | "transferring" | "taken-over" | "ended";
  understood: Understood;
  turn: Turn | null;
  /** Understood before the latest ended turn, for "not you". */
  beforeLastTurn: Understood | null;
  asking: Asking | null;
  tasks: Task[];
  /** Keys of needs that the caller heard; bounded. */
  heardKeys: string[];
  /** Said to the pod, not yet heard to the end or dropped; at most one has begun. */
  outbox: Utterance[];
  /** Ids of utterances cut off whose rest still waits to be said. */
  cutOff: { utteranceId: number; key: string; restText: string } | null;
  /** Lines to be said once, in order: answers to requests, apologies, remarks. */
  remarks: { key: string; text: string; act: SpokenAct; urgency: Urgency; dueAtMs: number; replaces?: string }[];
  lastSaid: string;
  transcript: { who: "caller" | "agent"; text: string }[];
  recording: "unknown" | "on" | "off";
  verification: "none" | "asked" | "passed" | "failed";
  verifyFailures: number;
  /** Media clock until which the caller asked us to wait, and whether we checked in. */
  hold: { untilMs: number; checkedIn: boolean } | null;
  reminders: { atMs: number; text: string }[];
  silence: { sinceMs: number | null; prompts: number };
  handOver: { target: string; reason: string } | null;
  misses: number;
  lastBackchannelMs: number;
  agentSpeaking: boolean;
  callerSpeaking: boolean;
  expectation: Expectation;
  intent: Intent;
  /** No `elapsed` before this changes anything. */
  nextDueMs: number;
  counters: { utterance: number; task: number; remark: number; stale: number; duplicate: number };
}

export interface OpenOptions {
  callId: string;
  /** A validated document, as `parsePlaybook` returns it. */
  playbook: Playbook;
  startedAt: string;
  timeZone: string;
  from: string;
  seed: number;
  taskMediansMs?: Record<string, number>;
}
