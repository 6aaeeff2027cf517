import type { Finding, HeardWord, TaskKind } from "@sidetone/protocol";
import type { Effect, EffectOf } from "../effects.ts";
import type { DialogueEvent } from "../events.ts";
import { openDialogue } from "../open.ts";
import type { Playbook } from "../playbook/schema.ts";
import { reduce } from "../reduce.ts";
import type { DialogueState } from "../state.ts";

/**
 * A telephone line without sound, on a virtual media clock: it gives the agent the floor when the caller is silent,
 * takes it away when the caller interrupts, delivers hearing word by word, and findings when they are due. It stands in
 * for the pod where a playbook is tried in text and where conversations are tested.
 */
export interface FloorOptions {
  playbook: Playbook;
  from?: string;
  startedAt?: string;
  timeZone?: string;
  seed?: number;
  taskMediansMs?: Record<string, number>;
  /** Result of a delegated task, or null where it never answers; called once a delegation. */
  answer?: (task: EffectOf<"delegate">) => { outcome: Finding["outcome"]; output?: unknown; afterMs: number } | null;
  /** Words that the ears deliver at a time. */
  chunk?: number;
  /** Checked after every event: for properties that hold throughout. */
  watch?: (state: DialogueState, event: DialogueEvent, effects: readonly Effect[]) => void;
}

export type FloorEntry = { atMs: number } & (
  | { what: "agent"; text: string; cut: boolean; act: string }
  | { what: "caller"; text: string }
  | { what: "effect"; effect: Effect }
);

export interface CallerOptions {
  /** Begin when this many words of the agent's present utterance were heard, instead of waiting for the floor. */
  interruptAfterWords?: number;
  confidence?: number;
  /** Pause before the word at this index, milliseconds. */
  pauses?: Record<number, number>;
  /** Does not take the floor: the agent goes on. */
  murmur?: boolean;
  overlap?: "side-talk" | "background";
}

const HOP_MS = 40;
const WORD_MS = 300;
/** Silence after which the model gives the floor to an answer, to a filler, and ends a turn to which nothing is to be said. */
const GIVES_FLOOR_AFTER_MS = { answer: 200, filler: 400, urgent: 0 } as const;
const FINAL_AFTER_MS = 800;
const YIELDS_AFTER_MS = 160;

interface Speaking {
  id: number;
  words: string[];
  beganAtMs: number;
  uninterruptible: boolean;
  act: string;
}

export class Floor {
  state: DialogueState;
  atMs = 0;
  readonly log: FloorEntry[] = [];
  private queue: EffectOf<"say">[] = [];
  private speaking: Speaking | null = null;
  private due: { atMs: number; finding: Finding }[] = [];
  private turn = 0;
  private lastWordAtMs = -10_000;
  private talking: {
    words: HeardWord[];
    shown: number;
    revision: number;
    options: CallerOptions;
    beganAtMs: number;
  } | null = null;
  private readonly options: FloorOptions;
  ended: "hang-up" | "transfer" | null = null;

  constructor(options: FloorOptions) {
    this.options = options;
    this.state = openDialogue({
      callId: "call",
      playbook: options.playbook,
      startedAt: options.startedAt ?? "2026-03-02T10:00:00Z",
      timeZone: options.timeZone ?? "Europe/London",
      from: options.from ?? "+447700900123",
      seed: options.seed ?? 1,
      ...(options.taskMediansMs === undefined ? {} : { taskMediansMs: options.taskMediansMs }),
    });
    this.send({ type: "opened", atMs: 0 });
  }

  /** Puts an event in and carries out what comes of it. */
  send(event: DialogueEvent): readonly Effect[] {
    const { state, effects } = reduce(this.state, event);
    this.state = state;
    this.options.watch?.(state, event, effects);
    for (const effect of effects) this.carryOut(effect);
    return effects;
  }

  private carryOut(effect: Effect): void {
    this.log.push({ atMs: this.atMs, what: "effect", effect });
    if (effect.type === "say") this.queue.push(effect);
    else if (effect.type === "drop-unsaid")
      this.queue = this.queue.filter((one) => !effect.utteranceIds.includes(one.utteranceId));
    else if (effect.type === "yield" && this.speaking?.id === effect.utteranceId) this.cut();
    else if (effect.type === "hang-up") this.ended = "hang-up";
    else if (effect.type === "transfer") this.ended = "transfer";
    else if (effect.type === "supersede")
      this.due = this.due.filter((one) => one.finding.taskId !== effect.taskId || one.finding.epoch >= effect.epoch);
    else if (effect.type === "delegate") {
      const answer = this.options.answer?.(effect) ?? null;
      if (answer !== null) this.finds(effect, answer.outcome, answer.output, answer.afterMs);
    }
  }

  finds(
    task: { taskId: string; epoch: number; kind: TaskKind },
    outcome: Finding["outcome"],
    output: unknown,
    afterMs: number,
  ): void {
    const finding: Finding = {
      taskId: task.taskId,
      epoch: task.epoch,
      kind: task.kind,
      outcome,
      output,
      tookMs: afterMs,
    };
    this.due.push({ atMs: this.atMs + afterMs, finding });
  }

  /** One hop. */
  tick(): void {
    this.atMs += HOP_MS;
    for (const one of this.due.filter((finding) => finding.atMs <= this.atMs)) {
      this.due = this.due.filter((other) => other !== one);
      this.send({ type: "finding", atMs: this.atMs, finding: one.finding });
    }
    this.callerTick();
    this.agentTick();
    if (this.atMs % 200 === 0) this.send({ type: "elapsed", atMs: this.atMs });
  }

  wait(ms: number): void {
    for (const until = this.atMs + ms; this.atMs < until; ) this.tick();
  }

  /** The caller speaks, and is heard to the end. */
  caller(text: string, options: CallerOptions = {}): void {
    if (options.interruptAfterWords === undefined) this.settle();
    else
      for (
        let guard = 0;
        guard < 400 && (this.speaking === null || this.heardWords() < options.interruptAfterWords);
        guard++
      )
        this.tick();
    let at = this.atMs;
    const words = text
      .split(/\s+/)
      .filter((word) => word !== "")
      .map((word, i): HeardWord => {
        at += options.pauses?.[i] ?? 0;
        const heard = { text: word, startMs: at, endMs: at + WORD_MS, confidence: options.confidence ?? 0.95 };
        at += WORD_MS;
        return heard;
      });
    this.turn++;
    this.talking = { words, shown: 0, revision: 0, options, beganAtMs: this.atMs };
    this.log.push({ atMs: this.atMs, what: "caller", text });
    while (this.talking !== null && this.talking.shown < words.length) this.tick();
  }

  keys(digits: string): void {
    for (const digit of digits) {
      this.wait(200);
      this.send({ type: "key-pressed", atMs: this.atMs, digit });
    }
  }

  /** Lets the agent say what it has to say: until nothing is being said, prepared or looked up for a moment. */
  settle(limitMs = 20_000): void {
    const until = this.atMs + limitMs;
    let quietMs = 0;
    while (this.atMs < until && quietMs < 600 && this.ended === null) {
      this.tick();
      const busy =
        this.speaking !== null ||
        this.queue.length > 0 ||
        this.talking !== null ||
        this.due.some((one) => one.atMs - this.atMs < 1500);
      quietMs = busy ? 0 : quietMs + HOP_MS;
    }
  }

  private heardWords(): number {
    if (this.speaking === null) return 0;
    return Math.min(this.speaking.words.length, Math.floor((this.atMs - this.speaking.beganAtMs) / WORD_MS));
  }

  private callerTick(): void {
    const { talking } = this;
    if (talking === null) return;
    const ready = talking.words.filter((word) => word.endMs <= this.atMs).length;
    const chunk = this.options.chunk ?? 1;
    if (ready > talking.shown && (ready - talking.shown >= chunk || ready === talking.words.length)) {
      if (talking.shown === 0 && talking.options.overlap !== undefined) this.hear(talking, ready, false);
      talking.shown = ready;
      this.lastWordAtMs = this.atMs;
      this.hear(talking, ready, false);
      if (talking.options.overlap !== undefined)
        this.send({ type: "overlap", atMs: this.atMs, kind: talking.options.overlap });
    }
    if (talking.shown === talking.words.length && this.atMs - this.lastWordAtMs >= FINAL_AFTER_MS) this.finish();
  }

  private hear(talking: NonNullable<Floor["talking"]>, count: number, final: boolean): void {
    talking.revision++;
    this.send({
      type: "heard",
      atMs: this.atMs,
      turn: this.turn,
      revision: talking.revision,
      final,
      words: talking.words.slice(0, count),
    });
  }

  private finish(): void {
    const { talking } = this;
    if (talking === null || talking.shown < talking.words.length) return;
    this.talking = null;
    this.hear(talking, talking.words.length, true);
  }

  private agentTick(): void {
    const { speaking, talking } = this;
    if (speaking !== null) {
      const holds =
        speaking.uninterruptible ||
        talking === null ||
        talking.options.murmur === true ||
        talking.options.overlap !== undefined;
      if (
        !holds &&
        talking !== null &&
        talking.shown < talking.words.length &&
        this.atMs - talking.beganAtMs >= YIELDS_AFTER_MS
      )
        this.cut();
      else if (this.heardWords() >= speaking.words.length) {
        this.speaking = null;
        this.log.push({
          atMs: this.atMs,
          what: "agent",
          text: speaking.words.join(" "),
          cut: false,
          act: speaking.act,
        });
        this.send({ type: "agent-finished", atMs: this.atMs, utteranceId: speaking.id });
      }
      return;
    }
    const next = this.queue[0];
    if (next === undefined || this.ended !== null) return;
    const callerSpeaks = talking !== null && talking.shown < talking.words.length;
    const { intent } = this.state;
    const patience = intent === "nothing" ? FINAL_AFTER_MS + 100 : GIVES_FLOOR_AFTER_MS[intent];
    if (next.urgency !== "urgent" && (callerSpeaks || this.atMs - this.lastWordAtMs < patience)) return;
    this.queue.shift();
    if (next.act !== "interjection") this.finish();
    // Ending the turn may have changed what there is to say.
    if (!this.state.outbox.some((one) => one.id === next.utteranceId)) return;
    this.speaking = {
      id: next.utteranceId,
      words: next.text.split(/\s+/),
      beganAtMs: this.atMs,
      uninterruptible: next.uninterruptible,
      act: next.act,
    };
    this.send({ type: "agent-began", atMs: this.atMs, utteranceId: next.utteranceId });
  }

  private cut(): void {
    const { speaking } = this;
    if (speaking === null) return;
    const count = this.heardWords();
    this.speaking = null;
    const heardText = speaking.words.slice(0, count).join(" ");
    if (heardText !== "")
      this.log.push({ atMs: this.atMs, what: "agent", text: heardText, cut: true, act: speaking.act });
    this.send({
      type: "agent-yielded",
      atMs: this.atMs,
      utteranceId: speaking.id,
      heardText,
      unheardText: speaking.words.slice(count).join(" "),
    });
  }

  /** Everything that reached the caller's ear since `fromMs`. */
  said(fromMs = 0): string {
    return this.log
      .filter((entry) => entry.what === "agent" && entry.atMs >= fromMs)
      .map((entry) => (entry as { text: string }).text)
      .join(" ");
  }

  effects<T extends Effect["type"]>(type: T): EffectOf<T>[] {
    return this.log
      .filter((entry) => entry.what === "effect" && entry.effect.type === type)
      .map((entry) => (entry as { effect: Effect }).effect as EffectOf<T>);
  }
}
