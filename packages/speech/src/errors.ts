/** What can go wrong between a text and its audio. The key is the code. */
export const SPEECH_ERRORS = {
  SPEECH_ENGINE_MISSING: "The voice's library is not installed; install the Debian packages `flite` and `espeak-ng`.",
  SPEECH_ENGINE_FAILED: "The voice's process or service failed; the fallback voice takes over, see the cause.",
  SPEECH_ENGINE_TIMEOUT: "The voice gave no audio in time; check the service's latency or choose another engine.",
  SPEECH_ENGINE_BUSY:
    "The voice has more to say than it can in time; the fallback voice helps out. Warm playbooks, or add cores or pods.",
  SPEECH_ENGINE_REFUSED: "The voice's service refused the request; check its key, voice and model names.",
  SPEECH_VOICE_UNKNOWN: "The engine has no voice of this name; choose one that it lists.",
  SPEECH_NOTHING_TO_SAY: "The text holds nothing that can be spoken; give at least one word.",
  SPEECH_CANCELLED: "The utterance was cancelled before it was complete.",
  SPEECH_DICTIONARY_INVALID: "A pronunciation is empty or too long; give 1 to 200 characters of plain words.",
} as const;

export type SpeechErrorCode = keyof typeof SPEECH_ERRORS;

/** A fault of speech, told by its code. */
export class SpeechError extends Error {
  readonly code: SpeechErrorCode;

  constructor(code: SpeechErrorCode, detail: string, options?: { cause?: unknown }) {
    super(`${code}: ${detail}. ${SPEECH_ERRORS[code]}`, options);
    this.name = "SpeechError";
    this.code = code;
  }
}

/** Any fault as one of ours. */
export const asSpeechError = (cause: unknown): SpeechError =>
  cause instanceof SpeechError ? cause : new SpeechError("SPEECH_ENGINE_FAILED", String(cause), { cause });
