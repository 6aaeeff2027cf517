import { encodeUlaw } from "@sidetone/audio";
import { findSpurts, type Spurt } from "@sidetone/testkit";

/** A stretch of sound on one channel, milliseconds of media time. */
export type Span = Spurt;

/**
 * Where the agent is audible on the caller's ear. The agent's channel carries synthesised speech and digital silence
 * only, so a level is enough; gaps shorter than `joinMs` are pauses between words, sounds shorter than 40 ms clicks.
 */
export const agentSpans = (heard: Uint8Array, joinMs = 250): Span[] =>
  findSpurts(heard, { thresholdDbfs: -50, joinMs, leastMs: 40 });

/** First and last audible moment of a clip of linear samples. */
export function audibleExtent(audio: Int16Array): Span {
  const muLaw = new Uint8Array(audio.length);
  encodeUlaw(audio, muLaw);
  const spurts = findSpurts(muLaw, { thresholdDbfs: -45, joinMs: 10_000, leastMs: 20 });
  return spurts[0] ?? { startMs: 0, endMs: 0 };
}

/** The first moment at or after `fromMs` at which the agent starts to be audible, if it does. */
export function onsetAfter(spans: readonly Span[], fromMs: number): number | undefined {
  return spans.find((span) => span.startMs >= fromMs)?.startMs;
}

/** The end of the span that covers `atMs`: when an agent who spoke at that moment fell silent. */
export function silenceAfter(spans: readonly Span[], atMs: number): number | undefined {
  return spans.find((span) => span.startMs <= atMs && span.endMs > atMs)?.endMs;
}

export const isAudibleAt = (spans: readonly Span[], atMs: number): boolean => silenceAfter(spans, atMs) !== undefined;
