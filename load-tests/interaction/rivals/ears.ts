import type { InferenceSession } from "onnxruntime-node";
import { SileroVad } from "../silero-vad.ts";
import type { Truth } from "./truths.ts";

const SPEECH_AT = 0.5;
/** A streaming recogniser settles a piece so long after its last word. */
const SETTLED_AFTER_MS = 200;
/** Where nothing is known of a turn's length. */
const USUAL_WORD_MS = 320;

export type Heard = { type: "interim" | "final"; text: string };

/**
 * Stands in for a streaming recogniser: it knows the words beforehand and tells them at the pace at which speech is
 * heard, without a mistake. What is left when speech settles for good comes with the last piece.
 */
export class KnownWords {
  readonly #vad: SileroVad;
  /** Turns still to come, in words. */
  readonly #turns: string[][];
  #piece: string[] = [];
  #speechMs = 0;
  #silenceMs = 0;
  /** Of one word, in the turn that is judged. */
  readonly #wordMs: number;
  #told = 0;

  constructor(session: InferenceSession, truth: Truth) {
    this.#vad = SileroVad.on(session);
    this.#wordMs = truth.speechMs > 0 ? truth.speechMs / truth.words.split(" ").length : USUAL_WORD_MS;
    this.#turns = [truth.prelude, truth.words].filter((turn) => turn !== "").map((turn) => turn.split(" "));
  }

  /** Takes 20 ms of mu-law. */
  async hear(muLaw: Uint8Array): Promise<Heard | undefined> {
    const [probability = 0] = await SileroVad.stepAll([this.#vad], [muLaw]);
    const isSpeech = probability >= SPEECH_AT;
    const ms = muLaw.length / 8;
    if (isSpeech) {
      this.#speechMs += ms;
      this.#silenceMs = 0;
      return this.#tellInterim();
    }
    this.#silenceMs += ms;
    return this.#silenceMs >= SETTLED_AFTER_MS && this.#speechMs > 0 ? this.#settle() : undefined;
  }

  #tellInterim(): Heard | undefined {
    const turn = this.#turns[0];
    const wordMs = this.#turns.length === 1 ? this.#wordMs : USUAL_WORD_MS;
    const due = Math.floor(this.#speechMs / wordMs) + 1;
    if (!turn || due <= this.#told || turn.length === 0) return undefined;
    this.#piece.push(...turn.splice(0, due - this.#told));
    this.#told = due;
    return { type: "interim", text: this.#piece.join(" ") };
  }

  #settle(): Heard | undefined {
    const turn = this.#turns[0] ?? [];
    // Speech slower or faster than the pace: what ought to have been said by now is said.
    const isNearlyAll = turn.length <= 2;
    if (isNearlyAll) {
      this.#piece.push(...turn.splice(0));
      this.#turns.shift();
    }
    this.#speechMs = 0;
    this.#told = 0;
    const text = this.#piece.join(" ");
    this.#piece = [];
    return text === "" ? undefined : { type: "final", text };
  }
}
