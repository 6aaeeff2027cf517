import { CONDITIONING, type Finding, HOP_SAMPLES, type PodInput, type TapeHeader } from "@sidetone/protocol";
import { TapeReader } from "@sidetone/store";
import type { Opened } from "../shard/call-loop.ts";
import type { TapedHop } from "./caller-feed.ts";
import { StoryFold } from "./story.ts";

/** What a task was asked and what came back, with how long that took. */
export interface TapedAnswer {
  key: string;
  kind: string;
  findings: { afterHops: number; finding: Finding }[];
}

/** A call as its tape has it, ready to be run again. */
export interface TapedCall {
  header: TapeHeader;
  opened: Opened;
  hops: TapedHop[];
  answers: TapedAnswer[];
  /** What came from outside besides findings, with its hop. */
  inputs: { hop: number; input: PodInput }[];
  story: StoryFold;
}

/** Equal inputs have equal keys. */
export const taskKey = (kind: string, input: unknown): string => `${kind} ${JSON.stringify(sorted(input))}`;

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => [key, sorted(field)]),
  );
}

/**
 * Reads a tape whole. Memory is that of the caller's audio: 8 KB a second.
 * @throws TapeError when it is no tape, RangeError when there is nothing on it to run again
 */
export async function readTapedCall(path: string): Promise<TapedCall> {
  const tape = await TapeReader.open(path);
  const story = new StoryFold();
  const hops: TapedHop[] = [];
  const inputs: TapedCall["inputs"] = [];
  const answers = new Map<string, TapedAnswer & { fromHop: number }>();
  const open = new Set<string>();
  let opened: Opened | undefined;
  let takenOver = false;
  for await (const record of tape.records()) {
    if (record.kind === "damage" || takenOver) continue;
    if (record.kind === "note") {
      const { note } = record;
      story.note(note);
      if (note.type === "in") {
        const { input } = note;
        if (input.type === "opened") opened ??= input;
        else if (input.type === "finding") {
          const answer = answers.get(`${input.finding.taskId} ${input.finding.epoch}`);
          answer?.findings.push({ afterHops: Math.max(1, note.hop - answer.fromHop), finding: input.finding });
          if (input.finding.outcome !== "progress") open.delete(input.finding.taskId);
        } else if (input.type === "taken-over") takenOver = true;
        else if (input.type === "key-pressed" || input.type === "whispered" || input.type === "refused") {
          inputs.push({ hop: note.hop, input });
        }
      }
      if (note.type !== "out") continue;
      const { output } = note;
      if (output.type === "delegate") {
        const { kind, taskId, epoch } = output;
        const key = taskKey(kind, output.input);
        answers.set(`${taskId} ${epoch}`, { key, kind, findings: [], fromHop: note.hop });
        open.add(taskId);
      } else if (output.type === "cancel") open.delete(output.taskId);
      continue;
    }
    const { turn } = record;
    for (let row = 0; row < turn.hops; row++) {
      const index = turn.firstHop + row;
      // A repeated stretch (a call that moved) is already there; tapes only go forward.
      if (index < hops.length) continue;
      const at = row * HOP_SAMPLES;
      const caller = turn.caller.slice(at, at + HOP_SAMPLES);
      const intent = turn.conditioning[row * 4 + CONDITIONING.intentOffset] ?? 0;
      const agentPlaying = (intent & CONDITIONING.agentPlayingBit) !== 0;
      while (hops.length < index) hops.push({ caller, agentPlaying, openTasks: open.size, withheld: true });
      hops.push({ caller, agentPlaying, openTasks: open.size, withheld: turn.withheld });
      story.hop(index, caller, turn.agent.subarray(at, at + HOP_SAMPLES), turn.decision[row] ?? 0);
    }
  }
  if (!opened) throw new RangeError("The call's beginning is not on its tape.");
  if (!hops.some((hop) => !hop.withheld)) throw new RangeError("Nothing was recorded: the caller did not consent.");
  return { header: tape.header, opened, hops, answers: [...answers.values()], inputs, story };
}
