import type { DialogueEvent, Effect } from "@sidetone/dialogue";
import { DEAD_AIR_HOPS, type HopBatch, type ModelInfo, type OutputBatch } from "@sidetone/interaction-model";
import {
  DECISIONS,
  type Decision,
  type Expectation,
  type Intent,
  MICRO_TURN_HOPS,
  OPEN,
  type PodInput,
  type PodOutput,
} from "@sidetone/protocol";
import type { CallLoop, HopIn, HopOut } from "../shard/call-loop.ts";
import { Attention } from "./attention.ts";
import {
  type Conditioning,
  conditioningBytes,
  conditionRow,
  isMidNumber,
  modelExpectation,
  modelIntent,
} from "./conditioning.ts";
import type { Dialogue } from "./dialogue.ts";
import type { Ears } from "./ears.ts";
import { DUCK_DB, decideFloor, type FloorView, floorGainDb, floorView, freshFloor, weighedQuiet } from "./floor.ts";
import { Hearing } from "./hearing.ts";
import { Mouth, type MouthEvent, type Voice } from "./mouth.ts";
import { type Leave, TalkState } from "./talk-state.ts";

const HOP_MS = 40;
/** A filler only where waiting is real: 800 ms after the last that either of us said. */
const FILLER_AFTER_HOPS = 20;
/** Who was not understood often has more to say: 400 ms. */
const REPAIR_AFTER_HOPS = 10;
/** Quiet before anything begins: 40 ms, or 120 ms while the hearing of the last word is fresh. */
const BREATH_HOPS = 1;
const SETTLED_HOPS = 3;
/** Quiet in which nobody's turn is open: 400 ms. */
const FREE_HOPS = 10;

export interface TalkParts {
  info: ModelInfo;
  dialogue: Dialogue;
  ears: Ears;
  voice: Voice;
  /** The agent speaks first. */
  greets: boolean;
  /** What `snapshot` gave on another pod. */
  resumed?: unknown;
}

/**
 * One call's talk: joins the model's decisions, the dialogue and speech. `pre` follows the caller's ear and tells the
 * model what is awaited; `post` decides about the floor, hears words, lets the dialogue react, and hands over audio.
 */
export class TalkLoop implements CallLoop {
  readonly #info: ModelInfo;
  readonly #dialogue: Dialogue;
  readonly #hearing: Hearing;
  readonly #mouth: Mouth;
  readonly #greets: boolean;
  readonly #floor = freshFloor();
  readonly #conditioning: Conditioning = {
    expectation: OPEN,
    intent: "nothing",
    agentPlaying: false,
    hopIndex: 0,
    hopsSinceAgentChange: 0,
  };
  readonly #attention: Attention;
  readonly #view: FloorView;
  /** What the dialogue waits for and has ready, and the former in the model's terms. */
  #expectation: Expectation = OPEN;
  #intent: Intent = "nothing";
  #modelExpectation: Expectation = OPEN;
  readonly #mouthEvents: MouthEvent[] = [];
  /** Outputs that arose between two hops; they leave with the next. */
  #outputs: PodOutput[] = [];
  #nowMs = 0;
  /** The agent has had the floor, or could have: from now on the model has the say about it. */
  #greeted = false;
  /** A person has taken the call over: hear, but be quiet. */
  #muted = false;
  /** Leave when everything was heard: hang up or transfer. */
  #leave: Leave | null = null;
  #murmur: string | undefined;
  #opened = false;

  constructor(parts: TalkParts) {
    this.#info = parts.info;
    this.#dialogue = parts.dialogue;
    this.#mouth = new Mouth(parts.voice);
    this.#hearing = new Hearing(parts.ears, (word) => this.#mouth.ownWords.isEcho(word));
    this.#greets = parts.greets;
    this.#attention = new Attention(parts.info);
    this.#view = floorView(this.#attention);
    if (parts.resumed !== undefined) this.#resume(TalkState.parse(parts.resumed));
  }

  receive(input: PodInput): void {
    switch (input.type) {
      case "epoch-ended":
        this.#mouth.epochEnded(input.epoch, input.heardSamples, this.#mouthEvents);
        this.#tellMouthEvents();
        return;
      case "taken-over":
        this.#muted = true;
        this.#mouth.drop(this.#mouth.planned.map((line) => line.say.utteranceId));
        this.#mouth.yield(true);
        this.#reduce({ atMs: this.#nowMs, type: "taken-over", by: input.by });
        return;
      case "handed-back":
        this.#muted = false;
        this.#reduce({ atMs: this.#nowMs, type: "handed-back", by: input.by, note: input.note });
        return;
      case "refused":
        this.#leave = null;
        this.#reduce({ atMs: this.#nowMs, ...input });
        return;
      case "finding":
      case "whispered":
      case "key-pressed":
        this.#reduce({ atMs: this.#nowMs, ...input });
        return;
      case "opened":
      case "closed":
        // Both are the shard's own.
        return;
    }
  }

  pre(hop: HopIn, batch: HopBatch, row: number): void {
    this.#nowMs = hop.hop * HOP_MS;
    if (!this.#opened) {
      this.#opened = true;
      this.#reduce({ atMs: this.#nowMs, type: "opened" });
    }
    this.#mouth.hear(hop, this.#mouthEvents);
    this.#tellMouthEvents();
    const { clock } = this.#mouth.playout;
    const c = this.#conditioning;
    c.expectation = this.#modelExpectation;
    c.intent = modelIntent(this.#intent, this.#muted);
    c.agentPlaying = clock.playing;
    c.hopIndex = hop.hop;
    c.hopsSinceAgentChange = clock.hopsSinceChange;
    conditionRow(batch, row, c);
    this.#nowMs += HOP_MS;
  }

  post(hop: HopIn, outputs: OutputBatch, row: number, out: HopOut): void {
    conditioningBytes(out.conditioning, this.#conditioning);
    this.#mouth.tick();
    this.#look(hop, outputs, row);
    this.#listen(outputs, row);
    this.#tellOverlap();
    const decision = decideFloor(this.#floor, this.#view, this.#info.thresholds);
    this.#act(decision, out);
    if (hop.hop % MICRO_TURN_HOPS === 0) this.#reduce({ atMs: this.#nowMs, type: "elapsed" });
    this.#speak(decision, out);
    this.#mouth.give(out);
    this.#mouth.worded(out.outputs);
    this.#leaveWhenHeard();
    out.decision = DECISIONS.indexOf(decision);
    out.epoch = this.#mouth.playout.epoch;
    out.gainDb = this.#gainDb();
    if (this.#outputs.length > 0) out.outputs.unshift(...this.#outputs.splice(0));
  }

  snapshot(): unknown {
    return {
      dialogue: this.#dialogue.snapshot(),
      clock: this.#mouth.playout.clock.snapshot(),
      epoch: this.#mouth.playout.epoch,
      planned: this.#mouth.planned.map((line) => line.say),
      begun: this.#mouth.begun,
      heardSamples: this.#mouth.playout.heardSamples,
      turn: this.#hearing.turn,
      expectation: this.#expectation,
      intent: this.#intent,
      muted: this.#muted,
      greeted: this.#greeted,
      leave: this.#leave,
    } satisfies TalkState;
  }

  settled(): Promise<void> {
    return this.#mouth.settled();
  }

  close(): void {
    this.#mouth.close();
  }

  /** Reads the model's row into the view of the floor. */
  #look(hop: HopIn, outputs: OutputBatch, row: number): void {
    const view = this.#view;
    const { playing, hopsSinceChange } = this.#mouth.playout.clock;
    this.#attention.look(outputs, row, playing);
    view.callerVoice = this.#attention.callerVoice;
    view.quietHops = this.#attention.quietHops;
    view.hop = hop.hop;
    view.breathHops = this.#breathHops(hop.hop);
    view.expectation = this.#conditioning.expectation;
    view.mayBegin = this.#mayBegin;
    view.speaking = this.#mouth.speaking;
    view.uninterruptible = this.#mouth.current?.say.uninterruptible ?? false;
    view.speakingHops = playing ? hopsSinceChange : 0;
  }

  /**
   * How long the caller has to be quiet before anything begins: their last word has to have settled. An interjection
   * is meant to come while they speak.
   */
  #breathHops(hop: number): number {
    const say = this.#mouth.planned[0]?.say;
    if (say?.urgency === "urgent") return 0;
    const { heardHop } = this.#hearing;
    return hop - heardHop < SETTLED_HOPS ? SETTLED_HOPS : BREATH_HOPS;
  }

  #listen(outputs: OutputBatch, row: number): void {
    const width = this.#info.symbolFramesPerHop * this.#info.symbols.length;
    const heard = this.#hearing.hear(outputs.symbols, row * width, this.#nowMs - HOP_MS, this.#attention.callerSpeaks);
    if (!heard) return;
    this.#outputs.push(heard);
    this.#reduce({ atMs: this.#nowMs, ...heard });
  }

  #tellOverlap(): void {
    const overlap = this.#attention.newOverlap();
    if (!overlap) return;
    this.#outputs.push({ type: "overlap", ...overlap });
    this.#reduce({ atMs: this.#nowMs, type: "overlap", kind: overlap.kind });
  }

  #act(decision: Decision, out: HopOut): void {
    if (this.#deadAir && (this.#hearing.open || this.#hearing.voiced)) this.#endTurn();
    switch (decision) {
      case "begin":
        this.#greeted = true;
        // An interjection comes while the caller goes on: their turn stays open.
        if (this.#mouth.planned[0]?.say.act !== "interjection") this.#endTurn();
        return;
      case "yield":
        this.#mouth.yield(false);
        return;
      case "backchannel":
        if (this.#muted) return;
        this.#murmur = undefined;
        this.#reduce({ atMs: this.#nowMs, type: "backchannel-due" });
        if (this.#murmur !== undefined && this.#mouth.murmur(this.#murmur, out)) {
          this.#floor.lastBackchannelHop = this.#view.hop;
        }
        return;
      case "listen":
      case "hold":
      case "duck":
        return;
    }
  }

  /** Begins or goes on speaking where that is allowed. */
  #speak(decision: Decision, out: HopOut): void {
    const line = this.#mouth.ready;
    if (!line || this.#muted) return;
    if (line.say.urgency === "filler" && this.#attention.quietHops < FILLER_AFTER_HOPS) return;
    if (this.#mouth.speaking) {
      // The floor is ours already: the next line follows. A filler never lengthens a turn.
      if (decision !== "yield" && line.say.urgency !== "filler") this.#mouth.chain(out);
      return;
    }
    if (line.say.act === "repair" && this.#attention.quietHops < REPAIR_AFTER_HOPS) return;
    const greeting = !this.#greeted && this.#greets;
    if (decision !== "begin" && !greeting && !this.#deadAir && !this.#floorIsFree) return;
    if (decision !== "begin") this.#endTurn();
    this.#greeted = true;
    this.#mouth.begin(out);
  }

  /** Something is ready to be said; or the caller said something, and the end of that is what the dialogue waits for. */
  get #mayBegin(): boolean {
    if (this.#intent !== "nothing") return true;
    const { open, voiced } = this.#hearing;
    return (open || voiced) && !this.#muted && !isMidNumber(this.#expectation, this.#intent);
  }

  /**
   * The caller has said nothing since we were last heard, and is quiet: a finding, a key or the clock gave us something
   * to say, and there is no turn whose end the model could tell.
   */
  get #floorIsFree(): boolean {
    return this.#greeted && !this.#hearing.open && !this.#hearing.voiced && this.#attention.quietHops >= FREE_HOPS;
  }

  /** The net below the model's own sense of when a turn has ended. */
  get #deadAir(): boolean {
    return this.#view.mayBegin && weighedQuiet(this.#view) >= DEAD_AIR_HOPS;
  }

  /** The agent takes the floor: the caller's turn ends here, and what it meant is acted on before we speak. */
  #endTurn(): void {
    const { voiced, turn } = this.#hearing;
    const heard = this.#hearing.end();
    if (heard) {
      const { want } = this.#attention;
      const told = want === undefined ? heard : { ...heard, want };
      this.#outputs.push(told);
      this.#reduce({ atMs: this.#nowMs, ...told });
    } else if (voiced) {
      this.#reduce({ atMs: this.#nowMs, type: "turn-ended", turn });
    }
  }

  #leaveWhenHeard(): void {
    if (!this.#leave || !this.#mouth.idle) return;
    this.#outputs.push(this.#leave);
    this.#leave = null;
  }

  #gainDb(): number {
    // While a word runs out before we are silent, it may as well be quiet.
    return this.#mouth.stopping ? DUCK_DB : floorGainDb(this.#floor);
  }

  #tellMouthEvents(): void {
    if (this.#mouthEvents.length === 0) return;
    for (const event of this.#mouthEvents.splice(0)) {
      const utteranceId = event.line.say.utteranceId;
      if (event.type === "began") this.#reduce({ atMs: this.#nowMs, type: "agent-began", utteranceId });
      else if (event.type === "finished") {
        this.#outputs.push({ type: "finished", utteranceId });
        this.#reduce({ atMs: this.#nowMs, type: "agent-finished", utteranceId });
      } else {
        const { throughWord, heardText, unheardText } = event.part;
        this.#outputs.push({ type: "yielded", utteranceId, heardThroughWord: throughWord, heardText, unheardText });
        this.#reduce({ atMs: this.#nowMs, type: "agent-yielded", utteranceId, heardText, unheardText });
      }
    }
  }

  #reduce(event: DialogueEvent): void {
    for (const effect of this.#dialogue.reduce(event)) this.#carryOut(effect);
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case "say":
        if (!this.#muted) this.#mouth.plan(effect);
        return;
      case "drop-unsaid":
        this.#mouth.drop(effect.utteranceIds);
        return;
      case "backchannel":
        this.#murmur = effect.text;
        return;
      case "yield":
        if (this.#mouth.current?.say.utteranceId === effect.utteranceId) this.#mouth.yield(true);
        return;
      case "expect":
        this.#expect(effect.expectation, effect.intent);
        this.#outputs.push({ type: "expecting", expectation: effect.expectation, intent: effect.intent });
        return;
      case "transfer":
      case "hang-up":
        this.#leave = effect;
        return;
      case "delegate":
      case "supersede":
      case "cancel":
      case "reprioritise":
      case "slot-filled":
      case "want-recognised":
      case "recording":
      case "whisper-answered":
        this.#outputs.push(effect);
        return;
    }
  }

  #expect(expectation: Expectation, intent: Intent): void {
    this.#expectation = expectation;
    this.#intent = intent;
    this.#modelExpectation = modelExpectation(expectation, intent);
    this.#hearing.expect(expectation);
  }

  /** Goes on where the other pod was lost. */
  #resume(state: TalkState): void {
    this.#opened = true;
    this.#mouth.playout.clock.restore(state.clock);
    this.#mouth.resume(state.epoch, state.heardSamples, state.begun);
    this.#hearing.turn = state.turn + 1;
    this.#expect(state.expectation, state.intent);
    this.#muted = state.muted;
    this.#greeted = state.greeted;
    this.#leave = state.leave;
    for (const say of state.planned) this.#mouth.plan(say);
  }
}
