import { ulawLevelDbfs } from "@sidetone/audio";
import { type CallFigures as Figures, HOP_SAMPLES, MU_LAW_SILENCE } from "@sidetone/protocol";

/** Above this a caller's hop counts as speech for the figures. They describe a call; nothing is decided by them. */
const SPEECH_DBFS = -40;
/** Hops of quiet that end a stretch of speech, for the floor as it is shown. */
const HANG_HOPS = 5;
/** The caller going on this soon after the agent began means that the agent cut in. */
const CUT_IN_HOPS = 10;
const MAX_LATENCIES = 1_000;
const HOP_MS = 40;

/** What a hop changed about the floor, as the caller's ear has it. */
export interface FloorChange {
  caller: boolean;
  agent: boolean;
  /** Milliseconds from the end of the caller's speech to the agent's first sound, when this hop brought it. */
  respondedMs: number | undefined;
  /** Milliseconds from the caller's onset to the agent's silence, when this hop brought it after a yield. */
  fellSilentMs: number | undefined;
}

/** Follows both channels hop by hop and keeps the figures of a call. Bounded, and allocates on changes only. */
export class FiguresOfCall {
  backchannels = 0;
  yields = 0;
  readonly #responses: number[] = [];
  readonly #stops: number[] = [];
  #cutIns = 0;
  #hop = 0;
  #caller = false;
  #agent = false;
  #callerOnsetHop = -1;
  #callerLastLoudHop = -1;
  #agentLastHop = -1;
  #agentOnsetHop = -1;
  #answered = true;
  #yieldPending = false;
  #silenceHops = 0;
  #longestSilenceHops = 0;

  noteYield(): void {
    this.yields++;
    this.#yieldPending = this.#agent;
  }

  /** Takes one hop of both channels; returns what changed, or undefined. */
  hop(index: number, caller: Uint8Array, agent: Uint8Array): FloorChange | undefined {
    this.#hop = index;
    const callerLoud = ulawLevelDbfs(caller, 0, HOP_SAMPLES) > SPEECH_DBFS;
    const agentLoud = hasSound(agent);
    this.#countSilence(callerLoud || agentLoud);
    const callerWas = this.#caller;
    const agentWas = this.#agent;
    let respondedMs: number | undefined;
    let fellSilentMs: number | undefined;

    if (callerLoud) {
      this.#callerLastLoudHop = index;
      if (!callerWas) {
        this.#caller = true;
        this.#callerOnsetHop = index;
        this.#answered = false;
        if (this.#agentOnsetHop >= 0 && agentWas && index - this.#agentOnsetHop <= CUT_IN_HOPS) this.#cutIns++;
      }
    } else if (callerWas && index - this.#callerLastLoudHop >= HANG_HOPS) this.#caller = false;

    if (agentLoud) {
      this.#agentLastHop = index;
      if (!agentWas) {
        this.#agent = true;
        this.#agentOnsetHop = index;
        if (!this.#answered && this.#callerLastLoudHop >= 0 && !callerLoud) {
          this.#answered = true;
          respondedMs = Math.max(0, index - this.#callerLastLoudHop - 1) * HOP_MS;
          keep(this.#responses, respondedMs);
        }
      }
    } else if (agentWas && (this.#yieldPending || index - this.#agentLastHop >= HANG_HOPS)) {
      this.#agent = false;
      if (this.#yieldPending) {
        this.#yieldPending = false;
        fellSilentMs = Math.max(0, this.#agentLastHop + 1 - this.#callerOnsetHop) * HOP_MS;
        keep(this.#stops, fellSilentMs);
      }
    }
    if (callerWas === this.#caller && agentWas === this.#agent) return undefined;
    return { caller: this.#caller, agent: this.#agent, respondedMs, fellSilentMs };
  }

  get caller(): boolean {
    return this.#caller;
  }

  get agent(): boolean {
    return this.#agent;
  }

  figures(lostHops: number): Figures {
    return {
      durationMs: (this.#hop + 1) * HOP_MS,
      responseLatenciesMs: [...this.#responses],
      stopLatenciesMs: [...this.#stops],
      yields: this.yields,
      backchannels: this.backchannels,
      cutIns: this.#cutIns,
      lostHops,
      longestSilenceMs: this.#longestSilenceHops * HOP_MS,
    };
  }

  #countSilence(sound: boolean): void {
    this.#silenceHops = sound ? 0 : this.#silenceHops + 1;
    if (this.#silenceHops > this.#longestSilenceHops) this.#longestSilenceHops = this.#silenceHops;
  }
}

function keep(list: number[], value: number): void {
  if (list.length < MAX_LATENCIES) list.push(value);
}

function hasSound(bytes: Uint8Array): boolean {
  for (let i = 0; i < HOP_SAMPLES; i++) if (bytes[i] !== MU_LAW_SILENCE) return true;
  return false;
}
