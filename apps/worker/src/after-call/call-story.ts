import type { Finding, PodInput, PodOutput, TapeHeader } from "@sidetone/protocol";
import { type CallMark, type CallTurn, type TapeBytes, TapeReader } from "@sidetone/store";

const HOP_MS = 40;

export interface StoryTask {
  taskId: string;
  epoch: number;
  kind: Finding["kind"];
  input: unknown;
  delegatedMs: number;
  endMs?: number;
  outcome?: Finding["outcome"];
  errorCode?: string;
  output?: unknown;
  outlivesCall: boolean;
  /** It was no longer wanted. */
  isCancelled: boolean;
}

/** What a call was, as its tape tells it. Texts are not yet masked. */
export interface CallStory {
  header: TapeHeader;
  opened: Extract<PodInput, { type: "opened" }> | undefined;
  turns: CallTurn[];
  /** Recognised wants in the order of their coming, without repeats. */
  wants: string[];
  slots: Record<string, string>;
  tasks: StoryTask[];
  marks: CallMark[];
  /** Answers of which the caller heard at least half. */
  answersHeard: number;
  transfer: { target: string; reason: string } | undefined;
  endReason: string | undefined;
  durationMs: number;
  /** At some time of the call there was consent to record; `turns` and `slots` hold nothing from outside it. */
  recorded: boolean;
}

/** Reads a tape once, front to back. @throws TapeError */
export async function readStory(bytes: TapeBytes): Promise<CallStory> {
  const tape = await TapeReader.open(bytes);
  const story = new StoryBuilder(tape.header);
  let lastHop = 0;
  for await (const record of tape.records()) {
    if (record.kind === "micro-turn") lastHop = record.turn.firstHop + record.turn.hops;
    if (record.kind !== "note") continue;
    const { note } = record;
    lastHop = Math.max(lastHop, note.hop);
    const atMs = note.hop * HOP_MS;
    if (note.type === "in") story.input(atMs, note.input);
    else if (note.type === "out") story.output(atMs, note.output);
    else if (note.type === "gap") story.mark(atMs, "gap", note.kind, note.lostSamples / 8);
    else if (note.type === "end") story.end(note.reason);
  }
  return story.finish(lastHop * HOP_MS);
}

interface Said {
  text: string;
  isAnswer: boolean;
  startMs: number;
  endMs: number;
  heard: string | undefined;
  unheard: string | undefined;
}

const isAnswerHeard = ({ isAnswer, heard = "", text }: Said): boolean => isAnswer && heard.length * 2 >= text.length;

/** Folds a tape's notes, one after the other. */
export class StoryBuilder {
  readonly #story: CallStory;
  readonly #heard = new Map<number, { text: string; startMs: number; endMs: number }>();
  readonly #said = new Map<number, Said>();
  /** When recording was switched, in order. */
  readonly #consent: { atMs: number; on: boolean }[] = [];

  constructor(header: TapeHeader) {
    this.#story = {
      header,
      opened: undefined,
      turns: [],
      wants: [],
      slots: {},
      tasks: [],
      marks: [],
      answersHeard: 0,
      transfer: undefined,
      endReason: undefined,
      durationMs: 0,
      recorded: false,
    };
  }

  mark(atMs: number, kind: string, detail?: string, value?: number): void {
    const more = { ...(detail === undefined ? {} : { detail }), ...(value === undefined ? {} : { value }) };
    this.#story.marks.push({ atMs, kind, ...more });
  }

  end(reason: string): void {
    this.#story.endReason = reason;
  }

  input(atMs: number, input: PodInput): void {
    switch (input.type) {
      case "opened":
        this.#story.opened ??= input;
        return;
      case "finding":
        this.#finding(atMs, input.finding);
        return;
      case "key-pressed":
        this.mark(atMs, "key");
        return;
      case "taken-over":
        this.mark(atMs, "taken-over", input.by);
        return;
      case "closed":
        this.#story.endReason ??= input.reason;
        return;
      default:
        return;
    }
  }

  output(atMs: number, output: PodOutput): void {
    const story = this.#story;
    switch (output.type) {
      case "heard": {
        const text = output.words.map((word) => word.text).join(" ");
        const startMs = output.words[0]?.startMs ?? atMs;
        // A later revision of a turn takes the place of the earlier one.
        if (text !== "") this.#heard.set(output.turn, { text, startMs, endMs: output.words.at(-1)?.endMs ?? atMs });
        return;
      }
      case "said":
        if (output.act === "backchannel") return;
        this.#said.set(output.utteranceId, {
          text: output.text,
          isAnswer: output.act === "answer",
          startMs: atMs,
          endMs: atMs,
          heard: undefined,
          unheard: undefined,
        });
        return;
      case "finished": {
        const said = this.#said.get(output.utteranceId);
        if (said) Object.assign(said, { endMs: atMs, heard: said.text });
        return;
      }
      case "yielded": {
        const said = this.#said.get(output.utteranceId);
        if (said) Object.assign(said, { endMs: atMs, heard: output.heardText, unheard: output.unheardText });
        this.mark(atMs, "yield");
        return;
      }
      case "want-recognised":
        if (!story.wants.includes(output.want)) story.wants.push(output.want);
        this.mark(atMs, "want", output.want);
        return;
      case "slot-filled":
        if (this.#consent.at(-1)?.on) story.slots[output.slot] = output.value;
        this.mark(atMs, "slot", output.slot);
        return;
      case "delegate": {
        const { taskId, epoch, kind, input, outlivesCall } = output;
        // A newer epoch takes the place of the older ones.
        const older = story.tasks.filter((task) => task.taskId === taskId && task.epoch < epoch);
        for (const task of older) task.isCancelled = true;
        story.tasks.push({ taskId, epoch, kind, input, delegatedMs: atMs, outlivesCall, isCancelled: false });
        return;
      }
      case "cancel":
        for (const task of story.tasks) if (task.taskId === output.taskId) task.isCancelled = true;
        return;
      case "transfer":
        story.transfer = { target: output.target, reason: output.reason };
        this.mark(atMs, "transfer", output.target);
        return;
      case "recording":
        this.#consent.push({ atMs, on: output.on });
        story.recorded ||= output.on;
        return;
      default:
        return;
    }
  }

  finish(durationMs: number): CallStory {
    const answersHeard = [...this.#said.values()].filter(isAnswerHeard).length;
    const heard = [...this.#heard.values()].map((turn): CallTurn => ({ who: "caller", ...turn }));
    const said = [...this.#said.values()].map(
      ({ startMs, endMs, heard: heardText, unheard, text }): CallTurn => ({
        who: "agent",
        startMs,
        endMs: Math.max(startMs, endMs),
        // Heard means heard: of an utterance that the call's end cut off, nobody noted how much.
        text: heardText ?? text,
        ...(unheard ? { unheard } : {}),
      }),
    );
    const turns = [...heard, ...said].filter((turn) => this.#mayKeep(turn)).sort((a, b) => a.startMs - b.startMs);
    return { ...this.#story, turns, durationMs, answersHeard };
  }

  /** Words from times of consent, and the agent's own before the caller was asked: greeting and disclosure. */
  #mayKeep(turn: CallTurn): boolean {
    const last = this.#consent.findLast((switched) => switched.atMs <= turn.startMs);
    return last?.on ?? (turn.who === "agent" && this.#story.recorded);
  }

  #finding(atMs: number, finding: Finding): void {
    if (finding.outcome === "progress") return;
    const task = this.#story.tasks.findLast((t) => t.taskId === finding.taskId && t.epoch === finding.epoch);
    if (!task || task.outcome !== undefined) return;
    task.endMs = atMs;
    task.outcome = finding.outcome;
    task.output = finding.output;
    if (finding.error) task.errorCode = finding.error.code;
    this.mark(task.delegatedMs, "lookup", `${task.kind}: ${finding.outcome}`, atMs - task.delegatedMs);
  }
}
