import { DECISIONS, EXPECTATION_KINDS, OVERLAP_KINDS, type TapeHeader, type TapeNote } from "@sidetone/protocol";
import { z } from "zod";
import { CallSecrets } from "../masking/call-secrets.ts";
import { isSensitiveExpectation } from "../masking/sensitive.ts";

/** What the Replay page gets of a call besides its columns and audio. Times are milliseconds on the media clock. */
export const ReplayWord = z.object({
  text: z.string(),
  startMs: z.number(),
  endMs: z.number(),
  /** Probability of a caller's word; absent for the agent's. */
  confidence: z.number().optional(),
  /** False for a word that was planned and not heard. */
  heard: z.boolean(),
});
export const ReplayLine = z.object({
  id: z.string(),
  who: z.enum(["caller", "agent", "supervisor"]),
  startMs: z.number(),
  endMs: z.number(),
  act: z.string().optional(),
  words: z.array(ReplayWord),
  /** A caller's turn that answers a question for a name, an address or a number: viewers see nothing of it. */
  hidden: z.boolean().optional(),
});
export const ReplayTask = z.object({
  taskId: z.string(),
  kind: z.string(),
  delegatedMs: z.number(),
  endMs: z.number().optional(),
  outcome: z.string(),
  steps: z.array(z.object({ atMs: z.number(), what: z.string(), detail: z.string().optional() })),
});
export const ReplayMoment = z.object({
  atMs: z.number(),
  kind: z.string(),
  text: z.string(),
  value: z.number().optional(),
});
export const ReplayModel = z.object({
  callId: z.string(),
  startedAt: z.string(),
  durationMs: z.number(),
  hops: z.number(),
  model: z.string(),
  modelHash: z.string(),
  bridgeId: z.string(),
  softwareVersion: z.string(),
  from: z.string(),
  to: z.string(),
  playbookId: z.string(),
  playbookVersion: z.number(),
  scoreNames: z.array(z.string()),
  scoresPerHop: z.number(),
  decisions: z.array(z.string()),
  overlapKinds: z.array(z.string()),
  expectationKinds: z.array(z.string()),
  lines: z.array(ReplayLine),
  tasks: z.array(ReplayTask),
  moments: z.array(ReplayMoment),
  gaps: z.array(z.object({ atMs: z.number(), lostMs: z.number(), kind: z.string() })),
  slots: z.array(z.object({ atMs: z.number(), slot: z.string(), value: z.string(), confirmed: z.boolean() })),
  /** Stretches of the file that are no record. */
  damagedBytes: z.number(),
  /** The tape has its last record: it was not cut short. */
  complete: z.boolean(),
  endReason: z.string().optional(),
  /** Somewhere in the call, audio was withheld for want of consent. */
  withheld: z.boolean(),
});
export type ReplayModel = z.infer<typeof ReplayModel>;
type Line = z.infer<typeof ReplayLine>;
type Task = z.infer<typeof ReplayTask>;

const HOP_MS = 40;
const SAMPLES_PER_MS = 8;

/** When each sample of an epoch was heard: the hops at whose end so many samples had been heard. */
export interface Heard {
  hops: number[];
  samples: number[];
}

/** Folds a tape's notes; the audio clock of the agent's words is resolved at the end. */
export class ReplayFold {
  readonly #header: TapeHeader;
  readonly #lines = new Map<string, Line>();
  readonly #said = new Map<number, { epoch: number; startSamples: number; text: string; act: string; atMs: number }>();
  readonly #worded = new Map<number, { text: string; startSamples: number; endSamples: number }[]>();
  readonly #heardThrough = new Map<number, number>();
  readonly #tasks = new Map<string, Task>();
  readonly #moments: ReplayModel["moments"] = [];
  readonly #gaps: ReplayModel["gaps"] = [];
  readonly #slots: ReplayModel["slots"] = [];
  readonly secrets = new CallSecrets();
  #expecting: string | undefined;
  #opened: { from: string; to: string; playbookId: string; playbookVersion: number } | undefined;
  #endReason: string | undefined;
  #complete = false;

  constructor(header: TapeHeader) {
    this.#header = header;
  }

  take(note: TapeNote): void {
    const atMs = note.hop * HOP_MS;
    switch (note.type) {
      case "in":
        this.#input(atMs, note.input);
        return;
      case "out":
        this.#output(atMs, note.output);
        return;
      case "gap":
        this.#gaps.push({ atMs, lostMs: note.lostSamples / SAMPLES_PER_MS, kind: note.kind });
        return;
      case "control":
        this.#moment(atMs, "control", note.detail === undefined ? note.what : `${note.what}: ${note.detail}`);
        return;
      case "end":
        this.#endReason = note.reason;
        this.#complete = true;
        return;
      default:
        note satisfies never;
    }
  }

  #moment(atMs: number, kind: string, text: string, value?: number): void {
    this.#moments.push(value === undefined ? { atMs, kind, text } : { atMs, kind, text, value });
  }

  #input(atMs: number, input: (TapeNote & { type: "in" })["input"]): void {
    this.secrets.takeInput(input);
    switch (input.type) {
      case "opened":
        this.#opened = {
          from: input.from,
          to: input.to,
          playbookId: input.playbook.id,
          playbookVersion: input.playbook.version,
        };
        return;
      case "finding": {
        const { finding } = input;
        const task = this.#task(finding.taskId, finding.kind, atMs);
        task.steps.push({
          atMs,
          what: finding.outcome,
          detail: finding.error?.message ?? shorten(JSON.stringify(finding.output)),
        });
        if (finding.outcome !== "progress") {
          task.outcome = finding.outcome;
          task.endMs = atMs;
        }
        return;
      }
      case "whispered":
        this.#lines.set(`w${atMs}`, {
          id: `w${atMs}`,
          who: "supervisor",
          startMs: atMs,
          endMs: atMs + 1000,
          act: `whispered by ${input.by}`,
          words: [{ text: input.text, startMs: atMs, endMs: atMs + 1000, heard: true }],
        });
        this.#moment(atMs, "whisper", `${input.by} whispered`);
        return;
      case "key-pressed":
        this.#moment(atMs, "key", input.digit);
        return;
      case "taken-over":
        this.#moment(atMs, "take-over", `${input.by} took over`);
        return;
      case "handed-back":
        this.#moment(
          atMs,
          "hand-back",
          input.note ? `${input.by} handed back: ${input.note}` : `${input.by} handed back`,
        );
        return;
      case "refused":
        this.#moment(atMs, "refused", `${input.what}: ${input.reason}`);
        return;
      case "closed":
        this.#endReason ??= input.reason;
        return;
      default:
        return;
    }
  }

  #task(taskId: string, kind: string, atMs: number): Task {
    let task = this.#tasks.get(taskId);
    if (!task) {
      task = { taskId, kind, delegatedMs: atMs, outcome: "open", steps: [] };
      this.#tasks.set(taskId, task);
    }
    return task;
  }

  #output(atMs: number, output: (TapeNote & { type: "out" })["output"]): void {
    this.secrets.takeOutput(output);
    switch (output.type) {
      case "heard": {
        const words = output.words.map((word) => ({ ...word, heard: true }));
        if (words.length === 0) return;
        const id = `c${output.turn}`;
        const hidden = this.#lines.get(id)?.hidden ?? isSensitiveExpectation(this.#expecting);
        this.#lines.set(id, {
          id,
          who: "caller",
          startMs: words[0]?.startMs ?? atMs,
          endMs: words.at(-1)?.endMs ?? atMs,
          words,
          hidden,
        });
        return;
      }
      case "said":
        this.#said.set(output.utteranceId, {
          epoch: output.epoch,
          startSamples: output.startSamples,
          text: output.text,
          act: output.act,
          atMs,
        });
        return;
      case "worded":
        this.#worded.set(output.utteranceId, [...(this.#worded.get(output.utteranceId) ?? []), ...output.words]);
        return;
      case "yielded":
        this.#heardThrough.set(output.utteranceId, output.heardThroughWord);
        this.#moment(atMs, "yield", output.unheardText ? `Gave way; unheard: ${output.unheardText}` : "Gave way");
        return;
      case "expecting":
        this.#expecting = output.expectation.kind;
        return;
      case "overlap":
        this.#moment(atMs, "overlap", output.kind, output.confidence);
        return;
      case "delegate":
        this.#task(output.taskId, output.kind, atMs).steps.push({
          atMs,
          what: "delegated",
          detail: shorten(JSON.stringify(output.input)),
        });
        return;
      case "supersede":
      case "cancel": {
        const task = this.#tasks.get(output.taskId);
        if (!task) return;
        task.outcome = output.type === "cancel" ? "cancelled" : "superseded";
        task.endMs = atMs;
        task.steps.push({ atMs, what: task.outcome });
        return;
      }
      case "slot-filled":
        this.#slots.push({ atMs, slot: output.slot, value: output.value, confirmed: output.confirmed });
        return;
      case "want-recognised":
        this.#moment(atMs, "want", output.want, output.confidence);
        return;
      case "transfer":
        this.#moment(atMs, "transfer", `${output.target}: ${output.reason}`);
        return;
      case "hang-up":
        this.#moment(atMs, "hang-up", output.reason);
        return;
      case "whisper-answered":
        this.#moment(atMs, "whisper", `the agent ${output.did}`);
        return;
      case "recording":
        this.#moment(atMs, "recording", output.on ? "on" : `off: ${output.reason}`);
        return;
      case "failed":
        this.#moment(atMs, "failed", `${output.code}: ${output.message}`);
        return;
      default:
        return;
    }
  }

  finish(measured: {
    hops: number;
    heard: ReadonlyMap<number, Heard>;
    scoresPerHop: number;
    damagedBytes: number;
    withheld: boolean;
  }): ReplayModel {
    for (const [utteranceId, said] of this.#said) {
      const line = agentLine(
        utteranceId,
        said,
        this.#worded.get(utteranceId) ?? [],
        measured.heard.get(said.epoch),
        this.#heardThrough.get(utteranceId),
      );
      this.#lines.set(line.id, line);
    }
    return {
      callId: this.#header.callId,
      startedAt: this.#header.startedAt,
      durationMs: measured.hops * HOP_MS,
      hops: measured.hops,
      model: this.#header.model,
      modelHash: this.#header.modelHash,
      bridgeId: this.#header.bridgeId,
      softwareVersion: this.#header.softwareVersion,
      from: this.#opened?.from ?? "",
      to: this.#opened?.to ?? "",
      playbookId: this.#opened?.playbookId ?? "",
      playbookVersion: this.#opened?.playbookVersion ?? 0,
      scoreNames: this.#header.scoreNames,
      scoresPerHop: measured.scoresPerHop,
      decisions: [...DECISIONS],
      overlapKinds: [...OVERLAP_KINDS],
      expectationKinds: [...EXPECTATION_KINDS],
      lines: [...this.#lines.values()].sort((a, b) => a.startMs - b.startMs),
      tasks: [...this.#tasks.values()],
      moments: this.#moments,
      gaps: this.#gaps,
      slots: this.#slots,
      damagedBytes: measured.damagedBytes,
      complete: this.#complete,
      ...(this.#endReason !== undefined && { endReason: this.#endReason }),
      withheld: measured.withheld,
    };
  }
}

const shorten = (text: string | undefined): string | undefined =>
  text !== undefined && text.length > 400 ? `${text.slice(0, 400)}…` : text;

/** Media time at which sample `sample` of an epoch was heard; `undefined` when it never was. */
export function heardAtMs(heard: Heard | undefined, sample: number): number | undefined {
  if (!heard) return undefined;
  let low = 0;
  let high = heard.samples.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((heard.samples[middle] as number) >= sample) high = middle;
    else low = middle + 1;
  }
  const hop = heard.hops[low];
  if (hop === undefined) return undefined;
  const surplus = (heard.samples[low] as number) - sample;
  return (hop + 1) * HOP_MS - Math.min(surplus / SAMPLES_PER_MS, HOP_MS);
}

function agentLine(
  utteranceId: number,
  said: { epoch: number; startSamples: number; text: string; act: string; atMs: number },
  worded: readonly { text: string; startSamples: number; endSamples: number }[],
  heard: Heard | undefined,
  heardThrough: number | undefined,
): Line {
  const words: z.infer<typeof ReplayWord>[] = [];
  // The sample before the first one was heard when the utterance before this one ended, perhaps long ago.
  let lastMs = heardAtMs(heard, said.startSamples + 1) ?? said.atMs;
  const startMs = lastMs;
  for (const [index, word] of worded.entries()) {
    const at = heardAtMs(heard, word.startSamples + 1);
    const until = heardAtMs(heard, word.endSamples);
    const wasHeard = heardThrough === undefined ? until !== undefined : index <= heardThrough;
    // An unheard word stands where it would have been.
    const lengthMs = (word.endSamples - word.startSamples) / SAMPLES_PER_MS;
    const from = at ?? lastMs;
    const to = until ?? from + lengthMs;
    words.push({ text: word.text, startMs: from, endMs: to, heard: wasHeard });
    lastMs = to;
  }
  if (words.length === 0 && said.text) {
    const wasHeard = heardAtMs(heard, said.startSamples + 1) !== undefined;
    words.push({ text: said.text, startMs, endMs: startMs + 1000, heard: wasHeard && heardThrough !== -1 });
    lastMs = startMs + 1000;
  }
  const lastHeard = words.findLast((word) => word.heard);
  return {
    id: `a${utteranceId}`,
    who: "agent",
    startMs,
    endMs: lastHeard?.endMs ?? lastMs,
    act: said.act,
    words,
  };
}
