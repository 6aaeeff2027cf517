import { ULAW_TO_LINEAR } from "@sidetone/audio";

/** Samples whose magnitude stays under this are silence: about -46 dBFS. */
const QUIET = 160;
/** What is kept of the silence around speech, so that soft sounds are not cut: 30 ms. */
const MARGIN_SAMPLES = 240;

const LOUD = Uint8Array.from(ULAW_TO_LINEAR, (value) => (Math.abs(value) > QUIET ? 1 : 0));

/**
 * Takes the silence off both ends of a clause while it streams: silence is held back until speech follows it. Engines
 * begin and end with up to half a second of nothing, which a caller would hear as hesitation.
 */
export class SilenceTrimmer {
  /** Samples dropped at the start; settled once anything was given out. */
  droppedSamples = 0;
  #started = false;
  #held = new Uint8Array(0);

  /** Gives the part of what came in so far that is sure to be needed; a new array, maybe empty. */
  push(muLaw: Uint8Array): Uint8Array {
    const all = Buffer.concat([this.#held, muLaw]);
    let last = all.length - 1;
    while (last >= 0 && LOUD[all[last]!] === 0) last--;
    let from = 0;
    if (!this.#started) {
      const first = last < 0 ? all.length : all.findIndex((byte) => LOUD[byte] === 1);
      from = Math.max(0, first - MARGIN_SAMPLES);
      this.droppedSamples += from;
      this.#started = last >= 0;
    }
    const to = this.#started ? Math.min(all.length, last + 1 + MARGIN_SAMPLES) : from;
    this.#held = Uint8Array.from(all.subarray(Math.max(from, to)));
    return Uint8Array.from(all.subarray(from, Math.max(from, to)));
  }
}
