import type { DialogueEvent, Effect } from "@sidetone/dialogue";
import { createHopBatch, createOutputBatch, type ModelInfo } from "@sidetone/interaction-model";
import {
  DECISIONS,
  type Decision,
  type Expectation,
  type HeardWord,
  HOP_SAMPLES,
  MU_LAW_SILENCE,
  OPEN,
  OVERLAP_KINDS,
  type OverlapKind,
  type PodInput,
  type PodOutput,
} from "@sidetone/protocol";
import { Utterance } from "@sidetone/speech";
import { Ear } from "../rerun/ear.ts";
import { HopOut } from "../shard/call-loop.ts";
import type { Dialogue } from "../talk/dialogue.ts";
import type { Voice } from "../talk/mouth.ts";
import { TalkLoop } from "../talk/talk-loop.ts";

/** Every word of a scripted voice lasts eight hops, 320 ms: seven of sound and one of silence. */
export const WORD_HOPS = 8;
const WORD_SAMPLES = WORD_HOPS * HOP_SAMPLES;

/** Speaks at once, a word every 320 ms; the n-th word's samples are all the byte n + 1. */
export const scriptedVoice: Voice = {
  say(text) {
    const speech = new Utterance(text);
    const spoken = [...text.matchAll(/\S+/g)].map((match) => ({
      text: match[0],
      say: match[0],
      charStart: match.index,
      charEnd: match.index + match[0].length,
      breakAfter: "none" as const,
    }));
    const sound = WORD_SAMPLES - HOP_SAMPLES;
    spoken.forEach((_, i) => {
      speech.append(new Uint8Array(sound).fill(i + 1));
      speech.appendSilence(HOP_SAMPLES);
    });
    speech.setClauseWords(
      spoken,
      spoken.map((word, i) => ({
        text: word.say,
        startSamples: i * WORD_SAMPLES,
        endSamples: i * WORD_SAMPLES + sound,
        source: "engine" as const,
      })),
      0,
    );
    speech.settleWords();
    speech.end();
    return speech;
  },
};

/** Answers events as the scene says. */
const scriptedDialogue = (answer: (event: DialogueEvent) => Effect[]): Dialogue => ({
  reduce: answer,
  snapshot: () => ({}),
});

export const say = (utteranceId: number, text: string, more: Partial<Extract<Effect, { type: "say" }>> = {}) =>
  ({
    type: "say",
    utteranceId,
    text,
    act: "line",
    uninterruptible: false,
    urgency: "answer",
    replaceable: false,
    ...more,
  }) satisfies Effect;

/** A dialogue that does this when the call opens, and nothing else. */
export const onOpen =
  (...effects: Effect[]) =>
  (event: DialogueEvent): Effect[] =>
    event.type === "opened" ? effects : [];
export const expecting = (
  intent: "nothing" | "answer" | "filler" | "urgent",
  expectation: Expectation = OPEN,
): Effect => ({ type: "expect", expectation, intent });
/** A line of six words: 1.92 s. */
export const GREETING = say(0, "one two three four five six");
export const YIELD = { decision: { yield: 0.9 }, overlap: "floor-taking", voice: 0.9 } as const;
export const DUCK = { decision: { duck: 0.9 }, voice: 0.9 } as const;

/** What the scripted model thinks at one hop. */
export interface Thought {
  decision?: Partial<Record<Decision, number>>;
  overlap?: OverlapKind;
  voice?: number;
  /** The hearing of the turn from this hop on. */
  words?: string;
}

const info: ModelInfo = {
  name: "scripted",
  version: "1",
  symbols: ["_"],
  symbolFramesPerHop: 1,
  wants: ["none", "order-status"],
  thresholds: {
    beginOpen: 0.5,
    beginFulfilled: 0.3,
    beginUnfulfilled: 0.8,
    backchannel: 0.5,
    duck: 0.5,
    yield: 0.5,
    voice: 0.5,
    want: 0.5,
  },
  capacity: 1,
};

/** One call's talk loop on its media clock, with everything around it scripted. */
export class Scene {
  readonly loop: TalkLoop;
  readonly events: DialogueEvent[] = [];
  readonly ear = new Ear();
  readonly outputs: PodOutput[] = [];
  readonly decisions: string[] = [];
  readonly gains: number[] = [];
  hop = 0;
  #words: HeardWord[] = [];
  #changed = false;
  readonly #batch = createHopBatch(1);
  readonly #columns = createOutputBatch(1, info);
  readonly #out = new HopOut();
  readonly #silence = new Uint8Array(HOP_SAMPLES).fill(MU_LAW_SILENCE);

  constructor(options: {
    answer?: (event: DialogueEvent) => Effect[];
    /** In the place of `answer`. */
    dialogue?: Dialogue;
    greets?: boolean;
    voice?: Voice;
    resumed?: unknown;
  }) {
    const dialogue = options.dialogue ?? scriptedDialogue(options.answer ?? (() => []));
    this.loop = new TalkLoop({
      info,
      dialogue: {
        reduce: (event) => {
          this.events.push(event);
          return dialogue.reduce(event);
        },
        snapshot: () => dialogue.snapshot(),
      },
      ears: {
        expect: () => undefined,
        hear: () => {
          const changed = this.#changed;
          this.#changed = false;
          return changed;
        },
        words: () => [...this.#words],
        endTurn: () => this.#words.splice(0),
      },
      voice: options.voice ?? scriptedVoice,
      greets: options.greets ?? true,
      resumed: options.resumed,
    });
  }

  receive(input: PodInput): void {
    this.loop.receive(input);
  }

  /** A hop that the bridge gives again to a pod that resumes a call: it was heard with another pod's epoch. */
  replay(heardEpoch: number, heardSamples: number): void {
    this.#hop({}, heardEpoch, heardSamples);
  }

  /** One hop of 40 ms: plays, steps, and hands over. */
  step(thought: Thought = {}): void {
    const { ear } = this;
    ear.play();
    for (const ended of ear.ended.splice(0)) this.loop.receive({ type: "epoch-ended", ...ended });
    if (thought.words !== undefined) {
      this.#changed = true;
      const endMs = this.hop * 40;
      this.#words = thought.words
        .split(" ")
        .filter(Boolean)
        .map((text) => ({ text, startMs: Math.max(0, endMs - 40), endMs, confidence: 0.9 }));
    }
    this.#hop(thought, ear.epoch, ear.heardSamples);
  }

  #hop(thought: Thought, heardEpoch: number, heardSamples: number): void {
    const { ear } = this;
    const hopIn = {
      hop: this.hop++,
      caller: this.#silence,
      agent: ear.agent,
      heardEpoch,
      heardSamples,
      concealedSamples: 0,
    };
    this.loop.pre(hopIn, this.#batch, 0);
    DECISIONS.forEach((name, i) => {
      this.#columns.decision[i] = thought.decision?.[name] ?? 0;
    });
    OVERLAP_KINDS.forEach((kind, i) => {
      this.#columns.overlap[i] = kind === (thought.overlap ?? "none") ? 1 : 0;
    });
    this.#columns.voice[0] = thought.voice ?? 0;
    const out = this.#out;
    out.clear();
    this.loop.post(hopIn, this.#columns, 0, out);
    this.outputs.push(...out.outputs);
    this.decisions.push(DECISIONS[out.decision]!);
    this.gains.push(out.gainDb);
    ear.take(out.epoch, out.audio.subarray(0, out.audioBytes));
  }

  /** Steps until `done`, at most ten seconds. */
  until(done: () => boolean, thought: Thought = {}): void {
    for (let hop = 0; hop < 250 && !done(); hop++) this.step(thought);
    if (!done()) throw new Error(`it did not happen within ten seconds; heard ${JSON.stringify(this.saidTexts())}`);
  }

  saidTexts(): string[] {
    return this.outputsOf("said").map((said) => said.text);
  }

  steps(count: number, thought: Thought = {}): void {
    for (let i = 0; i < count; i++) this.step(thought);
  }

  /** What the caller heard, a character a hop: `.` for silence, else the word's number. */
  heard(): string {
    return this.ear.played
      .map((hop) => {
        const sound = hop.find((byte) => byte !== MU_LAW_SILENCE);
        return sound === undefined ? "." : String(sound);
      })
      .join("");
  }

  outputsOf<T extends PodOutput["type"]>(type: T): Extract<PodOutput, { type: T }>[] {
    return this.outputs.filter((output): output is Extract<PodOutput, { type: T }> => output.type === type);
  }

  eventsOf<T extends DialogueEvent["type"]>(type: T): Extract<DialogueEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<DialogueEvent, { type: T }> => event.type === type);
  }
}
