/** A stretch of sound on one channel, milliseconds of media time. */
export interface Span {
  startMs: number;
  endMs: number;
}

const FRAME_MS = 10;
const SAMPLES_PER_FRAME = 80;

/** Root mean square of each 10 ms frame in dB relative to full scale; digital silence is -120. */
export function frameLevelsDb(audio: Int16Array): Float64Array {
  const levels = new Float64Array(Math.floor(audio.length / SAMPLES_PER_FRAME));
  for (let frame = 0; frame < levels.length; frame++) {
    let sum = 0;
    for (let i = frame * SAMPLES_PER_FRAME; i < (frame + 1) * SAMPLES_PER_FRAME; i++) sum += (audio[i] ?? 0) ** 2;
    const rms = Math.sqrt(sum / SAMPLES_PER_FRAME) / 32_768;
    levels[frame] = rms > 1e-6 ? 20 * Math.log10(rms) : -120;
  }
  return levels;
}

/**
 * Where the agent is audible. The agent's channel carries nothing but synthesised speech and digital
 * silence, so a level is enough; gaps shorter than `joinMs` are pauses between words, not silences,
 * and sounds shorter than `minMs` are clicks.
 */
export function audibleSpans(audio: Int16Array, { thresholdDb = -50, joinMs = 250, minMs = 40 } = {}): Span[] {
  const levels = frameLevelsDb(audio);
  const spans: Span[] = [];
  for (let frame = 0; frame < levels.length; frame++) {
    if ((levels[frame] ?? -120) < thresholdDb) continue;
    const startMs = frame * FRAME_MS;
    const last = spans.at(-1);
    if (last && startMs - last.endMs < joinMs) last.endMs = startMs + FRAME_MS;
    else spans.push({ startMs, endMs: startMs + FRAME_MS });
  }
  return spans.filter((span) => span.endMs - span.startMs >= minMs);
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
