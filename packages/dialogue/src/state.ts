import type { Expectation, HeardWord, Intent, OverlapKind, TaskKind, TaskOutcome } from "@sidetone/protocol";
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
  source: "voice" | "keys" | "caller-id" | "tool" | "supervisor";
  /** Said in words that may still go on; certain when the turn is over. */
  tentative: boolean;
}

/** One thing the caller wants. What became of it is in `Progress`. */
export interface Thread {
  /** Want and count: "return#2". */
  key: string;
  want: string;
  confidence: number;
  /** Turn in which it was said. */
  turn: number;
}

export interface Progress {
  status: "open" | "answered" | "dropped";
  step: number;
  /** The caller agreed to this input (its canonical form). */
  agreed: string;
  /** How often a lookup for it found nothing. */
  notFound: number;
  /** Values that its answer was about; a correction of them opens it again. Empty where something was changed. */
  answeredFor: Record<string, string>;
}

/** Something that the caller asked of the talk itself, not of the company. One of each kind a turn. */
export type Request =
  | { kind: "repeat" }
  | { kind: "slower" }
  | { kind: "faster" }
  | { kind: "hold-on" }
  | { kind: "hush" }
  | { kind: "back" }
  | { kind: "never-mind" }
  /** Not `sure`: half heard, or heard where nobody would say it. */
  | { kind: "goodbye"; sure: boolean }
  | { kind: "thanks" }
  | { kind: "greeting" }
  | { kind: "not-you" }
  | { kind: "are-you-human" }
  | { kind: "stop-recording" }
  | { kind: "remind"; inMs: number; text: string }
  | { kind: "call-back"; at: string | null }
  | { kind: "message"; by: "sms" | "email" | null }
  | { kind: "dont-have"; slot: string }
  | { kind: "unknown-question"; text: string };

export type Question =
  | { kind: "recording" }
  | { kind: "open" }
  | { kind: "anything-else" }
  | { kind: "slot"; slot: string }
  | { kind: "confirm-slot"; slot: string; value: string }
  | { kind: "go-ahead"; thread: string; inputKey: string }
  | { kind: "which-want"; wants: [string, string] }
  | { kind: "offer"; what: "human" | "call-back" | "message" | "either" }
  | { kind: "offer-want"; want: string }
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
  /** -1 while only keys were pressed. */
  index: number;
  revision: number;
  words: HeardWord[];
  /** Leading words that were already acted on, in a turn that went on after the agent began. */
  skip: number;
  /** Keys pressed during the turn, merged with the words by time. */
  keys: { digit: string; atMs: number }[];
  /** Understood before the turn. */
  base: Understood;
  /** Question that was put to the caller when the turn began. */
  question: Question | null;
  questionKey: string;
  /** The sound of it is not taken for speech to us. */
  sideTalk: boolean;
  /** The want that the network heard in it, without words. */
  witness: string | null;
  /** Nothing in its words contradicts that. */
  ignored: boolean;
  /** The agent was speaking when it began. */
  overlapped: boolean;
  beganAtMs: number;
  /** When the hearing last grew. */
  grewAtMs: number;
}

/** A turn that was acted on: its ears may still correct it, or add to it. */
export interface EndedTurn {
  index: number;
  words: string[];
  base: Understood;
  question: Question | null;
  questionKey: string;
  /** Kinds of requests that were acted on. */
  requests: string[];
}

export type TaskPurpose = "thread" | "verify" | "fallback" | "reminder" | "message" | "watch" | "call-back";

export interface Task {
  taskId: string;
  epoch: number;
  kind: TaskKind;
  purpose: TaskPurpose;
  /** Thread that waits for it; empty for tasks of the talk itself. */
  thread: string;
  /** Step of the thread. */
  step: number;
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
  /** Speed as a factor. */
  rate: number;
  beganAtMs: number | null;
}

/** Question that is on the table. */
export interface Asking {
  key: string;
  question: Question;
  /** When the caller had heard it; null while it is unasked. */
  heardAtMs: number | null;
  /** Its first words were heard. */
  begun: boolean;
  /** How often it was put, heard or not. */
  round: number;
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
  ended: EndedTurn | null;
  progress: Record<string, Progress>;
  asking: Asking | null;
  tasks: Task[];
  /** Keys of needs that the caller heard; bounded. */
  heardKeys: string[];
  /** Said to the pod, not yet heard to the end or dropped, in order; at most the first has begun. */
  outbox: Utterance[];
  /** The last that were dropped; the pod may have had them on their way already, so that they are heard all the same. */
  dropped: Utterance[];
  /** What was cut off in mid-sentence and may have to be finished. */
  cutOff: { utteranceId: number; key: string; restText: string } | null;
  /** Until when we wait for what an interrupter has to say, before going on by ourselves. */
  listenUntilMs: number;
  /** Lines to be said once, in order: answers to requests, apologies, remarks. */
  remarks: Remark[];
  /** What the caller heard since they spoke last, for "say that again". */
  lastSaid: string;
  /** Turn after which `lastSaid` was said. */
  lastSaidAfter: number;
  transcript: { who: "caller" | "agent"; text: string }[];
  hints: string[];
  /** How fast the agent speaks, as a factor. */
  pace: number;
  /** A message waits for the caller's e-mail address. */
  writing: { thread: string } | null;
  /** Tasks that write an answer to a caller who hangs up before the lookup of that epoch is done. */
  watches: { task: string; lookup: string; epoch: number }[];
  /** A supervisor wants the caller verified whatever the want. */
  verifyFirst: boolean;
  recording: "unknown" | "on" | "off";
  verification: "none" | "passed" | "failed";
  verifyFailures: number;
  /** Turns that were meant to bring a slot and did not, by slot. */
  slotFailures: Record<string, number>;
  closing: boolean;
  /** Media clock until which the caller asked us to wait, and whether we checked in. */
  hold: { sinceMs: number; checkedIn: boolean } | null;
  reminders: { atMs: number; key: string; text: string }[];
  /** Since when neither side has spoken. */
  quietSinceMs: number;
  silencePrompts: number;
  handOver: { target: string; reason: string; key: string } | null;
  /** Turns in a row of which nothing was understood. */
  misses: number;
  lastBackchannelMs: number;
  lastOverlap: { kind: OverlapKind; atMs: number } | null;
  expectation: Expectation;
  intent: Intent;
  counters: { utterance: number; task: number; remark: number; stale: number; duplicate: number };
}

export interface Remark {
  key: string;
  text: string;
  act: SpokenAct;
  urgency: Urgency;
  /** Ends the call or hands it over once it was heard. */
  afterwards?: "hang-up" | "transfer";
  /** Whether an open question is put again after it. */
  resume: boolean;
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
