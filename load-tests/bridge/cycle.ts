/**
 * What the stand-in for a model says, in hops of 40 ms: two seconds of speech, two of silence; of every other utterance
 * the caller hears 1.2 s and then cuts in. The same for every contender, and nothing to compute.
 */
export const CYCLE_HOPS = 100;
const SPEAK_HOPS = 50;
const CUT_HOPS = 30;
/** The first hop hands over so many hops at once, as a model that plans ahead does. */
const BURST_HOPS = 3;

export interface Saying {
  /** Hops of audio to hand over now. */
  hops: number;
  begins: boolean;
  /** The utterance is complete. */
  ends: boolean;
  /** The caller cuts in. */
  isCut: boolean;
}

export function sayingAt(hop: number): Saying {
  const at = hop % CYCLE_HOPS;
  const isCutCycle = Math.floor(hop / CYCLE_HOPS) % 2 === 1;
  const isCut = isCutCycle && at === CUT_HOPS;
  const left = SPEAK_HOPS - BURST_HOPS;
  const speaks = isCutCycle ? at < CUT_HOPS : at <= left;
  return { hops: speaks ? (at === 0 ? BURST_HOPS : 1) : 0, begins: at === 0, ends: !isCutCycle && at === left, isCut };
}

/** Share of the time in which the agent is heard, at most. */
export const SPEECH_SHARE = (SPEAK_HOPS + CUT_HOPS) / (2 * CYCLE_HOPS);
