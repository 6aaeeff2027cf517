/** Codes of everything this package refuses, with the remedy that is told to the reader. */
export const AUDIO_ERRORS = {
  AUDIO_WAV_NOT_RIFF: "Give a RIFF/WAVE file; convert others with `sox in.ext out.wav`.",
  AUDIO_WAV_NO_FORMAT: "The file has no readable `fmt ` chunk before its data; write it again.",
  AUDIO_WAV_NO_DATA: "The file has no `data` chunk; write it again.",
  AUDIO_WAV_UNSUPPORTED: "Use PCM of 8, 16, 24 or 32 bits, 32-bit float, mu-law or A-law.",
  AUDIO_WAV_CHANNELS: "Give one or two channels of the same length.",
  AUDIO_RATE_UNSUPPORTED: "Use sampling rates that are whole numbers of Hz between 4000 and 192000.",
  AUDIO_BUFFER_TOO_SMALL: "Give an output buffer that holds the whole result.",
} as const;

export type AudioErrorCode = keyof typeof AUDIO_ERRORS;

/** Thrown for malformed files and buffers of the wrong size; never on the road of a frame. */
export class AudioError extends Error {
  readonly code: AudioErrorCode;
  readonly remedy: string;

  constructor(code: AudioErrorCode, detail: string) {
    super(`${code}: ${detail}`);
    this.name = "AudioError";
    this.code = code;
    this.remedy = AUDIO_ERRORS[code];
  }
}
