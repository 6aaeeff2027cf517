import { DECISIONS, type RerunSide, type RerunTotals, type TapeNote } from "@sidetone/protocol";
import { FiguresOfCall, UNDECIDED } from "@sidetone/store";

const HOP_MS = 40;
/** The dialogue's own tasks after the call are no part of the talk. */
const AFTER_CALL = new Set(["after-call", "remind"]);

interface Said {
  hop: number;
  text: string;
  act: string;
  heard: string | undefined;
  unheard: string | undefined;
}
interface Told {
  hop: number;
  text: string;
}
interface Asked {
  hop: number;
  kind: string;
  input: unknown;
  outcome: string;
  onTape: boolean;
}

/** Follows a call, from its tape or while it runs again, and tells it in turns of the caller. */
export class StoryFold {
  readonly #figures = new FiguresOfCall();
  readonly #said = new Map<number, Said>();
  readonly #heard = new Map<number, Told>();
  readonly #wants: Told[] = [];
  readonly #slots: { hop: number; slot: string; value: string }[] = [];
  readonly #tasks = new Map<string, Asked>();
  readonly #decisions: { hop: number; decision: string }[] = [];
  readonly #responses: { hop: number; ms: number }[] = [];
  readonly #cutIns: number[] = [];
  #decision = "";
  #cutInCount = 0;
  #ends: { hop: number; how: string } | undefined;

  note(note: TapeNote): void {
    const { hop } = note;
    if (note.type === "in" && note.input.type === "finding") {
      const { finding } = note.input;
      const task = this.#tasks.get(finding.taskId);
      if (task && finding.outcome !== "progress") task.outcome = finding.outcome;
      return;
    }
    if (note.type === "end") {
      this.#ends ??= { hop, how: note.reason };
      return;
    }
    if (note.type !== "out") return;
    const { output } = note;
    switch (output.type) {
      case "heard": {
        const text = output.words.map((word) => word.text).join(" ");
        const first = output.words[0];
        if (first) this.#heard.set(output.turn, { hop: Math.floor(first.startMs / HOP_MS), text });
        return;
      }
      case "said":
        if (output.act === "backchannel") this.#figures.backchannels++;
        this.#said.set(output.utteranceId, {
          hop,
          text: output.text,
          act: output.act,
          heard: undefined,
          unheard: undefined,
        });
        return;
      case "finished": {
        const said = this.#said.get(output.utteranceId);
        if (said) said.heard = said.text;
        return;
      }
      case "yielded": {
        const said = this.#said.get(output.utteranceId);
        if (said) [said.heard, said.unheard] = [output.heardText, output.unheardText];
        return;
      }
      case "want-recognised":
        this.#wants.push({ hop, text: output.want });
        return;
      case "slot-filled":
        this.#slots.push({ hop, slot: output.slot, value: output.value });
        return;
      case "delegate":
        if (!AFTER_CALL.has(output.kind)) {
          this.#tasks.set(output.taskId, {
            hop,
            kind: output.kind,
            input: output.input,
            outcome: "open",
            onTape: true,
          });
        }
        return;
      case "cancel": {
        const task = this.#tasks.get(output.taskId);
        if (task?.outcome === "open") task.outcome = "cancelled";
        return;
      }
      case "transfer":
        this.#ends = { hop, how: `transfer to ${output.target}` };
        return;
      case "hang-up":
        this.#ends = { hop, how: "the agent hung up" };
        return;
      default:
        return;
    }
  }

  /** The answer to this task is on no tape. */
  unanswered(taskId: string): void {
    const task = this.#tasks.get(taskId);
    if (task) task.onTape = false;
  }

  hop(index: number, caller: Uint8Array, agent: Uint8Array, decision: number): void {
    const change = this.#figures.hop(index, caller, agent);
    if (change?.respondedMs !== undefined) this.#responses.push({ hop: index, ms: change.respondedMs });
    if (change) {
      const { cutIns } = this.#figures.figures(0);
      if (cutIns > this.#cutInCount) this.#cutIns.push(index);
      this.#cutInCount = cutIns;
    }
    if (decision === UNDECIDED) return;
    const name = DECISIONS[decision] ?? "listen";
    if (name === this.#decision) return;
    this.#decision = name;
    this.#decisions.push({ hop: index, decision: name });
    if (name === "yield") this.#figures.noteYield();
  }

  totals(): RerunTotals {
    const decisions: Record<string, number> = {};
    for (const { decision } of this.#decisions) decisions[decision] = (decisions[decision] ?? 0) + 1;
    const heard = [...this.#said.values()].map((said) => said.heard ?? said.text).join(" ");
    return {
      wants: [...new Set(this.#wants.map((want) => want.text))],
      slots: Object.fromEntries(this.#slots.map(({ slot, value }) => [slot, value])),
      tasks: [...this.#tasks.values()].map(shownTask),
      words: heard.split(/\s+/).filter(Boolean).length,
      decisions,
      ends: this.#ends?.how ?? null,
      figures: this.#figures.figures(0),
    };
  }

  /** The stretches before, between and after the hops at which the caller's turns begin. */
  sides(startHops: readonly number[]): RerunSide[] {
    const bounds = [0, ...startHops];
    return bounds.map((from, index) => {
      const to = bounds[index + 1] ?? Number.POSITIVE_INFINITY;
      const isIn = ({ hop }: { hop: number }) => hop >= from && hop < to;
      const said = [...this.#said.values()].filter((line) => isIn(line) && line.act !== "backchannel");
      const ends = this.#ends && isIn(this.#ends) ? this.#ends.how : null;
      return {
        atMs: from * HOP_MS,
        heard: [...this.#heard.values()]
          // Words are heard a little after the sound that begins a turn, never before it.
          .filter((told) => isIn({ hop: told.hop + 1 }))
          .map((told) => told.text)
          .join(" "),
        // Whether a moment had to be bridged is a matter of a few milliseconds, and nothing that was said.
        said: said
          .filter((line) => line.act !== "filler")
          .map((line) => line.heard ?? line.text)
          .filter((text) => text !== ""),
        unheard: said.map((line) => line.unheard ?? "").filter((text) => text !== ""),
        wants: this.#wants.filter(isIn).map((want) => want.text),
        slots: this.#slots.filter(isIn).map(({ slot, value }) => ({ slot, value })),
        tasks: [...this.#tasks.values()].filter(isIn).map(shownTask),
        decisions: this.#decisions.filter(isIn).map(({ hop, decision }) => ({ atMs: hop * HOP_MS, decision })),
        responseMs: this.#responses.find(isIn)?.ms ?? null,
        cutIns: this.#cutIns.filter((hop) => isIn({ hop })).length,
        ends,
      };
    });
  }
}

const shownTask = ({ kind, input, outcome, onTape }: Asked) => ({ kind, input, outcome, onTape });
