import type { CallEvent, Expectation } from "@sidetone/protocol";
import { isSensitiveExpectation } from "../masking/sensitive.ts";

/** What the list of live calls shows of one call. Small, as hundreds go out several times a second. */
export interface LiveSummary {
  id: string;
  from: string;
  to: string;
  carrier: string;
  direction: string;
  startedAt: string;
  /** Media clock of the newest event. */
  atMs: number;
  playbookId: string;
  playbookVersion: number;
  bridgeId: string;
  podId: string;
  callerTalks: boolean;
  agentTalks: boolean;
  decision: string;
  want: string | undefined;
  expecting: string;
  takenOverBy: string | undefined;
  openTasks: number;
  /** Age on the media clock at which the oldest open task was delegated. */
  oldestTaskAtMs: number | undefined;
  responses: number;
  lastResponseMs: number | undefined;
  worstResponseMs: number;
  cutIns: number;
  repeats: number;
  yields: number;
  longestSilenceMs: number;
  /** Media clock since which nobody talks; undefined while somebody does. */
  silentSinceMs: number | undefined;
  lostSamples: number;
  lastLine: { who: "caller" | "agent"; text: string; hidden: boolean } | undefined;
}

export interface LiveTask {
  taskId: string;
  kind: string;
  step: string;
  delegatedAtMs: number;
  atMs: number;
  detail: string | undefined;
}

export interface LiveLine {
  key: string;
  who: "caller" | "agent" | "supervisor";
  atMs: number;
  text: string;
  unheard: string | undefined;
  final: boolean;
  /** The turn answers a question for a name, an address or a number: viewers see nothing of it. */
  hidden: boolean;
}

/** One call as the dashboard follows it. Bounded: the newest lines, tasks and moments only. */
export interface LiveCall {
  summary: LiveSummary;
  expectation: Expectation | undefined;
  lines: LiveLine[];
  tasks: LiveTask[];
  slots: Record<string, { value: string; confirmed: boolean }>;
  moments: { atMs: number; kind: string; text: string }[];
  /** Wall clock of the newest event, for finding calls whose bridge has gone. */
  seenAtMs: number;
}

const LINES_KEPT = 400;
const TASKS_KEPT = 100;
const MOMENTS_KEPT = 200;
const DONE = new Set(["found", "not-found", "failed", "timed-out", "cancelled", "superseded", "expired", "dropped"]);

export function openLiveCall(event: CallEvent & { type: "started" }, nowMs: number): LiveCall {
  return {
    summary: {
      id: event.callId,
      from: event.from,
      to: event.to,
      carrier: event.carrier,
      direction: event.direction,
      startedAt: event.startedAt,
      atMs: event.atMs,
      playbookId: event.playbookId,
      playbookVersion: event.playbookVersion,
      bridgeId: event.bridgeId,
      podId: event.podId,
      callerTalks: false,
      agentTalks: false,
      decision: "listen",
      want: undefined,
      expecting: "open",
      takenOverBy: undefined,
      openTasks: 0,
      oldestTaskAtMs: undefined,
      responses: 0,
      lastResponseMs: undefined,
      worstResponseMs: 0,
      cutIns: 0,
      repeats: 0,
      yields: 0,
      longestSilenceMs: 0,
      silentSinceMs: undefined,
      lostSamples: 0,
      lastLine: undefined,
    },
    expectation: undefined,
    lines: [],
    tasks: [],
    slots: {},
    moments: [],
    seenAtMs: nowMs,
  };
}

const bounded = <T>(items: T[], kept: number): void => {
  if (items.length > kept) items.splice(0, items.length - kept);
};

function putLine(call: LiveCall, line: LiveLine): void {
  const at = call.lines.findLastIndex((known) => known.key === line.key);
  if (at >= 0) call.lines[at] = line;
  else call.lines.push(line);
  bounded(call.lines, LINES_KEPT);
  if (line.who !== "supervisor" && line.text)
    call.summary.lastLine = { who: line.who, text: line.text.slice(-140), hidden: line.hidden };
}

function moment(call: LiveCall, atMs: number, kind: string, text: string): void {
  call.moments.push({ atMs, kind, text });
  bounded(call.moments, MOMENTS_KEPT);
}

/** Folds one event into a call. `ended` and `started` are the registry's business. */
export function applyCallEvent(call: LiveCall, event: CallEvent, nowMs: number): void {
  const { summary } = call;
  call.seenAtMs = nowMs;
  summary.atMs = Math.max(summary.atMs, event.atMs);
  switch (event.type) {
    case "floor":
      applyFloor(summary, event);
      return;
    case "responded":
      summary.responses++;
      summary.lastResponseMs = event.latencyMs;
      summary.worstResponseMs = Math.max(summary.worstResponseMs, event.latencyMs);
      moment(call, event.atMs, "responded", `Answered after ${Math.round(event.latencyMs)} ms`);
      return;
    case "fell-silent":
      moment(call, event.atMs, "fell-silent", `Silent ${Math.round(event.latencyMs)} ms after the interruption`);
      return;
    case "hop-gap":
      summary.lostSamples += event.lostSamples;
      return;
    case "task":
      applyTask(call, event);
      return;
    case "supervised":
      if (event.act === "take-over") summary.takenOverBy = event.by;
      if (event.act === "hand-back") summary.takenOverBy = undefined;
      moment(call, event.atMs, "supervised", `${event.by}: ${event.act}`);
      return;
    case "moved":
      summary.podId = event.toPod;
      moment(call, event.atMs, "moved", `Moved to ${event.toPod}: ${event.reason}`);
      return;
    case "entered":
      if (event.input.type === "whispered")
        putLine(call, {
          key: `w${event.atMs}`,
          who: "supervisor",
          atMs: event.atMs,
          text: event.input.text,
          unheard: undefined,
          final: true,
          hidden: true,
        });
      if (event.input.type === "key-pressed") moment(call, event.atMs, "key", `Key ${event.input.digit}`);
      return;
    case "left":
      applyOutput(call, event);
      return;
    case "started":
    case "ended":
      return;
    default:
      event satisfies never;
  }
}

function applyFloor(summary: LiveSummary, event: CallEvent & { type: "floor" }): void {
  // The agent begins while the caller still talks: the caller was cut in on.
  if (event.agent && !summary.agentTalks && summary.callerTalks && event.caller && event.decision === "begin")
    summary.cutIns++;
  summary.callerTalks = event.caller;
  summary.agentTalks = event.agent;
  summary.decision = event.decision;
  if (!event.caller && !event.agent) summary.silentSinceMs ??= event.atMs;
  else {
    if (summary.silentSinceMs !== undefined)
      summary.longestSilenceMs = Math.max(summary.longestSilenceMs, event.atMs - summary.silentSinceMs);
    summary.silentSinceMs = undefined;
  }
}

function applyTask(call: LiveCall, event: CallEvent & { type: "task" }): void {
  const { summary } = call;
  const known = call.tasks.find((task) => task.taskId === event.taskId);
  if (known) {
    known.step = event.step;
    known.atMs = event.atMs;
    known.detail = event.detail ?? known.detail;
  } else {
    call.tasks.push({
      taskId: event.taskId,
      kind: event.kind,
      step: event.step,
      delegatedAtMs: event.atMs,
      atMs: event.atMs,
      detail: event.detail,
    });
    bounded(call.tasks, TASKS_KEPT);
  }
  const open = call.tasks.filter((task) => !DONE.has(task.step) && task.step !== "spoken");
  summary.openTasks = open.length;
  summary.oldestTaskAtMs = open[0]?.delegatedAtMs;
  moment(call, event.atMs, "task", `${event.kind} ${event.step}`);
}

function applyOutput(call: LiveCall, event: CallEvent & { type: "left" }): void {
  const { output } = event;
  const { summary } = call;
  switch (output.type) {
    case "heard": {
      const text = output.words.map((word) => word.text).join(" ");
      const key = `c${output.turn}`;
      const known = call.lines.find((line) => line.key === key);
      putLine(call, {
        key,
        who: "caller",
        atMs: output.words[0]?.startMs ?? event.atMs,
        text,
        unheard: undefined,
        final: output.final,
        // What was asked for when the turn began decides: the next question may stand before the turn's last words come.
        hidden: known?.hidden ?? isSensitiveExpectation(call.expectation?.kind),
      });
      if (output.want) summary.want = output.want;
      return;
    }
    case "said": {
      if (output.act === "repair") summary.repeats++;
      putLine(call, {
        key: `a${output.utteranceId}`,
        who: "agent",
        atMs: event.atMs,
        text: output.text,
        unheard: undefined,
        final: false,
        hidden: false,
      });
      return;
    }
    case "yielded":
      summary.yields++;
      putLine(call, {
        key: `a${output.utteranceId}`,
        who: "agent",
        atMs: call.lines.find((line) => line.key === `a${output.utteranceId}`)?.atMs ?? event.atMs,
        text: output.heardText,
        unheard: output.unheardText || undefined,
        final: true,
        hidden: false,
      });
      moment(call, event.atMs, "yielded", "Gave way");
      return;
    case "finished": {
      const line = call.lines.findLast((known) => known.key === `a${output.utteranceId}`);
      if (line) line.final = true;
      return;
    }
    case "overlap":
      moment(call, event.atMs, "overlap", `Overlap: ${output.kind}`);
      return;
    case "expecting":
      call.expectation = output.expectation;
      summary.expecting = output.expectation.kind;
      return;
    case "slot-filled":
      call.slots[output.slot] = { value: output.value, confirmed: output.confirmed };
      return;
    case "want-recognised":
      summary.want = output.want;
      return;
    case "transfer":
      moment(call, event.atMs, "transfer", `Transfer to ${output.target}: ${output.reason}`);
      return;
    case "hang-up":
      moment(call, event.atMs, "hang-up", `Agent hangs up: ${output.reason}`);
      return;
    case "whisper-answered":
      moment(call, event.atMs, "whisper", `Whisper of ${output.by}: ${output.did}`);
      return;
    case "recording":
      moment(call, event.atMs, "recording", output.on ? "Recording" : `Not recorded: ${output.reason}`);
      return;
    case "failed":
      moment(call, event.atMs, "failed", `${output.code}: ${output.message}`);
      return;
    default:
      return;
  }
}
