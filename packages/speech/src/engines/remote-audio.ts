import type { SpeechSink, WordTiming } from "../port.ts";
import { TelephoneEncoder } from "../telephone-encoder.ts";

/** Gains that voices of a service turned out to need, so that a voice's second clause begins at the right level. */
export class VoiceGains {
  readonly #gains = new Map<string, number>();

  of(voice: string): number {
    return this.#gains.get(voice) ?? 0;
  }

  learn(voice: string, gainDb: number): void {
    this.#gains.set(voice, gainDb);
  }
}

/** Takes a service's little-endian 16-bit samples in pieces of any length and gives the sink telephone audio. */
export class RemoteAudio {
  readonly #encoder: TelephoneEncoder;
  readonly #sink: SpeechSink;
  readonly #voice: string;
  readonly #gains: VoiceGains;
  readonly #rateHz: number;
  #odd: number | undefined;
  #samples = 0;

  constructor(sink: SpeechSink, rateHz: number, voice: string, gains: VoiceGains) {
    this.#encoder = new TelephoneEncoder({ fromHz: rateHz, gainDb: gains.of(voice), adaptive: true });
    this.#sink = sink;
    this.#voice = voice;
    this.#gains = gains;
    this.#rateHz = rateHz;
  }

  /** Length of what was taken so far, in ms. */
  get takenMs(): number {
    return (this.#samples * 1000) / this.#rateHz;
  }

  take(bytes: Uint8Array): void {
    const all = this.#odd === undefined ? bytes : Uint8Array.of(this.#odd, ...bytes);
    this.#odd = all.length % 2 === 1 ? all.at(-1) : undefined;
    const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
    const linear = Int16Array.from({ length: all.length >> 1 }, (_, i) => view.getInt16(2 * i, true));
    this.#samples += linear.length;
    const muLaw = this.#encoder.encode(linear);
    if (muLaw.length > 0) this.#sink.audio(muLaw);
  }

  finish(): void {
    const rest = this.#encoder.finish();
    if (rest.length > 0) this.#sink.audio(rest);
    this.#gains.learn(this.#voice, this.#encoder.gainDb);
  }
}

/** A word's time in ms, as services tell it. */
export interface TimedText {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** Timings for the request's tokens; none where the service heard other words in the text. */
export function timingsOf(requestText: string, words: readonly TimedText[]): WordTiming[] {
  const tokens = requestText.split(" ");
  if (tokens.length !== words.length) return [];
  return words.map((word, i) => ({
    text: tokens[i]!,
    startSamples: Math.round(word.startMs * 8),
    endSamples: Math.round(word.endMs * 8),
    source: "engine",
  }));
}
