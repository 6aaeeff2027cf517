import { encodeUlaw, ULAW_TO_LINEAR } from "@sidetone/audio";

/** What a handset or a loudspeaker lets back into the line of what it plays. */
export interface EchoPath {
  delayMs: number;
  /** Of what comes back, relative to what was played; negative. */
  gainDb: number;
}

/** Mixes what the caller heard some time ago into what the caller says. */
export class Echo {
  /** Linear samples on their way round, as a ring. */
  readonly #delay: Int16Array;
  readonly #gain: number;
  #at = 0;
  #mixed = new Int16Array(0);

  constructor({ delayMs, gainDb }: EchoPath) {
    this.#delay = new Int16Array(Math.max(1, Math.round(delayMs * 8)));
    this.#gain = 10 ** (gainDb / 20);
  }

  /** mu-law of the same length; `said` is changed. */
  mix(heard: Uint8Array, said: Uint8Array): void {
    if (this.#mixed.length !== said.length) this.#mixed = new Int16Array(said.length);
    for (let i = 0; i < said.length; i++) {
      const back = this.#delay[this.#at]!;
      this.#delay[this.#at] = ULAW_TO_LINEAR[heard[i]!]!;
      this.#at = (this.#at + 1) % this.#delay.length;
      const sum = ULAW_TO_LINEAR[said[i]!]! + back * this.#gain;
      this.#mixed[i] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
    }
    encodeUlaw(this.#mixed, said);
  }
}
