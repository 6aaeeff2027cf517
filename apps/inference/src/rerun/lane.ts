import { SidetoneError } from "@sidetone/platform";
import {
  CONDITIONING,
  CONDITIONING_PER_HOP,
  HOP_SAMPLES,
  type PlaybookOfCall,
  type PodInput,
  PodOutput,
  type RerunResult,
  SCORES_PER_HOP,
  type TapeNote,
} from "@sidetone/protocol";
import { TapeWriter } from "@sidetone/store";
import type { Opened } from "../shard/call-loop.ts";
import { MAX_AUDIO_BYTES, type ShardColumns } from "../shard/columns.ts";
import type { ShardEvent } from "../shard/shard.ts";
import { CallerFeed } from "./caller-feed.ts";
import { compare } from "./compare.ts";
import { Ear } from "./ear.ts";
import { StoryFold } from "./story.ts";
import { TapedAnswers } from "./taped-answers.ts";
import type { TapedCall } from "./taped-call.ts";

/** What is still said when the tape is over: 0.5 s; or, to an agent that says goodbye, 10 s. */
const AFTER_TAPE_HOPS = 12;
const GOODBYE_HOPS = 250;
/** A re-run that takes three times as long as its call, and a minute, does not end by itself. */
const LONGEST = { times: 3, plusHops: 1_500 };

export interface LaneOptions {
  callId: string;
  call: TapedCall;
  playbook: PlaybookOfCall | undefined;
  outPath: string;
  model: string;
  modelHash: string;
}

/** One call that is run again, hop by hop, over a shard that it shares with other lanes. */
export class Lane {
  readonly callId: string;
  readonly number: number;
  readonly #call: TapedCall;
  readonly #options: LaneOptions;
  readonly #withoutConsent: boolean;
  readonly #feed: CallerFeed;
  readonly #answers: TapedAnswers;
  readonly #ear = new Ear({ keeps: false });
  readonly #story = new StoryFold();
  readonly #tape: TapeWriter;
  readonly #startedMs = performance.now();
  readonly #mostHops: number;
  readonly #view = { playing: false, hopsSinceChange: 0, spoke: false, done: false, openTasks: 0 };
  #inputs: TapedCall["inputs"];
  #hop = 0;
  #turns = 0;
  #afterTape = 0;
  #ends: string | undefined;
  #fault: SidetoneError | undefined;
  #opened = false;
  #hasNothingToSay = false;

  constructor(number: number, options: LaneOptions) {
    this.number = number;
    this.callId = options.callId;
    this.#options = options;
    const { call } = options;
    this.#call = call;
    const playbook = options.playbook ?? call.opened.playbook;
    const asked = withoutQuestionForConsent(playbook, call.hops[0]?.withheld === true);
    this.#withoutConsent = asked !== playbook;
    this.#feed = new CallerFeed(call.hops);
    this.#answers = new TapedAnswers(call.answers);
    this.#inputs = [...call.inputs];
    this.#mostHops = LONGEST.times * call.hops.length + LONGEST.plusHops;
    const { opened } = call;
    const { resume: _moved, ...fresh } = opened;
    this.#openedNow = { ...fresh, playbook: asked };
    this.#tape = new TapeWriter(
      options.outPath,
      { ...call.header, model: options.model, modelHash: options.modelHash, bridgeId: "re-run" },
      { pendingMicroTurns: 1_000_000 },
    );
  }

  readonly #openedNow: Opened;

  get over(): boolean {
    return this.#ends !== undefined || this.#fault !== undefined;
  }

  get fault(): SidetoneError | undefined {
    return this.#fault;
  }

  get progress(): number {
    return Math.min(1, this.#feed.progress);
  }

  /** Writes this lane's hop into a row, and what came before it. */
  give(columns: ShardColumns, row: number, events: ShardEvent[]): void {
    if (!this.#opened) {
      this.#opened = true;
      events.push({ type: "open", call: this.number, opened: this.#openedNow });
      this.#note({ type: "in", hop: 0, input: this.#openedNow });
    }
    this.#ear.play();
    for (const ended of this.#ear.ended.splice(0)) this.#enter({ type: "epoch-ended", ...ended }, events);
    for (const finding of this.#answers.take(this.#hop)) this.#enter({ type: "finding", finding }, events);
    const caller = this.#feed.next(this.#view);
    if (this.#feed.beganAt.length > this.#turns) {
      this.#turns = this.#feed.beganAt.length;
      this.#view.spoke = false;
    }
    while (this.#inputs[0] && this.#inputs[0].hop < this.#feed.tapeHop) {
      this.#enter((this.#inputs.shift() as TapedCall["inputs"][number]).input, events);
    }
    columns.call[row] = this.number;
    columns.hop[row] = this.#hop;
    columns.heardEpoch[row] = this.#ear.epoch;
    columns.heardSamples[row] = this.#ear.heardSamples;
    columns.concealedSamples[row] = 0;
    columns.callerAudio.set(caller, row * HOP_SAMPLES);
    columns.agentAudio.set(this.#ear.agent, row * HOP_SAMPLES);
    this.#tape.putHop(this.#hop, caller, this.#ear.agent, this.#ear.epoch, this.#ear.heardSamples, 0);
  }

  /** Takes what the shard answered to that row. */
  take(columns: ShardColumns, row: number, outputs: readonly string[]): void {
    for (const json of outputs) this.#output(json);
    if (columns.valid[row] !== 1) {
      this.#fault ??= new SidetoneError("POD_CALL_FAILED", "The call gave no answer.");
      return;
    }
    const audioAt = row * MAX_AUDIO_BYTES;
    const audio = columns.audio.subarray(audioAt, audioAt + (columns.audioBytes[row] ?? 0));
    const decision = columns.decision[row] ?? 0;
    const epoch = columns.epoch[row] ?? 0;
    const gainDb = columns.gainDb[row] ?? 0;
    const conditioningAt = row * CONDITIONING_PER_HOP;
    const at = row * HOP_SAMPLES;
    this.#tape.putReply(
      this.#hop,
      decision,
      bufferOf(columns.scores),
      row * SCORES_PER_HOP * 4,
      bufferOf(columns.conditioning),
      conditioningAt,
      epoch,
      gainDb,
    );
    this.#story.hop(
      this.#hop,
      columns.callerAudio.subarray(at, at + HOP_SAMPLES),
      columns.agentAudio.subarray(at, at + HOP_SAMPLES),
      decision,
    );
    this.#ear.take(epoch, audio, gainDb);
    this.#look((columns.conditioning[conditioningAt + CONDITIONING.intentOffset] ?? 0) & CONDITIONING.agentPlayingBit);
    this.#hop++;
    if (this.#feed.over && !this.over) this.#end();
    if (this.#hop > this.#mostHops) this.#fault ??= new SidetoneError("POD_CALL_FAILED", "The re-run did not end.");
  }

  /** Closes its tape; what came of it, where it did not fail. */
  async finish(): Promise<RerunResult> {
    this.#note({ type: "end", hop: this.#hop, reason: this.#ends ?? "failed" });
    await this.#tape.close();
    const { story } = this.#call;
    const result = compare(
      { totals: story.totals(), sides: story.sides(this.#feed.turns.map((turn) => turn.fromHop)) },
      { totals: this.#story.totals(), sides: this.#story.sides(this.#feed.beganAt) },
      this.#withoutConsent,
    );
    return {
      ...result,
      withoutConsent: this.#withoutConsent,
      forcedTurns: this.#feed.forced,
      unansweredTasks: this.#answers.unanswered,
      hops: this.#hop,
      tookMs: Math.round(performance.now() - this.#startedMs),
      model: this.#options.model,
      modelHash: this.#options.modelHash,
    };
  }

  #look(playingBit: number): void {
    const playing = playingBit !== 0;
    const view = this.#view;
    view.done = this.#hasNothingToSay && this.#ear.waitingSamples === 0;
    view.hopsSinceChange = playing === view.playing ? view.hopsSinceChange + 1 : 0;
    view.playing = playing;
    if (playing) view.spoke = true;
    view.openTasks = this.#answers.openTasks;
  }

  /** The caller hangs up when the tape is over, but lets an agent that says goodbye finish. */
  #end(): void {
    this.#afterTape++;
    const { totals } = { totals: this.#call.story.totals() };
    const byAgent = totals.ends !== null && /^(transfer|the agent)/.test(totals.ends);
    if (this.#afterTape >= (byAgent ? GOODBYE_HOPS : AFTER_TAPE_HOPS)) this.#ends = "stopped";
  }

  #enter(input: PodInput, events: ShardEvent[]): void {
    events.push({ type: "input", call: this.number, input });
    this.#note({ type: "in", hop: this.#hop, input });
  }

  #note(note: TapeNote): void {
    this.#tape.note(note);
    this.#story.note(note);
  }

  #output(json: string): void {
    const output = PodOutput.parse(JSON.parse(json));
    if (output.type === "snapshot") return;
    this.#note({ type: "out", hop: this.#hop, output });
    switch (output.type) {
      case "delegate":
        if (!this.#answers.ask(output, this.#hop)) this.#story.unanswered(output.taskId);
        return;
      case "cancel":
        this.#answers.drop(output.taskId);
        return;
      case "supersede":
        this.#answers.supersede(output.taskId, output.epoch);
        return;
      case "expecting":
        this.#hasNothingToSay = output.intent === "nothing";
        return;
      case "hang-up":
        this.#ends = output.reason;
        return;
      case "transfer":
        this.#ends = "transferred";
        return;
      case "failed":
        this.#fault = new SidetoneError("POD_CALL_FAILED", `${output.code}: ${output.message}`);
        return;
      default:
        return;
    }
  }
}

const bufferOf = (column: Float32Array | Uint8Array): Buffer =>
  Buffer.from(column.buffer, column.byteOffset, column.byteLength);

/** Where the answer was withheld from the tape, nobody is there to ask. */
function withoutQuestionForConsent(playbook: PlaybookOfCall, isWithheld: boolean): PlaybookOfCall {
  const document = playbook.document as { opening?: { recording?: { mode?: string } } } | null;
  if (!isWithheld || document?.opening?.recording?.mode !== "ask") return playbook;
  return { ...playbook, document: { ...document, opening: { ...document.opening, recording: { mode: "never" } } } };
}
