/** A voice in a native library, as the host process drives it. Calls are synchronous and never overlap. */
export interface NativeVoice {
  readonly rateHz: number;
  /**
   * Speaks one clause. `onAudio` gets views of native memory, valid during the call only. `onTokens` gets, once, the
   * start and end of each space-separated token in samples at `rateHz`, two numbers a token; it may not come at all.
   */
  speak(
    text: string,
    rate: number,
    onAudio: (linear: Int16Array) => void,
    onTokens: (bounds: Float64Array) => void,
  ): void;
}

/** Gain in dB that brings each embedded voice to telephone level, measured by `bench/voice-levels.bench.ts`. */
export const VOICE_GAINS_DB: Readonly<Record<string, number>> = {
  "flite/slt": -5.5,
  "flite/rms": 0.5,
  "flite/awb": -0.7,
  "flite/kal16": 7.7,
  "espeak/en-us": 0.6,
  "espeak/en-gb-x-rp": 0,
};

/** Voices of Debian's `libflite1`; the first is the default. */
export const FLITE_VOICES = ["slt", "rms", "awb", "kal16"] as const;
/** English accents of espeak-ng; the first is the default. */
export const ESPEAK_VOICES = ["en-us", "en-gb-x-rp"] as const;
