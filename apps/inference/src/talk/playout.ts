import { HOP_SAMPLES, MICRO_TURN_HOPS, MU_LAW_SILENCE } from "@sidetone/protocol";
import type { HopIn, HopOut } from "../shard/call-loop.ts";
import { AgentClock } from "./agent-clock.ts";

/** Most audio that is handed over at once, ahead of what has been played: one micro-turn, 200 ms. */
const MAX_CREDIT_SAMPLES = MICRO_TURN_HOPS * HOP_SAMPLES;

/** A piece of agent audio on its way to the caller, placed in its epoch. */
export interface Placed {
  readonly utteranceId: number;
  /** False for murmurs: they do not make the agent the one who speaks. */
  readonly takesFloor: boolean;
  /** Samples of the epoch before this utterance. */
  readonly startSamples: number;
  /** Samples handed over so far. */
  givenSamples: number;
  /** All of its audio was handed over. */
  complete: boolean;
}

/** Where utterances get their audio from: fills `out` from `offset` on with up to `maxBytes`; returns how many it had. */
export type AudioSource = (out: Uint8Array, offset: number, maxBytes: number) => number;

/**
 * The agent's audio of one call: hands over a micro-turn when an utterance begins and a hop per hop from then on, and
 * keeps, per epoch, which utterance lies where. It never decides anything.
 */
export class Playout {
  /** Raised by `cut`; the bridge then drops all it holds of older epochs. */
  epoch = 0;
  /** Samples handed over in this epoch. */
  givenSamples = 0;
  /** Samples of this epoch that the caller has heard. */
  heardSamples = 0;
  /** Utterances of this epoch that the caller has not heard to their end, oldest first. */
  readonly placed: Placed[] = [];
  /** During the latest hop the caller heard an utterance that takes the floor, or a pause inside one. */
  readonly clock = new AgentClock();
  #creditSamples = 0;
  #heardEpoch = 0;
  #heardOfEpoch = 0;

  /** Follows the caller's ear; call once a hop, before anything else. */
  hear(hop: HopIn): void {
    const advanced = hop.heardEpoch === this.#heardEpoch && hop.heardSamples > this.#heardOfEpoch;
    this.#heardEpoch = hop.heardEpoch;
    this.#heardOfEpoch = hop.heardSamples;
    if (hop.heardEpoch !== this.epoch) {
      // The last of an epoch that was cut off: not what is being said now, but still the agent's voice.
      this.clock.tick(this.clock.playing && advanced);
      return;
    }
    const beforeSamples = this.heardSamples;
    this.heardSamples = Math.max(beforeSamples, Math.min(hop.heardSamples, this.givenSamples));
    this.clock.tick(
      this.placed.some(
        (p) =>
          p.takesFloor &&
          p.startSamples < this.heardSamples &&
          (!p.complete || beforeSamples < p.startSamples + p.givenSamples),
      ),
    );
  }

  /** Takes the oldest utterance that the caller has heard to its end off the list. */
  finished(): Placed | undefined {
    const oldest = this.placed[0];
    if (!oldest?.complete || this.heardSamples < oldest.startSamples + oldest.givenSamples) return undefined;
    return this.placed.shift();
  }

  /** Samples handed over that the caller has not heard yet. */
  get aheadSamples(): number {
    return this.givenSamples - this.heardSamples;
  }

  /** Gains the hop's credit; call once a hop, before `begin` and `give`. */
  tick(): void {
    this.#creditSamples = Math.min(this.#creditSamples + HOP_SAMPLES, MAX_CREDIT_SAMPLES);
  }

  /** Places a new utterance behind what was handed over already. */
  begin(utteranceId: number, takesFloor: boolean): Placed {
    if (this.aheadSamples === 0) this.#creditSamples = MAX_CREDIT_SAMPLES;
    const placed: Placed = {
      utteranceId,
      takesFloor,
      startSamples: this.givenSamples,
      givenSamples: 0,
      complete: false,
    };
    this.placed.push(placed);
    return placed;
  }

  /** Hands over what the utterance has ready, within the credit and the hop's room; returns the bytes given. */
  give(placed: Placed, source: AudioSource, out: HopOut): number {
    const room = Math.min(this.#creditSamples, out.audio.length - out.audioBytes);
    if (room <= 0) return 0;
    const bytes = source(out.audio, out.audioBytes, room);
    placed.givenSamples += bytes;
    this.#gave(bytes, out);
    return bytes;
  }

  /** Hands over silence between two utterances; returns the samples given of the `samples` wanted. */
  pause(samples: number, out: HopOut): number {
    const given = Math.max(0, Math.min(samples, this.#creditSamples, out.audio.length - out.audioBytes));
    out.audio.fill(MU_LAW_SILENCE, out.audioBytes, out.audioBytes + given);
    this.#gave(given, out);
    return given;
  }

  /** Ends the epoch: the bridge clears the carrier. Returns the utterances that were not heard to their end. */
  cut(): Placed[] {
    this.epoch++;
    this.givenSamples = 0;
    this.heardSamples = 0;
    this.#creditSamples = 0;
    return this.placed.splice(0);
  }

  #gave(bytes: number, out: HopOut): void {
    out.audioBytes += bytes;
    this.givenSamples += bytes;
    this.#creditSamples -= bytes;
  }
}
